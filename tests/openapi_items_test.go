package tests

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/authz"
	"custodex.dev/internal/chain"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/web/openapi"
)

const (
	getOrCreate = "POST /api/v0/customers/get-or-create"

	createAddress = "POST /api/v0/customers/{id}/liquidation_addresses"
	listAddresses = "GET /api/v0/customers/{id}/liquidation_addresses"
	fetchAddress  = "GET /api/v0/customers/{id}/liquidation_addresses/{addressId}"

	recordTransaction = "POST /api/v0/customers/{id}/transactions"
	listTransactions  = "GET /api/v0/customers/{id}/transactions"

	createGroup = "POST /api/v0/customer-groups"
	listGroups  = "GET /api/v0/customer-groups"
	fetchGroup  = "GET /api/v0/customer-groups/{id}"
	updateGroup = "PATCH /api/v0/customer-groups/{id}"
	deleteGroup = "DELETE /api/v0/customer-groups/{id}"
)

// neededHere are the scopes of these operations.
var neededHere = map[authz.Scope][]string{
	authz.CustomersRead:  {listAddresses, fetchAddress, listTransactions, listGroups, fetchGroup},
	authz.CustomersWrite: {getOrCreate, createAddress, recordTransaction, createGroup, updateGroup, deleteGroup},
}

// itemOperations makes one of everything that hangs on customers and returns a
// request that succeeds for each operation.
func (a *apiCheck) itemOperations(customer string) []exchange {
	a.t.Helper()
	const group = `{"name":"Gold"}`
	newGroup := func() string {
		_, body := a.send(exchange{op: createGroup, path: "/api/v0/customer-groups", body: group, status: 201})
		var g struct{ ID int64 }
		if err := json.Unmarshal(body, &g); err != nil {
			a.t.Fatal(err)
		}
		return "/api/v0/customer-groups/" + strconv.FormatInt(g.ID, 10)
	}
	stays, goes := newGroup(), newGroup()
	add := exchange{op: createAddress, path: customer + "/liquidation_addresses", status: 201,
		body: `{"chain":"base","currency":"usdc","address":"0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48","external_account_id":"ea_1"}`}
	_, body := a.send(add)
	return []exchange{
		{op: getOrCreate, path: "/api/v0/customers/get-or-create", status: 201,
			body: `{"first_name":"Amara","last_name":"Okafor","email":"first@example.com","phone_number":"+22"}`},
		add,
		{op: listAddresses, path: add.path, status: 200},
		{op: fetchAddress, path: add.path + "/" + a.member(body, "id"), status: 200},
		{op: recordTransaction, path: customer + "/transactions", body: `{"amount":250.75,"currency":"usd"}`, status: 201},
		{op: listTransactions, path: customer + "/transactions", status: 200},
		{op: createGroup, path: "/api/v0/customer-groups", body: group, status: 201},
		{op: listGroups, path: "/api/v0/customer-groups", status: 200},
		{op: fetchGroup, path: stays, status: 200},
		{op: updateGroup, path: stays, body: `{"name":"Golden"}`, status: 200},
		{op: deleteGroup, path: goes, status: 204},
	}
}

