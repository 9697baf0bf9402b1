package records_test

import (
	"cmp"
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/storetest"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
)

// withoutCaller are the methods that need no authorization: those that act for nobody,
// and those that find out who a caller is. RefreshToken continues from a token that was
// just checked.
var withoutCaller = []string{
	"AlteredRows",
	"Authenticate", "IssueToken", "AuthenticateToken", "AuthenticateBoth", "RefreshToken", "Initialise", "Close", "SearchMemory", "DropIndexes",
	"AuditHealth", "CorruptCustomers", "EndWaits", "Now", "ClockOffset", "JobCounts",
}

// useCases calls visit for every exported method of records.Service that takes a
// caller, with call, which calls it for the given caller and otherwise zero
// arguments.
func useCases(t *testing.T, s *records.Service, visit func(name string, call func(context.Context, tenant.Caller) error)) {
	v := reflect.ValueOf(s)
	for i := range v.NumMethod() {
		name, method := v.Type().Method(i).Name, v.Method(i)
		if slices.Contains(withoutCaller, name) {
			continue
		}
		if mt := method.Type(); mt.NumIn() < 2 || mt.In(1) != reflect.TypeFor[tenant.Caller]() || mt.NumOut() == 0 {
			t.Errorf("%s takes no caller: authorize it, or say here why it needs none", name)
			continue
		}
		visit(name, func(ctx context.Context, caller tenant.Caller) error {
			args := []reflect.Value{reflect.ValueOf(ctx), reflect.ValueOf(caller)}
			for j := 2; j < method.Type().NumIn(); j++ {
				args = append(args, reflect.Zero(method.Type().In(j)))
			}
			out := method.Call(args)
			err, _ := out[len(out)-1].Interface().(error)
			return err
		})
	}
}

// Every use case refuses a caller without grants, and records the denial.
func TestAuthorizeEveryUseCase(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	nobody := tenant.Caller{App: env.app.ID, Credential: id.NewCredential(), Origin: tenant.Origin{Dialect: "test", Request: id.NewRequest()}}
	count := 0
	useCases(t, env.Service, func(name string, call func(context.Context, tenant.Caller) error) {
		count++
		if err := call(t.Context(), nobody); !errors.Is(err, fault.Forbidden) {
			t.Errorf("%s without grants = %v, want forbidden", name, err)
			return
		}
		found := false
		for _, app := range []id.App{env.app.ID, id.System} {
			e := env.lastEntry(t, app)
			found = found || e.Outcome == uint8(audit.Denied) && e.Actor == string(nobody.Credential)
		}
		if !found {
			t.Errorf("%s without grants left no denied entry", name)
		}
	})
	if count < 10 {
		t.Errorf("only %d use cases were tried", count)
	}
}

// Each scope opens its own use cases and no other's.
func TestAuthorizeScopes(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	callers := map[authz.Scope]tenant.Caller{authz.Manage: env.operator(env.app.ID)}
	for _, scope := range append(authz.OfApplications(), authz.AuditRead) {
		caller := env.me
		caller.Scopes = authz.Scopes{scope}
		callers[scope] = caller
	}
	count := map[authz.Scope]int{}
	useCases(t, env.Service, func(name string, call func(context.Context, tenant.Caller) error) {
		needs := scopeOf(name)
		count[needs]++
		for scope, caller := range callers {
			allowed := scope == needs || scope == authz.Manage && needs == authz.AuditRead
			if err := call(t.Context(), caller); errors.Is(err, fault.Forbidden) == allowed {
				t.Errorf("%s with %s = %v, and it needs %s", name, scope, err, needs)
			}
		}
	})
	for scope := range callers {
		if least := map[authz.Scope]int{authz.CustomersDelete: 1, authz.CustomersHistory: 1, authz.AuditRead: 3}[scope]; count[scope] < cmp.Or(least, 5) {
			t.Errorf("only %d use cases need %s", count[scope], scope)
		}
	}
}

// scopeOf tells by its name what scope a use case needs.
func scopeOf(name string) authz.Scope {
	switch name {
	case "CloseAuditAlarm":
		return authz.Manage
	case "StartJob", "ChangeJob":
		return "" // those of the kind and of the change, and here is none
	}
	if strings.Contains(name, "Audit") {
		return authz.AuditRead
	}
	for _, part := range []string{"App", "Job", "Key", "SetKYC", "Events"} {
		if strings.Contains(name, part) {
			return authz.Manage
		}
	}
	switch name {
	case "DeleteCustomer":
		return authz.CustomersDelete
	case "ListHistory":
		return authz.CustomersHistory
	}
	for _, verb := range []string{"Fetch", "List"} {
		if strings.HasPrefix(name, verb) {
			return authz.CustomersRead
		}
	}
	return authz.CustomersWrite
}

// If the entry cannot be written, the read does not happen.
func TestNoEntryNoAnswer(t *testing.T) {
	t.Parallel()
	st := storetest.NewHooked(testkit.NewStore(t, "sqlite"))
	env := newEnvOn(t, st)
	c := env.mustCreate(t, env.me, person("A", "B", "a@example.com"))
	for _, name := range []string{"fetch", "list", "search"} {
		st.Set(storetest.FailNotApplied("Record", 1))
		var err error
		switch name {
		case "fetch":
			_, err = env.FetchCustomer(t.Context(), env.me, records.ByID(c))
		case "list":
			_, err = env.ListCustomers(t.Context(), env.me, records.ListRequest{})
		case "search":
			in := records.ListRequest{}
			in.Input.Name = text("a")
			_, err = env.ListCustomers(t.Context(), env.me, in)
		}
		if !errors.Is(err, fault.Unavailable) {
			t.Errorf("%s without its entry = %v, want unavailable", name, err)
		}
	}
}

// A write whose answer was lost converges when it is tried again with its key.
func TestLostAnswersConverge(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		failure storetest.Hooks
		applied bool
	}{
		{"a failed commit", storetest.FailNotApplied("Tx.Commit", 1), false},
		{"a lost answer", storetest.FailApplied("Update", 1), true},
	} {
		st := storetest.NewHooked(testkit.NewStore(t, "sqlite"))
		env := newEnvOn(t, st)
		st.Set(tt.failure)
		if _, err := env.create(t, env.me, person("A", "B", "a@example.com"), "key"); !errors.Is(err, fault.Unavailable) {
			t.Fatalf("create with %s = %v, want unavailable", tt.name, err)
		}
		r, err := env.create(t, env.me, person("A", "B", "a@example.com"), "key")
		if err != nil || r.Replayed != tt.applied {
			t.Errorf("the retry after %s = %v, replayed %v", tt.name, err, r.Replayed)
		}
		rows, err := env.store.CustomerList(t.Context(), env.app.ID, store.CustomerList{Take: 10})
		if err != nil || len(rows) != 1 {
			t.Errorf("after the retry there are %d customers, want 1 (%v)", len(rows), err)
		}
	}
}
