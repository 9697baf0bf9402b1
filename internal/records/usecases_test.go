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
	"custodex.dev/internal/job"
	"custodex.dev/internal/records"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/storetest"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
)

// succeeding gives a call of every use case that succeeds for the caller that may make
// it, and the application in whose log its entry is: "" for a new application.
func succeeding(t *testing.T, env *testEnv) map[string]useCase {
	t.Helper()
	c := env.mustCreate(t, env.me, person("A", "B", "a@example.com"))
	goes := env.mustCreate(t, env.me, person("Goes", "Away", ""))
	group, empty := env.mustGroup(t, env.me, "Gold"), env.mustGroup(t, env.me, "Empty")
	kept, ended := env.newKey(t, yativoKey()), env.newKey(t, yativoKey())
	op := env.operator(env.app.ID)
	vacant, err := env.CreateApp(t.Context(), env.op, "Vacant")
	if err != nil {
		t.Fatal(err)
	}
	address, err := env.CreateLiquidationAddress(t.Context(), env.me, c, payout(), "", showID)
	if err != nil {
		t.Fatal(err)
	}
	item, err := id.ParseItem(string(address.Body))
	if err != nil {
		t.Fatal(err)
	}
	err = env.store.Update(t.Context(), env.app.ID, func(tx store.Tx) error {
		return tx.AlarmInsert(store.AlarmRow{At: 1, Damage: "entry 1 is missing", Root: make([]byte, 32)})
	})
	if err != nil {
		t.Fatal(err)
	}
	write := func(in customer.Input) records.Write { return records.Write{Input: in, Encode: encode} }
	of := func(v any, err error) ([]any, error) { return []any{v}, err }
	ctx, in := t.Context(), env.app.ID
	env.job = env.addJob(t)
	return map[string]useCase{
		"CreateApp": {"", func() ([]any, error) { return of(env.CreateApp(ctx, env.op, "New")) }},
		"ListApps":  {id.System, func() ([]any, error) { return of(env.ListApps(ctx, env.op)) }},
		"RenameApp": {in, func() ([]any, error) { return of(env.RenameApp(ctx, op, "Other")) }},
		"RemoveApp": {vacant.ID, func() ([]any, error) {
			return of(env.RemoveApp(ctx, env.operator(vacant.ID), true))
		}},
		"FetchApp": {in, func() ([]any, error) { return of(env.FetchApp(ctx, op)) }},
		"UpdateKey": {in, func() ([]any, error) {
			return of(env.UpdateKey(ctx, op, kept.ID, records.KeyChange{Strict: new(bool)}))
		}},
		"CreateKey":       {in, func() ([]any, error) { return of(env.CreateKey(ctx, op, yativoKey())) }},
		"ListKeys":        {in, func() ([]any, error) { return of(env.ListKeys(ctx, op)) }},
		"RotateKey":       {in, func() ([]any, error) { return of(env.RotateKey(ctx, op, kept.ID, time.Hour)) }},
		"RevokeKey":       {in, func() ([]any, error) { return of(env.RevokeKey(ctx, op, ended.ID)) }},
		"ListAudit":       {in, func() ([]any, error) { return of(env.ListAudit(ctx, op, records.AuditFilter{})) }},
		"ListEvents":      {in, func() ([]any, error) { return of(env.ListEvents(ctx, op, records.EventsRequest{})) }},
		"ListAuditAlarms": {in, func() ([]any, error) { return of(env.ListAuditAlarms(ctx, op)) }},
		"CloseAuditAlarm": {in, func() ([]any, error) {
			closed, _, err := env.CloseAuditAlarm(ctx, op, "seen", false)
			return []any{closed}, err
		}},
		"SequenceAudit": {in, func() ([]any, error) { return of(env.SequenceAudit(ctx, op)) }},
		"ExportAudit": {in, func() ([]any, error) {
			return nil, env.ExportAudit(ctx, op, nil, records.AuditExport{})
		}},
		"CreateCustomer": {in, func() ([]any, error) {
			return of(env.CreateCustomer(ctx, env.me, write(person("C", "D", "c@example.com"))))
		}},
		"GetOrCreateCustomer": {in, func() ([]any, error) {
			return of(env.GetOrCreateCustomer(ctx, env.me, write(person("A", "B", "a@example.com")), func(c *customer.Customer, _ bool) []byte { return encode(c) }))
		}},
		"ValidateCustomer": {in, func() ([]any, error) {
			return of(env.ValidateCustomer(ctx, env.me, person("C", "D", "a@example.com")))
		}},
		"StartJob":      {in, func() ([]any, error) { return of(env.StartJob(ctx, env.me, "waiting", nil, "a reason")) }},
		"ListJobs":      {in, func() ([]any, error) { return of(env.ListJobs(ctx, op)) }},
		"FetchJob":      {in, func() ([]any, error) { return of(env.FetchJob(ctx, op, env.job)) }},
		"ChangeJob":     {in, func() ([]any, error) { return of(env.ChangeJob(ctx, op, env.job, job.Pause)) }},
		"FetchCustomer": {in, func() ([]any, error) { return of(env.FetchCustomer(ctx, env.me, records.ByID(c))) }},
		"FetchWithGroup": {in, func() ([]any, error) {
			found, g, err := env.FetchWithGroup(ctx, env.me, records.ByID(c))
			return []any{found, g}, err
		}},
		"ListCustomers": {in, func() ([]any, error) { return of(env.ListCustomers(ctx, env.me, records.ListRequest{})) }},
		"ListHistory": {in, func() ([]any, error) {
			return of(env.ListHistory(ctx, env.me, records.ByID(c), records.PageRequest{Take: 5}))
		}},
		"UpdateCustomer": {in, func() ([]any, error) {
			return of(env.UpdateCustomer(ctx, env.me, records.ByID(c), write(customer.Input{Given: text("X")})))
		}},
		"DeleteCustomer": {in, func() ([]any, error) { return nil, env.DeleteCustomer(ctx, env.me, records.ByID(goes)) }},
		"SetKYC": {in, func() ([]any, error) {
			return of(env.SetKYC(ctx, op, records.ByID(c), customer.KYC{Status: customer.KYCApproved}))
		}},
		"SubmitKYC": {in, func() ([]any, error) {
			return of(env.SubmitKYC(ctx, env.me, records.ByID(c), records.Submission{Side: customer.IndividualSide, Encode: encode}))
		}},
		"CreateGroup": {in, func() ([]any, error) { return of(env.CreateGroup(ctx, env.me, groupWrite("New", ""))) }},
		"UpdateGroup": {in, func() ([]any, error) {
			return of(env.UpdateGroup(ctx, env.me, group, groupWrite("Golden", "")))
		}},
		"DeleteGroup": {in, func() ([]any, error) { return nil, env.DeleteGroup(ctx, env.me, empty) }},
		"FetchGroup":  {in, func() ([]any, error) { return of(env.FetchGroup(ctx, env.me, group)) }},
		"ListGroups": {in, func() ([]any, error) {
			return of(env.ListGroups(ctx, env.me, records.ListGroupsRequest{PageRequest: records.PageRequest{Take: 5}}))
		}},
		"RecordTransaction": {in, func() ([]any, error) {
			return of(env.RecordTransaction(ctx, env.me, c, payment("1", ""), "", showAmount))
		}},
		"ListTransactions": {in, func() ([]any, error) {
			return of(env.ListTransactions(ctx, env.me, c, records.PageRequest{Take: 5}))
		}},
		"CreateLiquidationAddress": {in, func() ([]any, error) {
			return of(env.CreateLiquidationAddress(ctx, env.me, c, payout(), "", showID))
		}},
		"ListLiquidationAddresses": {in, func() ([]any, error) {
			return of(env.ListLiquidationAddresses(ctx, env.me, c, records.PageRequest{Take: 5}))
		}},
		"FetchLiquidationAddress": {in, func() ([]any, error) {
			return of(env.FetchLiquidationAddress(ctx, env.me, c, item))
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
	return records.NewKey{Kind: tenant.Yativo, Name: "Till", Scopes: authz.DefaultScopes}
}

// Every use case that succeeds leaves exactly one entry. A new method of Service
// fails here until it has a call in the table.
func TestEveryUseCaseLeavesAnEntry(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	calls := succeeding(t, env)
	useCases(t, env.Service, func(name string, _ func(context.Context, tenant.Caller) error) {
		u, ok := calls[name]
		if !ok {
			t.Errorf("%s has no call in the table of succeeding calls", name)
			return
		}
		var before int64
		if u.app != "" {
			before = env.entries(t, u.app)
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
		if n := env.entries(t, app) - before; n != 1 {
			t.Errorf("%s left %d entries, want 1", name, n)
		}
		if e := env.lastEntry(t, app); e.Outcome != uint8(audit.Done) {
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
	env := newEnvOn(t, st)
	calls := succeeding(t, env)
	ctx := t.Context()
	wrong := records.Login{Kind: tenant.Yativo, PublicKey: "ya_wrong", Origin: env.me.Origin}
	calls["Authenticate"] = useCase{call: func() ([]any, error) {
		caller, limit, err := env.Authenticate(ctx, wrong)
		return []any{caller, limit}, err
	}}
	calls["IssueToken"] = useCase{call: func() ([]any, error) {
		token, caller, limit, err := env.IssueToken(ctx, wrong)
		return []any{token, caller, limit}, err
	}}
	calls["AuthenticateToken"] = useCase{call: func() ([]any, error) {
		caller, limit, subject, err := env.AuthenticateToken(ctx, "wrong", env.me.Origin)
		return []any{caller, limit, subject}, err
	}}
	calls["AuthenticateBoth"] = useCase{call: func() ([]any, error) {
		caller, limit, subject, err := env.AuthenticateBoth(ctx, wrong, "wrong")
		return []any{caller, limit, subject}, err
	}}
	calls["Initialise"] = useCase{call: func() ([]any, error) {
		issued, err := env.Initialise(ctx, nil)
		return []any{issued}, err
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
		if _, tried := calls[name]; !tried && !slices.Contains(append(recordless, "AlteredRows"), name) {
			t.Errorf("%s has no call here", name)
		}
	}
}

// recordless are the methods that write no entry and give nothing of a customer.
var recordless = []string{"Close", "SearchMemory", "DropIndexes", "AuditHealth", "CorruptCustomers", "RefreshToken", "EndWaits", "Now", "ClockOffset", "JobCounts"}
