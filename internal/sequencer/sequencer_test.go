package sequencer_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/sequencer"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/storetest"
	"custodex.dev/internal/testkit"
)

// Under synctest time moves only while nothing works, so this measures how long
// entries wait, not how fast the machine is.
func TestSequencedWithinASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := newEnv(t, testkit.NewStore(t, "sqlite"))
		for range 5 {
			e.record(t, 2)
			time.Sleep(time.Second)
			synctest.Wait()
			e.wantAllSequenced(t, "a second later")
		}
		if h := e.Health(); h != (sequencer.Health{}) {
			t.Errorf("Health = %+v, want all zero", h)
		}
	})
}

func TestCloseSequencesTheRest(t *testing.T) {
	t.Parallel()
	e := newEnv(t, testkit.NewStore(t, "sqlite"))
	e.record(t, 3)
	if err := e.stop(); err != nil {
		t.Fatal(err)
	}
	e.wantAllSequenced(t, "after Close")
}

// Close gives up when its time is over, and says so.
func TestCloseInVain(t *testing.T) {
	t.Parallel()
	st := testkit.NewStore(t, "sqlite")
	e := newEnv(t, st)
	late := sequencer.New(sequencer.Config{Store: st, Keys: e.keys})
	late.Notify(e.app)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := late.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Close after its time = %v, want canceled", err)
	}
}

// A process that died left entries outside the tree; the next one finds them.
func TestAfterRestart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := storetest.NewHooked(testkit.NewStore(t, "sqlite"))
		e := newEnv(t, st)
		time.Sleep(time.Second)
		before := e.sequenced(t)
		died := fault.New(fault.Unavailable, "died", "the process died here")
		st.Set(storetest.Failing("TreePut", func() error { return died }))
		e.record(t, 1)
		if err := e.stop(); !errors.Is(err, fault.Unavailable) {
			t.Errorf("Close while the tree cannot be written: %v", err)
		}
		st.Set(storetest.Hooks{})
		if got := e.sequenced(t); before == 0 || got != before {
			t.Fatalf("%d entries are sequenced before the restart and %d at it", before, got)
		}
		e.start(t, st)
		time.Sleep(time.Second)
		e.wantAllSequenced(t, "a second after the restart")
	})
}

func TestAfterFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := storetest.NewHooked(testkit.NewStore(t, "sqlite"))
		e := newEnv(t, st)
		busy := fault.New(fault.Unavailable, "busy", "try again")
		st.Set(storetest.Failing("TreePut", func() error { return busy }))
		e.record(t, 1)
		time.Sleep(10 * time.Second)
		if h := e.Health(); h.Unsequenced == 0 || h.Stopped != 0 {
			t.Errorf("Health = %+v, want some unsequenced and none stopped", h)
		}
		st.Set(storetest.Hooks{})
		time.Sleep(2 * time.Second)
		e.wantAllSequenced(t, "after the failures")
	})
}

// Another replica is always faster, for a while.
func TestAfterConflicts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := storetest.NewHooked(testkit.NewStore(t, "sqlite"))
		e := newEnv(t, st)
		time.Sleep(time.Second)
		var tries atomic.Int32
		st.Set(storetest.Failing("TreePut", func() error {
			if tries.Add(1) < 8 {
				return store.ErrTreeMoved
			}
			return nil
		}))
		e.record(t, 1)
		time.Sleep(time.Second)
		e.wantAllSequenced(t, "a second later")
		if n := tries.Load(); n < 8 {
			t.Errorf("%d tries, want 8", n)
		}
	})
}

