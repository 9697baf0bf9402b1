package records_test

import (
	"bytes"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/storetest"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
)

// sealed is the number of entries in the application's signed tree.
func (w *world) sealed(t *testing.T, app id.App) int64 {
	t.Helper()
	tree, err := w.store.TreeGet(t.Context(), app)
	if errors.Is(err, fault.NotFound) {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	return tree.Size
}

func (w *world) fetchNothing(t *testing.T, caller tenant.Caller) {
	t.Helper()
	if _, err := w.FetchCustomer(t.Context(), caller, records.ByID(id.NewCustomer())); !errors.Is(err, fault.NotFound) {
		t.Fatal(err)
	}
}

// verified exports the whole log and verifies it.
func (w *world) verified(t *testing.T, app id.App, trusted []byte) audit.Report {
	t.Helper()
	c, err := w.SequenceAudit(t.Context(), w.operator(app))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := w.ExportAudit(t.Context(), w.operator(app), &out, records.AuditExport{}); err != nil {
		t.Fatal(err)
	}
	report, err := audit.VerifyExport(&out, c.Key, trusted)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// Under synctest time moves only while nothing works, so this measures how long
// entries wait, not how fast the machine is.
func TestSealedWithinASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for range 5 {
			w.fetchNothing(t, w.me)
			w.mustCreate(t, w.me, person("A", "B", ""))
			time.Sleep(time.Second)
			synctest.Wait()
			for _, app := range []id.App{w.app.ID, id.System} {
				if got, want := w.sealed(t, app), w.entries(t, app); got != want {
					t.Errorf("a second later %d of %d entries of %s are sealed", got, want, app)
				}
			}
		}
		if h := w.AuditHealth(); h != (records.AuditHealth{}) {
			t.Errorf("AuditHealth = %+v, want all zero", h)
		}
	})
}

func TestCloseSealsTheTail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fetchNothing(t, w.me)
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := w.sealed(t, w.app.ID), w.entries(t, w.app.ID); got != want {
		t.Errorf("after Close %d of %d entries are sealed", got, want)
	}
}

// A process that died left entries unsealed; the next one finds them.
func TestSealAfterRestart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := storetest.NewHooked(testkit.NewStore(t, "sqlite"))
		w := newWorldOn(t, st)
		w.fetchNothing(t, w.me)
		time.Sleep(time.Second)
		before := w.sealed(t, w.app.ID)
		died := fault.New(fault.Unavailable, "died", "the process died here")
		st.Set(failing("TreePut", func() error { return died }))
		w.fetchNothing(t, w.me)
		if err := w.Close(t.Context()); !errors.Is(err, fault.Unavailable) {
			t.Errorf("Close while the tree cannot be written: %v", err)
		}
		st.Set(storetest.Hooks{})
		if got := w.sealed(t, w.app.ID); before == 0 || got != before {
			t.Fatalf("%d entries sealed before the restart and %d at it", before, got)
		}
		w.Service = records.New(w.cfg)
		time.Sleep(time.Second)
		if got, want := w.sealed(t, w.app.ID), w.entries(t, w.app.ID); got != want {
			t.Errorf("a second after the restart %d of %d entries are sealed", got, want)
		}
	})
}

func TestSealAfterFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := storetest.NewHooked(testkit.NewStore(t, "sqlite"))
		w := newWorldOn(t, st)
		busy := fault.New(fault.Unavailable, "busy", "try again")
		st.Set(failing("TreePut", func() error { return busy }))
		w.fetchNothing(t, w.me)
		time.Sleep(10 * time.Second)
		if h := w.AuditHealth(); h.Unsealed == 0 || h.Stopped != 0 {
			t.Errorf("AuditHealth = %+v, want some unsealed and none stopped", h)
		}
		st.Set(storetest.Hooks{})
		time.Sleep(2 * time.Second)
		if got, want := w.sealed(t, w.app.ID), w.entries(t, w.app.ID); got != want {
			t.Errorf("%d of %d entries are sealed", got, want)
		}
	})
}

// Another replica is always faster, for a while.
func TestSealAfterConflicts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := storetest.NewHooked(testkit.NewStore(t, "sqlite"))
		w := newWorldOn(t, st)
		time.Sleep(time.Second)
		var tries atomic.Int32
		st.Set(failing("TreePut", func() error {
			if tries.Add(1) < 8 {
				return store.ErrTreeMoved
			}
			return nil
		}))
		w.fetchNothing(t, w.me)
		time.Sleep(time.Second)
		if got, want := w.sealed(t, w.app.ID), w.entries(t, w.app.ID); got != want {
			t.Errorf("a second later %d of %d entries are sealed, after %d tries", got, want, tries.Load())
		}
	})
}

