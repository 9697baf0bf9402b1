package tests

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/authz"
	"custodex.dev/internal/config"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
	"custodex.dev/internal/web/openapi"
)

const (
	yativoLogin   = "POST /api/v1/auth/login"
	yativoRefresh = "GET /api/v1/auth/refresh-token"
	yativoCreate  = "POST /api/v1/customer"
	yativoList    = "GET /api/v1/customer"
	yativoFetch   = "GET /api/v1/customer/{id}"
	yativoUpdate  = "PUT /api/v1/customer/{id}"
	yativoDelete  = "DELETE /api/v1/customer/{id}"
	yativoKYC     = "GET /api/v1/customer/kyc/{id}"
	yativoSubmit  = "PUT /api/v1/customer/kyc/update"
)

// isYativo reports whether a path of the document is one of that dialect.
func isYativo(path string) bool {
	return path == "/api/v1/customer" || strings.HasPrefix(path, "/api/v1/customer/") ||
		strings.HasPrefix(path, "/api/v1/auth/") || strings.HasPrefix(path, "/customer/")
}

// yativoCheck asks for every answer that the document promises of that dialect.
type yativoCheck struct {
	*apiCheck
	key records.Issued
	ops map[string]exchange // one of each that succeeds
}

// TestOpenAPIAnswersYativo does for the Yativo dialect what TestOpenAPIAnswers does
// for the others.
func TestOpenAPIAnswersYativo(t *testing.T) {
	t.Parallel()
	b := &breakable{}
	now := time.Now().Truncate(time.Minute).Add(5 * time.Second) // no rate limit window ends meanwhile
	s := testkit.NewServer(t, testkit.Options{
		Wrap: func(st store.Store) store.Store { b.Store = st; return b },
		Configure: func(c *config.Config) {
			c.Now, c.LogLevel = func() time.Time { return now }, slog.LevelError+1
		},
	})
	y := &yativoCheck{apiCheck: &apiCheck{
		t: t, s: s, doc: readOpenAPI(t, served(t, openapi.Handler())),
		seen: map[string]bool{}, headers: map[string]bool{},
	}}
	y.key, y.bearer = y.newKey(s.App.ID, authz.AllCustomers, 10_000)
	y.operations()
	y.particular()
	y.wrong()
	y.refused()
	y.broken(b)

	var missing []string
	for path, item := range y.doc.Paths.Map() {
		for method, op := range item.Operations() {
			for status := range op.Responses.Map() {
				if what := method + " " + path + " " + status; isYativo(path) && !y.seen[what] {
					missing = append(missing, what)
				}
			}
		}
	}
	slices.Sort(missing)
	if len(missing) > 0 {
		t.Errorf("documented answers that no request got:\n%s", strings.Join(missing, "\n"))
	}
	for name := range y.doc.Components.Headers {
		if strings.HasPrefix(name, "Yativo") && !y.headers[name] {
			t.Errorf("header %s is documented and was never sent", name)
		}
	}
}

// newKey makes a credential and a token of it.
func (y *yativoCheck) newKey(app id.App, scopes authz.Scopes, perMinute int) (records.Issued, string) {
	y.t.Helper()
	key := y.s.NewKey(y.t, app, records.NewKey{Kind: tenant.Yativo, Name: "openapi", Scopes: scopes, RateLimit: perMinute})
	token, _, _, err := y.s.Records.IssueToken(y.t.Context(), records.Login{
		Kind: tenant.Yativo, PublicKey: key.PublicKey, Secret: key.Secret.Reveal(),
	})
	if err != nil {
		y.t.Fatal(err)
	}
	return key, token
}

// data reads a text member of an answer's data.
func (y *yativoCheck) data(body []byte, name string) string {
	y.t.Helper()
	var o struct{ Data map[string]any }
	if err := json.Unmarshal(body, &o); err != nil {
		y.t.Fatal(err)
	}
	text, _ := o.Data[name].(string)
	return text
}

func loginBody(account, secret string) string {
	return `{"account_id":"` + account + `","app_secret":"` + secret + `"}`
}

