package sequencer_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"custodex.dev/internal/id"
	"custodex.dev/internal/sequencer"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/storetest"
	"custodex.dev/internal/testkit"
)

// A whole row keeps a good checksum wherever it is copied to. One at the end of the log was
// integrated and signed like a new one, whatever its age and whether the process knew it.
func TestFieldC1CopiedRowIsRefused(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		for name, c := range map[string]struct {
			entries int
			from    int
			restart bool
		}{
			"recent":               {5, 4, false},
			"after a start":        {5, 2, true},
			"beyond what it knows": {2500, 3, false},
			"old, after a start":   {2500, 3, true},
		} {
			if c.entries > 1000 && engine == "postgres" {
				continue // the same code, and many seconds
			}
			t.Run(name+"/"+engine, func(t *testing.T) {
				t.Parallel()
				db := testkit.NewDatabase(t, engine)
				st := db.NewStore(t)
				e := newEnv(t, st)
				e.record(t, c.entries/2)
				e.later(time.Hour) // the others are younger
				e.record(t, c.entries-c.entries/2)
				if _, err := e.Sequence(t.Context(), e.app); err != nil {
					t.Fatal(err)
				}
				if c.restart {
					if err := e.stop(); err != nil {
						t.Fatal(err)
					}
				}
				size := e.sequenced(t)
				db.Exec(t,
					fmt.Sprintf("INSERT INTO audit SELECT app_id, %d, at, actor, action, outcome, targets, detail, personal, mac FROM audit WHERE app_id = '%s' AND seq = %d", size, e.app, c.from),
					fmt.Sprintf("UPDATE head SET entries = %d WHERE app_id = '%s'", size+1, e.app))
				if c.restart {
					e.start(t, st)
				}
				e.record(t, 1)
				for end := time.Now().Add(20 * time.Second); e.Health().Stopped != 1; time.Sleep(10 * time.Millisecond) {
					if time.Now().After(end) {
						t.Fatalf("Health = %+v, want one stopped", e.Health())
					}
				}
				if n := e.sequenced(t); n != size {
					t.Errorf("%d entries are signed, want the %d before the copy", n, size)
				}
			})
		}
	}
}

// clockWasSetBack makes a log whose clock was an hour ahead and then set back.
func clockWasSetBack(t *testing.T, e *testEnv) {
	t.Helper()
	e.later(time.Hour)
	e.recordAll(t, 1500)
	if _, err := e.Sequence(t.Context(), e.app); err != nil {
		t.Fatal(err)
	}
	e.later(-time.Hour)
	e.recordAll(t, 1500)
	if _, err := e.Sequence(t.Context(), e.app); err != nil {
		t.Fatal(err)
	}
}

// After the clock was set back, entries have times that others had before, so that a copy of one of
// those was taken for a new one.
func TestCopyIsRefusedAfterTheClockWasSetBack(t *testing.T) {
	t.Parallel()
	for name, restart := range map[string]bool{"running": false, "after a start": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := testkit.NewDatabase(t, "sqlite")
			st := db.NewStore(t)
			e := newEnv(t, st)
			clockWasSetBack(t, e)
			size := e.sequenced(t)
			change := func() {
				db.Exec(t,
					fmt.Sprintf("INSERT INTO audit SELECT app_id, %d, at, actor, action, outcome, targets, detail, personal, mac FROM audit WHERE app_id = '%s' AND seq = 100", size, e.app),
					fmt.Sprintf("UPDATE head SET entries = %d WHERE app_id = '%s'", size+1, e.app))
			}
			if restart {
				e.restart(t, st, change)
			} else {
				change()
			}
			e.record(t, 1)
			if _, err := e.Sequence(t.Context(), e.app); err != nil {
				t.Fatal(err)
			}
			if h, n := e.Health(), e.sequenced(t); h.Stopped != 1 || n != size {
				t.Errorf("Health = %+v with %d signed, want one stopped with %d", h, n, size)
			}
		})
	}
}

// The log was read whole for each batch while the clock was behind, and a replica read its end
// again for each batch of another's.
func TestCopiesAreLookedForCheaply(t *testing.T) {
	t.Parallel()
	for name, other := range map[string]bool{"clock set back": false, "two replicas": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := storetest.NewHooked(testkit.NewStore(t, "sqlite"))
			e := newEnv(t, st)
			if other {
				e.recordAll(t, 3000)
			} else {
				clockWasSetBack(t, e)
			}
			replica := sequencer.New(sequencer.Config{Store: st, Keys: e.keys})
			sequence := func(s *sequencer.Sequencer) {
				t.Helper()
				e.recordAll(t, 10)
				if _, err := s.Sequence(t.Context(), e.app); err != nil {
					t.Fatal(err)
				}
			}
			if err := e.stop(); err != nil { // nothing runs in the background
				t.Fatal(err)
			}
			sequence(e.Sequencer)
			if other {
				sequence(replica)
			}
			var read atomic.Int64
			st.Set(storetest.Hooks{After: func(_ context.Context, method string, _ id.App, result any) error {
				if rows, ok := result.(*[]store.AuditRow); ok {
					read.Add(int64(len(*rows)))
				}
				return nil
			}})
			const rounds = 20
			for range rounds {
				sequence(e.Sequencer)
				if other {
					sequence(replica)
				}
			}
			if n := read.Load(); n > rounds*50 {
				t.Errorf("%d entries were read for %d batches of 10, by one or two replicas", n, rounds)
			}
		})
	}
}

// A window was kept for every application for ever.
func TestIdleWindowsAreForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := newEnv(t, testkit.NewStore(t, "sqlite"))
		e.record(t, 3)
		time.Sleep(time.Second)
		if n := e.Windows(); n != 1 {
			t.Errorf("there are %d windows, want 1", n)
		}
		time.Sleep(time.Hour)
		if n := e.Windows(); n != 0 {
			t.Errorf("after an hour there are %d windows, want none", n)
		}
		e.record(t, 3)
		time.Sleep(time.Second)
		e.wantAllSequenced(t, "after an hour,")
	})
}
