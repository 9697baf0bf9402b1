package tests

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"custodex.dev/internal/authz"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
)

const (
	createCustomer = "POST /api/v0/customers"
	listCustomers  = "GET /api/v0/customers"
	fetchCustomer  = "GET /api/v0/customers/{id}"
	updateCustomer = "PATCH /api/v0/customers/{id}"
	search         = "POST /api/v0/customers/search"
	health         = "GET /api/v0/health"
	publicHealth   = "GET /api/v0/health/public"

	createApp       = "POST /manage/v1/apps"
	listApps        = "GET /manage/v1/apps"
	fetchApp        = "GET /manage/v1/apps/{app}"
	createKey       = "POST /manage/v1/apps/{app}/keys"
	listKeys        = "GET /manage/v1/apps/{app}/keys"
	revokeKey       = "POST /manage/v1/apps/{app}/keys/{key}/revoke"
	rotateKey       = "POST /manage/v1/apps/{app}/keys/{key}/rotate"
	setKYC          = "PUT /manage/v1/apps/{app}/customers/{customer}/kyc"
	listAudit       = "GET /manage/v1/apps/{app}/audit"
	exportAudit     = "GET /manage/v1/apps/{app}/audit/export"
	fetchCheckpoint = "GET /manage/v1/apps/{app}/audit/checkpoint"
)

// operations makes one of everything and returns a request that succeeds for each
// operation, by its name in the document.
func (a *apiCheck) operations() map[string]exchange {
	a.t.Helper()
	const person = `{"first_name":"Amara","last_name":"Okafor","phone_number":"+1-555-123-4567","customer_type":null}`
	create := exchange{op: createCustomer, path: "/api/v0/customers", body: person, status: 201}
	_, body := a.send(create)
	customer := "/api/v0/customers/" + a.member(body, "id")
	app := "/manage/v1/apps/" + string(a.s.App.ID)
	newKey := exchange{op: createKey, path: app + "/keys", body: `{"name":"another"}`, status: 201}
	_, body = a.send(newKey)
	key := app + "/keys/" + a.member(body, "id")

	list := []exchange{
		create,
		{op: listCustomers, path: "/api/v0/customers", status: 200},
		{op: fetchCustomer, path: customer, status: 200},
		{op: updateCustomer, path: customer, body: `{"last_name":"Okafor-Bello"}`, status: 200},
		{op: search, path: "/api/v0/customers/search", body: `{}`, status: 200},
		{op: health, path: "/api/v0/health", status: 200},
		{op: publicHealth, path: "/api/v0/health/public", status: 200},
		{op: createApp, path: "/manage/v1/apps", body: `{"name":"Second"}`, status: 201},
		{op: listApps, path: "/manage/v1/apps", status: 200},
		{op: fetchApp, path: app, status: 200},
		newKey,
		{op: listKeys, path: app + "/keys", status: 200},
		{op: revokeKey, path: key + "/revoke", status: 200},
		{op: rotateKey, path: app + "/keys/" + string(a.s.Key.ID) + "/rotate", status: 200},
		{op: setKYC, path: app + strings.TrimPrefix(customer, "/api/v0") + "/kyc", body: `{"status":"approved","virtual_accounts":true}`, status: 200},
		{op: listAudit, path: app + "/audit", status: 200},
		{op: exportAudit, path: app + "/audit/export", query: "?opened=true", status: 200},
		{op: fetchCheckpoint, path: app + "/audit/checkpoint", status: 200},
	}
	list = append(list, a.itemOperations(customer)...)
	ops := map[string]exchange{}
	for _, e := range list {
		ops[e.op] = e
		a.send(e)
	}
	return ops
}

// member reads a text member of an object.
func (a *apiCheck) member(body []byte, name string) string {
	a.t.Helper()
	var o map[string]any
	if err := json.Unmarshal(body, &o); err != nil {
		a.t.Fatal(err)
	}
	text, _ := o[name].(string)
	return text
}