func (y *yativoCheck) operations() {
	y.t.Helper()
	const person = `{"customer_name":"Amara Okafor","customer_phone":"+15551234567","customer_country":"NGA","customer_email":"EMAIL"}`
	create := exchange{op: yativoCreate, path: "/api/v1/customer", body: strings.Replace(person, "EMAIL", "amara@example.com", 1), status: 201}
	_, body := y.send(create)
	customer := y.data(body, "customer_id")
	update := `{"customer_name":"Amara Okafor-Bello"}`
	y.ops = map[string]exchange{}
	for _, e := range []exchange{
		{op: yativoLogin, path: "/api/v1/auth/login", body: loginBody(y.key.PublicKey, y.key.Secret.Reveal()), status: 200},
		{op: yativoRefresh, path: "/api/v1/auth/refresh-token", status: 200},
		{op: yativoList, path: "/api/v1/customer", status: 200},
		{op: yativoFetch, path: "/api/v1/customer/" + customer, status: 200},
		{op: yativoUpdate, path: "/api/v1/customer/" + customer, body: update, status: 200},
		{op: "GET /api/v1/customer/customer/{id}", path: "/api/v1/customer/customer/" + customer, status: 200},
		{op: "PUT /api/v1/customer/customer/{id}", path: "/api/v1/customer/customer/" + customer, body: update, status: 200},
		{op: "GET /customer/{id}", path: "/customer/" + customer, status: 200},
		{op: "PUT /customer/{id}", path: "/customer/" + customer, body: update, status: 200},
		{op: yativoKYC, path: "/api/v1/customer/kyc/" + customer, status: 200},
		{op: yativoSubmit, path: "/api/v1/customer/kyc/update", body: `{"customer_id":"` + customer + `","type":"individual","first_name":"Amara"}`, status: 200},
	} {
		y.ops[e.op] = e
		y.send(e)
	}
	y.ops[yativoCreate] = create
	_, body = y.send(create.with(func(e *exchange) { e.body = strings.Replace(person, "EMAIL", "zoe@example.com", 1) }))
	// The deletion succeeds once; from then on it is for refusals.
	gone := exchange{op: yativoDelete, path: "/api/v1/customer/" + y.data(body, "customer_id"), status: 200}
	y.send(gone)
	y.send(gone.with(func(e *exchange) { e.status = 404 }))
	y.ops[yativoDelete] = gone.with(func(e *exchange) { e.path = "/api/v1/customer/" + customer })
}

// particular sends what is peculiar to one operation.
func (y *yativoCheck) particular() {
	y.t.Helper()
	create, list, submit := y.ops[yativoCreate], y.ops[yativoList], y.ops[yativoSubmit]
	full := create.with(func(e *exchange) {
		e.body = `{"customer_name":"Søren Kierkegaard","customer_email":"Soren@Example.COM","customer_phone":"+4533138660","customer_country":"Denmark",` +
			`"customer_type":"business","customer_address":{"street":"Nytorv","number":"2","city":null,"unknown":1},"unknown":[1]}`
		e.header["Idempotency-Key"] = "My Idempotency Key"
	})
	_, first := y.send(full)
	header, again := y.send(full)
	if string(first) != string(again) || header.Get("Idempotent-Replayed") != "true" {
		y.t.Errorf("the second answer to an idempotency key is %s with %v, want a replay of %s", again, header, first)
	}
	y.send(full.with(func(e *exchange) { e.body, e.status = create.body, 409 }))
	y.send(full.with(func(e *exchange) { e.header, e.status = nil, 422 })) // the address is taken
	y.send(list.with(func(e *exchange) { e.query = "?page=2&per_page=1" }))
	y.send(list.with(func(e *exchange) { e.query = "?page=7" }))

	// Every state of the checks.
	target, err := id.ParseCustomer(y.data(first, "customer_id"))
	if err != nil {
		y.t.Fatal(err)
	}
	for _, state := range customer.KYCStatuses() {
		kyc := customer.KYC{Status: state, Reason: "unreadable", Accounts: true}
		if _, err := y.s.Records.SetKYC(y.t.Context(), y.s.OperatorCaller(y.s.App.ID), target, kyc); err != nil {
			y.t.Fatal(err)
		}
		for _, op := range []string{yativoFetch, yativoKYC} {
			e := y.ops[op]
			y.send(e.with(func(e *exchange) { e.path = e.path[:strings.LastIndex(e.path, "/")+1] + target.String() }))
		}
	}
	for op, e := range y.ops {
		if strings.HasPrefix(op, "PUT ") {
			once := e.with(func(e *exchange) { e.header["Idempotency-Key"] = "once" })
			y.send(once)
			y.send(once)
			other := strings.NewReplacer("Amara Okafor-Bello", "Amara", "individual", "business").Replace(e.body)
			y.send(once.with(func(e *exchange) { e.body, e.status = other, 409 }))
		}
	}
	y.send(submit.with(func(e *exchange) { e.body, e.status = strings.Replace(e.body, "individual", "business", 1), 422 }))
}

