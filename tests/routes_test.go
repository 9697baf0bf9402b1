package tests

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"custodex.dev/internal/authz"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
	"custodex.dev/internal/web/devdraft"
	"custodex.dev/internal/web/manage"
	"custodex.dev/internal/web/xtrakit"
	"custodex.dev/internal/web/yativo"
)

// face is one API with the kind of credential that it takes.
type face struct {
	name   string
	routes []string
	kind   tenant.Kind
}

var faces = []face{
	{"devdraft", devdraft.Routes(), tenant.Devdraft},
	{"yativo", yativo.Routes(), tenant.Yativo},
	{"xtrakit", xtrakit.Routes(), tenant.Xtrakit},
	{"manage", manage.Routes(), tenant.Operator},
}

// base is where the face is served.
func (f face) base(s *testkit.Server) string {
	if f.name == "manage" {
		return s.ManageURL
	}
	return s.URL
}

// open are the routes that nobody needs a credential for, and that show nothing of anybody.
var open = map[string]bool{"GET /api/v0/health/public": true}

// neverWorks are the routes that refuse everybody.
var neverWorks = map[string]bool{"POST /api/v1/customer/kyc/resubmit/{id}/{endorsement}": true}

const (
	addressBody = `{"chain":"ethereum","currency":"usdc","address":"0x52908400098527886E0F7030069857D2E4169EE7","external_account_id":"{account}"}`
	yativoBody  = `{"customer_name":"Taken Over","customer_email":"{email}","customer_phone":"+15551234567","customer_country":"Ghana",` +
		`"customer_address":{"street":"1 Road","city":"Accra","state":"GA","postal_code":"GA-1"},"type":"individual"}`
	xtrakitBody = `{"customer_name":"Taken Over","customer_phone":"+15551234567","customer_country":"Ghana","customer_city":"Accra",` +
		`"customer_state":"Greater Accra","address1":"1 Road"}`
)

// bodies has, for each route that takes a body, one that works. Names in braces are filled in:
// those of wildcards, and {email}, a new address, {account} and {secret}, a key pair of Yativo.
var bodies = map[string]string{
	"POST /api/v0/customers":                            `{"first_name":"Taken","last_name":"Over","email":"{email}","phone_number":"+15551234567"}`,
	"POST /api/v0/customers/get-or-create":              `{"first_name":"Taken","last_name":"Over","email":"{email}","phone_number":"+15551234567"}`,
	"POST /api/v0/customers/validate":                   `{"first_name":"Taken","last_name":"Over","email":"{email}","phone_number":"+15551234567"}`,
	"POST /api/v0/customers/search":                     `{"take":100}`,
	"PATCH /api/v0/customers/{id}":                      `{"first_name":"Taken"}`,
	"POST /api/v0/customers/{id}/transactions":          `{"amount":1,"currency":"USD"}`,
	"POST /api/v0/customers/{id}/liquidation_addresses": addressBody,
	"POST /api/v0/customer-groups":                      `{"name":"taken over"}`,
	"PATCH /api/v0/customer-groups/{id}":                `{"name":"taken over"}`,

	"POST /api/v1/auth/login":                               `{"account_id":"{account}","app_secret":"{secret}"}`,
	"POST /api/v1/customer":                                 yativoBody,
	"PUT /api/v1/customer/{id}":                             `{"customer_name":"Taken Over"}`,
	"PUT /api/v1/customer/customer/{id}":                    `{"customer_name":"Taken Over"}`,
	"POST /api/v1/individual-kyc/submit":                    `{"customer_id":"{id}","type":"individual"}`,
	"POST /api/v1/business-kyc/submit":                      `{"customer_id":"{id}","type":"business"}`,
	"PATCH /api/v1/individual-kyc/{id}":                     `{"type":"individual"}`,
	"PATCH /api/v1/business-kyc/{id}":                       `{"type":"business"}`,
	"PUT /api/v1/customer/kyc/update":                       `{"customer_id":"{id}","type":"individual"}`,
	"POST /api/v1/customer/kyc/resubmit/{id}/{endorsement}": `{}`,

	"PUT /manage/v1/apps/{app}/customers/{customer}/kyc":  `{"status":"approved"}`,
	"POST /manage/v1/apps/{app}/audit/alarms/acknowledge": `{"reason":"seen"}`,

	"POST /api/v1/customers/add":       xtrakitBody,
	"PUT /api/v1/customers/{id}":       xtrakitBody,
	"POST /api/v1/customer-groups/add": `{"group_name":"taken over"}`,
	"PUT /api/v1/customer-groups/{id}": `{"group_name":"taken over"}`,
}

