package commit_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/store/commit"
)

type call struct {
	key   string
	works []int
}

// disk is a Flush that a test holds up and lets go.
type disk struct {
	mu    sync.Mutex
	calls []call
	gate  chan struct{} // one receive a flush; nil: never wait
	fail  func(work int) error
}

func (d *disk) flush(_ context.Context, key string, works []int) []error {
	d.mu.Lock()
	d.calls = append(d.calls, call{key, slices.Clone(works)})
	d.mu.Unlock()
	if d.gate != nil {
		<-d.gate
	}
	errs := make([]error, len(works))
	for i, w := range works {
		if d.fail != nil {
			errs[i] = d.fail(w)
		}
	}
	return errs
}

// seen gives the flushes so far, such as "a:1,2 b:3".
func (d *disk) seen() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []string
	for _, c := range d.calls {
		var works []string
		for _, w := range c.works {
			works = append(works, fmt.Sprint(w))
		}
		out = append(out, c.key+":"+strings.Join(works, ","))
	}
	return strings.Join(out, " ")
}

func (d *disk) want(t *testing.T, want string) {
	t.Helper()
	if got := d.seen(); got != want {
		t.Errorf("flushes = %q, want %q", got, want)
	}
}

func group(d *disk, workers, batch, queue int) *commit.Group[string, int] {
	return commit.New(commit.Config[string, int]{
		Flush: d.flush, Workers: workers, MaxBatch: batch, MaxQueue: queue,
	})
}

// hand hands in work and waits until it is queued, flushed or refused.
func hand(g *commit.Group[string, int], ctx context.Context, key string, work int) <-chan error {
	done := make(chan error, 1)
	go func() { done <- g.Do(ctx, key, work) }()
	synctest.Wait()
	return done
}

func wantErr(t *testing.T, what string, done <-chan error, want error) {
	t.Helper()
	synctest.Wait()
	select {
	case err := <-done:
		if !errors.Is(err, want) || (want == nil) != (err == nil) {
			t.Errorf("%s = %v, want %v", what, err, want)
		}
	default:
		t.Errorf("%s has not returned", what)
	}
}

func wantWaiting(t *testing.T, what string, done <-chan error) {
	t.Helper()
	synctest.Wait()
	select {
	case err := <-done:
		t.Errorf("%s = %v too early", what, err)
	default:
	}
}

func mustClose(t *testing.T, g *commit.Group[string, int]) {
	t.Helper()
	if err := g.Close(t.Context()); err != nil {
		t.Errorf("Close = %v", err)
	}
}

func TestWorkThatComesMeanwhileSharesTheNextBatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &disk{gate: make(chan struct{})}
		g := group(d, 1, 3, 100)
		first := hand(g, t.Context(), "a", 1)
		d.want(t, "a:1") // a lone request does not wait
		var rest []<-chan error
		for work := 2; work <= 6; work++ {
			rest = append(rest, hand(g, t.Context(), "a", work))
		}
		d.want(t, "a:1")
		wantWaiting(t, "the first", first)
		d.gate <- struct{}{}
		wantErr(t, "the first", first, nil)
		d.want(t, "a:1 a:2,3,4") // in order, and no more than MaxBatch
		wantWaiting(t, "the second", rest[0])
		close(d.gate)
		for _, done := range rest {
			wantErr(t, "one of the rest", done, nil)
		}
		d.want(t, "a:1 a:2,3,4 a:5,6")
		mustClose(t, g)
	})
}

func TestEachGetsItsOwnOutcome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		errOdd := errors.New("odd")
		d := &disk{gate: make(chan struct{}), fail: func(work int) error {
			if work%2 == 1 {
				return errOdd
			}
			return nil
		}}
		g := group(d, 1, 10, 100)
		var all []<-chan error
		for work := range 6 {
			all = append(all, hand(g, t.Context(), "a", work))
		}
		close(d.gate)
		for work, done := range all {
			want := error(nil)
			if work%2 == 1 {
				want = errOdd
			}
			wantErr(t, fmt.Sprint(work), done, want)
		}
		mustClose(t, g)
	})
}

func TestKeysGoSideBySideAndOneKeyNever(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &disk{gate: make(chan struct{})}
		g := group(d, 2, 10, 100)
		var all []<-chan error
		for i, key := range []string{"a", "a", "b", "c"} {
			all = append(all, hand(g, t.Context(), key, i))
		}
		d.want(t, "a:0 b:2") // two workers; the second a waits for the first
		d.gate <- struct{}{}
		synctest.Wait()
		if got := d.seen(); !strings.HasPrefix(got, "a:0 b:2 c:3") {
			t.Errorf("flushes = %q, want c before the second a: it waited longer for a worker", got)
		}
		close(d.gate)
		for i, done := range all {
			wantErr(t, fmt.Sprint(i), done, nil)
		}
		mustClose(t, g)
	})
}

func TestAFullQueueRefuses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &disk{gate: make(chan struct{})}
		g := group(d, 1, 10, 2)
		all := []<-chan error{
			hand(g, t.Context(), "a", 1), // under way, so it does not count
			hand(g, t.Context(), "a", 2),
			hand(g, t.Context(), "b", 3),
		}
		refused := g.Do(t.Context(), "c", 4)
		if !errors.Is(refused, fault.Unavailable) || fault.Of(refused).RetryAfter == 0 {
			t.Errorf("Do on a full queue = %v, want %v with a time to wait", refused, fault.Unavailable)
		}
		close(d.gate)
		for _, done := range all {
			wantErr(t, "one that was taken", done, nil)
		}
		if err := g.Do(t.Context(), "c", 5); err != nil {
			t.Errorf("Do with room again = %v", err)
		}
		if strings.Contains(d.seen(), "4") {
			t.Errorf("flushes = %q: refused work was done", d.seen())
		}
		mustClose(t, g)
	})
}

