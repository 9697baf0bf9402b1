package records_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/event"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/store"
	"custodex.dev/internal/testkit"
)

// events are all of the application.
func (e *testEnv) events(t *testing.T, app id.App) []store.EventRow {
	t.Helper()
	rows, err := e.store.EventList(t.Context(), app, -1, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// changing are the use cases in the table of succeeding calls that change something.
var changing = map[string]string{
	"CreateApp": event.AppCreated, "RenameApp": event.AppRenamed, "RemoveApp": event.AppRemoved,
	"CreateKey": event.KeyCreated, "UpdateKey": event.KeyChanged, "RotateKey": event.KeyRotated, "RevokeKey": event.KeyRevoked,
	"CreateCustomer": event.CustomerCreated, "UpdateCustomer": event.CustomerUpdated,
	"SetKYC": event.CustomerUpdated, "SubmitKYC": event.CustomerUpdated, "DeleteCustomer": event.CustomerDeleted,
	"CreateGroup": event.GroupCreated, "UpdateGroup": event.GroupUpdated, "DeleteGroup": event.GroupDeleted,
	"RecordTransaction": event.TransactionRecorded, "CreateLiquidationAddress": event.AddressCreated,
}

// Every use case that changes something makes the one event of its kind; the others make none.
func TestEveryChangeIsAnEvent(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	if rows := env.events(t, id.System); len(rows) != 2 || rows[0].Type != event.KeyCreated || rows[1].Type != event.AppCreated {
		t.Errorf("after Initialise the events are %+v", rows)
	}
	strict := true
	calls := succeeding(t, env)
	kept := env.newKey(t, yativoKey())
	calls["UpdateKey"] = useCase{env.app.ID, func() ([]any, error) {
		_, err := env.UpdateKey(t.Context(), env.operator(env.app.ID), kept.ID, records.KeyChange{Strict: &strict})
		return nil, err
	}}
	for name, u := range calls {
		if name == "CreateApp" {
			continue // its application is new: newEnv made one
		}
		before := len(env.events(t, u.app))
		if _, err := u.call(); err != nil {
			t.Errorf("%s = %v", name, err)
			continue
		}
		var got string
		for _, row := range env.events(t, u.app)[before:] {
			got += row.Type
		}
		if got != changing[name] {
			t.Errorf("%s makes the events %q, want %q", name, got, changing[name])
		}
	}
	if rows := env.events(t, env.app.ID); rows[0].Type != event.AppCreated || rows[0].Object != string(env.app.ID) {
		t.Errorf("the first event of an application is %+v", rows[0])
	}
}

// What is done again and changes nothing makes no event.
func TestNothingNewIsNoEvent(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	ctx, op := t.Context(), env.operator(env.app.ID)
	w := records.Write{Input: person("A", "B", "a@example.com"), IdempotencyKey: "k", Encode: encode}
	key, live, strict := env.newKey(t, yativoKey()), env.newKey(t, yativoKey()), false
	group := env.mustGroup(t, env.me, "Gold")
	_, gone := env.newApp(t, "Gone")
	if _, err := env.CreateCustomer(ctx, env.me, w); err != nil {
		t.Fatal(err)
	}
	again := map[string]func() error{
		"replay": func() error { _, err := env.CreateCustomer(ctx, env.me, w); return err },
		"get-or-create": func() error {
			_, err := env.GetOrCreateCustomer(ctx, env.me, records.Write{Input: w.Input}, func(*customer.Customer, bool) []byte { return nil })
			return err
		},
		"update": func() error {
			r, err := env.CreateCustomer(ctx, env.me, w)
			if err == nil {
				_, err = env.UpdateCustomer(ctx, env.me, records.ByID(r.Customer), records.Write{Input: customer.Input{Given: text("A")}, Encode: encode})
			}
			return err
		},
		"group":  func() error { _, err := env.UpdateGroup(ctx, env.me, group, groupWrite("Gold", "")); return err },
		"revoke": func() error { _, err := env.RevokeKey(ctx, op, key.ID); return err },
		"rename": func() error { _, err := env.RenameApp(ctx, op, env.app.Name); return err },
		"remove": func() error { _, err := env.RemoveApp(ctx, env.operator(gone.App), true); return err },
		"key": func() error {
			_, err := env.UpdateKey(ctx, op, live.ID, records.KeyChange{Strict: &strict})
			return err
		},
		"refused": func() error { _ = env.DeleteGroup(ctx, env.me, 99_999); return nil },
	}
	for name, do := range again {
		if err := do(); err != nil {
			t.Fatalf("%s = %v", name, err)
		}
		before := append(env.events(t, env.app.ID), env.events(t, gone.App)...)
		if err := do(); err != nil {
			t.Fatalf("%s again = %v", name, err)
		}
		if diff := cmp.Diff(before, append(env.events(t, env.app.ID), env.events(t, gone.App)...)); diff != "" {
			t.Errorf("%s, done again, makes an event (-before +after):\n%s", name, diff)
		}
	}
}

// Events equal the log: those of its done changes, in its order, without gap or repeat; under many
// writers, on PostgreSQL in two replicas.
func TestEventsEqualTheLog(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			db := testkit.NewDatabase(t, engine)
			st := db.NewStore(t)
			env := newEnvOn(t, st)
			envs := []*testEnv{env, env}
			if engine == "postgres" {
				other := *env
				other.cfg.Store = db.NewStore(t)
				envs[1] = other.replica(t)
			}
			var mu sync.Mutex
			made := make(map[string]int) // "type object" as the writers know it
			var wg sync.WaitGroup
			for w := range 8 {
				wg.Go(func() {
					writer := eventWriter{testEnv: envs[w%2], rnd: rand.New(rand.NewPCG(7, uint64(w))), made: make(map[string]int)}
					for n := range 25 {
						writer.step(t, fmt.Sprintf("%d-%d", w, n))
					}
					mu.Lock()
					defer mu.Unlock()
					for what, n := range writer.made {
						made[what] += n
					}
				})
			}
			wg.Wait()
			env.compareEvents(t, made)
		})
	}
}

