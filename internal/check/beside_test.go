package check_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"custodex.dev/internal/authz"
	"custodex.dev/internal/check"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/id"
	"custodex.dev/internal/job"
	"custodex.dev/internal/records"
	"custodex.dev/internal/server"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
)

// me is a caller of an application who may do everything in it.
func me(app id.App) tenant.Caller {
	return tenant.Caller{App: app, Credential: id.NewCredential(), Scopes: authz.OfApplications()}
}

// removal are the statements that remove a customer and all that hangs on it.
func removal(of string, seq int64) []string {
	return []string{
		fmt.Sprintf("DELETE FROM customer_item%s AND customer_seq = %d", of, seq),
		fmt.Sprintf("DELETE FROM customer_history%s AND customer_seq = %d", of, seq),
		fmt.Sprintf("DELETE FROM customer_key%s AND seq = %d", of, seq),
		fmt.Sprintf("DELETE FROM customer%s AND seq = %d", of, seq),
	}
}

func encode(c *customer.Customer) []byte { b, _ := json.Marshal(c.ID.String()); return b }

// churn makes, changes and deletes customers, groups and credentials of an application until ctx ends.
func (e *testEnv) churn(ctx context.Context, app id.App, rounds *atomic.Int64) error {
	caller, op := me(app), e.op
	op.App = app
	key, err := e.CreateKey(context.WithoutCancel(ctx), op, records.NewKey{Name: "k", Kind: tenant.Devdraft})
	if err != nil {
		return err
	}
	for n := 0; ctx.Err() == nil; n++ {
		rounds.Add(1)
		var group int64
		_, err1 := e.CreateGroup(ctx, caller, records.GroupWrite{
			Input: customer.GroupInput{Name: text("a group")}, Encode: func(g *customer.Group) []byte { group = g.Seq; return nil },
		})
		_, err2 := e.UpdateGroup(ctx, caller, group, records.GroupWrite{
			Input: customer.GroupInput{Name: text(fmt.Sprint("group ", n))}, Encode: func(*customer.Group) []byte { return nil },
		})
		in := customer.Input{Given: text("Ada"), Family: text("Lovelace"), Phone: text("+1-555-123-4567"), Email: text(fmt.Sprintf("%s@x.example", id.NewCustomer()))}
		r, err3 := e.CreateCustomer(ctx, caller, records.Write{Input: in, Encode: encode})
		_, err4 := e.UpdateCustomer(ctx, caller, records.ByID(r.Customer), records.Write{Input: customer.Input{Given: text("Grace")}, Encode: encode})
		_, err5 := e.UpdateKey(ctx, op, key.ID, records.KeyChange{Scopes: authz.Scopes{authz.CustomersRead, authz.OfApplications()[n%2]}})
		_, err6 := e.RenameApp(ctx, op, fmt.Sprint("Shop ", n))
		_, err9 := e.RecordTransaction(ctx, caller, r.Customer, customer.TransactionInput{Amount: text("1"), Currency: text("usd")}, "key",
			func(*customer.Transaction) []byte { return []byte("paid") })
		if _, err := e.StartJob(ctx, op, "nothing", nil, ""); err != nil && !errors.Is(err, job.ErrTooMany) && ctx.Err() == nil {
			return err
		}
		var err7, err8 error
		if rand.IntN(2) == 0 {
			err7, err8 = e.DeleteCustomer(ctx, caller, records.ByID(r.Customer)), e.DeleteGroup(ctx, caller, group)
		}
		if err := errors.Join(err1, err2, err3, err4, err5, err6, err7, err8, err9); err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// TestBesideWriters: rows that change while they are read are no findings, again and again.
func TestBesideWriters(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t, engine)
			ctx, stop := context.WithCancel(t.Context())
			var writers sync.WaitGroup
			var rounds atomic.Int64
			defer writers.Wait()
			defer stop()
			for _, app := range append(e.apps, e.apps...) {
				writers.Go(func() {
					if err := e.churn(ctx, app, &rounds); err != nil {
						t.Error(err)
					}
				})
			}
			for n := 0; n < 8 || rounds.Load() < 80; n++ {
				e.want(t, "beside writers")
			}
		})
	}
}

// busy is a store whose server adds more entries than are read, whenever some are.
type busy struct {
	store.Store
	entries int
}

func (b *busy) AuditRange(ctx context.Context, app id.App, from int64, limit int) ([]store.AuditRow, error) {
	const enough = 200
	if b.entries++; b.entries > enough {
		return nil, errors.New("the check goes on and on")
	}
	rows, err := b.Store.AuditRange(ctx, app, from, limit)
	if err != nil || len(rows) == 0 {
		return rows, err
	}
	more := make([]store.AuditRow, limit+1)
	for i := range more {
		more[i] = store.AuditRow{At: 1, Actor: "cred_2222222222222222", Action: "customer.fetch", Outcome: 2, MAC: make([]byte, 32)}
	}
	return rows, b.Record(ctx, app, more...)
}

