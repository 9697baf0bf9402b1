package sequencer_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/sequencer"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/storetest"
	"custodex.dev/internal/testkit"
)

// What was altered is not integrated, and sequencing goes on once it is put right.
// Entries are recorded all the while.
func TestStopsAtDamage(t *testing.T) {
	t.Parallel()
	entry := func(change func(*store.AuditRow)) func(int64, store.TreeRow) storetest.Hooks {
		return func(seq int64, _ store.TreeRow) storetest.Hooks { return storetest.CorruptEntry(seq, change) }
	}
	for name, damage := range map[string]func(seq int64, old store.TreeRow) storetest.Hooks{
		"actor":         entry(func(r *store.AuditRow) { r.Actor = "cred_other" }),
		"time column":   entry(func(r *store.AuditRow) { r.At++ }),
		"half a target": entry(func(r *store.AuditRow) { r.Targets = append(r.Targets, 1) }),
		"checksum":      entry(func(r *store.AuditRow) { r.MAC = make([]byte, 32) }),
		"deleted":       func(seq int64, _ store.TreeRow) storetest.Hooks { return storetest.MissingEntry(seq) },
		"older tree": func(_ int64, old store.TreeRow) storetest.Hooks {
			return storetest.Corrupt(func(r *store.TreeRow) { *r = old })
		},
		"forged size": func(int64, store.TreeRow) storetest.Hooks {
			return storetest.Corrupt(func(r *store.TreeRow) { r.Size-- })
		},
		"tiles": func(int64, store.TreeRow) storetest.Hooks {
			return storetest.Corrupt(func(rows *[]store.TileRow) {
				for i := range *rows {
					(*rows)[i].Hashes[0]++
				}
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				st := storetest.NewHooked(testkit.NewStore(t, "sqlite"))
				e := newEnv(t, st)
				time.Sleep(time.Second)
				old, err := st.TreeGet(t.Context(), e.app)
				if err != nil {
					t.Fatal(err)
				}
				e.record(t, 1)
				time.Sleep(time.Second)
				seq := e.entries(t)
				st.Set(damage(seq+1, old))
				e.record(t, 4) // numbers seq to seq+3; seq+1 may be the altered one
				time.Sleep(time.Minute)
				if h := e.Health(); h.Stopped != 1 || h.Unsequenced != 0 {
					t.Errorf("Health = %+v, want one stopped", h)
				}
				row, err := st.Store.TreeGet(t.Context(), e.app)
				if err != nil || row.Size > seq+1 {
					t.Errorf("%d entries are sequenced, want at most %d (%v)", row.Size, seq+1, err)
				}
				e.record(t, 1)
				if got := e.entries(t); got != seq+5 {
					t.Errorf("the log has %d entries, want %d", got, seq+5)
				}
				st.Set(storetest.Hooks{})
				time.Sleep(time.Minute)
				e.wantAllSequenced(t, "put right,")
				if h := e.Health(); h != (sequencer.Health{Alarms: 1}) {
					t.Errorf("put right, Health = %+v, want the alarm only", h)
				}
			})
		})
	}
}

// Two goroutines may sequence one log at once. The slower one must not take the tree
// that it has read for one that lost what the faster one has added since.
func TestOvertakenIsNoDamage(t *testing.T) {
	t.Parallel()
	st := storetest.NewHooked(testkit.NewStore(t, "sqlite"))
	e := newEnv(t, st)
	sequence := func() {
		e.record(t, 1)
		if _, err := e.Sequence(t.Context(), e.app); err != nil {
			t.Error(err)
		}
	}
	var armed atomic.Bool
	st.Set(storetest.Hooks{After: func(_ context.Context, method string, _ id.App, _ any) error {
		if method == "TreeGet" && armed.CompareAndSwap(true, false) {
			sequence() // overtakes whoever has read the tree
		}
		return nil
	}})
	for range 5 { // background work may be the one that is overtaken
		armed.Store(true)
		sequence()
		if h := e.Health(); h.Stopped != 0 {
			t.Fatalf("Health = %+v, and nothing was damaged", h)
		}
	}
}

