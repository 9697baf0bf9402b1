package check_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/authz"
	"custodex.dev/internal/check"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/id"
	"custodex.dev/internal/job"
	"custodex.dev/internal/keyring"
	"custodex.dev/internal/records"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/server"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
)

// testEnv is a Service with two applications that have something of everything.
type testEnv struct {
	*records.Service
	db    testkit.Database
	store store.Store
	op    tenant.Caller
	apps  []id.App
	older map[id.Credential]store.CredentialRow // of credentials that were changed since
}

func newEnv(t *testing.T, engine string) *testEnv {
	t.Helper()
	db := testkit.NewDatabase(t, engine)
	st := db.NewStore(t)
	path := filepath.Join(db.Dir, "master.key")
	if err := seal.CreateKeyFile(path); err != nil {
		t.Fatal(err)
	}
	source, err := seal.OpenKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	e := &testEnv{Service: records.New(records.Config{Store: st, Keys: source, Jobs: job.Kinds{"nothing": nothing{}}}), db: db, store: st, older: map[id.Credential]store.CredentialRow{}}
	t.Cleanup(func() { _ = e.Close(context.Background()) })
	issued, err := e.Initialise(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	e.op = tenant.Caller{App: id.System, Credential: issued.ID, Scopes: authz.Scopes{authz.Manage}}
	for range 2 {
		e.apps = append(e.apps, e.fill(t))
	}
	return e
}

// nothing is a kind of job that ends at once.
type nothing struct{}

func (nothing) Action() authz.Action { return authz.KeyCreate }

func (nothing) Begin(context.Context, *job.Job, *seal.App) (job.Work, error) { return nothing{}, nil }

func (nothing) Step(context.Context, []byte, int) (job.Step, error) { return nil, nil }

// each is how many customers an application has.
const each = 8

// fill makes an application with customers, groups and credentials that were made, changed and ended.
func (e *testEnv) fill(t *testing.T) id.App {
	t.Helper()
	app, err := e.CreateApp(t.Context(), e.op, "Shop")
	if err != nil {
		t.Fatal(err)
	}
	op, me := e.op, tenant.Caller{App: app.ID, Credential: id.NewCredential(), Scopes: authz.OfApplications()}
	op.App = app.ID
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range 4 {
		k, err := e.CreateKey(t.Context(), op, records.NewKey{Name: "k", Kind: tenant.Devdraft})
		must(err)
		switch i {
		case 1:
			_, err = e.RotateKey(t.Context(), op, k.ID, time.Hour)
		case 2:
			_, err = e.RevokeKey(t.Context(), op, k.ID)
		case 3:
			e.older[k.ID], err = e.store.CredentialGet(t.Context(), app.ID, k.ID)
			must(err)
			_, err = e.UpdateKey(t.Context(), op, k.ID, records.KeyChange{Scopes: authz.Scopes{authz.CustomersRead}})
		}
		must(err)
	}
	for i := range 3 {
		r, err := e.CreateGroup(t.Context(), me, records.GroupWrite{
			Input: customer.GroupInput{Name: customer.Text{Sent: true, Value: fmt.Sprint("group ", i)}}, Encode: func(*customer.Group) []byte { return nil },
		})
		must(err)
		_ = r
	}
	encode := func(c *customer.Customer) []byte { b, _ := json.Marshal(c.ID.String()); return b }
	for range 2 {
		_, err := e.StartJob(t.Context(), op, "nothing", []byte("parameters"), "reason")
		must(err)
	}
	for i := range each + 3 {
		in := customer.Input{
			Given: text("Ada"), Family: text("Lovelace"), Phone: text("+1-555-123-4567"), Email: text(fmt.Sprintf("ada%d@x.example", i)),
		}
		r, err := e.CreateCustomer(t.Context(), me, records.Write{Input: in, Encode: encode})
		must(err)
		switch i % 4 {
		case 1:
			_, err = e.UpdateCustomer(t.Context(), me, records.ByID(r.Customer), records.Write{Input: customer.Input{Given: text("Grace")}, Encode: encode})
			must(err)
		case 2, 0:
			e.addItems(t, me, r.Customer)
		case 3:
			for _, name := range []string{"Grace", "Mary", "Jean"} {
				_, err = e.UpdateCustomer(t.Context(), me, records.ByID(r.Customer), records.Write{Input: customer.Input{Given: text(name)}, Encode: encode, IdempotencyKey: name})
				must(err)
			}
		}
		if _, err := e.FetchCustomer(t.Context(), me, records.ByID(r.Customer)); err != nil {
			t.Fatal(err)
		}
		if i >= each {
			must(e.DeleteCustomer(t.Context(), me, records.ByID(r.Customer)))
		}
	}
	return app.ID
}

// addItems gives a customer purchases and an address.
func (e *testEnv) addItems(t *testing.T, me tenant.Caller, c id.Customer) {
	t.Helper()
	for _, amount := range []string{"1", "2.5"} {
		_, err := e.RecordTransaction(t.Context(), me, c, customer.TransactionInput{Amount: text(amount), Currency: text("usd")}, amount,
			func(*customer.Transaction) []byte { return []byte("paid") })
		if err != nil {
			t.Fatal(err)
		}
	}
	in := customer.LiquidationInput{
		Chain: text("base"), Currency: text("usdc"), ChainAddress: text("0x52908400098527886E0F7030069857D2E4169EE7"), ExternalAccount: text("account"),
	}
	if _, err := e.CreateLiquidationAddress(t.Context(), me, c, in, "", func(*customer.LiquidationAddress) []byte { return []byte("made") }); err != nil {
		t.Fatal(err)
	}
}

func text(s string) customer.Text { return customer.Text{Sent: true, Value: s} }

// check gives what a check finds, as "table id", sorted.
func (e *testEnv) check(t *testing.T) []string {
	t.Helper()
	found := []string{}
	// As the verb does: the store of the server remembers customers that it has read.
	err := server.Check(t.Context(), e.db.Config(), check.Config{Found: func(f check.Finding) {
		t.Log(f)
		found = append(found, fmt.Sprintf("%s %s", f.Table, f.ID))
	}}, "", "")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(found)
	return found
}

func (e *testEnv) want(t *testing.T, what string, want ...string) {
	t.Helper()
	if want == nil {
		want = []string{}
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, e.check(t)); diff != "" {
		t.Errorf("%s: a check (-want +got):\n%s", what, diff)
	}
}

// TestClean: a database that nobody altered has no findings, while it is written too.
func TestClean(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t, engine)
			e.want(t, "at rest")
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				for ctx.Err() == nil {
					e.fill(t)
				}
			}()
			for range 3 {
				e.want(t, "under writes")
			}
			stop()
			<-ended
		})
	}
}

