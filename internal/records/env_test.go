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
	"custodex.dev/internal/records"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
)

// world is a Service on a fresh store with one application.
type world struct {
	*records.Service
	store store.Store
	keys  seal.KeySource
	cfg   records.Config
	op    tenant.Caller // operator
	app   tenant.Application
	me    tenant.Caller // may read and write customers of app
}

func newWorld(t *testing.T, change ...func(*records.Config)) *world {
	t.Helper()
	return newWorldOn(t, testkit.NewStore(t, "sqlite"), change...)
}

func newWorldOn(t *testing.T, st store.Store, change ...func(*records.Config)) *world {
	t.Helper()
	path := filepath.Join(t.TempDir(), "master.key")
	if err := seal.CreateKeyFile(path); err != nil {
		t.Fatal(err)
	}
	keys, err := seal.OpenKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cfg := records.Config{Store: st, Keys: keys}
	for _, f := range change {
		f(&cfg)
	}
	w := &world{Service: records.New(cfg), store: st, keys: keys, cfg: cfg}
	t.Cleanup(func() {
		if err := w.Close(context.Background()); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	issued, err := w.Initialise(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	w.op = tenant.Caller{App: id.System, Credential: issued.ID, Owner: "operator", Scopes: authz.Scopes{authz.Manage},
		Origin: tenant.Origin{Dialect: "test", Request: id.NewRequest(), Address: "192.0.2.1"}}
	w.app, w.me = w.newApp(t, "Shop")
	return w
}

func (w *world) newApp(t *testing.T, name string) (tenant.Application, tenant.Caller) {
	t.Helper()
	app, err := w.CreateApp(t.Context(), w.op, name)
	if err != nil {
		t.Fatal(err)
	}
	return app, tenant.Caller{
		App: app.ID, AppName: name, Credential: id.NewCredential(), Owner: "Ada Owner", Scopes: authz.AllCustomers,
		Origin: tenant.Origin{Dialect: "devdraft", Request: id.NewRequest(), Address: "192.0.2.7", UserAgent: "test agent", ActingUser: "agent-7"},
	}
}

func (w *world) operator(app id.App) tenant.Caller {
	op := w.op
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

func (w *world) create(t *testing.T, caller tenant.Caller, in customer.Input, key string) (records.Reply, error) {
	t.Helper()
	return w.CreateCustomer(t.Context(), caller, records.Write{Input: in, IdempotencyKey: key, Encode: encode})
}

func (w *world) mustCreate(t *testing.T, caller tenant.Caller, in customer.Input) id.Customer {
	t.Helper()
	r, err := w.create(t, caller, in, "")
	if err != nil {
		t.Fatal(err)
	}
	return r.Customer
}

// lastEntry is the newest audit entry of the application as stored.
func (w *world) lastEntry(t *testing.T, app id.App) store.AuditRow {
	t.Helper()
	rows, err := w.store.AuditList(t.Context(), app, store.AuditList{}, 1)
	if err != nil || len(rows) == 0 {
		t.Fatalf("newest entry: %v, %d rows", err, len(rows))
	}
	return rows[0]
}

func (w *world) entries(t *testing.T, app id.App) int64 {
	t.Helper()
	head, err := w.store.Head(t.Context(), app)
	if err != nil {
		t.Fatal(err)
	}
	return head.Entries
}
