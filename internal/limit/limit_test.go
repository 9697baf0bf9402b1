package limit_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/limit"
	"custodex.dev/internal/store"
)

const (
	app  id.App        = "app_aaaaaaaaaaaaaaaa"
	cred id.Credential = "cred_aaaaaaaaaaaaaaaa"
)

// noon begins a minute.
var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// clock is a clock that tests set.
type clock struct{ at atomic.Int64 }

func newClock(t time.Time) *clock {
	c := &clock{}
	c.at.Store(t.UnixNano())
	return c
}

func (c *clock) now() time.Time          { return time.Unix(0, c.at.Load()).UTC() }
func (c *clock) advance(d time.Duration) { c.at.Add(int64(d)) }

// leaser keeps quotas as the stores do.
type leaser struct {
	mu    sync.Mutex
	taken map[string]int64
	calls int
	fail  error
	race  func(take store.RateTake) // runs before each answer, if set
}

func newLeaser() *leaser { return &leaser{taken: make(map[string]int64)} }

func (l *leaser) RateTake(_ context.Context, app id.App, take store.RateTake) (store.RateGrant, error) {
	if l.race != nil {
		l.race(take)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls++
	if l.fail != nil {
		return store.RateGrant{}, l.fail
	}
	key := fmt.Sprintf("%s %s %d", app, take.Credential, take.Window)
	granted := max(0, min(take.Want, take.Limit-l.taken[key]))
	l.taken[key] += granted
	return store.RateGrant{Granted: granted, Taken: l.taken[key]}, nil
}

func mustTake(t testing.TB, l *limit.Limiter, c id.Credential, perMinute int) limit.State {
	t.Helper()
	s, err := l.Take(context.Background(), app, c, perMinute)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// With one replica, what callers are told is exact.
func TestOneReplicaIsExact(t *testing.T) {
	t.Parallel()
	for _, perMinute := range []int{1, 2, 7, 8, 100, 1000} {
		c := newClock(noon.Add(17 * time.Second))
		leases := newLeaser()
		l := limit.New(leases, c.now)
		for minute := range 3 {
			reset := noon.Add(time.Duration(minute+1) * time.Minute)
			for i := range perMinute {
				want := limit.State{Allowed: true, Limit: perMinute, Remaining: perMinute - 1 - i, Reset: reset}
				if got := mustTake(t, l, cred, perMinute); !same(got, want) {
					t.Fatalf("limit %d, minute %d: request %d is %+v, want %+v", perMinute, minute, i, got, want)
				}
			}
			calls := leases.calls
			for range 3 {
				want := limit.State{Limit: perMinute, Reset: reset}
				if got := mustTake(t, l, cred, perMinute); !same(got, want) {
					t.Fatalf("limit %d, minute %d: one too many is %+v, want %+v", perMinute, minute, got, want)
				}
			}
			if leases.calls > calls+1 {
				t.Errorf("limit %d: a spent quota still asks the store, %d times", perMinute, leases.calls-calls)
			}
			c.advance(time.Minute)
		}
		if perMinute == 1000 && leases.calls > 3*60 {
			t.Errorf("3000 requests took %d leases; they are meant to be fewer", leases.calls)
		}
	}
}

func same(a, b limit.State) bool {
	return a.Allowed == b.Allowed && a.Limit == b.Limit && a.Remaining == b.Remaining && a.Reset.Equal(b.Reset)
}

func TestCredentialsAreApart(t *testing.T) {
	t.Parallel()
	l := limit.New(newLeaser(), newClock(noon).now)
	for i := range 5 {
		if got := mustTake(t, l, cred, 3); got.Allowed != (i < 3) {
			t.Errorf("request %d of the first is allowed: %t", i, got.Allowed)
		}
	}
	if got := mustTake(t, l, "cred_bbbbbbbbbbbbbbbb", 3); !got.Allowed || got.Remaining != 2 {
		t.Errorf("the second credential starts with %+v", got)
	}
}

func TestUnlimited(t *testing.T) {
	t.Parallel()
	leases := newLeaser()
	leases.fail = errors.New("must not be asked")
	l := limit.New(leases, newClock(noon).now)
	for _, perMinute := range []int{0, -1} {
		for range 1000 {
			if got := mustTake(t, l, cred, perMinute); !got.Allowed || got.Limit != 0 {
				t.Fatalf("Take with limit %d = %+v, want unlimited", perMinute, got)
			}
		}
	}
	if n := l.Windows(); n != 0 {
		t.Errorf("%d windows are held for what is unlimited", n)
	}
}

func TestStoreErrorPasses(t *testing.T) {
	t.Parallel()
	leases := newLeaser()
	l := limit.New(leases, newClock(noon).now)
	leases.fail = fault.New(fault.Unavailable, "store_busy", "Try again")
	if got, err := l.Take(t.Context(), app, cred, 100); !errors.Is(err, leases.fail) || got.Allowed {
		t.Errorf("Take = %+v, %v, want %v and nothing allowed", got, err, leases.fail)
	}

	// What failed spent nothing.
	leases.fail = nil
	if got := mustTake(t, l, cred, 100); !got.Allowed || got.Remaining != 99 {
		t.Errorf("after the failure: %+v, want 99 remaining", got)
	}

	// What was leased can be spent while the store is away.
	leases.fail = fault.New(fault.Unavailable, "store_busy", "Try again")
	if got := mustTake(t, l, cred, 100); !got.Allowed || got.Remaining != 98 {
		t.Errorf("out of the lease: %+v, want 98 remaining", got)
	}
}

// stingy is a store that grants nothing, though something seems to be left.
type stingy struct{ calls int }

func (s *stingy) RateTake(context.Context, id.App, store.RateTake) (store.RateGrant, error) {
	s.calls++
	return store.RateGrant{Taken: 5}, nil
}

func TestNothingGrantedIsNothingLeft(t *testing.T) {
	t.Parallel()
	leases := &stingy{}
	l := limit.New(leases, newClock(noon).now)
	for range 3 {
		if got := mustTake(t, l, cred, 10); got.Allowed || got.Remaining != 0 {
			t.Errorf("Take = %+v, want a refusal with nothing remaining", got)
		}
	}
	if leases.calls != 1 {
		t.Errorf("the store was asked %d times in one window", leases.calls)
	}
}

// A request that read the clock before the minute ended must not carry what the old minute's quota
// says into the new one: neither an old lease nor "nothing is left".
func TestRequestThatStraddlesAMinute(t *testing.T) {
	t.Parallel()
	const perMinute = 8
	leases := newLeaser()
	var times []time.Time
	l := limit.New(leases, func() time.Time {
		now := times[0]
		times = times[1:]
		return now
	})
	last, first := noon.Add(-time.Millisecond), noon.Add(time.Millisecond)
	for range perMinute { // spend the old minute
		times = append(times, last)
		mustTake(t, l, cred, perMinute)
	}
	times = append(times, first)
	if got := mustTake(t, l, cred, perMinute); !got.Allowed || got.Remaining != perMinute-1 {
		t.Fatalf("the first request of the new minute is %+v", got)
	}
	times = append(times, last) // late
	got := mustTake(t, l, cred, perMinute)
	if !got.Allowed || got.Remaining != perMinute-2 || !got.Reset.Equal(noon.Add(time.Minute)) {
		t.Errorf("the late request is %+v, want it counted in the new minute", got)
	}
	for i := range perMinute - 2 {
		times = append(times, first)
		if got := mustTake(t, l, cred, perMinute); !got.Allowed {
			t.Errorf("request %d after it is refused", i)
		}
	}
	times = append(times, first)
	if got := mustTake(t, l, cred, perMinute); got.Allowed {
		t.Error("one more than the limit was admitted")
	}
}

// A clock that is set back must not lock credentials out until it has caught up.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	c := newClock(noon)
	l := limit.New(newLeaser(), c.now)
	for range 3 {
		mustTake(t, l, cred, 2)
	}
	c.advance(-time.Hour)
	if got := mustTake(t, l, cred, 2); !got.Allowed || !got.Reset.Equal(noon.Add(-59*time.Minute)) {
		t.Errorf("an hour earlier: %+v, want a window of that minute", got)
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	reset := noon.Add(time.Minute)
	tests := []struct {
		now  time.Time
		want time.Duration
	}{
		{noon, time.Minute},
		{noon.Add(time.Millisecond), time.Minute},
		{noon.Add(time.Second), 59 * time.Second},
		{noon.Add(15*time.Second + time.Nanosecond), 45 * time.Second},
		{noon.Add(15 * time.Second), 45 * time.Second},
		{noon.Add(59 * time.Second), time.Second},
		{reset.Add(-time.Nanosecond), time.Second},
		{reset, time.Second},
		{reset.Add(time.Hour), time.Second},
		{reset.Add(-time.Hour), time.Minute},
	}
	for _, tt := range tests {
		if got := (limit.State{Reset: reset}).RetryAfter(tt.now); got != tt.want {
			t.Errorf("RetryAfter at %v = %v, want %v", tt.now.Format(time.RFC3339Nano), got, tt.want)
		}
	}
	if got := (limit.State{}).RetryAfter(noon); got != time.Second {
		t.Errorf("RetryAfter of the zero state = %v, want %v", got, time.Second)
	}
}

// A refused client that does as it is told gets through.
func TestWaitingHelps(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		c := newClock(noon.Add(time.Duration(rapid.Int64Range(0, int64(time.Minute)-1).Draw(rt, "at"))))
		leases := newLeaser()
		l, other := limit.New(leases, c.now), limit.New(leases, c.now)
		perMinute := rapid.IntRange(1, 20).Draw(rt, "limit")
		for range perMinute + 1 {
			mustTake(t, other, cred, perMinute)
		}
		got := mustTake(t, l, cred, perMinute)
		if got.Allowed {
			rt.Fatalf("%+v, though the other replica has spent it all", got)
		}
		wait := got.RetryAfter(c.now())
		if wait < time.Second || wait > time.Minute || wait%time.Second != 0 {
			rt.Fatalf("RetryAfter = %v", wait)
		}
		c.advance(wait)
		if got := mustTake(t, l, cred, perMinute); !got.Allowed {
			rt.Fatalf("after %v: %+v", wait, got)
		}
	})
}

