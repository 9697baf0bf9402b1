package records_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store/storetest"
	"custodex.dev/internal/testkit"
)

// Close gives up on background work that is stuck in the database, however long that
// lasts: the shutdown of the server has a deadline.
func TestCloseKeepsItsDeadline(t *testing.T) {
	t.Parallel()
	for stuck, method := range map[string]string{"the build of an index": "CustomerRange", "sequencing": "TreeGet"} {
		st := storetest.NewHooked(testkit.NewStore(t, "sqlite"))
		env := newEnvOn(t, st)
		env.mustCreate(t, env.me, person("A", "B", ""))
		reached, release := make(chan struct{}), make(chan struct{})
		once := sync.OnceFunc(func() { close(reached) })
		st.Set(storetest.Hooks{Before: func(_ context.Context, m string, _ id.App) error {
			if m == method {
				once()
				<-release
			}
			return nil
		}})
		searching, stop := context.WithCancel(t.Context())
		go func() { _, _ = env.ListCustomers(searching, env.me, named("A")) }()
		<-reached
		stop()

		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		closed := make(chan error, 1)
		go func() { closed <- env.Close(ctx) }()
		select {
		case err := <-closed:
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Close while %s is stuck = %v, want the deadline's error", stuck, err)
			}
		case <-time.After(20 * time.Second):
			t.Errorf("Close waits for %s, which is stuck", stuck)
		}
		st.Set(storetest.Hooks{})
		close(release)
	}
}