// eventWriter makes random calls and counts what each should make known.
type eventWriter struct {
	*testEnv
	rnd  *rand.Rand
	mine []id.Customer
	made map[string]int
}

func (w *eventWriter) step(t *testing.T, name string) {
	ctx, write := t.Context(), func(in customer.Input) records.Write { return records.Write{Input: in, Encode: encode} }
	did := func(what, object string, err error) {
		if err != nil {
			t.Errorf("%s of %s = %v", what, object, err)
			return
		}
		w.made[what+" "+object]++
	}
	if len(w.mine) == 0 || w.rnd.IntN(4) == 0 {
		in := write(person("A", name, name+"@example.com"))
		in.IdempotencyKey = name
		r, err := w.CreateCustomer(ctx, w.me, in)
		did(event.CustomerCreated, r.Customer.String(), err)
		if _, err := w.CreateCustomer(ctx, w.me, in); err != nil { // replayed
			t.Error(err)
		}
		in.IdempotencyKey = ""
		if _, err := w.CreateCustomer(ctx, w.me, in); err == nil { // its address is taken
			t.Error("an address was given twice")
		}
		w.mine = append(w.mine, r.Customer)
		return
	}
	i := w.rnd.IntN(len(w.mine))
	c := w.mine[i]
	switch w.rnd.IntN(6) {
	case 0:
		did(event.CustomerDeleted, c.String(), w.DeleteCustomer(ctx, w.me, records.ByID(c)))
		w.mine = append(w.mine[:i], w.mine[i+1:]...)
	case 1:
		_, err := w.FetchCustomer(ctx, w.me, records.ByID(c))
		if err != nil {
			t.Error(err)
		}
	case 2:
		r, err := w.CreateLiquidationAddress(ctx, w.me, c, payout(), "", showID)
		did(event.AddressCreated, string(r.Body), err)
	default:
		for range 2 { // the second changes nothing
			if _, err := w.UpdateCustomer(ctx, w.me, records.ByID(c), write(customer.Input{Family: text(name)})); err != nil {
				t.Error(err)
			}
		}
		did(event.CustomerUpdated, c.String(), nil)
	}
}

// compareEvents holds the events of the application to its log and to what writers made.
func (e *testEnv) compareEvents(t *testing.T, made map[string]int) {
	t.Helper()
	var want []store.EventRow
	for before := int64(0); ; {
		page := e.listAudit(t, records.AuditFilter{Before: before, Limit: 1000})
		for _, view := range page {
			want = append(event.Of(&view.Entry), want...)
		}
		if before = page[len(page)-1].Seq; before == 0 {
			break
		}
	}
	got := e.events(t, e.app.ID)
	last := make(map[string]int64) // version of each customer
	for i := range got {
		if i < len(want) {
			want[i].Seq = int64(i)
		}
		row := &got[i]
		if row.Version != 0 && row.Version < last["any"] {
			t.Errorf("event %d has version %d, after %d", i, row.Version, last["any"])
		}
		if row.Version != 0 {
			last["any"], last[row.Object] = row.Version, row.Version
			row.Version = store.CommitVersion
		}
		if made != nil && i > 0 { // the first is of the application
			made[row.Type+" "+row.Object]--
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-log +events):\n%s", diff)
	}
	for what, n := range made {
		if n != 0 {
			t.Errorf("%s: %d events are missing", what, n)
		}
	}
	err := e.store.CustomerScan(t.Context(), e.app.ID, 0, 1<<62, func(row *store.CustomerRow) error {
		if v := last[row.ID.String()]; v != row.Version {
			t.Errorf("the last event of %s has version %d, the row %d", row.ID, v, row.Version)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Nothing of a deleted customer is left in the events but its id.
func TestEventsHoldNoValues(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	c := env.mustCreate(t, env.me, person("Qwyxanthe", "Zbornak", "qwyx@example.com"))
	if _, err := env.RecordTransaction(t.Context(), env.me, c, payment("7731", ""), "", showAmount); err != nil {
		t.Fatal(err)
	}
	if _, err := env.RenameApp(t.Context(), env.operator(env.app.ID), "Qwyxanthe Ltd"); err != nil {
		t.Fatal(err)
	}
	if err := env.DeleteCustomer(t.Context(), env.me, records.ByID(c)); err != nil {
		t.Fatal(err)
	}
	rows := fmt.Sprint(env.events(t, env.app.ID))
	for _, personal := range []string{"Qwyxanthe", "Zbornak", "qwyx", "7731", "Ada Owner", "agent"} {
		if strings.Contains(rows, personal) {
			t.Errorf("the events hold %q: %s", personal, rows)
		}
	}
}

// Events go when they are older than the setting, and no earlier.
func TestOldEventsArePurged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		env := newEnvOn(t, testkit.NewStore(t, "sqlite"), func(c *records.Config) { c.EventTTL, c.Now = time.Hour, time.Now })
		time.Sleep(45 * time.Minute)
		env.mustCreate(t, env.me, person("A", "B", ""))
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if rows := env.events(t, env.app.ID); len(rows) != 2 {
			t.Errorf("before their time the events are %+v", rows)
		}
		time.Sleep(20 * time.Minute)
		synctest.Wait()
		if rows := env.events(t, env.app.ID); len(rows) != 1 || rows[0].Seq != 1 {
			t.Errorf("an hour later the events are %+v", rows)
		}
	})
}
