package tests

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"custodex.dev/internal/authz"
	"custodex.dev/internal/config"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
	"custodex.dev/internal/web/devdraft"
	"custodex.dev/internal/web/manage"
	"custodex.dev/internal/web/xtrakit"
	"custodex.dev/internal/web/yativo"
)

// face is one API with a way to present each kind of credential to it.
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

// open are the routes that nobody needs a credential for, and that show nothing
// of anybody.
var open = map[string]bool{"GET /api/v0/health/public": true}

// tenantWorld is one application with a credential of each kind and some data.
type tenantWorld struct {
	app       tenant.Application
	keys      map[tenant.Kind]records.Issued
	token     string // of the Yativo credential
	customer  string // uuid
	seq       string
	group     string
	address   string
	secretive []string // texts that only this application may see
}

// Every route of every API, tried with another application's ids and with
// credentials of every wrong kind, shows nothing and leaves an entry.
func TestIsolationOfEveryRoute(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			s := testkit.NewServer(t, testkit.Options{Engine: engine, Configure: func(c *config.Config) {
				// Each request comes from an address of its own: the bucket of failed logins is not the matter here.
				c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
			}})
			victim := newTenant(t, s, "Victim Vault Ltd")
			attacker := newTenant(t, s, "Attacker Ltd")
			for _, f := range faces {
				for _, route := range f.routes {
					if open[route] {
						continue
					}
					t.Run(f.name+" "+route, func(t *testing.T) { tryRoute(t, s, f, route, victim, attacker) })
				}
			}
		})
	}
}

