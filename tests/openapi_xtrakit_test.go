package tests

import (
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"
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
	xtrakitAdd         = "POST /api/v1/customers/add"
	xtrakitList        = "GET /api/v1/customers"
	xtrakitFetch       = "GET /api/v1/customers/{id}"
	xtrakitEdit        = "PUT /api/v1/customers/{id}"
	xtrakitDelete      = "DELETE /api/v1/customers/{id}"
	xtrakitAddGroup    = "POST /api/v1/customer-groups/add"
	xtrakitListGroups  = "GET /api/v1/customer-groups"
	xtrakitFetchGroup  = "GET /api/v1/customer-groups/{id}"
	xtrakitEditGroup   = "PUT /api/v1/customer-groups/{id}"
	xtrakitDeleteGroup = "DELETE /api/v1/customer-groups/{id}"
	xtrakitCheck       = "GET /api/v1/user/authenticate"
)

// isXtrakit reports whether a path of the document is one of that dialect.
func isXtrakit(path string) bool {
	return strings.HasPrefix(path, "/api/v1/customers") || strings.HasPrefix(path, "/api/v1/customer-groups") ||
		strings.HasPrefix(path, "/api/v1/user/")
}

// xtrakitAnswers asks for every answer that the document promises of that dialect.
type xtrakitAnswers struct {
	*apiCheck
	key records.Issued
	ops map[string]exchange // one of each that succeeds
}

// TestOpenAPIAnswersXtrakit does for the Xtrakit dialect what TestOpenAPIAnswers does
// for the others.
func TestOpenAPIAnswersXtrakit(t *testing.T) {
	t.Parallel()
	b := &breakable{}
	now := time.Now().Truncate(time.Minute).Add(5 * time.Second) // no rate limit window ends meanwhile
	s := testkit.NewServer(t, testkit.Options{
		Wrap: func(st store.Store) store.Store { b.Store = st; return b },
		Configure: func(c *config.Config) {
			c.Now, c.LogLevel = func() time.Time { return now }, slog.LevelError+1
		},
	})
	x := &xtrakitAnswers{apiCheck: &apiCheck{
		t: t, s: s, doc: readOpenAPI(t, served(t, openapi.Handler())),
		seen: map[string]bool{}, headers: map[string]bool{},
	}}
	x.key, x.bearer = x.newKey(s.App.ID, authz.AllCustomers, 100_000)
	x.operations()
	x.particular()
	x.wrong()
	x.refused()
	x.broken(b)

	var missing []string
	for path, item := range x.doc.Paths.Map() {
		for method, op := range item.Operations() {
			for status := range op.Responses.Map() {
				if what := method + " " + path + " " + status; isXtrakit(path) && !x.seen[what] {
					missing = append(missing, what)
				}
			}
		}
	}
	slices.Sort(missing)
	if len(missing) > 0 {
		t.Errorf("documented answers that no request got:\n%s", strings.Join(missing, "\n"))
	}
	for name := range x.doc.Components.Headers {
		if strings.HasPrefix(name, "Xtrakit") && !x.headers[name] {
			t.Errorf("header %s is documented and was never sent", name)
		}
	}
}

// newKey makes an API key.
func (x *xtrakitAnswers) newKey(app id.App, scopes authz.Scopes, perMinute int) (records.Issued, string) {
	x.t.Helper()
	key := x.s.NewKey(x.t, app, records.NewKey{Kind: tenant.Xtrakit, Name: "openapi", Owner: "Edward", Scopes: scopes, RateLimit: perMinute})
	return key, key.PublicKey + "." + key.Secret.Reveal()
}

// add sends a request that adds something and gives its number.
func (x *xtrakitAnswers) add(e exchange, noun string) string {
	x.t.Helper()
	_, body := x.send(e)
	var o struct{ Data map[string]struct{ ID int64 } }
	if err := json.Unmarshal(body, &o); err != nil {
		x.t.Fatal(err)
	}
	return strconv.FormatInt(o.Data[noun].ID, 10)
}

