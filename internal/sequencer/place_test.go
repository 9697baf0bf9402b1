package sequencer_test

import (
	"fmt"
	"testing"

	"custodex.dev/internal/testkit"
)

// Somebody with rights to the database and without a key moves whole rows while no server runs. Each
// carries the checksum that it had. In the second before they are integrated that went unnoticed.
func TestFieldC1MovedRowsAreRefused(t *testing.T) {
	t.Parallel()
	// The entries 0 to 5 are signed, 6 to 8 are not.
	for name, c := range map[string]struct {
		changes []string
		signed  int64 // that can be vouched for afterwards
		look    bool  // found by the comparison of old entries
	}{
		"swapped": {[]string{
			"UPDATE audit SET seq = 100 WHERE app_id = '%[1]s' AND seq = 6",
			"UPDATE audit SET seq = 6 WHERE app_id = '%[1]s' AND seq = 7",
			"UPDATE audit SET seq = 7 WHERE app_id = '%[1]s' AND seq = 100",
		}, 6, false},
		"one dropped, the others renumbered": {[]string{
			"DELETE FROM audit WHERE app_id = '%[1]s' AND seq = 6",
			"UPDATE audit SET seq = 6 WHERE app_id = '%[1]s' AND seq = 7",
			"UPDATE audit SET seq = 7 WHERE app_id = '%[1]s' AND seq = 8",
			"UPDATE head SET entries = 8 WHERE app_id = '%[1]s'",
		}, 6, false},
		"overwritten": {[]string{
			"DELETE FROM audit WHERE app_id = '%[1]s' AND seq = 7",
			"INSERT INTO audit SELECT app_id, 7, at, actor, action, outcome, targets, detail, personal, mac FROM audit WHERE app_id = '%[1]s' AND seq = 8",
		}, 7, false},
		"another application's": {[]string{
			"DELETE FROM audit WHERE app_id = '%[1]s' AND seq = 8",
			"INSERT INTO audit SELECT '%[1]s', 8, at, actor, action, outcome, targets, detail, personal, mac FROM audit WHERE app_id = '%[2]s' AND seq = 0",
		}, 8, false},
		"a signed one moved to the end": {[]string{
			"UPDATE audit SET seq = 9 WHERE app_id = '%[1]s' AND seq = 3",
			"UPDATE head SET entries = 10 WHERE app_id = '%[1]s'",
		}, 9, false},
		"signed ones cut off": {[]string{
			"DELETE FROM audit WHERE app_id = '%[1]s' AND seq >= 4",
			"UPDATE head SET entries = 4 WHERE app_id = '%[1]s'",
		}, 6, false},
		"signed ones swapped": {[]string{
			"UPDATE audit SET seq = 100 WHERE app_id = '%[1]s' AND seq = 2",
			"UPDATE audit SET seq = 2 WHERE app_id = '%[1]s' AND seq = 3",
			"UPDATE audit SET seq = 3 WHERE app_id = '%[1]s' AND seq = 100",
		}, 9, true},
	} {
		for _, engine := range testkit.Engines {
			t.Run(name+"/"+engine, func(t *testing.T) {
				t.Parallel()
				db := testkit.NewDatabase(t, engine)
				st := db.NewStore(t)
				e := newEnv(t, st)
				other := e.newApp(t)
				e.record(t, 5)
				if _, err := e.Sequence(t.Context(), e.app); err != nil {
					t.Fatal(err)
				}
				if err := e.stop(); err != nil {
					t.Fatal(err)
				}
				e.store = st // notifies nobody
				e.record(t, 3)
				for _, change := range c.changes {
					db.Exec(t, fmt.Sprintf(change+" -- %[2]s", e.app, other))
				}
				e.start(t, st)
				if c.look {
					if _, err := e.Sequence(t.Context(), e.app); err != nil {
						t.Fatal(err)
					}
					e.Look(t.Context(), e.app)
				}
				e.wantDamageSeen(t)
				if n := e.sequenced(t); n != c.signed {
					t.Errorf("%d entries are signed, want the %d that can be vouched for", n, c.signed)
				}
			})
		}
	}
}