// wrong sends what no operation takes, and what is not the caller's.
func (y *yativoCheck) wrong() {
	y.t.Helper()
	const nobody = "123e4567-e89b-12d3-a456-426614174000"
	_, foreign := y.newKey(y.newApp(), authz.AllCustomers, 10_000)
	as := func(e *exchange, token string) { e.header["Authorization"] = "Bearer " + token }
	for op, e := range y.ops {
		method, pattern, _ := strings.Cut(op, " ")
		switch method {
		case http.MethodGet, http.MethodDelete:
			y.send(e.with(func(e *exchange) { e.body, e.status = "{}", 400 }))
		default:
			y.send(e.with(func(e *exchange) { e.body, e.status = `{"x":`, 400 }))
			if op != yativoLogin {
				y.send(e.with(func(e *exchange) { e.header["Idempotency-Key"], e.status = "", 400 }))
			}
		}
		if strings.Contains(pattern, "{id}") || op == yativoSubmit {
			for _, other := range []string{nobody, "17"} {
				y.send(e.with(func(e *exchange) {
					e.status = 404
					if op == yativoSubmit {
						e.body = `{"customer_id":"` + other + `","type":"individual"}`
						return
					}
					e.path = e.path[:strings.LastIndex(e.path, "/")+1] + other
				}))
			}
			y.send(e.with(func(e *exchange) { e.status = 404; as(e, foreign) }))
		}
	}
	invalid := `{"customer_name":7,"customer_email":"@","customer_phone":"","type":"x","customer_address":{"city":1}}`
	for op, e := range y.ops {
		if slices.ContainsFunc([]string{"POST ", "PUT "}, func(m string) bool { return strings.HasPrefix(op, m) }) {
			y.send(e.with(func(e *exchange) { e.body, e.status = invalid, 422 }))
		}
	}
	y.send(y.ops[yativoList].with(func(e *exchange) { e.query, e.status = "?page=0&per_page=x", 422 }))
	y.send(y.ops[yativoLogin].with(func(e *exchange) { e.body, e.status = loginBody(y.key.PublicKey, "wrong"), 401 }))

	_, reader := y.newKey(y.s.App.ID, authz.Scopes{authz.CustomersRead}, 10_000)
	_, writer := y.newKey(y.s.App.ID, authz.Scopes{authz.CustomersWrite}, 10_000)
	for op, e := range y.ops {
		if strings.Contains(op, "/auth/") {
			continue
		}
		y.send(e.with(func(e *exchange) {
			e.status = 403
			as(e, map[bool]string{true: writer, false: reader}[strings.HasPrefix(op, "GET ")])
		}))
	}
}

func (y *yativoCheck) newApp() id.App {
	app, _ := y.s.NewApp(y.t, "Neighbour", 10_000)
	return app.ID
}