// TestEndsBesideBusyServer: a check ends where the log did when it began.
func TestEndsBesideBusyServer(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t, engine)
			err := check.FindDamage(t.Context(), check.Config{Store: &busy{Store: e.store}, Keys: e.keys(t), Found: func(f check.Finding) {
				if f.Table != "audit" { // what the server of this test adds has no checksum
					t.Error(f)
				}
			}}, e.apps[0])
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// TestParts: the log is read in parts if there is much of it, and each has its findings.
func TestParts(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t, engine)
			app := e.apps[0]
			customers, _, _ := e.rowsOf(t, app)
			parts := func(what string, want ...string) {
				t.Helper()
				e.wantFrom(t, what, func(found func(check.Finding)) error {
					return server.Check(t.Context(), e.db.Config(), check.InParts(check.Config{Found: found}, 2), app, "")
				}, want...)
			}
			parts("at rest")
			of := fmt.Sprintf(" WHERE app_id = '%s'", app)
			var want []string
			for i := range 3 {
				e.db.Exec(t, removal(of, customers[i].Seq)...)
				want = append(want, "removed customer "+customers[i].ID.String())
			}
			parts("without some", want...)
			e.db.Exec(t, "UPDATE head SET customers = customers - 3"+of)
			parts("without some, and without them in the counter", append(want, "counter head customers")...)
		})
	}
}

// TestCounters: each counter that is wrong is named, whatever it says.
func TestCounters(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		for _, c := range []struct{ column, to string }{
			{"customers", "-1"},
			{"customers", "0"},
			{"customers", "3000000000"},
			{"customers", "customers - 1"},
			{"entries", "entries - 1"},
			{"entries", "entries + 1"},
			{"entries", "0"},
			{"entries", "-5"},
			{"entries", "entries + 2000"},
			{"entries", "3000000000000000000"},
			{"version", "version - 1"},
			{"version", "-1"},
			{"last_customer", "1"},
			{"last_customer", "-1"},
			{"last_group", "last_group - 1"},
			{"events", "events - 1"},
			{"events", "events + 3"},
			{"events", "-1"},
			{"events", "0"},
		} {
			t.Run(engine+"/"+c.column+" = "+c.to, func(t *testing.T) {
				t.Parallel()
				e := newEnv(t, engine)
				e.db.Exec(t, fmt.Sprintf("UPDATE head SET %s = %s WHERE app_id = '%s'", c.column, c.to, e.apps[0]))
				e.wantKinds(t, c.column, "counter head "+c.column)
			})
		}
	}
}

// restless is a store whose server changes each row just before and just after it is read.
type restless struct {
	store.Store
	e      *testEnv
	t      *testing.T
	op, me tenant.Caller
	cust   id.Customer
	key    id.Credential
	group  int64
	n      int
}

func (r *restless) change() func() {
	do := func() {
		r.n++
		given := customer.Input{Given: text(fmt.Sprintf("Ada %c", 'a'+r.n%20))}
		_, err1 := r.e.UpdateCustomer(r.t.Context(), r.me, records.ByID(r.cust), records.Write{Input: given, Encode: encode})
		_, err2 := r.e.UpdateGroup(r.t.Context(), r.me, r.group, records.GroupWrite{
			Input: customer.GroupInput{Name: text(fmt.Sprint("group ", r.n))}, Encode: func(*customer.Group) []byte { return nil },
		})
		_, err3 := r.e.UpdateKey(r.t.Context(), r.op, r.key, records.KeyChange{Scopes: authz.Scopes{authz.CustomersRead, authz.OfApplications()[r.n%2]}})
		_, err4 := r.e.RenameApp(r.t.Context(), r.op, fmt.Sprint("Shop ", r.n))
		if err := errors.Join(err1, err2, err3, err4); err != nil {
			r.t.Error(err)
		}
	}
	do()
	return do
}

func (r *restless) AppGet(ctx context.Context, app id.App) (store.AppRow, error) {
	defer r.change()()
	return r.Store.AppGet(ctx, app)
}

func (r *restless) CredentialList(ctx context.Context, app id.App) ([]store.CredentialRow, error) {
	defer r.change()()
	return r.Store.CredentialList(ctx, app)
}

func (r *restless) GroupList(ctx context.Context, app id.App, list store.GroupList) ([]store.GroupRow, error) {
	defer r.change()()
	return r.Store.GroupList(ctx, app, list)
}

func (r *restless) CustomerGet(ctx context.Context, app id.App, c id.Customer) (store.CustomerRow, error) {
	defer r.change()()
	return r.Store.CustomerGet(ctx, app, c)
}

func (r *restless) CustomerGetBySeq(ctx context.Context, app id.App, seq int64) (store.CustomerRow, error) {
	defer r.change()()
	return r.Store.CustomerGetBySeq(ctx, app, seq)
}

func (r *restless) CustomerScan(ctx context.Context, app id.App, from, to int64, fn func(*store.CustomerRow) error) error {
	defer r.change()()
	return r.Store.CustomerScan(ctx, app, from, to, fn)
}

func (r *restless) CustomerChanges(ctx context.Context, app id.App, after store.ChangePoint, limit int) ([]store.CustomerRow, error) {
	defer r.change()()
	return r.Store.CustomerChanges(ctx, app, after, limit)
}

// TestRowsThatChangeWhileTheyAreRead: a row is right if the log had it like that at any moment of the reading.
func TestRowsThatChangeWhileTheyAreRead(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t, engine)
			app := e.apps[0]
			customers, keys, groups := e.rowsOf(t, app)
			r := &restless{Store: e.store, e: e, t: t, op: e.op, me: me(app), cust: customers[2].ID, key: keys[0].ID, group: groups[0].Seq}
			r.op.App = app
			e.wantFrom(t, "while all changes", func(found func(check.Finding)) error {
				return check.FindDamage(t.Context(), check.Config{Store: r, Keys: e.keys(t), Found: found}, app)
			})
		})
	}
}
