package sequencer_test

import (
	"testing"
	"testing/synctest"
	"time"

	"custodex.dev/internal/sequencer"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/storetest"
	"custodex.dev/internal/testkit"
)

// Entries that were altered after they had been integrated went unnoticed until somebody listed
// them. A check finds them, and the alarm ends when they are as they were.
func TestFieldC15AlteredEntriesAreFound(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]storetest.Hooks{
		"actor":   storetest.CorruptEntry(301, func(r *store.AuditRow) { r.Actor = "cred_other" }),
		"missing": storetest.MissingEntry(301),
		"another's row": storetest.Corrupt(func(rows *[]store.AuditRow) {
			for i := range *rows {
				if (*rows)[i].Seq == 301 && i > 0 {
					(*rows)[i] = (*rows)[i-1] // with a checksum that is good
					(*rows)[i].Seq = 301
				}
			}
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				st := storetest.NewHooked(testkit.NewStore(t, "sqlite"))
				e := newEnv(t, st)
				e.record(t, 600)
				time.Sleep(5 * time.Minute)
				e.wantAllSequenced(t, "before")
				if h := e.Health(); h != (sequencer.Health{}) {
					t.Fatalf("Health = %+v before anything was altered", h)
				}
				st.Set(damage)
				time.Sleep(5 * time.Minute)
				if h := e.Health(); h.Stopped != 1 {
					t.Errorf("Health = %+v, want one stopped", h)
				}
				e.record(t, 2)
				time.Sleep(time.Minute)
				if got := e.sequenced(t); got != 601 {
					t.Errorf("%d entries are sequenced, want none after the damage was found", got)
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