// More than one batch, and full tiles on two levels.
func TestSealManyEntries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fetchNothing(t, w.me)
	row := w.lastEntry(t, w.app.ID)
	const many = 10_000
	if err := w.store.Record(t.Context(), w.app.ID, slices.Repeat([]store.AuditRow{row}, many)...); err != nil {
		t.Fatal(err)
	}
	if got := w.verified(t, w.app.ID, nil).Checkpoint.Size; got < many {
		t.Errorf("the export's checkpoint covers %d entries, want at least %d", got, many)
	}
}

// Two replicas write and seal side by side; nothing is lost or sealed twice, and
// every checkpoint on the way is a prefix of the last.
func TestSealFromTwoServices(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			w := newWorldOn(t, testkit.NewStore(t, engine))
			other := *w
			other.Service = records.New(w.cfg)
			var group sync.WaitGroup
			var writing atomic.Int32
			const writers, each = 16, 20
			writing.Store(writers)
			for i := range writers {
				w := []*world{w, &other}[i%2]
				group.Go(func() {
					defer writing.Add(-1)
					for range each {
						if _, err := w.FetchCustomer(t.Context(), w.me, records.ByID(id.NewCustomer())); !errors.Is(err, fault.NotFound) {
							t.Error(err)
							return
						}
					}
				})
			}
			var checkpoints [][]byte
			for i := 0; writing.Load() > 0; i++ {
				c, err := []*world{w, &other}[i%2].SequenceAudit(t.Context(), w.operator(w.app.ID))
				if err != nil {
					t.Error(err)
					break
				}
				checkpoints = append(checkpoints, c.Note)
			}
			group.Wait()
			if err := other.Close(t.Context()); err != nil {
				t.Error(err)
			}
			for _, trusted := range checkpoints {
				w.verified(t, w.app.ID, trusted)
			}
			report := w.verified(t, w.app.ID, nil)
			if report.To < writers*each {
				t.Errorf("the export holds %d entries, want at least %d", report.To, writers*each)
			}
			if h := w.AuditHealth(); h.Stopped != 0 {
				t.Errorf("AuditHealth = %+v, want none stopped", h)
			}
		})
	}
}

// What was altered is not sealed, and sealing goes on once it is put right.
// Requests are answered all the while.
func TestSealingStopsAtDamage(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(seq int64, old store.TreeRow) storetest.Hooks{
		"actor": func(seq int64, _ store.TreeRow) storetest.Hooks {
			return corruptEntry(seq, func(r *store.AuditRow) { r.Actor = "cred_other" })
		},
		"time column": func(seq int64, _ store.TreeRow) storetest.Hooks {
			return corruptEntry(seq, func(r *store.AuditRow) { r.At++ })
		},
		"half a target": func(seq int64, _ store.TreeRow) storetest.Hooks {
			return corruptEntry(seq, func(r *store.AuditRow) { r.Targets = append(r.Targets, 1) })
		},
		"checksum": func(seq int64, _ store.TreeRow) storetest.Hooks {
			return corruptEntry(seq, func(r *store.AuditRow) { r.MAC = make([]byte, 32) })
		},
		"deleted": func(seq int64, _ store.TreeRow) storetest.Hooks { return missingEntry(seq) },
		"older tree": func(_ int64, old store.TreeRow) storetest.Hooks {
			return corrupt(func(r *store.TreeRow) { *r = old })
		},
		"forged size": func(int64, store.TreeRow) storetest.Hooks {
			return corrupt(func(r *store.TreeRow) { r.Size-- })
		},
		"tiles": func(int64, store.TreeRow) storetest.Hooks {
			return corrupt(func(rows *[]store.TileRow) {
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
				w := newWorldOn(t, st)
				time.Sleep(time.Second)
				old, err := st.TreeGet(t.Context(), w.app.ID)
				if err != nil {
					t.Fatal(err)
				}
				w.fetchNothing(t, w.me)
				time.Sleep(time.Second)
				seq := w.entries(t, w.app.ID)
				st.Set(damage(seq+1, old))
				for range 4 {
					w.fetchNothing(t, w.me) // numbers seq to seq+3; seq+1 may be the altered one
				}
				time.Sleep(time.Minute)
				if h := w.AuditHealth(); h.Stopped == 0 {
					t.Errorf("AuditHealth = %+v, want one stopped", h)
				}
				row, err := st.Store.TreeGet(t.Context(), w.app.ID)
				if err != nil || row.Size > seq+1 {
					t.Errorf("%d entries are sealed, want at most %d (%v)", row.Size, seq+1, err)
				}
				w.fetchNothing(t, w.me)
				if got := w.entries(t, w.app.ID); got != seq+5 {
					t.Errorf("the log has %d entries, want %d", got, seq+5)
				}
				st.Set(storetest.Hooks{})
				time.Sleep(time.Minute)
				if got, want := w.sealed(t, w.app.ID), w.entries(t, w.app.ID); got != want {
					t.Errorf("put right, %d of %d entries are sealed", got, want)
				}
				if h := w.AuditHealth(); h.Stopped != 0 {
					t.Errorf("put right, AuditHealth = %+v, want none stopped", h)
				}
			})
		})
	}
}