// rowsOf gives an application's customers and credentials.
func (e *testEnv) rowsOf(t *testing.T, app id.App) (customers []store.CustomerRow, keys []store.CredentialRow, groups []store.GroupRow) {
	t.Helper()
	err := e.store.CustomerScan(t.Context(), app, 0, 1<<62, func(row *store.CustomerRow) error {
		customers = append(customers, store.CustomerRow{ID: row.ID, Seq: row.Seq})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if keys, err = e.store.CredentialList(t.Context(), app); err != nil {
		t.Fatal(err)
	}
	if groups, err = e.store.GroupList(t.Context(), app, store.GroupList{Take: 100}); err != nil {
		t.Fatal(err)
	}
	return customers, keys, groups
}

// TestNamesWhatWasAltered: each thing that somebody does with SQL alone is named, and nothing else.
func TestNamesWhatWasAltered(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t, engine)
			app := e.apps[0]
			customers, keys, groups := e.rowsOf(t, app)
			of := fmt.Sprintf(" WHERE app_id = '%s'", app)
			at := func(i int) string { return fmt.Sprintf("%s AND seq = %d", of, customers[i].Seq) }
			other := func(column string, i int) string {
				return fmt.Sprintf("%s = (SELECT %[1]s FROM customer%s)", column, at(i))
			}
			key := func(i int) string { return fmt.Sprintf("%s AND credential_id = '%s'", of, keys[i].ID) }
			var want []string
			alter := func(table, id string, statements ...string) {
				t.Helper()
				e.db.Exec(t, statements...)
				want = append(want, table+" "+id)
			}
			alter("customer", customers[0].ID.String(), "UPDATE customer SET "+other("sealed", 1)+at(0))
			alter("customer", customers[1].ID.String(), "UPDATE customer SET email_hash = NULL"+at(1))
			alter("customer", customers[2].ID.String(), "DELETE FROM customer_key"+at(2))
			alter("customer", customers[3].ID.String(), "UPDATE customer_key SET wrapped_key = (SELECT wrapped_key FROM customer_key"+at(4)+")"+at(3))
			alter("customer", customers[5].ID.String(), removal(of, customers[5].Seq)...)
			alter("credential", string(keys[0].ID), "UPDATE credential SET rate_limit = 7"+key(0))
			alter("credential", string(keys[1].ID), "DELETE FROM credential"+key(1))
			alter("credential", string(keys[2].ID), "UPDATE credential SET revoked_at = 0"+key(2))
			alter("credential", "cred_2222222222222222", "UPDATE credential SET credential_id = 'cred_2222222222222222'"+key(3))
			want = append(want, "credential "+string(keys[3].ID))
			alter("application", string(app), "UPDATE application SET name = 'Another'"+of)
			group := fmt.Sprint(groups[0].Seq)
			alter("customer_group", group, "DELETE FROM customer_group"+of+" AND seq = "+group)
			e.want(t, "after alterations", want...)

			// The log of the other application.
			app = e.apps[1]
			of = fmt.Sprintf(" WHERE app_id = '%s'", app)
			alter("head", "customers", "UPDATE head SET customers = customers + 1"+of)
			alter("audit", "6", "UPDATE audit SET at = at + 1"+of+" AND seq = 6")
			e.want(t, "after an alteration of an entry", want...)

			// A credential with the whole row of before it was narrowed.
			a := &attacker{engine: engine}
			_, keys, _ = e.rowsOf(t, app)
			for _, k := range keys {
				if old, ok := e.older[k.ID]; ok {
					alter("credential", string(k.ID), fmt.Sprintf("UPDATE credential SET scopes = '%s', label = %s, sum = %s%s AND credential_id = '%s'",
						old.Scopes, a.literal(old.Label), a.literal(old.Sum), of, k.ID))
				}
			}
			e.want(t, "after an older row", want...)
			if strings.Contains(strings.Join(want, " "), "Lovelace") {
				t.Error("a finding is personal")
			}
		})
	}
}