// itemParticulars sends what is peculiar to these operations.
func (a *apiCheck) itemParticulars(ops map[string]exchange) {
	a.t.Helper()
	group := strings.TrimPrefix(ops[fetchGroup].path, "/api/v0/customer-groups/")
	inGroup := func(e *exchange) { e.query = "?include=group" }
	a.send(ops[getOrCreate].with(func(e *exchange) { inGroup(e); e.status = 200 }))
	a.send(ops[createCustomer].with(func(e *exchange) {
		inGroup(e)
		e.body = `{"first_name":"A","last_name":"B","phone_number":"+22","group_id":` + group + `}`
	}))
	a.send(ops[updateCustomer].with(func(e *exchange) { inGroup(e); e.body = `{"group_id":` + group + `}` }))
	a.send(ops[fetchCustomer].with(inGroup))
	a.send(ops[listCustomers].with(func(e *exchange) { e.query = "?take=1&include=group&group_id=" + group }))
	a.send(ops[search].with(func(e *exchange) { inGroup(e); e.body = `{"group_id":` + group + `}` }))
	a.send(ops[updateCustomer].with(func(e *exchange) { inGroup(e); e.body = `{"group_id":null}` }))
	a.send(ops[createAddress].with(func(e *exchange) {
		e.body = `{"chain":"tron","currency":"usdt","address":" TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t ","external_account_id":"ea_1",` +
			`"prefunded_account_id":"p","bridge_wallet_id":"w","destination_payment_rail":"sepa","destination_currency":"eur",` +
			`"destination_wire_message":"m","destination_sepa_reference":"123456","destination_ach_reference":null,` +
			`"destination_address":"d","destination_blockchain_memo":"","return_address":"r","custom_developer_fee_percent":"10.2","x":1}`
	}))
	a.send(ops[recordTransaction].with(func(e *exchange) {
		e.body = `{"amount":"123456789012345678901234567890.5","currency":" NGN","time":"2020-01-01T00:00:00+01:00","reference":"r"}`
	}))
	a.send(ops[listTransactions].with(func(e *exchange) { e.query = "?take=1&skip=1" }))
	for _, op := range []string{listTransactions, listGroups} {
		header, _ := a.send(ops[op].with(func(e *exchange) { e.query = "?take=1&skip=0"; e.header["Prefer"] = "count=exact" }))
		next, _, _ := strings.Cut(strings.TrimPrefix(header.Get("Link"), "<"+ops[op].path), ">")
		if next == "" || header.Get("X-Total-Count") == "" {
			a.t.Errorf("%s of one has Link %q and total %q", op, header.Get("Link"), header.Get("X-Total-Count"))
		}
		a.send(ops[op].with(func(e *exchange) { e.query = next }))
	}
	a.send(ops[listAddresses].with(func(e *exchange) { e.header["Prefer"] = "count=exact" }))
	a.send(ops[updateGroup].with(func(e *exchange) { e.body = `{"description":null}` }))

	// A key used twice, and used for something else.
	for _, op := range []string{getOrCreate, createAddress, recordTransaction, createGroup, updateGroup} {
		keyed := ops[op].with(func(e *exchange) { e.header["idempotency-key"] = "items" })
		if op == getOrCreate {
			keyed.status = 200
		}
		a.send(keyed)
		if header, _ := a.send(keyed); header.Get("Idempotent-Replayed") != "true" {
			a.t.Errorf("%s with a used key is not a replay", op)
		}
		a.send(keyed.with(func(e *exchange) {
			e.body, e.status = strings.NewReplacer("usdc", "dai", "250", "251", "Gold", "Silver", "Amara", "Ada").Replace(e.body), 409
		}))
	}

	// What is wrong.
	for _, wrong := range []exchange{
		ops[getOrCreate].with(func(e *exchange) { e.body = `{}` }),
		ops[createAddress].with(func(e *exchange) { e.body = `{}` }),
		ops[createAddress].with(func(e *exchange) { e.body = `{"chain":` }),
		ops[listAddresses].with(func(e *exchange) { e.body = `{}` }),
		ops[fetchAddress].with(func(e *exchange) { e.body = `{}` }),
		ops[recordTransaction].with(func(e *exchange) { e.body = `{"amount":-1}` }),
		ops[listTransactions].with(func(e *exchange) { e.query = "?take=0" }),
		ops[listTransactions].with(func(e *exchange) { e.query = "?cursor=x" }),
		ops[listAddresses].with(func(e *exchange) { e.query = "?cursor=" }),
		ops[listGroups].with(func(e *exchange) { e.query = "?cursor=x" }),
		ops[listGroups].with(func(e *exchange) { e.query = "?take=0&skip=x" }),
		ops[search].with(func(e *exchange) { e.query = "?name=x" }),
		ops[createGroup].with(func(e *exchange) { e.body = `{"nmae":"x"}` }),
		ops[listGroups].with(func(e *exchange) { e.body = `{}` }),
		ops[fetchGroup].with(func(e *exchange) { e.path = "/api/v0/customer-groups/x" }),
		ops[updateGroup].with(func(e *exchange) { e.body = `{"name":null}` }),
		ops[deleteGroup].with(func(e *exchange) { e.path = "/api/v0/customer-groups/0" }),
		ops[updateCustomer].with(func(e *exchange) { e.body = `{"group_id":1e9}` }),
		ops[listCustomers].with(func(e *exchange) { e.query = "?include=groups" }),
	} {
		wrong.status = 400
		a.send(wrong)
	}

	// Things that are not there, or not the caller's.
	_, foreign := a.s.NewApp(a.t, "Stranger", 10_000)
	for op, status := range map[string]int{
		createAddress: 404, listAddresses: 404, fetchAddress: 404, recordTransaction: 403, listTransactions: 403,
		fetchGroup: 404, updateGroup: 404, deleteGroup: 404,
	} {
		a.send(ops[op].with(func(e *exchange) { e.status = status; useKey(e, foreign) }))
		a.send(ops[op].with(func(e *exchange) {
			own := strings.Split(e.path, "/")
			own[4] = map[bool]string{true: "999999", false: "123e4567-e89b-12d3-a456-426614174000"}[own[3] == "customer-groups"]
			e.path, e.status = strings.Join(own, "/"), 404
		}))
	}
	a.send(ops[fetchAddress].with(func(e *exchange) { e.path, e.status = ops[listAddresses].path+"/la_123", 404 }))
}

// TestPolicyOpenAPIItems holds the lists and limits of liquidation addresses in the
// document against those that the program works with.
func TestPolicyOpenAPIItems(t *testing.T) {
	t.Parallel()
	schemas := readOpenAPI(t, served(t, openapi.Handler())).Components.Schemas
	for name, want := range map[string][]string{
		"Chain": chain.Chains(), "Stablecoin": customer.Stablecoins(), "PaymentRail": customer.Rails(),
		"DestinationCurrency": customer.DestinationCurrencies(),
	} {
		var got []string
		for _, v := range schemas[name].Value.Enum {
			got = append(got, v.(string))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-program +document):\n%s", name, diff)
		}
	}
	members := schemas["NewLiquidationAddress"].Value.Properties
	for name, want := range map[string]uint64{
		"external_account_id": customer.MaxAccount, "prefunded_account_id": customer.MaxAccount, "bridge_wallet_id": customer.MaxAccount,
		"destination_wire_message": customer.MaxWireMessage, "destination_sepa_reference": customer.MaxSEPA,
		"destination_ach_reference": customer.MaxACHReference, "address": customer.MaxText,
	} {
		if got := members[name].Value.MaxLength; got == nil || *got != want {
			t.Errorf("%s may have %v characters in the document, want %d", name, got, want)
		}
	}
}

// bodyless tells the methods that take no body, whatever is sent.
func bodyless(method string) bool {
	return slices.Contains([]string{http.MethodGet, http.MethodDelete}, method)
}