var wildcard = regexp.MustCompile(`\{[a-zA-Z]+\}`)

// request gives the path and body of a request of the route about w's own data that works, were
// it w that sends it with the key pair of sender. A route that this does not know is an error:
// no test would try it.
func (w *tenantWorld) request(f face, route string, sender *tenantWorld) (method, path, body string, err error) {
	method, pattern, _ := strings.Cut(route, " ")
	body, known := bodies[route]
	switch {
	case method == http.MethodGet || method == http.MethodDelete, known:
	case f.name == "manage" && (method == http.MethodPatch || strings.HasSuffix(pattern, "/apps") || strings.HasSuffix(pattern, "/keys")):
		body = `{"name":"taken over"}`
	case f.name == "manage":
	default:
		return "", "", "", fmt.Errorf("%s has no body in the table bodies", route)
	}
	ids := w.customer
	switch {
	case strings.Contains(pattern, "group"):
		ids = w.group
	case f.name == "xtrakit":
		ids = w.seq
	}
	account, secret := w.keys[tenant.Yativo].PublicKey, sender.keys[tenant.Yativo].Secret.Reveal()
	fill := strings.NewReplacer("{id}", ids, "{addressId}", w.address, "{customer}", w.customer, "{endorsement}", "base",
		"{app}", string(w.app.ID), "{key}", string(w.keys[tenant.Devdraft].ID), "{job}", w.job,
		"{email}", strings.ToLower(string(id.NewRequest()))+"@new.example", "{account}", account, "{secret}", secret)
	path, body = fill.Replace(pattern), fill.Replace(body)
	if missing := wildcard.FindString(path); missing != "" {
		return "", "", "", fmt.Errorf("%s: this test has nothing for %s", route, missing)
	}
	return method, path, body, nil
}

// addresses reports whether the route names data that exist, in its path or its body.
func addresses(route string) bool {
	return strings.Contains(route, "{") || strings.Contains(bodies[route], "{id}") || strings.Contains(bodies[route], "{account}")
}

// tenantWorld is one application with a credential of each kind and some data.
type tenantWorld struct {
	app       tenant.Application
	keys      map[tenant.Kind]records.Issued
	token     string // of the Yativo credential
	customer  string // uuid
	seq       string
	group     string
	address   string
	job       string
	secretive []string // texts that only this application may see
}

func newTenant(t *testing.T, s *testkit.Server, name string) *tenantWorld {
	t.Helper()
	w := &tenantWorld{keys: make(map[tenant.Kind]records.Issued)}
	w.app, _ = s.NewApp(t, name, 0)
	if strings.HasPrefix(name, "Victim") {
		// Each application counts for itself: its numbers must be none that others have as well.
		s.Database.Exec(t, fmt.Sprintf("UPDATE head SET last_customer = 5000, last_group = 5000 WHERE app_id = '%s'", w.app.ID))
	}
	for _, kind := range []tenant.Kind{tenant.Devdraft, tenant.Yativo, tenant.Xtrakit} {
		w.keys[kind] = s.NewKey(t, w.app.ID, records.NewKey{Kind: kind, Name: "key", Scopes: authz.OfApplications()})
	}
	w.keys[tenant.Operator] = s.Operator
	w.keys[tenant.Auditor] = s.NewKey(t, w.app.ID, records.NewKey{Kind: tenant.Auditor, Name: "auditor"})
	y := w.keys[tenant.Yativo]
	var login struct {
		Data struct {
			AccessToken string `json:"access_token"`
		} `json:"data"`
	}
	body := fmt.Sprintf(`{"account_id":%q,"app_secret":%q}`, y.PublicKey, y.Secret.Reveal())
	decode(t, ask(t, s.URL, "POST", "/api/v1/auth/login", body, nil).body, &login)
	w.token = login.Data.AccessToken

	d := w.credential(tenant.Devdraft)
	tag := strings.Fields(name)[0]
	w.secretive = []string{tag + "given", tag + "family", strings.ToLower(tag) + "@canary.example", tag + "group", tag + "reference", tag + "account"}
	var c customerJSON
	decode(t, ask(t, s.URL, "POST", "/api/v0/customers", fmt.Sprintf(
		`{"first_name":%q,"last_name":%q,"email":%q,"phone_number":"+15551234567"}`, w.secretive[0], w.secretive[1], w.secretive[2]), d).body, &c)
	w.customer = c.ID
	ask(t, s.URL, "POST", "/api/v0/customers/"+w.customer+"/transactions", fmt.Sprintf(`{"amount":1,"currency":"USD","reference":%q}`, w.secretive[4]), d)
	w.job = string(s.AddJob(t, w.app.ID))
	w.addAddress(t, s)
	w.addGroup(t, s, w.secretive[3])
	var list struct {
		Data struct {
			Customers []struct {
				ID json.Number `json:"id"`
			} `json:"customers"`
		} `json:"data"`
	}
	decode(t, ask(t, s.URL, "GET", "/api/v1/customers", "", w.credential(tenant.Xtrakit)).body, &list)
	if len(list.Data.Customers) != 1 || w.group == "" || w.customer == "" || w.address == "" || w.token == "" {
		t.Fatalf("%s is not set up: %d customers, group %q, customer %q, address %q", name, len(list.Data.Customers), w.group, w.customer, w.address)
	}
	w.seq = list.Data.Customers[0].ID.String()
	return w
}