// TestSweep: what a server finds of customers, slowly and without the log.
func TestSweep(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t, engine)
			app := e.apps[0]
			customers, _, _ := e.rowsOf(t, app)
			source, err := seal.OpenKeyFile(filepath.Join(e.db.Dir, "master.key"))
			if err != nil {
				t.Fatal(err)
			}
			var found []string
			w := check.NewWatcher(e.store, keyring.New(e.store, source, time.Now), 0, slog.New(slog.DiscardHandler),
				func(_ context.Context, at id.App, list []check.Finding, tables ...string) {
					found = nil
					for _, f := range list {
						found = append(found, f.ID)
					}
					if at != app || !slices.Equal(tables, []string{"customer"}) {
						t.Errorf("a report about %s %q", at, tables)
					}
				})
			var want []string
			for i, statement := range []string{"", "UPDATE customer SET email_hash = NULL", "DELETE FROM customer_key"} {
				if statement != "" {
					e.db.Exec(t, fmt.Sprintf("%s WHERE app_id = '%s' AND seq = %d", statement, app, customers[i].Seq))
					want = append(want, customers[i].ID.String())
				}
				if err := w.Sweep(t.Context(), app); err != nil {
					t.Fatal(err)
				}
				slices.Sort(want)
				slices.Sort(found)
				if !slices.Equal(found, want) {
					t.Errorf("after %q: found %q, want %q", statement, found, want)
				}
			}
		})
	}
}