// refused sends every operation in the ways that all of them refuse.
func (y *yativoCheck) refused() {
	y.t.Helper()
	once, token := y.newKey(y.s.App.ID, authz.AllCustomers, 1)
	spent := loginBody(once.PublicKey, once.Secret.Reveal())
	y.send(y.ops[yativoLogin].with(func(e *exchange) { e.body = spent }))
	for op, e := range y.ops {
		y.send(e.with(func(e *exchange) { e.chunked, e.body, e.status = true, "", 411 }))
		y.send(e.with(func(e *exchange) {
			e.header["Authorization"], e.status = "Bearer "+token, 429
			if op == yativoLogin {
				e.body = spent
			}
		}))
		if op != yativoLogin {
			y.send(e.with(func(e *exchange) { e.header["Authorization"], e.status = "", 401 }))
		}
		if method, _, _ := strings.Cut(op, " "); method == http.MethodPost || method == http.MethodPut {
			big := `{"name":"` + strings.Repeat("x", 70_000) + `"}`
			y.send(e.with(func(e *exchange) { e.body, e.status = big, 413 }))
			y.send(e.with(func(e *exchange) { e.body, e.header["Content-Type"], e.status = "{}", "text/plain", 415 }))
		}
	}
	// Failures past the bucket of this address: refused in another way.
	for range 60 {
		req := y.request(http.MethodGet, exchange{path: "/api/v1/customer", header: map[string]string{"Authorization": "Bearer x"}})
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			y.t.Fatal(err)
		}
		_ = res.Body.Close()
	}
	y.send(y.ops[yativoList].with(func(e *exchange) { e.header["Authorization"], e.status = "", 429 }))
	y.send(y.ops[yativoLogin].with(func(e *exchange) { e.body, e.status = loginBody("x", "x"), 429 }))
}

// broken sends every operation to a server whose database fails.
func (y *yativoCheck) broken(b *breakable) {
	y.t.Helper()
	// The customer of an idempotency key is gone.
	b.do(failure{store.NotFound("customer"), true}, func() {
		y.send(y.ops[yativoCreate].with(func(e *exchange) { e.status = 404 }))
	})
	// An earlier request with this key holds the lock.
	b.do(failure{store.ErrLockTimeout, true}, func() {
		y.send(y.ops[yativoCreate].with(func(e *exchange) { e.status = 409 }))
	})
	// A credential that nobody has looked up yet, so that the database has to be asked.
	stranger := y.key.PublicKey[:len(y.key.PublicKey)-4]
	forged := func(account string) string {
		part := base64.RawURLEncoding.EncodeToString
		return part([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + part([]byte(`{"sub":"`+account+`","exp":99999999999}`)) + "." + part([]byte("x"))
	}
	for status, f := range map[int]failure{
		http.StatusInternalServerError: {err: errors.New("broken by the test")},
		http.StatusServiceUnavailable:  {err: fault.New(fault.Unavailable, "store_down", "The database is busy; try again")},
	} {
		for op, e := range y.ops {
			b.do(f, func() {
				y.send(e.with(func(e *exchange) {
					e.status = status
					switch op {
					case yativoLogin:
						e.body = loginBody(stranger+"aaaa", "x")
					case yativoRefresh:
						e.header["Authorization"] = "Bearer " + forged(stranger+"bbbb")
					}
				}))
			})
		}
	}
}

// TestPolicyOpenAPIYativoValues holds the document's limits and lists against those
// that the program works with.
func TestPolicyOpenAPIYativoValues(t *testing.T) {
	t.Parallel()
	doc := readOpenAPI(t, served(t, openapi.Handler()))
	schemas := doc.Components.Schemas
	var states []string
	for _, v := range schemas["YativoState"].Value.Enum {
		states = append(states, v.(string))
	}
	var want []string
	for _, s := range customer.KYCStatuses() {
		want = append(want, string(s))
	}
	if diff := cmp.Diff(want, states); diff != "" {
		t.Errorf("states of the checks (-program +document):\n%s", diff)
	}
	newCustomer, change := schemas["YativoNewCustomer"].Value.Properties, schemas["YativoCustomerChange"].Value.Properties
	if diff := cmp.Diff(slices.Sorted(maps.Keys(newCustomer)), slices.Sorted(maps.Keys(change))); diff != "" {
		t.Errorf("members (-create +update):\n%s", diff)
	}
	for _, name := range []string{"customer_name", "customer_email", "customer_country"} {
		if got := newCustomer[name].Value.MaxLength; got == nil || *got != customer.MaxText {
			t.Errorf("%s may have %v characters, want %d", name, got, customer.MaxText)
		}
	}
	if seconds := schemas["YativoToken"].Value.Properties["expires_in"].Value.Const; seconds != records.TokenTTL.Seconds() {
		t.Errorf("a token lives %v s, want %v", seconds, records.TokenTTL.Seconds())
	}
}
