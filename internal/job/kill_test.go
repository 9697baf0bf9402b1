package job_test

import (
	"testing"
	"time"

	"custodex.dev/internal/store"
)

// Processes are killed at each of their calls of the database in turn, before it and after it was
// applied. Whatever replica goes on neither repeats nor leaves out a number.
func TestKills(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, e *env) {
		const numbers, kills = 240, 120
		j := e.add(t, numbers)
		killed := 0
		for nth := int64(1); killed < kills; nth = nth%23 + 1 {
			if e.row(t, j).State == store.JobSucceeded {
				break
			}
			dead, st := dying(e.Store, nth, killed%2 == 1)
			_, end := run(e.config(st, &counting{}))
			for begun := time.Now(); !dead.Load() && e.row(t, j).State != store.JobSucceeded; time.Sleep(100 * time.Microsecond) {
				if time.Since(begun) > 2*time.Minute {
					t.Fatalf("replica %d does nothing: %+v", killed, e.row(t, j))
				}
			}
			end()
			killed++
			e.expire(t, j)
		}
		if killed < 20 {
			t.Fatalf("the job succeeded after %d kills: they miss it", killed)
		}
		t.Logf("%d kills, %d leases", killed, e.row(t, j).Generation)
		_, end := run(e.config(e.Store, &counting{}))
		defer end()
		e.untilState(t, j, store.JobSucceeded)
		e.wantNumbers(t, j, numbers)
	})
}
