package main

import (
	"fmt"
	"path/filepath"
	"strings"
)

// printQuickstart prints addresses, credentials and commands to try. Secrets are
// printed on the first start only; later the curl commands read them from a file.
func (e *environment) printQuickstart(data string, c devCredentials, fresh bool) error {
	if e.json {
		shown := map[string]any{
			"url": c.URL, "manage_url": c.ManageURL, "app_id": c.AppID, "client_key": c.ClientKey,
			"yativo_account_id": c.YativoAccountID,
			"credentials_file":  devFile(data), "first_start": fresh,
		}
		if fresh {
			shown["client_secret"], shown["operator_key"] = string(c.ClientSecret), string(c.OperatorKey)
			shown["yativo_app_secret"], shown["xtrakit_api_key"] = string(c.YativoAppSecret), string(c.XtrakitAPIKey)
		}
		return e.printJSON(shown)
	}
	var b strings.Builder
	auth := fmt.Sprintf("-H 'x-client-key: %s' -H 'x-client-secret: %s'", c.ClientKey, string(c.ClientSecret))
	login, bearer := "-d "+quote(c.yativoLogin()), "-H "+quote(c.xtrakitHeader())
	fmt.Fprintf(&b, "Custodex, version %s, serves applications on %s and operators on %s\n\n", programVersion(), c.URL, c.ManageURL)
	if fresh {
		fmt.Fprintf(&b, "Application         %s (My Application)\n", c.AppID)
		fmt.Fprintf(&b, "Devdraft   key      %s\n           secret   %s\n", c.ClientKey, string(c.ClientSecret))
		fmt.Fprintf(&b, "Yativo     account  %s\n           secret   %s\n", c.YativoAccountID, string(c.YativoAppSecret))
		fmt.Fprintf(&b, "Xtrakit    API key  %s\n", string(c.XtrakitAPIKey))
		fmt.Fprintf(&b, "Operator   key      %s\n\n", string(c.OperatorKey))
		fmt.Fprintf(&b, "They are shown this once and kept in %s, where the other verbs find them.\n", devFile(data))
	} else {
		auth = "-H " + quote("@"+absolute(devHeaders(data)))
		login, bearer = "-d "+quote("@"+absolute(devYativoLogin(data))), "-H "+quote("@"+absolute(devXtrakitHeaders(data)))
		fmt.Fprintf(&b, "Application         %s\n", c.AppID)
		fmt.Fprintf(&b, "Devdraft   key      %s\n", c.ClientKey)
		fmt.Fprintf(&b, "Yativo     account  %s\n\n", c.YativoAccountID)
		fmt.Fprintf(&b, "The data of %s are in use again; the secrets are in %s.\n", data, devFile(data))
	}
	customers := c.URL + "/api/v0/customers"
	fmt.Fprintf(&b, "\nThe Devdraft API. Create a customer and keep its id:\n\n")
	fmt.Fprintf(&b, "ID=$(curl -sS %s %s -H 'content-type: application/json' -d '%s' | sed 's/.*\"id\":\"\\([^\"]*\\)\".*/\\1/'); echo \"$ID\"\n",
		customers, auth, `{"first_name":"Ada","last_name":"Lovelace","phone_number":"+442079460000"}`)
	fmt.Fprintf(&b, "\nFetch it:\n\ncurl -sS %s/\"$ID\" %s; echo\n", customers, auth)
	fmt.Fprintf(&b, "\nList those with a name:\n\ncurl -sS '%s?name=love&take=10' %s; echo\n", customers, auth)
	fmt.Fprintf(&b, "\nThe same customers through the Yativo API:\n\n")
	fmt.Fprintf(&b, "TOKEN=$(curl -sS %s/api/v1/auth/login -H 'content-type: application/json' %s"+
		" | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/'); curl -sS %s/api/v1/customer -H \"Authorization: Bearer $TOKEN\"; echo\n",
		c.URL, login, c.URL)
	fmt.Fprintf(&b, "\nAnd through the Xtrakit API:\n\ncurl -sS %s/api/v1/customers %s; echo\n\n", c.URL, bearer)
	link := c.docsLink()
	if !fresh {
		link = devDocsLink(data)
	}
	fmt.Fprintf(&b, "The API reference, with these credentials filled in; whoever has the link has them:\n\n%s\n\n", link)
	return e.printf("%s", b.String())
}

// quote makes a text one shell word.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}