const (
	xtrakitCustomers = "/api/v1/customers/"
	xtrakitGroups    = "/api/v1/customer-groups/"
	xtrakitPerson    = `{"customer_name":"Amara Okafor","customer_phone":"+234 803 123 4567","customer_country":"Nigeria","customer_city":"Lagos",` +
		`"customer_state":"Lagos","address1":"30 Broad Street"}`
)

func (x *xtrakitAnswers) operations() {
	x.t.Helper()
	add := exchange{op: xtrakitAdd, path: xtrakitCustomers + "add", body: xtrakitPerson, status: 200}
	addGroup := exchange{op: xtrakitAddGroup, path: xtrakitGroups + "add", body: `{"group_name":"Premium"}`, status: 200}
	one, group := xtrakitCustomers+x.add(add, "customer"), xtrakitGroups+x.add(addGroup, "group")
	x.ops = map[string]exchange{xtrakitAdd: add, xtrakitAddGroup: addGroup}
	for _, e := range []exchange{
		{op: xtrakitList, path: "/api/v1/customers", status: 200},
		{op: xtrakitFetch, path: one, status: 200},
		{op: xtrakitEdit, path: one, body: xtrakitPerson, status: 200},
		{op: xtrakitListGroups, path: "/api/v1/customer-groups", status: 200},
		{op: xtrakitFetchGroup, path: group, status: 200},
		{op: xtrakitEditGroup, path: group, body: `{"group_name":"Gold"}`, status: 200},
		{op: xtrakitCheck, path: "/api/v1/user/authenticate", status: 200},
	} {
		x.ops[e.op] = e
		x.send(e)
	}
	// A deletion succeeds once; from then on it is for refusals.
	for op, gone := range map[string]string{
		xtrakitDelete: xtrakitCustomers + x.add(add, "customer"), xtrakitDeleteGroup: xtrakitGroups + x.add(addGroup, "group"),
	} {
		e := exchange{op: op, path: gone, status: 200}
		x.send(e)
		x.send(e.with(func(e *exchange) { e.status = 404 }))
		x.ops[op] = e.with(func(e *exchange) {
			e.path = map[string]string{xtrakitDelete: one, xtrakitDeleteGroup: group}[op]
		})
	}
}

// particular sends what is peculiar to one operation.
func (x *xtrakitAnswers) particular() {
	x.t.Helper()
	add, list := x.ops[xtrakitAdd], x.ops[xtrakitList]
	group := strings.TrimPrefix(x.ops[xtrakitFetchGroup].path, xtrakitGroups)
	full := add.with(func(e *exchange) {
		e.body = `{"customer_group_id":` + group + `,"customer_name":"Søren Kierkegaard","customer_email":"Soren@Example.COM","customer_phone":"33 13 86 60",` +
			`"customer_whatsapp":"","customer_country":"dk","customer_city":"København","customer_state":"Hovedstaden","customer_zip":"1450",` +
			`"address1":"2 Nytorv","address2":null,"customer_profile":"p.png","created_by":"Regine","unknown":[1]}`
		e.header["Idempotency-Key"] = "My Idempotency Key"
	})
	_, first := x.send(full)
	header, again := x.send(full)
	if string(first) != string(again) || header.Get("Idempotent-Replayed") != "true" {
		x.t.Errorf("the second answer to an idempotency key is %s with %v, want a replay of %s", again, header, first)
	}
	x.send(full.with(func(e *exchange) { e.header, e.status = nil, 422 })) // the address is taken
	for _, op := range []string{xtrakitAdd, xtrakitEdit, xtrakitAddGroup, xtrakitEditGroup} {
		once := x.ops[op].with(func(e *exchange) { e.header["Idempotency-Key"] = "once" })
		x.send(once)
		x.send(once)
		other := strings.NewReplacer("Amara", "Ama", "Premium", "Silver", "Gold", "Silver").Replace(once.body)
		x.send(once.with(func(e *exchange) { e.body, e.status = other, 409 }))
	}

	// A customer with everything, one from a form, and one that another API made.
	var made struct {
		Data struct{ Customer struct{ ID int64 } }
	}
	if err := json.Unmarshal(first, &made); err != nil {
		x.t.Fatal(err)
	}
	fetch := x.ops[xtrakitFetch]
	x.send(fetch.with(func(e *exchange) { e.path = xtrakitCustomers + strconv.FormatInt(made.Data.Customer.ID, 10) }))
	x.send(add.with(func(e *exchange) {
		e.header["Content-Type"] = "application/x-www-form-urlencoded"
		e.body = "customer_name=Kofi&customer_phone=024&customer_country=Ghana&customer_city=Accra&customer_state=GA&address1=1&customer_group_id=" + group
	}))
	text := func(s string) customer.Text { return customer.Text{Sent: true, Value: s} }
	caller := x.s.OperatorCaller(x.s.App.ID)
	caller.Scopes = authz.AllCustomers
	x.many(1001, func() error {
		_, err := x.s.Records.CreateCustomer(x.t.Context(), caller, records.Write{
			Input:  customer.Input{Given: text("Ada"), Family: text("Lovelace"), Phone: text("+22")},
			Encode: func(*customer.Customer) []byte { return nil },
		})
		return err
	})
	header, _ = x.send(list)
	next, _, _ := strings.Cut(strings.TrimPrefix(header.Get("Link"), "<"+list.path), ">")
	x.send(list.with(func(e *exchange) { e.query = next }))
	period := "created_at=2020-01-01+0:00:00&updated_at=2999-12-31"
	x.send(list.with(func(e *exchange) { e.query = "?customer_group_id=" + group + "&" + period }))
	x.send(x.ops[xtrakitListGroups].with(func(e *exchange) { e.query = "?business_code=10000000&" + period }))
}

