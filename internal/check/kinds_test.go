package check_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/check"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/id"
	"custodex.dev/internal/keyring"
	"custodex.dev/internal/records"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/server"
	"custodex.dev/internal/testkit"
)

// keys opens the keys as the process does that checks.
func (e *testEnv) keys(t *testing.T) *keyring.Keyring {
	t.Helper()
	source, err := seal.OpenKeyFile(filepath.Join(e.db.Dir, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	return keyring.New(e.store, source, time.Now)
}

// wantFrom compares what a check finds, as "kind table id", sorted.
func (e *testEnv) wantFrom(t *testing.T, what string, run func(func(check.Finding)) error, want ...string) {
	t.Helper()
	found := []string{}
	if err := run(func(f check.Finding) { found = append(found, fmt.Sprint(f.Kind, " ", f.Table, " ", f.ID)) }); err != nil {
		t.Fatal(err)
	}
	if want == nil {
		want = []string{}
	}
	slices.Sort(found)
	slices.Sort(want)
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("%s: a check (-want +got):\n%s", what, diff)
	}
}

// wantKinds is wantFrom of the whole database.
func (e *testEnv) wantKinds(t *testing.T, what string, want ...string) {
	t.Helper()
	e.wantFrom(t, what, func(found func(check.Finding)) error {
		return server.Check(t.Context(), e.db.Config(), check.Config{Found: found}, "", "")
	}, want...)
}

// TestKinds: a row that was altered is told from one that was put back whole, by its own checksum.
func TestKinds(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t, engine)
			app := e.apps[0]
			customers, _, groups := e.rowsOf(t, app)
			of := fmt.Sprintf(" WHERE app_id = '%s' AND seq = ", app)
			var want []string
			for i, set := range []string{"status = status + 1", "type = type + 1", "email_form = 7", "created_at = created_at + 1", "sum = NULL", "group_seq = 1"} {
				e.db.Exec(t, "UPDATE customer SET "+set+of+fmt.Sprint(customers[i].Seq))
				want = append(want, "altered customer "+customers[i].ID.String())
			}
			e.wantKinds(t, "altered", want...)

			const columns = "version, sealed, updated_at, sum"
			e.db.Exec(t, "CREATE TABLE kept AS SELECT "+columns+" FROM customer"+of+fmt.Sprint(customers[7].Seq))
			change := records.Write{Input: customer.Input{Given: text("Mary")}, Encode: encode}
			if _, err := e.UpdateCustomer(t.Context(), me(app), records.ByID(customers[7].ID), change); err != nil {
				t.Fatal(err)
			}
			e.wantKinds(t, "after a change", want...)
			e.db.Exec(t, fmt.Sprintf("UPDATE customer SET (%s) = (SELECT %[1]s FROM kept)%s%d", columns, of, customers[7].Seq), "DROP TABLE kept")
			e.wantKinds(t, "put back", append(want, "put_back customer "+customers[7].ID.String())...)

			e.db.Exec(t, "UPDATE customer_group SET sealed = (SELECT sealed FROM customer_group"+of+fmt.Sprint(groups[1].Seq)+")"+of+fmt.Sprint(groups[0].Seq))
			e.db.Exec(t, "UPDATE customer_group SET created_at = created_at - 1"+of+fmt.Sprint(groups[2].Seq))
			e.wantFrom(t, "groups", func(found func(check.Finding)) error {
				return server.Check(t.Context(), e.db.Config(), check.Config{Found: func(f check.Finding) {
					if f.Table == "customer_group" {
						found(f)
					}
				}}, "", "")
			}, fmt.Sprint("altered customer_group ", groups[0].Seq), fmt.Sprint("altered customer_group ", groups[2].Seq))
		})
	}
}

// watched gives what a server that starts now finds of the credentials of an application.
func (e *testEnv) watched(t *testing.T, app id.App) (found []string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	reported := make(chan []check.Finding, 1)
	w := check.NewWatcher(e.store, e.keys(t), 0, slog.New(slog.DiscardHandler), func(_ context.Context, at id.App, list []check.Finding, _ ...string) {
		if at == app {
			reported <- list
			stop()
		}
	})
	w.Run(ctx)
	for _, f := range <-reported {
		found = append(found, fmt.Sprint(f.Kind, " ", f.Table, " ", f.ID))
	}
	return found
}

// TestWatcherSeesBehindGaps: entries that are missing hide nothing that comes after them.
func TestWatcherSeesBehindGaps(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t, engine)
			app, op := e.apps[0], e.op
			op.App = app
			_, keys, _ := e.rowsOf(t, app)
			head, err := e.store.Head(t.Context(), app)
			if err != nil {
				t.Fatal(err)
			}
			for range 1200 {
				if _, err := e.FetchCustomer(t.Context(), me(app), records.ByID(id.NewCustomer())); err == nil {
					t.Fatal("an unknown customer was found")
				}
			}
			if _, err := e.RevokeKey(t.Context(), op, keys[0].ID); err != nil {
				t.Fatal(err)
			}
			e.db.Exec(t, fmt.Sprintf("DELETE FROM audit WHERE app_id = '%s' AND seq >= %d AND seq < %d", app, head.Entries, head.Entries+1200))
			if found := e.watched(t, app); found != nil {
				t.Errorf("before: found %q", found)
			}
			a := &attacker{engine: engine}
			e.db.Exec(t, fmt.Sprintf("UPDATE credential SET revoked_at = 0, sum = %s WHERE app_id = '%s' AND credential_id = '%s'", a.literal(keys[0].Sum), app, keys[0].ID))
			if found, want := e.watched(t, app), "put_back credential "+string(keys[0].ID); !slices.Equal(found, []string{want}) {
				t.Errorf("found %q, want %q", found, want)
			}
		})
	}
}

// TestAlteredEntrySaysNothing: an entry that was altered is a finding, and accuses no row.
func TestAlteredEntrySaysNothing(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t, engine)
			app := e.apps[0]
			rows, err := e.store.AuditRange(t.Context(), app, 0, 1000)
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, row := range rows {
				set := ""
				switch row.Action {
				case "key.update", "key.rotate":
					set = "action = 'key.revoke'"
				case "customer.update":
					set = "action = 'customer.delete'"
				case "customer.create", "customer.delete", "key.create", "group.create":
					set = "at = at + 1"
				}
				if set == "" {
					continue
				}
				e.db.Exec(t, fmt.Sprintf("UPDATE audit SET %s WHERE app_id = '%s' AND seq = %d", set, app, row.Seq))
				want = append(want, fmt.Sprint("altered audit ", row.Seq))
			}
			e.wantFrom(t, "altered entries", func(found func(check.Finding)) error {
				return check.FindDamage(t.Context(), check.Config{Store: e.store, Keys: e.keys(t), Found: func(f check.Finding) {
					if f.Table != "head" { // its counter is compared with what is left
						found(f)
					}
				}}, app)
			}, want...)
			if found := e.watched(t, app); found != nil {
				t.Errorf("the watcher found %q", found)
			}
		})
	}
}
