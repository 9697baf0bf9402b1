package records_test

import (
	"context"
	"reflect"
	"slices"
	"testing"
	"time"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/store/storetest"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
)

// succeeding gives a call of every use case that succeeds for the caller that may make
// it, and the application in whose log its entry is: "" for a new application.
func succeeding(t *testing.T, w *world) map[string]useCase {
	t.Helper()
	c := w.mustCreate(t, w.me, person("A", "B", "a@example.com"))
	goes := w.mustCreate(t, w.me, person("Goes", "Away", ""))
	group, empty := w.mustGroup(t, w.me, "Gold"), w.mustGroup(t, w.me, "Empty")
	kept, ended := w.newKey(t, yativoKey()), w.newKey(t, yativoKey())
	op := w.operator(w.app.ID)
	address, err := w.CreateLiquidationAddress(t.Context(), w.me, c, payout(), "", showID)
	if err != nil {
		t.Fatal(err)
	}
	item, err := id.ParseItem(string(address.Body))
	if err != nil {
		t.Fatal(err)
	}
	write := func(in customer.Input) records.Write { return records.Write{Input: in, Encode: encode} }
	of := func(v any, err error) ([]any, error) { return []any{v}, err }
	ctx, in := t.Context(), w.app.ID
	return map[string]useCase{
		"CreateApp":     {"", func() ([]any, error) { return of(w.CreateApp(ctx, w.op, "New")) }},
		"ListApps":      {id.System, func() ([]any, error) { return of(w.ListApps(ctx, w.op)) }},
		"FetchApp":      {in, func() ([]any, error) { return of(w.FetchApp(ctx, op)) }},
		"CreateKey":     {in, func() ([]any, error) { return of(w.CreateKey(ctx, op, yativoKey())) }},
		"ListKeys":      {in, func() ([]any, error) { return of(w.ListKeys(ctx, op)) }},
		"RotateKey":     {in, func() ([]any, error) { return of(w.RotateKey(ctx, op, kept.ID, time.Hour)) }},
		"RevokeKey":     {in, func() ([]any, error) { return of(w.RevokeKey(ctx, op, ended.ID)) }},
		"ListAudit":     {in, func() ([]any, error) { return of(w.ListAudit(ctx, op, records.AuditFilter{})) }},
		"SequenceAudit": {in, func() ([]any, error) { return of(w.SequenceAudit(ctx, op)) }},
		"ExportAudit": {in, func() ([]any, error) {
			return nil, w.ExportAudit(ctx, op, nil, records.AuditExport{})
		}},
		"CreateCustomer": {in, func() ([]any, error) {
			return of(w.CreateCustomer(ctx, w.me, write(person("C", "D", "c@example.com"))))
		}},
		"GetOrCreateCustomer": {in, func() ([]any, error) {
			return of(w.GetOrCreateCustomer(ctx, w.me, write(person("A", "B", "a@example.com")), func(c *customer.Customer, _ bool) []byte { return encode(c) }))
		}},
		"ImportCustomers": {in, func() ([]any, error) {
			return of(w.ImportCustomers(ctx, w.me, []customer.Input{person("E", "F", "")}))
		}},
		"FetchCustomer": {in, func() ([]any, error) { return of(w.FetchCustomer(ctx, w.me, records.ByID(c))) }},
		"FetchWithGroup": {in, func() ([]any, error) {
			found, g, err := w.FetchWithGroup(ctx, w.me, records.ByID(c))
			return []any{found, g}, err
		}},
		"ListCustomers": {in, func() ([]any, error) { return of(w.ListCustomers(ctx, w.me, records.ListRequest{})) }},
		"UpdateCustomer": {in, func() ([]any, error) {
			return of(w.UpdateCustomer(ctx, w.me, records.ByID(c), write(customer.Input{Given: text("X")})))
		}},
		"DeleteCustomer": {in, func() ([]any, error) { return nil, w.DeleteCustomer(ctx, w.me, records.ByID(goes)) }},
		"SetKYC": {in, func() ([]any, error) {
			return of(w.SetKYC(ctx, op, c, customer.KYC{Status: customer.KYCApproved}))
		}},
		"SubmitKYC": {in, func() ([]any, error) {
			return of(w.SubmitKYC(ctx, w.me, c, records.Submission{Side: customer.IndividualSide, Encode: encode}))
		}},
		"CreateGroup": {in, func() ([]any, error) { return of(w.CreateGroup(ctx, w.me, groupWrite("New", ""))) }},
		"UpdateGroup": {in, func() ([]any, error) {
			return of(w.UpdateGroup(ctx, w.me, group, groupWrite("Golden", "")))
		}},
		"DeleteGroup": {in, func() ([]any, error) { return nil, w.DeleteGroup(ctx, w.me, empty) }},
		"FetchGroup":  {in, func() ([]any, error) { return of(w.FetchGroup(ctx, w.me, group)) }},
		"ListGroups": {in, func() ([]any, error) {
			return of(w.ListGroups(ctx, w.me, records.ListGroupsRequest{PageRequest: records.PageRequest{Take: 5}}))
		}},
		"RecordTransaction": {in, func() ([]any, error) {
			return of(w.RecordTransaction(ctx, w.me, c, payment("1", ""), "", showAmount))
		}},
		"ListTransactions": {in, func() ([]any, error) {
			return of(w.ListTransactions(ctx, w.me, c, records.PageRequest{Take: 5}))
		}},
		"CreateLiquidationAddress": {in, func() ([]any, error) {
			return of(w.CreateLiquidationAddress(ctx, w.me, c, payout(), "", showID))
		}},
		"ListLiquidationAddresses": {in, func() ([]any, error) {
			return of(w.ListLiquidationAddresses(ctx, w.me, c, records.PageRequest{Take: 5}))
		}},
		"FetchLiquidationAddress": {in, func() ([]any, error) {
			return of(w.FetchLiquidationAddress(ctx, w.me, c, item))
		}},
	}
}