// many does something n times, many at a time so that they share commits.
func (x *xtrakitAnswers) many(n int, do func() error) {
	x.t.Helper()
	failed := make(chan error, n)
	for worker := range 50 {
		go func() {
			for i := worker; i < n; i += 50 {
				failed <- do()
			}
		}()
	}
	for range n {
		if err := <-failed; err != nil {
			x.t.Fatal(err)
		}
	}
}

// wrong sends what no operation takes, and what is not the caller's.
func (x *xtrakitAnswers) wrong() {
	x.t.Helper()
	neighbour, _ := x.s.NewApp(x.t, "Neighbour", 10_000)
	_, foreign := x.newKey(neighbour.ID, authz.AllCustomers, 10_000)
	_, reader := x.newKey(x.s.App.ID, authz.Scopes{authz.CustomersRead}, 10_000)
	_, writer := x.newKey(x.s.App.ID, authz.Scopes{authz.CustomersWrite}, 10_000)
	as := func(e *exchange, key string) { e.header["Authorization"] = "Bearer " + key }
	for op, e := range x.ops {
		method, pattern, _ := strings.Cut(op, " ")
		reads := method == http.MethodGet
		if reads || method == http.MethodDelete {
			x.send(e.with(func(e *exchange) { e.body, e.status = "{}", 400 }))
		} else {
			x.send(e.with(func(e *exchange) { e.body, e.status = `{"x":`, 400 }))
			x.send(e.with(func(e *exchange) {
				e.body, e.status = `{"customer_name":7,"customer_group_id":"x","group_name":7}`, 422
			}))
		}
		if strings.Contains(pattern, "{id}") {
			for _, other := range []string{"9007199254740991", "x"} {
				x.send(e.with(func(e *exchange) { e.path, e.status = e.path[:strings.LastIndex(e.path, "/")+1]+other, 404 }))
			}
			x.send(e.with(func(e *exchange) { e.status = 404; as(e, foreign) }))
		}
		if op != xtrakitCheck {
			x.send(e.with(func(e *exchange) { e.status = 403; as(e, map[bool]string{true: writer, false: reader}[reads]) }))
		}
	}
	for _, query := range []string{"?created_at=x", "?updated_at=2026-1-1", "?cursor=x", "?customer_group_id=x&business_code=x"} {
		for _, op := range []string{xtrakitList, xtrakitListGroups} {
			x.send(x.ops[op].with(func(e *exchange) { e.query, e.status = query, 400 }))
		}
	}
}

