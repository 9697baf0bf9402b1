package records_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store/storetest"
	"custodex.dev/internal/testkit"
)

// A panic while the clean-up runs ends neither the process nor the clean-up.
func TestCleanUpPanics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := storetest.NewHooked(testkit.NewStore(t, "sqlite"))
		newEnvOn(t, st)
		var purges atomic.Int64
		st.Set(storetest.Hooks{Before: func(_ context.Context, method string, _ id.App) error {
			if method == "IdempotencyPurge" && purges.Add(1) == 1 {
				panic("a defect")
			}
			return nil
		}})
		time.Sleep(21 * time.Minute) // it purges every ten minutes
		synctest.Wait()
		if n := purges.Load(); n < 2 {
			t.Errorf("the clean-up purged %d times, want again after the panic", n)
		}
	})
}