func (w *tenantWorld) addAddress(t *testing.T, s *testkit.Server) {
	t.Helper()
	var l struct {
		ID string `json:"id"`
	}
	decode(t, ask(t, s.URL, "POST", "/api/v0/customers/"+w.customer+"/liquidation_addresses", strings.ReplaceAll(addressBody, "{account}", w.secretive[5]), w.credential(tenant.Devdraft)).body, &l)
	w.address = l.ID
}

func (w *tenantWorld) addGroup(t *testing.T, s *testkit.Server, name string) {
	t.Helper()
	var group struct {
		Data struct {
			Group struct {
				ID json.Number `json:"id"`
			} `json:"group"`
		} `json:"data"`
	}
	decode(t, ask(t, s.URL, "POST", "/api/v1/customer-groups/add", fmt.Sprintf(`{"group_name":%q}`, name), w.credential(tenant.Xtrakit)).body, &group)
	w.group = group.Data.Group.ID.String()
}

// fresh gives w with new data of its own for one change by the route.
func (w *tenantWorld) fresh(t *testing.T, s *testkit.Server, route string) *tenantWorld {
	t.Helper()
	again := *w
	typ := "Individual"
	if strings.Contains(route, "business") {
		typ = "Startup"
	}
	switch {
	case strings.HasPrefix(route, "GET"), !addresses(route):
	case strings.Contains(route, "group"):
		again.addGroup(t, s, "Fresh")
	case strings.Contains(route, "/api/v1/customers"):
		var c struct {
			Data struct {
				Customer struct {
					ID json.Number `json:"id"`
				} `json:"customer"`
			} `json:"data"`
		}
		decode(t, ask(t, s.URL, "POST", "/api/v1/customers/add", xtrakitBody, w.credential(tenant.Xtrakit)).body, &c)
		again.seq = c.Data.Customer.ID.String()
	default:
		var c customerJSON
		decode(t, ask(t, s.URL, "POST", "/api/v0/customers", fmt.Sprintf(
			`{"first_name":"Fresh","last_name":"Fresh","phone_number":"+15551234567","customer_type":%q}`, typ), w.credential(tenant.Devdraft)).body, &c)
		again.customer = c.ID
	}
	return &again
}

// credential gives the headers of a credential as its own API wants them.
func (w *tenantWorld) credential(kind tenant.Kind) map[string]string {
	k := w.keys[kind]
	switch kind {
	case tenant.Devdraft:
		return map[string]string{"x-client-key": k.PublicKey, "x-client-secret": k.Secret.Reveal()}
	case tenant.Yativo:
		return map[string]string{"Authorization": "Bearer " + w.token}
	default:
		return map[string]string{"Authorization": "Bearer " + k.PublicKey + "." + k.Secret.Reveal()}
	}
}
