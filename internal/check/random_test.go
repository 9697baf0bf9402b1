package check_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/check"
	"custodex.dev/internal/id"
	"custodex.dev/internal/server"
	"custodex.dev/internal/store"
	"custodex.dev/internal/testkit"
)

// An attack is what somebody does with SQL alone to one row. It gives the statements, and the id that a
// check must name; it is called with a row that nothing else was done to.
type attack func(a *attacker, i int) (statements []string, id string)

// attacker has the rows of one application before they are altered.
type attacker struct {
	app       id.App
	where     string
	engine    string
	rnd       *rand.Rand
	customers []store.CustomerRow
	keys      []store.CredentialRow
	groups    []store.GroupRow
	reads     []int64            // entries that say nothing of a row's state
	items     []store.OwnedItem  // of rest
	states    []store.HistoryRow // of rest, the newest of each customer
	events    []store.EventRow
	jobs      []store.JobRow
	answers   []store.IdempotencyRow // of rest
	gone      []store.ChangePoint    // deleted customers
	rest      []int                  // customers that nothing is done to
	spare     int64                  // numbers for invented rows
}

func (a *attacker) blob(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(a.rnd.Uint32())
	}
	return a.literal(b)
}

func (a *attacker) literal(b []byte) string {
	if a.engine == "postgres" {
		return fmt.Sprintf(`'\x%x'::bytea`, b)
	}
	return fmt.Sprintf("X'%x'", b)
}

// one gives a statement about the row of a table that a condition names.
func (a *attacker) one(set, condition string, args ...any) []string {
	return []string{set + a.where + " AND " + fmt.Sprintf(condition, args...)}
}

// customer makes an attack on a customer, by a statement that ends before WHERE.
func onCustomer(set func(a *attacker, i int) string) attack {
	return func(a *attacker, i int) ([]string, string) {
		return a.one(set(a, i), "seq = %d", a.customers[i].Seq), a.customers[i].ID.String()
	}
}

func onKey(set func(a *attacker, i int) string) attack {
	return func(a *attacker, i int) ([]string, string) {
		return a.one("UPDATE credential SET "+set(a, i), "credential_id = '%s'", a.keys[i].ID), string(a.keys[i].ID)
	}
}

func onGroup(set func(a *attacker, i int) string) attack {
	return func(a *attacker, i int) ([]string, string) {
		return a.one("UPDATE customer_group SET "+set(a, i), "seq = %d", a.groups[i].Seq), strconv.FormatInt(a.groups[i].Seq, 10)
	}
}

func text1(s string) func(*attacker, int) string { return func(*attacker, int) string { return s } }

// other is a customer that nothing is done to.
func (a *attacker) other() int64 { return a.customers[a.rest[a.rnd.IntN(len(a.rest))]].Seq }

