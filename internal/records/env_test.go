package records_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"custodex.dev/internal/authz"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/id"
	"custodex.dev/internal/job"
	"custodex.dev/internal/records"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
)

// testEnv is a Service on a fresh store with one application.
type testEnv struct {
	*records.Service
	store store.Store
	keys  seal.Provider
	cfg   records.Config
	op    tenant.Caller // operator
	app   tenant.Application
	me    tenant.Caller // may read and write customers of app
	job   id.Job        // of app, for use cases that need one
}

func newEnv(t *testing.T, change ...func(*records.Config)) *testEnv {
	t.Helper()
	return newEnvOn(t, testkit.NewStore(t, "sqlite"), change...)
}

func newEnvOn(t *testing.T, st store.Store, change ...func(*records.Config)) *testEnv {
	t.Helper()
	path := filepath.Join(t.TempDir(), "master.key")
	if err := seal.CreateKeyFile(path); err != nil {
		t.Fatal(err)
	}
	keys, err := seal.OpenKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cfg := records.Config{Store: st, Keys: keys, Jobs: job.Kinds{"waiting": waiting{}}}
	for _, f := range change {
		f(&cfg)
	}
	env := &testEnv{Service: records.New(cfg), store: st, keys: keys, cfg: cfg}
	t.Cleanup(func() {
		if err := env.Close(context.Background()); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	issued, err := env.Initialise(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	env.op = tenant.Caller{App: id.System, Credential: issued.ID, Owner: "operator", Scopes: authz.Scopes{authz.Manage},
		Origin: tenant.Origin{Dialect: "test", Request: id.NewRequest(), Address: "192.0.2.1"}}
	env.app, env.me = env.newApp(t, "Shop")
	return env
}

func (e *testEnv) newApp(t *testing.T, name string) (tenant.Application, tenant.Caller) {
	t.Helper()
	app, err := e.CreateApp(t.Context(), e.op, name)
	if err != nil {
		t.Fatal(err)
	}
	return app, tenant.Caller{
		App: app.ID, AppName: name, Credential: id.NewCredential(), Owner: "Ada Owner", Scopes: authz.OfApplications(),
		Origin: tenant.Origin{Dialect: "devdraft", Request: id.NewRequest(), Address: "192.0.2.7", UserAgent: "test agent", ActingUser: "agent-7"},
	}
}

func (e *testEnv) operator(app id.App) tenant.Caller {
	op := e.op
	op.App = app
	return op
}

func text(s string) customer.Text { return customer.Text{Sent: true, Value: s} }

func person(given, family, email string) customer.Input {
	in := customer.Input{Given: text(given), Family: text(family), Phone: text("+1-555-123-4567")}
	if email != "" {
		in.Email = text(email)
	}
	return in
}

// encode is what a dialect does: all of the customer, in the clear.
func encode(c *customer.Customer) []byte {
	b, err := json.Marshal(map[string]any{
		"id": c.ID.String(), "given": c.Given.Reveal(), "family": c.Family.Reveal(), "email": c.Email.Reveal(),
		"status": c.Status.String(), "updated": c.UpdatedAt.Format(time.RFC3339Nano),
	})
	if err != nil {
		panic(err)
	}
	return b
}

func (e *testEnv) create(t *testing.T, caller tenant.Caller, in customer.Input, key string) (records.Reply, error) {
	t.Helper()
	return e.CreateCustomer(t.Context(), caller, records.Write{Input: in, IdempotencyKey: key, Encode: encode})
}

func (e *testEnv) mustCreate(t *testing.T, caller tenant.Caller, in customer.Input) id.Customer {
	t.Helper()
	r, err := e.create(t, caller, in, "")
	if err != nil {
		t.Fatal(err)
	}
	return r.Customer
}

// lastEntry is the newest audit entry of the application as stored.
func (e *testEnv) lastEntry(t *testing.T, app id.App) store.AuditRow {
	t.Helper()
	rows, err := e.store.AuditList(t.Context(), app, store.AuditList{}, 1)
	if err != nil || len(rows) == 0 {
		t.Fatalf("newest entry: %v, %d rows", err, len(rows))
	}
	return rows[0]
}

func (e *testEnv) entries(t *testing.T, app id.App) int64 {
	t.Helper()
	head, err := e.store.Head(t.Context(), app)
	if err != nil {
		t.Fatal(err)
	}
	return head.Entries
}