// A changed limit counts at once upwards, and downwards but for what is leased.
func TestChangedLimit(t *testing.T) {
	t.Parallel()
	l := limit.New(newLeaser(), newClock(noon).now)
	for range 3 {
		mustTake(t, l, cred, 2)
	}
	if got := mustTake(t, l, cred, 10); !got.Allowed || got.Remaining != 7 {
		t.Errorf("raised from 2 to 10: %+v, want 7 remaining", got)
	}
	if got := mustTake(t, l, cred, 1); got.Allowed || got.Remaining != 0 {
		t.Errorf("lowered to 1: %+v, want none remaining", got)
	}
}

func TestOldWindowsAreForgotten(t *testing.T) {
	t.Parallel()
	c := newClock(noon)
	l := limit.New(newLeaser(), c.now)
	const many = 1000
	for minute := range 5 {
		for i := range many {
			mustTake(t, l, id.Credential(fmt.Sprintf("cred_%d_%d", minute, i)), 10)
		}
		if n := l.Windows(); n > 2*many {
			t.Errorf("minute %d: %d windows are held, want those of two minutes", minute, n)
		}
		c.advance(time.Minute)
	}
	c.advance(time.Hour)
	mustTake(t, l, cred, 10)
	if n := l.Windows(); n != 1 {
		t.Errorf("an hour later %d windows are held, want 1", n)
	}
}