// useCase is one call of a use case and the application whose log has its entry.
type useCase struct {
	app  id.App
	call func() ([]any, error)
}

func showID(l *customer.LiquidationAddress) []byte { return []byte(l.ID.String()) }

func yativoKey() records.NewKey {
	return records.NewKey{Kind: tenant.Yativo, Name: "Till", Scopes: authz.AllCustomers}
}

// Every use case that succeeds leaves exactly one entry. A new method of Service
// fails here until it has a call in the table.
func TestEveryUseCaseLeavesAnEntry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	calls := succeeding(t, w)
	useCases(t, w.Service, func(name string, _ func(context.Context, tenant.Caller) error) {
		u, ok := calls[name]
		if !ok {
			t.Errorf("%s has no call in the table of succeeding calls", name)
			return
		}
		var before int64
		if u.app != "" {
			before = w.entries(t, u.app)
		}
		got, err := u.call()
		if err != nil {
			t.Errorf("%s = %v", name, err)
			return
		}
		app := u.app
		if app == "" {
			app = reflect.ValueOf(got[0]).FieldByName("ID").Interface().(id.App)
		}
		if n := w.entries(t, app) - before; n != 1 {
			t.Errorf("%s left %d entries, want 1", name, n)
		}
		if e := w.lastEntry(t, app); e.Outcome != uint8(audit.Done) {
			t.Errorf("%s left an entry of outcome %d, want done", name, e.Outcome)
		}
	})
}

// unaudited are failures to write any entry: of a read, and with a change.
var unaudited = storetest.Hooks{Before: func(_ context.Context, method string, _ id.App) error {
	if method == "Record" || method == "Tx.Commit" {
		return storetest.ErrInjected
	}
	return nil
}}

// A caller that overlooks an error must not come by what it may not see: without an
// entry, every use case gives nothing beside its error.
func TestNothingBesideAnError(t *testing.T) {
	t.Parallel()
	st := storetest.NewHooked(testkit.NewStore(t, "sqlite"))
	w := newWorldOn(t, st)
	calls := succeeding(t, w)
	ctx := t.Context()
	wrong := records.Login{Kind: tenant.Yativo, PublicKey: "ya_wrong", Origin: w.me.Origin}
	calls["Authenticate"] = useCase{call: func() ([]any, error) {
		caller, limit, err := w.Authenticate(ctx, wrong)
		return []any{caller, limit}, err
	}}
	calls["IssueToken"] = useCase{call: func() ([]any, error) {
		token, caller, limit, err := w.IssueToken(ctx, wrong)
		return []any{token, caller, limit}, err
	}}
	calls["AuthenticateToken"] = useCase{call: func() ([]any, error) {
		caller, limit, subject, err := w.AuthenticateToken(ctx, "wrong", w.me.Origin)
		return []any{caller, limit, subject}, err
	}}
	calls["Initialise"] = useCase{call: func() ([]any, error) {
		issued, err := w.Initialise(ctx, nil)
		return []any{issued}, err
	}}
	// An import says in its result what went in before the error. Here that is nothing.
	calls["ImportCustomers"] = useCase{call: func() ([]any, error) {
		result, err := w.ImportCustomers(ctx, w.me, []customer.Input{person("E", "F", "")})
		return []any{result.Customers[0], len(result.Problems)}, err
	}}
	st.Set(unaudited)
	defer st.Set(storetest.Hooks{}) // Close writes
	for name, u := range calls {
		got, err := u.call()
		if err == nil {
			t.Errorf("%s succeeds without an entry", name)
		}
		for _, v := range got {
			if !reflect.ValueOf(v).IsZero() {
				t.Errorf("%s gives a %T beside %v", name, v, err)
			}
		}
	}
	for i := range reflect.TypeFor[*records.Service]().NumMethod() {
		name := reflect.TypeFor[*records.Service]().Method(i).Name
		if _, tried := calls[name]; !tried && !slices.Contains(recordless, name) {
			t.Errorf("%s has no call here", name)
		}
	}
}

// recordless are the methods that write no entry and give nothing of a customer.
var recordless = []string{"Close", "SearchMemory", "DropIndexes", "AuditHealth", "DamagedCustomers", "RefreshToken"}
