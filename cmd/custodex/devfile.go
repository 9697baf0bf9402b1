package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"custodex.dev/internal/records"
	"custodex.dev/internal/redact"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web/openapi"
)

// private is a secret that is written to private files only. It cannot be printed by
// accident.
type private string

func (p private) secret() redact.Secret { return redact.NewSecret(string(p)) }

// Format prints a mask for every verb.
func (p private) Format(f fmt.State, v rune) { p.secret().Format(f, v) }

// cut splits an operator key into its public and its secret half.
func (p private) cut() (public, secret string, ok bool) { return strings.Cut(string(p), ".") }

// devCredentials is what custodex dev keeps in its data folder, readable by its
// owner alone.
type devCredentials struct {
	URL          string  `json:"url"`
	ManageURL    string  `json:"manage_url"`
	AppID        string  `json:"app_id"`
	ClientKey    string  `json:"client_key"`
	ClientSecret private `json:"client_secret"`

	YativoAccountID string  `json:"yativo_account_id"`
	YativoAppSecret private `json:"yativo_app_secret"`
	XtrakitAPIKey   private `json:"xtrakit_api_key"`

	OperatorKey private `json:"operator_key"`
	RateLimit   int     `json:"rate_limit,omitempty"`
}

// complete reports whether there is a credential for each API.
func (d devCredentials) complete() bool {
	return !slices.ContainsFunc(tenant.Kinds(), func(k tenant.Kind) bool { return !d.has(k) })
}

// has reports whether there is a credential of this kind.
func (d devCredentials) has(kind tenant.Kind) bool {
	switch kind {
	case tenant.Devdraft:
		return d.ClientKey != ""
	case tenant.Yativo:
		return d.YativoAccountID != ""
	case tenant.Xtrakit:
		return d.XtrakitAPIKey != ""
	}
	panic("custodex dev keeps no credential of kind " + string(kind))
}

// put keeps a credential that was just made, in the form that its API wants.
func (d *devCredentials) put(key records.Issued) {
	public, secret := key.PublicKey, private(key.Secret.Reveal())
	switch key.Kind {
	case tenant.Devdraft:
		d.ClientKey, d.ClientSecret = public, secret
	case tenant.Yativo:
		d.YativoAccountID, d.YativoAppSecret = public, secret
	case tenant.Xtrakit:
		d.XtrakitAPIKey = private(public) + "." + secret
	default:
		panic("custodex dev keeps no credential of kind " + string(key.Kind))
	}
}

// The files in a dev data folder that hold credentials. The last three are for curl.
func devFile(data string) string           { return filepath.Join(data, "dev-credentials.json") }
func devHeaders(data string) string        { return filepath.Join(data, "dev-headers") }
func devXtrakitHeaders(data string) string { return filepath.Join(data, "dev-xtrakit-headers") }
func devDocsLink(data string) string       { return filepath.Join(data, "dev-docs-link") }
func devYativoLogin(data string) string    { return filepath.Join(data, "dev-yativo-login.json") }

// readDevCredentials reads the credentials. Without the file it is fs.ErrNotExist.
func readDevCredentials(data string) (devCredentials, error) {
	var c devCredentials
	path := devFile(data)
	info, err := os.Stat(path)
	if err != nil {
		return c, err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return c, fmt.Errorf("%s can be read by others (mode %04o); run: chmod 600 %s", path, mode, path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal(b, &c); err != nil || c.OperatorKey == "" {
		return c, fmt.Errorf("%s is damaged; custodex dev with another --data DIR starts afresh", path)
	}
	return c, nil
}

// save writes the credentials, those of each API in a file that curl reads, and the link of the reference
// page.
func (d devCredentials) save(dataDir string) error {
	err := writePrivate(devFile(dataDir), encodeJSON(d))
	if err != nil || !d.complete() {
		return err
	}
	headers := "x-client-key: " + d.ClientKey + "\nx-client-secret: " + string(d.ClientSecret) + "\n"
	return errors.Join(
		writePrivate(devHeaders(dataDir), []byte(headers)),
		writePrivate(devYativoLogin(dataDir), []byte(d.yativoLogin())),
		writePrivate(devXtrakitHeaders(dataDir), []byte(d.xtrakitHeader()+"\n")),
		writePrivate(devDocsLink(dataDir), []byte(d.docsLink()+"\n")),
	)
}

// docsLink is the reference page, filled with the credentials: none of operators.
func (d devCredentials) docsLink() string {
	return openapi.Credentials{
		ClientKey: d.ClientKey, ClientSecret: d.ClientSecret.secret(),
		YativoAccount: d.YativoAccountID, YativoSecret: d.YativoAppSecret.secret(),
		XtrakitKey: d.XtrakitAPIKey.secret(),
	}.Link(d.URL)
}

// yativoLogin is the body that gets a bearer token.
func (d devCredentials) yativoLogin() string {
	return fmt.Sprintf(`{"account_id":%q,"app_secret":%q}`, d.YativoAccountID, string(d.YativoAppSecret))
}

func (d devCredentials) xtrakitHeader() string {
	return "Authorization: Bearer " + string(d.XtrakitAPIKey)
}

// export gives what --credentials-out writes: all but the rate limit.
func (d devCredentials) export() []byte {
	d.RateLimit = 0
	return encodeJSON(d)
}

func encodeJSON(c devCredentials) []byte {
	b, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		panic(err) // strings and numbers alone cannot fail
	}
	return append(b, '\n')
}

// sameFile reports whether two paths lead to one file, there or not.
func sameFile(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	if errA == nil && errB == nil {
		return os.SameFile(infoA, infoB)
	}
	if !errors.Is(errA, fs.ErrNotExist) || !errors.Is(errB, fs.ErrNotExist) {
		return false
	}
	pathA, errA := filepath.Abs(a)
	pathB, errB := filepath.Abs(b)
	return errA == nil && errB == nil && pathA == pathB
}
