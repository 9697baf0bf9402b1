package records_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/customerrow"
	"custodex.dev/internal/history"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
)

// rowsOf gives every customer of the application as stored.
func (e *testEnv) rowsOf(t *testing.T, app id.App) map[int64]store.CustomerRow {
	t.Helper()
	rows := make(map[int64]store.CustomerRow)
	err := e.store.CustomerScan(t.Context(), app, 0, 1<<62, func(row *store.CustomerRow) error {
		kept := *row
		kept.Sealed, kept.Key, kept.EmailHash = bytes.Clone(row.Sealed), bytes.Clone(row.Key), bytes.Clone(row.EmailHash)
		rows[row.Seq] = kept
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// appKey opens the application's key as the service does.
func (e *testEnv) appKey(t *testing.T, app id.App) *seal.App {
	t.Helper()
	row, err := e.store.AppGet(t.Context(), app)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := e.keys.Unwrap(t.Context(), app, row.Key)
	if err != nil {
		t.Fatal(err)
	}
	key, err := seal.OpenApp(app, raw)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// states gives a customer's states that have ended as the row tells to decrypt them, newest first.
func (e *testEnv) states(t *testing.T, app id.App, row *store.CustomerRow) []history.State {
	t.Helper()
	key := e.appKey(t, app)
	_, own, err := customerrow.Decrypt(key, row)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := e.store.HistoryList(t.Context(), app, row.Seq, store.HistoryList{Take: 1000})
	if err != nil {
		t.Fatal(err)
	}
	states := make([]history.State, len(rows))
	for i := range rows {
		if states[i], err = history.Open(own, row, &rows[i]); err != nil {
			t.Fatal(err)
		}
	}
	return states
}

var stateless = cmp.Options{cmpopts.IgnoreUnexported(customer.Personal{}, customer.Customer{})}

// Whatever a use case changes of a customer, the state before is kept, in the same transaction and
// once. A use case that changes none keeps none.
func TestEveryChangeOfACustomerKeepsTheStateBefore(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			env := newEnvOn(t, testkit.NewStore(t, engine))
			calls := succeeding(t, env)
			changing := 0
			useCases(t, env.Service, func(name string, _ func(context.Context, tenant.Caller) error) {
				before := env.rowsOf(t, env.app.ID)
				past := make(map[int64]int)
				for seq, row := range before {
					past[seq] = len(env.states(t, env.app.ID, &row))
				}
				if _, err := calls[name].call(); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				for seq, is := range env.rowsOf(t, env.app.ID) {
					was, known := before[seq]
					states := env.states(t, env.app.ID, &is)
					if !known || bytes.Equal(was.Sealed, is.Sealed) && was.Group == is.Group && was.Status == is.Status && was.Type == is.Type {
						if len(states) != past[seq] {
							t.Errorf("%s changed nothing of customer %d and kept %d states", name, seq, len(states)-past[seq])
						}
						continue
					}
					changing++
					if len(states) != past[seq]+1 {
						t.Fatalf("%s kept %d states of customer %d, want 1", name, len(states)-past[seq], seq)
					}
					want, _, err := customerrow.Decrypt(env.appKey(t, env.app.ID), &was)
					if err != nil {
						t.Fatal(err)
					}
					got := states[0]
					if diff := cmp.Diff(want, got.Customer, stateless); diff != "" || got.From != history.LinkTo(&was) || got.To != history.LinkTo(&is) || got.Version != is.Version {
						t.Errorf("%s kept another state (-want +got):\n%s", name, diff)
					}
					if got.Change.Actor == "" || got.Change.Request == "" || got.Change.Action == "" || len(got.Change.Fields) == 0 {
						t.Errorf("%s kept %+v of the change", name, got.Change)
					}
				}
			})
			if changing < 4 {
				t.Errorf("only %d use cases changed a customer", changing)
			}
		})
	}
}

// A change to what a customer is already keeps nothing, and neither does a replay or a refusal.
func TestNoChangeKeepsNoState(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	c := env.mustCreate(t, env.me, person("Ada", "Lovelace", "ada@example.com"))
	env.mustCreate(t, env.me, person("Eve", "Adams", "eve@example.com"))
	update := func(in customer.Input, key string) error {
		_, err := env.UpdateCustomer(t.Context(), env.me, records.ByID(c), records.Write{Input: in, IdempotencyKey: key, Encode: encode})
		return err
	}
	for range 3 {
		if err := update(person("Ada", "King", ""), "once"); err != nil {
			t.Fatal(err)
		}
	}
	if err := update(person("Ada", "King", ""), ""); err != nil {
		t.Fatal(err)
	}
	if err := update(customer.Input{Email: text("eve@example.com")}, ""); err == nil {
		t.Fatal("an address was given twice")
	}
	for range 2 { // of one time and amount: the second changes nothing of the customer
		if _, err := env.pay(t, env.me, c, payment("7.5", "2026-01-02T03:04:05Z"), ""); err != nil {
			t.Fatal(err)
		}
	}
	row, err := env.store.CustomerGet(t.Context(), env.app.ID, c)
	if err != nil {
		t.Fatal(err)
	}
	var fields [][]string
	for _, s := range env.states(t, env.app.ID, &row) {
		fields = append(fields, s.Change.Fields)
	}
	if diff := cmp.Diff([][]string{{"last_spent", "last_purchase"}, {"family_name"}}, fields); diff != "" {
		t.Errorf("changed fields, newest first (-want +got):\n%s", diff)
	}
	if err := env.DeleteCustomer(t.Context(), env.me, records.ByID(c)); err != nil {
		t.Fatal(err)
	}
	if left, err := env.store.HistoryList(t.Context(), env.app.ID, row.Seq, store.HistoryList{Take: 9}); err != nil || len(left) != 0 {
		t.Errorf("%d states are left of a deleted customer, %v", len(left), err)
	}
}