// particular sends what is peculiar to one operation.
func (a *apiCheck) particular(ops map[string]exchange) {
	a.t.Helper()
	create, list, fetch, update := ops[createCustomer], ops[listCustomers], ops[fetchCustomer], ops[updateCustomer]

	// Every member, a replay, and what clashes.
	full := create.with(func(e *exchange) {
		e.body = `{"first_name":"Søren","last_name":"Kierkegaard","email":"Soren@Example.COM","phone_number":"+45 33 13 86 60",` +
			`"customer_type":"Non-Profit","status":"DEACTIVATED","unknown":[1]}`
		e.header["idempotency-key"] = "My Idempotency Key"
	})
	_, first := a.send(full)
	header, again := a.send(full)
	if string(first) != string(again) || header.Get("Idempotent-Replayed") != "true" {
		a.t.Errorf("the second answer to an idempotency key is %s with %v, want a replay of %s", again, header, first)
	}
	a.send(full.with(func(e *exchange) { e.body, e.status = create.body, 409 }))
	a.send(full.with(func(e *exchange) { e.header, e.status = nil, 409 }))
	a.send(update.with(func(e *exchange) { e.body, e.status = `{"email":"soren@example.com"}`, 409 }))
	a.send(update.with(func(e *exchange) { e.body = `{"email":null}` }))
	a.send(update.with(func(e *exchange) { e.body = `{}` }))

	// Pages.
	header, _ = a.send(list.with(func(e *exchange) { e.query = "?take=1&skip=0&status=ACTIVE" }))
	next, _, _ := strings.Cut(strings.TrimPrefix(header.Get("Link"), "<"+list.path), ">")
	a.send(list.with(func(e *exchange) { e.query = next }))
	a.send(list.with(func(e *exchange) { e.query = "?name=nobody&email=%40example" }))
	a.send(list.with(func(e *exchange) {
		e.query = "?customer_type=Individual&created_from=2020-01-01T00:00:00Z&created_to=2999-01-01T00:00:00%2B01:00"
		e.header["Prefer"] = "count=exact"
	}))
	a.send(ops[search].with(func(e *exchange) {
		e.body = `{"take":1,"skip":0,"status":"ACTIVE","customer_type":"Individual","name":"okafor","email":"@",` +
			`"created_from":"2020-01-01T00:00:00Z","created_to":"2999-01-01T00:00:00Z"}`
		e.header["Prefer"] = "count=exact"
	}))

	// What is wrong with requests.
	for _, wrong := range []exchange{
		create.with(func(e *exchange) { e.body = `{}` }),
		create.with(func(e *exchange) { e.body = `{"first_name":` }),
		update.with(func(e *exchange) { e.body = `{"status":"GONE","phone_number":7}` }),
		update.with(func(e *exchange) { e.path = "/api/v0/customers/7" }),
		list.with(func(e *exchange) { e.query = "?take=101&skip=-1&status=GONE" }),
		list.with(func(e *exchange) { e.query = "?cursor=x" }),
		ops[search].with(func(e *exchange) { e.body = `{"take":0,"status":"GONE"}` }),
		ops[search].with(func(e *exchange) { e.body = `{"nom":"x"}` }),
		fetch.with(func(e *exchange) { e.path = "/api/v0/customers/7" }),
		ops[health].with(func(e *exchange) { e.body = "{}" }),
		ops[publicHealth].with(func(e *exchange) { e.body = "{}" }),
		ops[createApp].with(func(e *exchange) { e.body = `{"name":7,"nom":"x"}` }),
		ops[createKey].with(func(e *exchange) { e.body = `{"rate_limit":-1,"scopes":["fly"]}` }),
		ops[revokeKey].with(func(e *exchange) { e.body = `{"now":true}` }),
		ops[rotateKey].with(func(e *exchange) { e.body = `{"keep_old":"91d"}` }),
		ops[setKYC].with(func(e *exchange) { e.body = `{"status":"fine"}` }),
		ops[listAudit].with(func(e *exchange) { e.query = "?limit=0&action=fly" }),
		ops[exportAudit].with(func(e *exchange) { e.query = "?from=9&to=1" }),
		ops[fetchCheckpoint].with(func(e *exchange) { e.query = "?at=1" }),
		ops[listApps].with(func(e *exchange) { e.query = "?at=1" }),
		ops[listKeys].with(func(e *exchange) { e.query = "?at=1" }),
		ops[fetchApp].with(func(e *exchange) { e.query = "?at=1" }),
	} {
		wrong.status = 400
		a.send(wrong)
	}

	// Things that are not there, or not the caller's.
	const nobody = "123e4567-e89b-12d3-a456-426614174000"
	_, foreign := a.s.NewApp(a.t, "Neighbour", 10_000)
	for _, e := range []exchange{fetch, update} {
		a.send(e.with(func(e *exchange) { e.path, e.status = "/api/v0/customers/"+nobody, 404 }))
		a.send(e.with(func(e *exchange) { e.status = 403; useKey(e, foreign) }))
	}
	for op, e := range ops {
		if strings.Contains(op, "{app}") {
			a.send(e.with(func(e *exchange) {
				e.path = strings.Replace(e.path, string(a.s.App.ID), "app_aaaaaaaaaaaaaaaa", 1)
				e.status = 404
			}))
		}
	}
	a.send(ops[rotateKey].with(func(e *exchange) {
		e.path, e.body, e.status = strings.Replace(ops[revokeKey].path, "revoke", "rotate", 1), `{"keep_old":"1h"}`, 409
	}))
	a.send(ops[setKYC].with(func(e *exchange) { e.path, e.status = strings.Replace(e.path, "/kyc", "7/kyc", 1), 404 }))
	a.itemParticulars(ops)
	a.scopes(ops)
	a.manageMore(ops)
}

