package records_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/storetest"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
)

// blockingStore is a store in which some reads of some applications wait.
type blockingStore struct {
	*storetest.Hooked
	mu      sync.Mutex
	holds   map[hold]chan struct{}
	reached int
}

type hold struct {
	app    id.App
	method string
}

func newBlockingStore(st store.Store) *blockingStore {
	s := &blockingStore{Hooked: storetest.NewHooked(st), holds: make(map[hold]chan struct{})}
	s.Set(storetest.Hooks{Before: s.wait})
	return s
}

// hold holds up such reads until the function that it returns is called.
func (s *blockingStore) hold(app id.App, method string) (free func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h, release := hold{app, method}, make(chan struct{})
	s.holds[h], s.reached = release, 0
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.holds, h)
		close(release)
	})
}

func (s *blockingStore) wait(ctx context.Context, method string, app id.App) error {
	s.mu.Lock()
	release, held := s.holds[hold{app, method}]
	if held {
		s.reached++
	}
	s.mu.Unlock()
	if !held {
		return nil
	}
	select {
	case <-release:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// held is how many reads were held up since the last hold.
func (s *blockingStore) held() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reached
}

// busy is a test environment whose store can be held up, with searches that are asked for at
// once.
type busy struct {
	*testEnv
	store *blockingStore
}

// inBusy runs fn with the clock of a bubble: it stands still while anything runs.
func inBusy(t *testing.T, fn func(t *testing.T, b *busy), change ...func(*records.Config)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		st := newBlockingStore(testkit.NewStore(t, "sqlite"))
		fn(t, &busy{newEnvOn(t, st, change...), st})
	})
}

func limits(scans, searches int) func(*records.Config) {
	return func(c *records.Config) { c.MaxScans, c.MaxSearches = scans, searches }
}

// outcome is what became of a search, and how long that took.
type outcome struct {
	found records.ListResponse
	err   error
	took  time.Duration
}

// ask asks n times at once for a name, and gives the outcomes as they come.
func (b *busy) ask(n int, caller tenant.Caller, in records.ListRequest) chan outcome {
	out := make(chan outcome, n)
	for range n {
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second) // as a request has
			defer cancel()
			begin := time.Now()
			found, err := b.ListCustomers(ctx, caller, in)
			out <- outcome{found, err, time.Since(begin)}
		}()
	}
	synctest.Wait()
	return out
}

func named(name string) records.ListRequest {
	return records.ListRequest{Input: customer.ListInput{Name: text(name)}}
}

// answered asks for a name and wants n customers without any wait.
func (b *busy) answered(t *testing.T, what string, caller tenant.Caller, in records.ListRequest, n int) {
	t.Helper()
	o := <-b.ask(1, caller, in)
	if o.err != nil || len(o.found.Customers) != n || o.took > 20*time.Millisecond {
		t.Errorf("%s: %d found after %v, %v; want %d at once", what, len(o.found.Customers), o.took, o.err, n)
	}
}

// refused wants n of the outcomes to be refusals with a code after a wait.
func refused(t *testing.T, out chan outcome, n int, code string, after time.Duration) {
	t.Helper()
	for range n {
		select {
		case o := <-out:
			f := fault.Of(o.err)
			if f.Kind != fault.Unavailable || f.Code != code || f.RetryAfter != time.Second || o.took/time.Millisecond != after/time.Millisecond {
				t.Errorf("a search = %v after %v, to be tried again after %v; want %s after %v", o.err, o.took, f.RetryAfter, code, after)
			}
		default:
			t.Errorf("a search is not refused with %s after %v", code, after)
			return
		}
	}
	if len(out) > 0 {
		t.Errorf("%d more searches have an answer", len(out))
	}
}

// many imports more customers than a search reads beside a build.
func (b *busy) many(t *testing.T, caller tenant.Caller) {
	t.Helper()
	b.load(t, caller.App, crowd(4600))
}
