package sequencer_test

import (
	"fmt"
	"testing"
	"time"

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