// What was altered after it was integrated is named by the verifier, what is gone by
// the export itself.
func TestExportOfDamage(t *testing.T) {
	t.Parallel()
	st := storetest.NewHooked(testkit.NewStore(t, "sqlite"))
	e := newEnv(t, st)
	e.record(t, 5)
	tree, err := e.Sequence(t.Context(), e.app)
	if err != nil {
		t.Fatal(err)
	}
	in := sequencer.Export{Tree: tree, To: tree.Size}

	st.Set(storetest.CorruptEntry(3, func(r *store.AuditRow) { r.Actor = "cred_somebodyelse2" }))
	var out bytes.Buffer
	if err := e.Export(t.Context(), e.app, &out, in); err != nil {
		t.Fatal(err)
	}
	_, err = audit.VerifyExport(&out, sequencer.VerifierKeys(e.app, e.key), nil)
	if flaw, ok := errors.AsType[*audit.Flaw](err); !ok || flaw.Seq != 3 {
		t.Errorf("VerifyExport after entry 3 was altered: %v", err)
	}

	st.Set(storetest.MissingEntry(3))
	err = e.Export(t.Context(), e.app, new(bytes.Buffer), in)
	if _, ok := errors.AsType[sequencer.Damage](err); !ok || !strings.Contains(fault.Of(err).Message, "entry 3 is missing") {
		t.Errorf("Export after entry 3 was deleted: %v", err)
	}
	st.Set(storetest.Hooks{})
}

// A log without one intact entry has no tree, and a forged checkpoint is none.
func TestSequenceOfDamage(t *testing.T) {
	t.Parallel()
	st := storetest.NewHooked(testkit.NewStore(t, "sqlite"))
	st.Set(storetest.CorruptEntry(0, func(r *store.AuditRow) { r.Outcome++ }))
	e := newEnv(t, st)
	_, err := e.Sequence(t.Context(), e.app)
	if _, ok := errors.AsType[sequencer.Damage](err); !ok || !errors.Is(err, fault.Internal) {
		t.Errorf("Sequence without an intact entry = %v, want damage", err)
	}
	st.Set(storetest.Hooks{})
	if _, err := e.Sequence(t.Context(), e.app); err != nil {
		t.Fatal(err)
	}
	st.Set(storetest.Corrupt(func(r *store.TreeRow) {
		r.Checkpoint = bytes.Replace(r.Checkpoint, []byte("\n1\n"), []byte("\n2\n"), 1)
	}))
	_, err = e.Sequence(t.Context(), e.app)
	if _, ok := errors.AsType[sequencer.Damage](err); !ok {
		t.Errorf("Sequence with a forged checkpoint = %v, want damage", err)
	}
	st.Set(storetest.Hooks{})
}

// An alarm that is raised while the alarms are read is not taken for one that was removed.
func TestAlarmRaisedWhileOthersAreReadIsThere(t *testing.T) {
	t.Parallel()
	st := storetest.NewHooked(testkit.NewStore(t, "sqlite"))
	e := newEnv(t, st)
	if err := e.stop(); err != nil { // nobody else reads
		t.Fatal(err)
	}
	if open, err := e.Visit(t.Context(), e.app); err != nil || open {
		t.Fatalf("Visit = %t, %v, want no alarm", open, err)
	}
	var raised atomic.Bool
	st.Set(storetest.Hooks{After: func(ctx context.Context, method string, app id.App, _ any) error {
		if method != "AlarmList" || app != e.app || raised.Swap(true) {
			return nil
		}
		return e.RaiseAlarm(ctx, app, "row 1")
	}})
	open, err := e.Visit(t.Context(), e.app)
	if err != nil || !open || !raised.Load() {
		t.Errorf("Visit = %t, %v, want the alarm that was raised meanwhile", open, err)
	}
	e.wantOpen(t, "row 1")
}