func newTenant(t *testing.T, s *testkit.Server, name string) *tenantWorld {
	t.Helper()
	w := &tenantWorld{keys: make(map[tenant.Kind]records.Issued)}
	w.app, w.keys[tenant.Devdraft] = s.NewApp(t, name, 0)
	for _, kind := range []tenant.Kind{tenant.Yativo, tenant.Xtrakit} {
		w.keys[kind] = s.NewKey(t, w.app.ID, records.NewKey{Kind: kind, Name: "key", Scopes: authz.DefaultScopes})
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
	w.secretive = []string{tag + "given", tag + "family", strings.ToLower(tag) + "@canary.example", tag + "group", tag + "reference"}
	var c customerJSON
	decode(t, ask(t, s.URL, "POST", "/api/v0/customers", fmt.Sprintf(
		`{"first_name":%q,"last_name":%q,"email":%q,"phone_number":"+15551234567"}`, w.secretive[0], w.secretive[1], w.secretive[2]), d).body, &c)
	w.customer = c.ID
	ask(t, s.URL, "POST", "/api/v0/customers/"+w.customer+"/transactions", fmt.Sprintf(`{"amount":1,"currency":"USD","reference":%q}`, w.secretive[4]), d)
	var l struct {
		ID string `json:"id"`
	}
	decode(t, ask(t, s.URL, "POST", "/api/v0/customers/"+w.customer+"/liquidation_addresses",
		`{"chain":"ethereum","currency":"usdc","address":"0x52908400098527886E0F7030069857D2E4169EE7","external_account_id":"ext-1"}`, d).body, &l)
	w.address = l.ID
	x := w.credential(tenant.Xtrakit)
	var group struct {
		Data struct {
			Group struct {
				ID json.Number `json:"id"`
			} `json:"group"`
		} `json:"data"`
	}
	decode(t, ask(t, s.URL, "POST", "/api/v1/customer-groups/add", fmt.Sprintf(`{"group_name":%q}`, w.secretive[3]), x).body, &group)
	w.group = group.Data.Group.ID.String()
	var list struct {
		Data struct {
			Customers []struct {
				ID json.Number `json:"id"`
			} `json:"customers"`
		} `json:"data"`
	}
	decode(t, ask(t, s.URL, "GET", "/api/v1/customers", "", x).body, &list)
	if len(list.Data.Customers) != 1 || w.group == "" || w.customer == "" || w.address == "" || w.token == "" {
		t.Fatalf("%s is not set up: %d customers, group %q, customer %q, address %q", name, len(list.Data.Customers), w.group, w.customer, w.address)
	}
	w.seq = list.Data.Customers[0].ID.String()
	return w
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

// path fills a route's wildcards with the victim's ids, as this API writes them.
func (w *tenantWorld) path(f face, pattern string) string {
	ids := w.customer
	if f.name == "xtrakit" {
		ids = w.seq
	}
	if strings.Contains(pattern, "group") {
		ids = w.group
	}
	p := strings.NewReplacer("{addressId}", w.address, "{app}", string(w.app.ID), "{customer}", w.customer)
	p2 := p.Replace(pattern)
	if f.name == "manage" {
		ids = string(w.keys[tenant.Devdraft].ID)
		if strings.Contains(pattern, "/customers/") {
			ids = w.customer
		}
	}
	return strings.ReplaceAll(p2, "{id}", ids)
}

// harmless is a body that each changing route would take, were it allowed.
func harmless(pattern string, w *tenantWorld) string {
	switch {
	case strings.Contains(pattern, "transactions"):
		return `{"amount":1,"currency":"USD"}`
	case strings.HasPrefix(pattern, "/api/v0/") && strings.Contains(pattern, "group"):
		return `{"name":"taken over"}`
	case strings.Contains(pattern, "group"):
		return `{"group_name":"taken over"}`
	case strings.Contains(pattern, "liquidation"):
		return `{"chain":"ethereum","currency":"usdc","address":"0x52908400098527886E0F7030069857D2E4169EE7","external_account_id":"ext-2"}`
	case strings.HasPrefix(pattern, "/api/v1/customers"):
		return `{"customer_name":"Taken Over","customer_phone":"+15551234567","customer_country":"Ghana","customer_city":"Accra",` +
			`"customer_state":"Greater Accra","address1":"1 Road"}`
	case strings.Contains(pattern, "business-kyc"):
		return `{"customer_id":"` + w.customer + `","type":"business"}`
	case strings.Contains(pattern, "kyc"):
		return `{"customer_id":"` + w.customer + `","type":"individual"}`
	}
	return `{"first_name":"Taken","last_name":"Over","phone_number":"+15551234567","customer_name":"Taken Over"}`
}

func tryRoute(t *testing.T, s *testkit.Server, f face, route string, victim, attacker *tenantWorld) {
	method, pattern, _ := strings.Cut(route, " ")
	base := s.URL
	if f.name == "manage" {
		base = s.ManageURL
	}
	body := ""
	if method != "GET" && method != "DELETE" {
		body = harmless(pattern, victim)
	}
	for _, kind := range append(tenant.Kinds(), tenant.Operator, tenant.Auditor) {
		right := kind == f.kind
		if f.name == "manage" && right || route == "POST /api/v1/auth/login" && kind == tenant.Yativo {
			continue // an operator may; a login presents no credential in a header
		}
		a := ask(t, base, method, victim.path(f, pattern), body, attacker.credential(kind))
		for _, text := range victim.secretive {
			if bytes.Contains(bytes.ToLower(a.body), []byte(strings.ToLower(text))) {
				t.Errorf("%s credential: %d, the answer shows %q", kind, a.status, text)
			}
		}
		addressed := strings.Contains(pattern, "{") || strings.Contains(pattern, "kyc/")
		if a.status < 400 && (!right || addressed) {
			t.Errorf("%s credential: %d %s", kind, a.status, a.body)
		}
		if a.status >= 500 {
			t.Errorf("%s credential: %d %s", kind, a.status, a.body)
		}
		health := strings.Contains(pattern, "health") || strings.Contains(pattern, "authenticate") || strings.Contains(pattern, "auth/")
		invalid := a.status == 400 || a.status == 422
		if !invalid && !(health && right) && !audited(t, s, a.request, attacker.app.ID, id.System) {
			t.Errorf("%s credential: %d left no audit entry", kind, a.status)
		}
	}
}

// audited reports whether one of the applications has an entry of the request.
func audited(t *testing.T, s *testkit.Server, request string, apps ...id.App) bool {
	t.Helper()
	for _, app := range apps {
		list, err := s.Records.ListAudit(context.Background(), s.OperatorCaller(app), records.AuditFilter{Limit: 50})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			if string(e.Request) == request {
				return true
			}
		}
	}
	return false
}

func ask(t *testing.T, base, method, path, body string, header map[string]string) answer {
	t.Helper()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, base+path, r)
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if method == "POST" || method == "PUT" || method == "PATCH" {
		req.Header.Set("Idempotency-Key", string(id.NewRequest()))
	}
	req.Header.Set("X-Forwarded-For", fmt.Sprintf("192.0.%d.%d", rand.IntN(256), rand.IntN(256)))
	for name, value := range header {
		req.Header.Set(name, value)
	}
	a, err := send(req)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