// attacks are those on each table.
var attacks = map[string][]attack{
	"customer": {
		onCustomer(text1("UPDATE customer SET status = status + 1")), onCustomer(text1("UPDATE customer SET type = type + 1")),
		onCustomer(text1("UPDATE customer SET email_form = email_form + 1")), onCustomer(text1("UPDATE customer SET group_seq = 77")),
		onCustomer(text1("UPDATE customer SET created_at = created_at + 1")), onCustomer(text1("UPDATE customer SET updated_at = updated_at + 1")),
		onCustomer(func(a *attacker, _ int) string { return "UPDATE customer SET sum = " + a.blob(32) }),
		onCustomer(text1("UPDATE customer SET sum = NULL")),
		onCustomer(func(a *attacker, _ int) string { return "UPDATE customer SET sealed = " + a.blob(80) }),
		onCustomer(func(a *attacker, _ int) string {
			return fmt.Sprintf("UPDATE customer SET sealed = (SELECT sealed FROM customer%s AND seq = %d)", a.where, a.other())
		}),
		onCustomer(func(a *attacker, _ int) string { return "UPDATE customer SET email_hash = " + a.blob(32) }),
		onCustomer(text1("UPDATE customer SET email_hash = NULL")),
		onCustomer(text1("DELETE FROM customer_key")),
		onCustomer(func(a *attacker, _ int) string { return "UPDATE customer_key SET wrapped_key = " + a.blob(73) }),
		onCustomer(func(a *attacker, _ int) string {
			return fmt.Sprintf("UPDATE customer_key SET wrapped_key = (SELECT wrapped_key FROM customer_key%s AND seq = %d)", a.where, a.other())
		}),
		func(a *attacker, i int) ([]string, string) { // removed
			c := a.customers[i]
			return removal(a.where, c.Seq), c.ID.String()
		},
		func(a *attacker, i int) ([]string, string) { // invented
			c := id.NewCustomer()
			name := "'" + c.String() + "'"
			if a.engine == "sqlite" {
				name = a.literal(c[:])
			}
			a.spare++
			return []string{fmt.Sprintf(`INSERT INTO customer (app_id, seq, customer_id, version, status, type, email_hash, email_form, created_at, updated_at, sealed)
				SELECT app_id, %d, %s, version, status, type, NULL, email_form, created_at, updated_at, sealed FROM customer%s AND seq = %d`,
				a.spare, name, a.where, a.customers[i].Seq)}, c.String()
		},
	},
	"credential": {
		onKey(text1("kind = 'yativo'")), onKey(text1("scopes = 'customers:delete'")), onKey(text1("rate_limit = rate_limit + 1")),
		onKey(text1("strict = (1 = 1)")), onKey(text1("old_until = old_until + 1")), onKey(text1("created_at = created_at - 1")),
		onKey(text1("expires_at = 9")), onKey(text1("revoked_at = 9")), onKey(text1("sum = NULL")),
		onKey(func(a *attacker, i int) string { return fmt.Sprintf("public_key = 'ck_%d'", i) }),
		onKey(func(a *attacker, _ int) string { return "secret = " + a.blob(32) }),
		onKey(func(a *attacker, _ int) string { return "old_secret = " + a.blob(32) }),
		onKey(func(a *attacker, _ int) string { return "label = " + a.blob(60) }),
		onKey(func(a *attacker, _ int) string { return "sum = " + a.blob(32) }),
		func(a *attacker, i int) ([]string, string) { // removed
			return a.one("DELETE FROM credential", "credential_id = '%s'", a.keys[i].ID), string(a.keys[i].ID)
		},
		func(a *attacker, i int) ([]string, string) { // invented
			c := id.NewCredential()
			const columns = "kind, label, scopes, rate_limit, strict, secret, old_secret, old_until, created_at, expires_at, revoked_at, last_used_at, sum"
			return []string{fmt.Sprintf("INSERT INTO credential (app_id, credential_id, public_key, %s) SELECT app_id, '%s', '%s', %[1]s FROM credential%[4]s AND credential_id = '%[5]s'",
				columns, c, "ck_"+string(c), a.where, a.keys[i].ID)}, string(c)
		},
	},
	"customer_group": {
		onGroup(func(a *attacker, _ int) string { return "sealed = " + a.blob(60) }),
		onGroup(text1("sum = NULL")), onGroup(text1("created_at = created_at - 1")), onGroup(text1("updated_at = updated_at + 1")),
		func(a *attacker, i int) ([]string, string) { // removed
			return a.one("DELETE FROM customer_group", "seq = %d", a.groups[i].Seq), strconv.FormatInt(a.groups[i].Seq, 10)
		},
		func(a *attacker, i int) ([]string, string) { // invented
			a.spare++
			return []string{fmt.Sprintf("INSERT INTO customer_group (app_id, seq, created_at, updated_at, sealed) SELECT app_id, %d, created_at, updated_at, sealed FROM customer_group%s AND seq = %d",
				a.spare, a.where, a.groups[i].Seq)}, strconv.FormatInt(a.spare, 10)
		},
	},
	"audit": {
		onEntry("UPDATE audit SET at = at + 1"), onEntry("UPDATE audit SET actor = 'nobody'"), onEntry("UPDATE audit SET outcome = 3 - outcome"),
		onEntry("UPDATE audit SET action = 'customer.list'"), onEntry("UPDATE audit SET targets = NULL"), onEntry("DELETE FROM audit"),
	},
}

func onEntry(set string) attack {
	return func(a *attacker, i int) ([]string, string) {
		return a.one(set, "seq = %d", a.reads[i]), strconv.FormatInt(a.reads[i], 10)
	}
}