func TestCancellation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &disk{gate: make(chan struct{})}
		g := group(d, 1, 10, 2)
		ctx, cancel := context.WithCancel(t.Context())
		taken := hand(g, ctx, "a", 1)
		waiting := hand(g, ctx, "a", 2)
		lonely := hand(g, ctx, "b", 3)
		cancel()
		// Case 1: what still waits is taken back at once.
		wantErr(t, "work in a shared queue", waiting, context.Canceled)
		wantErr(t, "work alone in its queue", lonely, context.Canceled)
		// Case 2: what is being committed is waited for.
		wantWaiting(t, "work in a batch", taken)
		// Case 3: a context that has ended hands nothing in.
		if err := g.Do(ctx, "a", 4); !errors.Is(err, context.Canceled) {
			t.Errorf("Do with a cancelled context = %v", err)
		}
		// Case 4: the room is free again, and the queues still work.
		fourth, fifth := hand(g, t.Context(), "b", 5), hand(g, t.Context(), "a", 6)
		close(d.gate)
		wantErr(t, "work in a batch", taken, nil)
		wantErr(t, "later work", fourth, nil)
		wantErr(t, "later work", fifth, nil)
		for _, work := range []string{"2", "3", "4"} {
			if strings.Contains(d.seen(), work) {
				t.Errorf("flushes = %q: cancelled work was done", d.seen())
			}
		}
		mustClose(t, g)
	})
}

func TestABrokenFlushReleasesEveryCaller(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what  string
		flush func(works []int) []error
	}{
		{"a panic", func([]int) []error { panic("broken") }},
		{"too few outcomes", func(works []int) []error { return make([]error, len(works)-1) }},
		{"no outcomes", func([]int) []error { return nil }},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				gate, broken := make(chan struct{}), true
				g := commit.New(commit.Config[string, int]{
					Flush: func(_ context.Context, _ string, works []int) []error {
						<-gate
						if broken {
							return c.flush(works)
						}
						return make([]error, len(works))
					},
					Workers: 1, MaxBatch: 10, MaxQueue: 10,
				})
				all := []<-chan error{hand(g, t.Context(), "a", 1), hand(g, t.Context(), "a", 2), hand(g, t.Context(), "a", 3)}
				close(gate)
				synctest.Wait()
				for _, done := range all {
					if err := <-done; err == nil {
						t.Error("Do = nil")
					}
				}
				broken = false
				if err := g.Do(t.Context(), "a", 4); err != nil {
					t.Errorf("Do afterwards = %v", err)
				}
				mustClose(t, g)
			})
		})
	}
}

func TestCloseCommitsWhatIsQueued(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &disk{gate: make(chan struct{})}
		g := group(d, 2, 1, 100)
		var all []<-chan error
		for i := range 6 {
			all = append(all, hand(g, t.Context(), string(rune('a'+i%3)), i))
		}
		closed := make(chan error, 1)
		go func() { closed <- g.Close(t.Context()) }()
		wantWaiting(t, "Close", closed)
		if err := g.Do(t.Context(), "a", 9); !errors.Is(err, fault.Unavailable) {
			t.Errorf("Do while closing = %v, want %v", err, fault.Unavailable)
		}
		close(d.gate)
		wantErr(t, "Close", closed, nil)
		for i, done := range all {
			wantErr(t, fmt.Sprint(i), done, nil)
		}
		mustClose(t, g) // once more does no harm
	})
}

func TestCloseCancelsWhatTakesTooLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := commit.New(commit.Config[string, int]{
			Flush: func(ctx context.Context, _ string, works []int) []error {
				<-ctx.Done()
				errs := make([]error, len(works))
				for i := range errs {
					errs[i] = ctx.Err()
				}
				return errs
			},
			Workers: 1, MaxBatch: 1, MaxQueue: 10,
		})
		work := hand(g, t.Context(), "a", 1)
		ctx, cancel := context.WithCancel(t.Context())
		closed := make(chan error, 1)
		go func() { closed <- g.Close(ctx) }()
		wantWaiting(t, "Close", closed)
		cancel()
		wantErr(t, "Close", closed, context.Canceled)
		wantErr(t, "the work", work, context.Canceled)
	})
}

// TestNothingIsLostOrDoneTwice has many callers, some of whom give up.
func TestNothingIsLostOrDoneTwice(t *testing.T) {
	t.Parallel()
	d := new(disk)
	g := group(d, 3, 7, 1000)
	const callers, rounds = 24, 50
	outcomes := make([]error, callers*rounds)
	var all sync.WaitGroup
	for c := range callers {
		all.Go(func() {
			for r := range rounds {
				ctx, cancel := context.WithCancel(t.Context())
				if r%3 == 0 {
					go cancel()
				}
				work := c*rounds + r
				outcomes[work] = g.Do(ctx, string(rune('a'+c%5)), work)
				cancel()
			}
		})
	}
	all.Wait()
	mustClose(t, g)
	done := make(map[int]int)
	for _, c := range d.calls {
		if len(c.works) > 7 {
			t.Errorf("a batch of %d", len(c.works))
		}
		for _, w := range c.works {
			done[w]++
		}
	}
	for work, err := range outcomes {
		want := 1
		if err != nil {
			want = 0
		}
		if done[work] != want {
			t.Errorf("work %d returned %v and was done %d times", work, err, done[work])
		}
	}
}