// refused sends every operation in the ways that all of them refuse.
func (x *xtrakitAnswers) refused() {
	x.t.Helper()
	_, spent := x.newKey(x.s.App.ID, authz.AllCustomers, 1)
	limited := func(e *exchange) { e.header["Authorization"] = "Bearer " + spent }
	x.send(x.ops[xtrakitCheck].with(limited))
	for op, e := range x.ops {
		x.send(e.with(func(e *exchange) { e.chunked, e.body, e.status = true, "", 411 }))
		x.send(e.with(func(e *exchange) { limited(e); e.status = 429 }))
		x.send(e.with(func(e *exchange) { e.header["Authorization"], e.status = "", 401 }))
		x.send(e.with(func(e *exchange) { e.header["Authorization"], e.status = "Bearer API_KEY", 401 }))
		if method, _, _ := strings.Cut(op, " "); method == http.MethodPost || method == http.MethodPut {
			big := `{"name":"` + strings.Repeat("x", 70_000) + `"}`
			x.send(e.with(func(e *exchange) { e.body, e.status = big, 413 }))
			x.send(e.with(func(e *exchange) { e.body, e.header["Content-Type"], e.status = "{}", "text/plain", 415 }))
		}
	}
	// Failures past the bucket of this address: refused in another way.
	for range 60 {
		req := x.request(http.MethodGet, exchange{path: "/api/v1/customers", header: map[string]string{"Authorization": "Bearer x"}})
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			x.t.Fatal(err)
		}
		_ = res.Body.Close()
	}
	x.send(x.ops[xtrakitList].with(func(e *exchange) { e.header["Authorization"], e.status = "", 429 }))
}

// broken sends every operation to a server whose database fails.
func (x *xtrakitAnswers) broken(b *breakable) {
	x.t.Helper()
	// The customer of an idempotency key is gone.
	b.do(failure{store.NotFound("customer"), true}, func() {
		x.send(x.ops[xtrakitAdd].with(func(e *exchange) { e.status = 404 }))
	})
	// An earlier request with this key holds the lock.
	b.do(failure{store.ErrLockTimeout, true}, func() {
		x.send(x.ops[xtrakitAdd].with(func(e *exchange) { e.status = 409 }))
	})
	// A credential that nobody has looked up yet, so that the database has to be asked.
	stranger := x.key.PublicKey[:len(x.key.PublicKey)-4]
	for status, f := range map[int]failure{
		http.StatusInternalServerError: {err: errors.New("broken by the test")},
		http.StatusServiceUnavailable:  {err: fault.New(fault.Unavailable, "store_down", "The database is busy; try again")},
	} {
		for op, e := range x.ops {
			b.do(f, func() {
				x.send(e.with(func(e *exchange) {
					e.status = status
					if op == xtrakitCheck {
						e.header["Authorization"] = "Bearer " + stranger + map[int]string{500: "aaaa", 503: "bbbb"}[status] + ".x"
					}
				}))
			})
		}
	}
}

// TestPolicyOpenAPIXtrakitValues holds the document's limits and lists against those
// that the program works with.
func TestPolicyOpenAPIXtrakitValues(t *testing.T) {
	t.Parallel()
	schemas := readOpenAPI(t, served(t, openapi.Handler())).Components.Schemas
	for _, name := range []string{"XtrakitNewCustomer", "XtrakitNewGroup"} {
		for member, schema := range schemas[name].Value.Properties {
			most := schema.Value.MaxLength
			if member != "customer_group_id" && (most == nil || *most != customer.MaxText) {
				t.Errorf("%s may have %v characters, want %d", member, most, customer.MaxText)
			}
		}
	}
	shown := slices.Sorted(maps.Keys(schemas["XtrakitCustomer"].Value.Properties))
	taken := slices.Sorted(maps.Keys(schemas["XtrakitNewCustomer"].Value.Properties))
	want := slices.DeleteFunc(shown, func(name string) bool {
		return slices.Contains([]string{"id", "user_id", "business_code", "created_at", "updated_at"}, name)
	})
	if diff := cmp.Diff(want, taken); diff != "" {
		t.Errorf("members (-shown +taken):\n%s", diff)
	}
}