// hanging reads what hangs on the customers that nothing is done to.
func (a *attacker) hanging(t *testing.T, st store.Store) {
	t.Helper()
	rest, ids := map[int64]bool{}, map[id.Customer]bool{}
	for _, i := range a.rest {
		rest[a.customers[i].Seq], ids[a.customers[i].ID] = true, true
	}
	items, err1 := st.ItemScan(t.Context(), a.app, store.ItemPlace{}, 100_000)
	states, err2 := st.HistoryScan(t.Context(), a.app, store.HistoryPlace{}, 100_000)
	events, err3 := st.EventList(t.Context(), a.app, -1, 100_000)
	jobs, err4 := st.JobList(t.Context(), a.app, 1000)
	answers, err5 := st.IdempotencyScan(t.Context(), a.app, nil, 100_000)
	changes, err6 := st.CustomerChanges(t.Context(), a.app, store.ChangePoint{}, 100_000)
	if err := errors.Join(err1, err2, err3, err4, err5, err6); err != nil {
		t.Fatal(err)
	}
	a.jobs = jobs
	for _, row := range answers {
		if ids[row.Customer] {
			a.answers = append(a.answers, row)
		}
	}
	for _, row := range changes {
		if row.Deleted {
			a.gone = append(a.gone, store.ChangePoint{Version: row.Version, Seq: row.Seq})
		}
	}
	for _, row := range items {
		if rest[row.Seq] {
			a.items = append(a.items, row)
		}
	}
	for i, row := range states {
		if rest[row.Customer] && (i+1 == len(states) || states[i+1].Customer != row.Customer) {
			a.states = append(a.states, row)
		}
	}
	a.events = events[1:] // without the oldest a log looks purged
}

// attacker reads what an application has.
func (e *testEnv) attacker(t *testing.T, app id.App, rnd *rand.Rand) *attacker {
	t.Helper()
	a := &attacker{app: app, where: fmt.Sprintf(" WHERE app_id = '%s'", app), engine: e.db.Engine, rnd: rnd, spare: 1 << 40}
	a.customers, a.keys, a.groups = e.rowsOf(t, app)
	entries, err := e.store.AuditRange(t.Context(), app, 0, 100_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if entry.Action == "customer.fetch" {
			a.reads = append(a.reads, entry.Seq)
		}
	}
	return a
}

// TestRandomAlterations alters, swaps, removes and invents rows with SQL alone, at random in many
// applications. A check names each of them and nothing else. CHECK_ALTERATIONS says how many.
func TestRandomAlterations(t *testing.T) {
	t.Parallel()
	wanted := 120
	if n, err := strconv.Atoi(os.Getenv("CHECK_ALTERATIONS")); err == nil {
		wanted = n
	}
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			rnd := rand.New(rand.NewPCG(seed, 0))
			e := newEnv(t, engine)
			for range wanted / 40 {
				e.apps = append(e.apps, e.fill(t))
			}
			if err := e.Close(context.Background()); err != nil { // all entries are in their trees
				t.Fatal(err)
			}
			want, did := []string{}, map[string][]string{}
			for n, app := range e.apps {
				a := e.attacker(t, app, rnd)
				var statements []string
				attack := func(table string, rows []int) {
					for _, i := range rows {
						do, name := attacks[table][rnd.IntN(len(attacks[table]))](a, i)
						name = string(app) + " " + table + " " + name
						did[name] = do
						statements = append(statements, do...)
						want = append(want, name)
					}
				}
				most := func(size int) []int { return rnd.Perm(size)[:size*2/3] }
				customers := rnd.Perm(len(a.customers))
				a.rest = customers[len(customers)*2/3:]
				a.hanging(t, e.store)
				attack("customer", customers[:len(customers)*2/3])
				attack("credential", most(len(a.keys)))
				attack("customer_group", most(len(a.groups)))
				attack("customer_item", most(len(a.items)))
				attack("customer_history", most(len(a.states)))
				attack("event", most(len(a.events)))
				attack("job", most(len(a.jobs)))
				attack("idempotency", most(len(a.answers)))
				attack("customer_tombstone", rnd.Perm(len(a.gone))[:1])
				attack("audit_block", []int{0})
				if n%2 == 0 { // events are found by their place while the log is whole, and by what they say else
					attack("audit", most(len(a.reads)))
				}
				e.db.Exec(t, statements...)
			}
			found := []string{}
			err := server.Check(t.Context(), e.db.Config(), check.Config{Found: func(f check.Finding) {
				found = append(found, fmt.Sprintf("%s %s %s", f.App, f.Table, f.ID))
			}}, "", "")
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(found)
			slices.Sort(want)
			for name, statements := range did {
				if !slices.Contains(found, name) {
					t.Errorf("a check does not name %s after %q", name, statements)
				}
			}
			if diff := cmp.Diff(want, found); diff != "" {
				t.Errorf("seed %d, %d alterations: a check (-want +got):\n%s", seed, len(want), diff)
			}
			t.Logf("%d alterations", len(want))
		})
	}
}
