package devdraft_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"custodex.dev/internal/chain"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/page"
	"custodex.dev/internal/records"
	"custodex.dev/internal/store"
	"custodex.dev/internal/testkit/dialect"
)

// TestKinds compares what every kind of fault looks like with a golden file, so
// that a new one cannot be forgotten.
func TestKinds(t *testing.T) {
	t.Parallel()
	var got strings.Builder
	method, target := http.MethodGet, someCustomer
	show := func(f error) {
		w := ask(&fake{Err: f}, request(method, target, map[string]string{http.MethodPost: "{}"}[method]))
		fmt.Fprintf(&got, "%s\n  ", fault.Of(f).Error())
		dialect.Show(t, &got, w, "Retry-After", "X-Should-Retry")
		for name, values := range w.Header() {
			if w.Code != http.StatusNotFound && strings.Contains(strings.Join(values, " "), "404") {
				t.Errorf("%v: header %s shows 404: %q", f, name, values)
			}
		}
	}
	all := func(faults ...error) {
		for _, f := range faults {
			show(f)
		}
	}
	all(dialect.EveryKind()...)
	all(records.ErrEmailTaken, records.ErrKeyReused)
	all(dialect.Waits()...)
	// Liquidation addresses have words of their own.
	fmt.Fprintln(&got, "\nGET a liquidation address")
	target = someCustomer + "/liquidation_addresses/la_123"
	all(dialect.EveryKind()...)
	all(records.ErrNoAddress, records.ErrOtherApplication)
	fmt.Fprintln(&got, "\nGET and POST liquidation addresses, GET a group")
	target = someCustomer + "/liquidation_addresses"
	show(dialect.ErrBug)
	method = http.MethodPost
	show(dialect.ErrBug)
	method, target = http.MethodGet, "/api/v0/customer-groups/1"
	show(store.NotFound("group"))
	dialect.Golden(t, *update, "kinds.golden", got.String())
}

// TestTexts makes every problem that customer can find and looks for one that has
// no words here: it would show the domain's own name of the field.
func TestTexts(t *testing.T) {
	t.Parallel()
	texts := []customer.Text{
		{}, {Sent: true}, {Sent: true, Null: true}, {Sent: true, Other: true},
		{Sent: true, Value: "?"}, {Sent: true, Value: "-1"}, {Sent: true, Value: strings.Repeat("9", 300)},
	}
	seen := map[string]bool{}
	const addresses, transactions = someCustomer + "/liquidation_addresses", someCustomer + "/transactions"
	check := func(err *fault.Error, method, target, body string) {
		if len(err.Fields) == 0 {
			return
		}
		w := ask(&fake{Err: err}, request(method, target, body))
		for _, f := range err.Fields {
			seen[target+" "+f.Path+" "+f.Code] = true
			if strings.Contains(w.Body.String(), f.Message) {
				t.Errorf("%s %s: %s %s has no words: %s", method, target, f.Path, f.Code, w.Body)
			}
		}
	}
	for _, x := range texts {
		in := customer.Input{Given: x, Family: x, Email: x, Phone: x, Type: x, Status: x, Group: x}
		_, problems := in.Create()
		check(fault.Validation(problems...), http.MethodPost, "/api/v0/customers", "{}")
		_, problems = in.Update()
		check(fault.Validation(problems...), http.MethodPatch, someCustomer, "{}")
		find := customer.ListInput{Take: x, Skip: x, Status: x, Name: x, Email: x, Type: x, Group: x, CreatedFrom: x, CreatedTo: x}
		_, problems = find.Parse(page.MaxSkip)
		check(fault.Validation(problems...), http.MethodGet, "/api/v0/customers", "")
		in.Rules.Required = []string{customer.PathGiven, customer.PathFamily, customer.PathEmail, customer.PathPhone}
		_, problems = in.Create()
		check(fault.Validation(problems...), http.MethodPost, "/api/v0/customers/get-or-create", "{}")
		_, problems = customer.GroupInput{Name: x, Description: x}.Create()
		check(fault.Validation(problems...), http.MethodPost, "/api/v0/customer-groups", "{}")
		_, problems = customer.TransactionInput{Amount: x, Currency: x, At: x, Reference: x}.Transaction(noon)
		check(fault.Validation(problems...), http.MethodPost, transactions, "{}")
		for _, c := range chain.Chains() {
			_, problems = customer.LiquidationInput{
				Chain: customer.Text{Sent: true, Value: c}, Currency: x, ChainAddress: x, ExternalAccount: x, PrefundedAccount: x,
				BridgeWallet: x, Rail: x, DestinationCurrency: x, WireMessage: x, SEPAReference: x, ACHReference: x,
				DestinationAddress: x, Memo: x, ReturnAddress: x, FeePercent: x,
			}.Address(noon)
			check(fault.Validation(problems...), http.MethodPost, addresses, "{}")
		}
		_, problems = customer.LiquidationInput{Chain: x}.Address(noon)
		check(fault.Validation(problems...), http.MethodPost, addresses, "{}")
	}
	for _, f := range []fault.Field{
		{Path: customer.PathGroup, Code: customer.CodeNotFound}, {Path: customer.PathDestination, Code: customer.CodeRequired},
		{Path: customer.PathExternalAccount, Code: customer.CodeRequired}, {Path: customer.PathDestinationAddress, Code: customer.CodeRequired},
	} {
		f.Message = "not in our words"
		target := map[bool]string{true: "/api/v0/customers", false: addresses}[f.Path == customer.PathGroup]
		check(fault.Validation(f), http.MethodPost, target, "{}")
	}
	if len(seen) < 90 {
		t.Errorf("only %d problems were tried: %v", len(seen), slices.Sorted(maps.Keys(seen)))
	}
}