func useKey(e *exchange, key records.Issued) {
	e.header["x-client-key"], e.header["x-client-secret"] = key.PublicKey, key.Secret.Reveal()
}

// scopes uses keys that lack the scope they need.
func (a *apiCheck) scopes(ops map[string]exchange) {
	a.t.Helper()
	for _, c := range []struct {
		has   authz.Scope
		lacks []string
	}{
		{authz.CustomersRead, []string{createCustomer, updateCustomer}},
		{authz.CustomersWrite, []string{listCustomers, fetchCustomer, search}},
	} {
		key := a.s.NewKey(a.t, a.s.App.ID, records.NewKey{Kind: tenant.Devdraft, Name: "k", Scopes: authz.Scopes{c.has}, RateLimit: 10_000})
		for scope, needed := range neededHere {
			if scope != c.has {
				c.lacks = append(c.lacks, needed...)
			}
		}
		for _, op := range c.lacks {
			a.send(ops[op].with(func(e *exchange) { e.status = 403; useKey(e, key) }))
		}
	}
}

// manageMore sends management requests with everything in them, and reads logs that
// hold every action.
func (a *apiCheck) manageMore(ops map[string]exchange) {
	a.t.Helper()
	a.send(ops[createKey].with(func(e *exchange) {
		e.body = `{"name":"reporting","owner":"Data team","kind":"devdraft","scopes":["customers:read"],` +
			`"rate_limit":0,"expires_at":"2999-01-31T12:00:00+02:00"}`
	}))
	for _, kind := range tenant.Kinds() {
		a.send(ops[createKey].with(func(e *exchange) { e.body = `{"name":"another","kind":"` + string(kind) + `"}` }))
	}
	a.send(ops[listKeys])
	system := func(e *exchange) { e.path = strings.Replace(e.path, string(a.s.App.ID), string(id.System), 1) }
	a.send(ops[createKey].with(func(e *exchange) { system(e); e.body = `{"name":"night shift","expires_at":null}` }))
	a.send(ops[listKeys].with(system))
	a.send(ops[fetchApp].with(system))
	a.send(ops[listAudit].with(system))
	a.send(ops[exportAudit].with(system))
	a.send(ops[fetchCheckpoint].with(system))
	a.send(ops[listAudit].with(func(e *exchange) { e.query = "?limit=1&before=4&from=2020-01-01T00:00:00Z" }))
	a.send(ops[exportAudit].with(func(e *exchange) { e.query = "?from=1&to=3" }))
}

