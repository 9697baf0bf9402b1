package sequencer_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"custodex.dev/internal/id"
	"custodex.dev/internal/sequencer"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/storetest"
	"custodex.dev/internal/testkit"
)

// copyToEnd copies the row of an entry to the end of the log, with SQL alone.
func copyToEnd(t *testing.T, db testkit.Database, e *testEnv, from int) {
	t.Helper()
	size := e.entries(t)
	db.Exec(t,
		fmt.Sprintf("INSERT INTO audit SELECT app_id, %d, at, actor, action, outcome, targets, detail, personal, mac FROM audit WHERE app_id = '%s' AND seq = %d", size, e.app, from),
		fmt.Sprintf("UPDATE head SET entries = %d WHERE app_id = '%s'", size+1, e.app))
}

// wantDamageSeen waits until sequencing has stopped; a part of the log is still given.
func (e *testEnv) wantDamageSeen(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(time.Minute); e.Health().Stopped != 1; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("Health = %+v, want one stopped", e.Health())
		}
	}
}

// A whole row kept a good checksum wherever it was copied to. One at the end of the log was
// integrated and signed like a new one, whatever its age and whether the process knew it. Those of
// audit.Format1 still do; a copy is found in the log.
func TestFieldC1CopiedRowIsRefused(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		for name, c := range map[string]struct {
			former  bool // entries of audit.Format1 before those of audit.Format2
			from    int
			restart bool
		}{
			"recent":                {false, 9, false},
			"after a start":         {false, 2, true},
			"former":                {true, 4, false},
			"former, after a start": {true, 2, true},
		} {
			t.Run(name+"/"+engine, func(t *testing.T) {
				t.Parallel()
				db := testkit.NewDatabase(t, engine)
				st := db.NewStore(t)
				e := newEnv(t, st)
				if c.former {
					e.recordFormer(t, 5)
				} else {
					e.record(t, 5)
				}
				e.later(time.Hour) // the others are younger
				e.record(t, 5)
				if _, err := e.Sequence(t.Context(), e.app); err != nil {
					t.Fatal(err)
				}
				if c.restart {
					if err := e.stop(); err != nil {
						t.Fatal(err)
					}
				}
				size := e.sequenced(t)
				copyToEnd(t, db, e, c.from)
				if c.restart {
					e.start(t, st)
				}
				e.record(t, 1)
				e.wantDamageSeen(t)
				if n := e.sequenced(t); n != size {
					t.Errorf("%d entries are signed, want the %d before the copy", n, size)
				}
			})
		}
	}
}

// Two copies that are integrated together, and a copy beside its original.
func TestCopiesOfOneBatchAreRefused(t *testing.T) {
	t.Parallel()
	db := testkit.NewDatabase(t, "sqlite")
	st := db.NewStore(t)
	e := newEnv(t, st)
	if err := e.stop(); err != nil {
		t.Fatal(err)
	}
	size := e.entries(t)
	e.store = st // notifies nobody
	e.recordFormer(t, 2)
	copyToEnd(t, db, e, int(size))
	e.start(t, st)
	e.wantDamageSeen(t)
	if n := e.sequenced(t); n != size+2 {
		t.Errorf("%d entries are signed, want the %d before the copy", n, size+2)
	}
}

// A log that was begun by release 0.1.0 goes on in the other format, within one tile, and verifies.
func TestFormatChangesWithinALog(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t, testkit.NewStore(t, engine))
			e.recordFormer(t, 5)
			kept, err := e.Sequence(t.Context(), e.app)
			if err != nil {
				t.Fatal(err)
			}
			e.recordFormer(t, 3)
			e.record(t, 5)
			if report := e.verify(t, kept.Note); report.To != e.entries(t) || report.Anchored != kept.Size {
				t.Errorf("%d entries verify, want %d; anchored at %d, want %d", report.To, e.entries(t), report.Anchored, kept.Size)
			}
			e.wantAllSequenced(t, "after both formats,")
		})
	}
}

// Personal parts can be deleted from the rows. The log stays in order and verifies.
func TestPersonalPartsCanBeDeleted(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			db := testkit.NewDatabase(t, engine)
			e := newEnv(t, db.NewStore(t))
			e.record(t, 6)
			kept, err := e.Sequence(t.Context(), e.app)
			if err != nil {
				t.Fatal(err)
			}
			rows, err := e.store.AuditRange(t.Context(), e.app, 0, 6)
			if err != nil {
				t.Fatal(err)
			}
			blob := map[string]string{"sqlite": "x'%x'", "postgres": `'\x%x'::bytea`}[engine]
			for i := 0; i < len(rows); i += 2 {
				entry, _ := sequencer.ReadRow(e.app, e.key, &rows[i])
				entry.DropPersonal()
				db.Exec(t, fmt.Sprintf("UPDATE audit SET personal = "+blob+" WHERE app_id = '%s' AND seq = %d",
					sequencer.NewRow(e.key, entry).Personal, e.app, rows[i].Seq))
			}
			e.verify(t, kept.Note)
			e.Look(t.Context(), e.app)
			if h := e.Health(); h.Stopped != 0 {
				t.Errorf("Health = %+v, want none stopped", h)
			}
			db.Exec(t, fmt.Sprintf("UPDATE audit SET personal = "+blob+" WHERE app_id = '%s' AND seq = 2",
				append([]byte{0xff}, make([]byte, 32)...), e.app))
			e.Look(t.Context(), e.app)
			if h := e.Health(); h.Stopped != 1 {
				t.Errorf("Health = %+v after another hash was put there, want one stopped", h)
			}
		})
	}
}

// Nothing but what is integrated is read for a log without entries of audit.Format1. Copies were
// looked for in the whole log, or its end.
func TestCopiesAreLookedForCheaply(t *testing.T) {
	t.Parallel()
	st := storetest.NewHooked(testkit.NewStore(t, "sqlite"))
	e := newEnv(t, st)
	e.recordFormer(t, 50)
	if err := e.stop(); err != nil { // nothing runs in the background
		t.Fatal(err)
	}
	e.Look(t.Context(), e.app)
	if _, err := e.Sequence(t.Context(), e.app); err != nil {
		t.Fatal(err)
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
		e.recordAll(t, 10)
		if _, err := e.Sequence(t.Context(), e.app); err != nil {
			t.Fatal(err)
		}
	}
	if n := read.Load(); n != rounds*10 {
		t.Errorf("%d entries were read for %d batches of 10", n, rounds)
	}
}