// A write that failed may have been applied, so it notifies too.
func TestNotifyingAfterFailures(t *testing.T) {
	t.Parallel()
	st := storetest.NewHooked(testkit.NewStore(t, "sqlite"))
	e := newEnv(t, st)
	row, err := st.AuditRange(t.Context(), e.app, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	c := store.CustomerRow{ID: id.NewCustomer(), Sealed: []byte("x"), Key: []byte("x")}
	if err := st.Update(t.Context(), e.app, func(tx store.Tx) error { _, err := tx.CustomerInsert(c); return err }); err != nil {
		t.Fatal(err)
	}
	for name, write := range map[string]func(store.Store) error{
		"Record": func(st store.Store) error { return st.Record(t.Context(), e.app, row...) },
		"Disclose": func(st store.Store) error {
			return st.Disclose(t.Context(), e.app, store.CustomerRef{ID: c.ID}, func(*store.CustomerRow) (store.AuditRow, error) { return row[0], nil })
		},
		"Update": func(st store.Store) error {
			return st.Update(t.Context(), e.app, func(tx store.Tx) error { tx.AuditAppend(row[0]); return nil })
		},
	} {
		method := name
		if name == "Disclose" {
			method = "Record" // which it does
		}
		for what, hooks := range map[string]storetest.Hooks{
			"success":     {},
			"not applied": storetest.FailNotApplied(method, 1),
			"applied":     storetest.FailApplied(method, 1),
		} {
			idle := sequencer.New(sequencer.Config{Store: st, Keys: e.keys}) // never run
			st.Set(hooks)
			err := write(idle.Notifying(st))
			st.Set(storetest.Hooks{})
			if (err == nil) != (what == "success") || idle.Health().Unsequenced != 1 {
				t.Errorf("%s, %s: %v, Health = %+v, want one unsequenced", name, what, err, idle.Health())
			}
		}
	}
}

// An application whose making failed has no key, and needs nothing.
func TestNoSuchApplication(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := newEnv(t, testkit.NewStore(t, "sqlite"))
		e.Notify(id.NewApp())
		time.Sleep(time.Second)
		if h := e.Health(); h != (sequencer.Health{}) {
			t.Errorf("Health = %+v, want all zero", h)
		}
	})
}

// Four applications at most are worked on at once, and a panic over one of them costs
// the others nothing.
func TestManyApplications(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := storetest.NewHooked(testkit.NewStore(t, "sqlite"))
		e := newEnv(t, st)
		var apps []id.App
		for range 12 {
			apps = append(apps, e.newApp(t))
		}
		time.Sleep(time.Second)
		var reading, most atomic.Int32
		st.Set(storetest.Hooks{Before: func(_ context.Context, method string, app id.App) error {
			switch {
			case method != "TreeGet":
			case app == apps[5]:
				panic("a defect")
			default:
				most.Store(max(most.Load(), reading.Add(1)))
				time.Sleep(time.Millisecond) // until all that may begin have begun
				reading.Add(-1)
			}
			return nil
		}})
		for _, e.app = range apps {
			key, err := e.keys.Key(t.Context(), e.app)
			if err != nil {
				t.Fatal(err)
			}
			e.key = key
			e.record(t, 1)
		}
		time.Sleep(time.Second)
		st.Set(storetest.Hooks{})
		if n := most.Load(); n != 4 {
			t.Errorf("%d applications were worked on at once, want 4", n)
		}
		if h := e.Health(); h.Unsequenced != 1 {
			t.Errorf("Health = %+v, want the one that panics unsequenced", h)
		}
		time.Sleep(2 * time.Second)
		for _, e.app = range apps {
			e.wantAllSequenced(t, "at the end")
		}
	})
}

// More than one batch, and full tiles on two levels.
func TestManyEntries(t *testing.T) {
	t.Parallel()
	e := newEnv(t, testkit.NewStore(t, "sqlite"))
	const many = 10_000
	rows := make([]store.AuditRow, many)
	for i := range rows {
		rows[i] = sequencer.NewRow(e.key, entry(e.app, e.key))
	}
	if err := e.store.Record(t.Context(), e.app, rows...); err != nil {
		t.Fatal(err)
	}
	if got := e.verify(t, nil).Checkpoint.Size; got < many {
		t.Errorf("the export's checkpoint covers %d entries, want at least %d", got, many)
	}
}

// Two replicas write and sequence side by side. Nothing is lost or integrated twice,
// and every checkpoint on the way is a prefix of the last.
func TestTwoReplicas(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			st := testkit.NewStore(t, engine)
			e := newEnv(t, st)
			other := *e
			other.start(t, st)
			replicas := []*testEnv{e, &other}
			const writers, each = 16, 20
			var group sync.WaitGroup
			var writing atomic.Int32
			writing.Store(writers)
			for i := range writers {
				group.Go(func() {
					defer writing.Add(-1)
					replicas[i%2].record(t, each)
				})
			}
			var checkpoints [][]byte
			for i := 0; writing.Load() > 0; i++ {
				tree, err := replicas[i%2].Sequence(t.Context(), e.app)
				if err != nil {
					t.Error(err)
					break
				}
				checkpoints = append(checkpoints, tree.Note)
			}
			group.Wait()
			if err := other.stop(); err != nil {
				t.Error(err)
			}
			for _, trusted := range checkpoints {
				e.verify(t, trusted)
			}
			if report := e.verify(t, nil); report.To != writers*each+1 {
				t.Errorf("the export holds %d entries, want %d", report.To, writers*each+1)
			}
			if h := e.Health(); h.Stopped != 0 {
				t.Errorf("Health = %+v, want none stopped", h)
			}
		})
	}
}