// refused sends every operation in the ways that all of them refuse.
func (a *apiCheck) refused(ops map[string]exchange) {
	a.t.Helper()
	once := a.s.NewKey(a.t, a.s.App.ID, records.NewKey{Kind: tenant.Devdraft, Name: "once", Scopes: authz.AllCustomers, RateLimit: 1})
	onceOperator := a.s.NewKey(a.t, id.System, operatorKey(1))
	limited := func(e *exchange) {
		useKey(e, once)
		e.header["Authorization"] = "Bearer " + onceOperator.OperatorToken().Reveal()
	}
	a.send(ops[health].with(limited))
	a.send(ops[listApps].with(limited))
	for op, e := range ops {
		a.send(e.with(func(e *exchange) { e.chunked, e.body, e.status = true, "", 411 }))
		if op == publicHealth {
			continue
		}
		a.send(e.with(func(e *exchange) { e.header["x-client-secret"], e.header["Authorization"], e.status = "wrong", "", 401 }))
		a.send(e.with(func(e *exchange) { limited(e); e.status = 429 }))
		if method, _, _ := strings.Cut(op, " "); !bodyless(method) {
			big := `{"name":"` + strings.Repeat("x", 70_000) + `"}`
			a.send(e.with(func(e *exchange) { e.body, e.status = big, 413 }))
			a.send(e.with(func(e *exchange) { e.body, e.header["Content-Type"], e.status = "{}", "text/plain", 415 }))
		}
	}
	// Failures past the bucket of this address: refused in another way.
	for range 60 {
		req := a.request(http.MethodGet, exchange{path: "/api/v0/health", header: map[string]string{"x-client-secret": "wrong"}})
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			a.t.Fatal(err)
		}
		_ = res.Body.Close()
	}
	for _, op := range []string{health, listApps} {
		a.send(ops[op].with(func(e *exchange) { e.header["x-client-secret"], e.header["Authorization"], e.status = "wrong", "", 429 }))
	}
}

// broken sends every operation to a server whose database fails.
func (a *apiCheck) broken(ops map[string]exchange, b *breakable) {
	a.t.Helper()
	// The customer of an idempotency key is gone.
	b.do(failure{store.NotFound("customer"), true}, func() {
		a.send(ops[createCustomer].with(func(e *exchange) { e.status = 404 }))
		a.send(ops[getOrCreate].with(func(e *exchange) { e.status = 404 }))
	})
	// An earlier request with this key holds the lock.
	b.do(failure{store.ErrLockTimeout, true}, func() {
		a.send(ops[createCustomer].with(func(e *exchange) { e.header["idempotency-key"], e.status = "again", 409 }))
	})
	bug := failure{err: errors.New("broken by the test")}
	down := failure{err: fault.New(fault.Unavailable, "store_down", "The database is busy; try again")}
	for op, e := range ops {
		if slices.Contains([]string{health, publicHealth}, op) {
			continue
		}
		b.do(bug, func() { a.send(e.with(func(e *exchange) { e.status = 500 })) })
		b.do(down, func() { a.send(e.with(func(e *exchange) { e.status = 503 })) })
	}
	stranger := func(e *exchange) { e.header["x-client-key"] = a.s.Key.PublicKey[:len(a.s.Key.PublicKey)-4] + "aaaa" }
	b.do(down, func() { a.send(ops[health].with(func(e *exchange) { e.status = 503 })) })
	b.do(down, func() { a.send(ops[health].with(func(e *exchange) { stranger(e); e.status = 503 })) })
	b.do(bug, func() { a.send(ops[health].with(func(e *exchange) { stranger(e); e.status = 500 })) })
}
