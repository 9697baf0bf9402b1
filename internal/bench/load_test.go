package bench_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"custodex.dev/internal/bench"
)

// stalling takes a millisecond, but for one request that takes half a second.
func stalling() func(int) error {
	var n atomic.Int64
	return func(int) error {
		if n.Add(1) == 50 {
			time.Sleep(500 * time.Millisecond)
		}
		time.Sleep(time.Millisecond)
		return nil
	}
}

// A stall makes one request of a closed loop slow. In an open loop it is what all
// that were due meanwhile have waited.
func TestLoadOpenLoopCountsThoseThatHadToWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		got, err := bench.Load{Workers: 1, Length: 2 * time.Second, Rate: 100}.Run(t.Context(), stalling())
		if err != nil {
			t.Fatal(err)
		}
		// Due every 10 ms: 50 fall into the stall, and 6 more until it is caught up.
		if count, longest := got.Seen(); count != 200 || longest != 501*time.Millisecond {
			t.Errorf("%d requests, the longest %v, want 200 and 501ms", count, longest)
		}
		if p := got.Quantile(0.75); p < 10*time.Millisecond {
			t.Errorf("p75 = %v: the requests that waited are missing", p)
		}
		if p := got.Quantile(0.5); p > 2*time.Millisecond {
			t.Errorf("p50 = %v: those before and after the stall did not wait", p)
		}
		if got.Errors != 0 || got.Unsent != 0 {
			t.Errorf("%d errors, %d unsent", got.Errors, got.Unsent)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		got, err := bench.Load{Workers: 1, Length: 2 * time.Second}.Run(t.Context(), stalling())
		if err != nil {
			t.Fatal(err)
		}
		if p := got.Quantile(0.99); p > 2*time.Millisecond {
			t.Errorf("closed loop: p99 = %v: one request only was slow", p)
		}
	})
}

// A server that is too slow for the rate cannot make the measurement endless, nor
// look fast.
func TestLoadOpenLoopGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		got, err := bench.Load{Workers: 2, Length: 5 * time.Second, Rate: 100}.Run(t.Context(), func(int) error {
			time.Sleep(100 * time.Millisecond)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		count, _ := got.Seen()
		// 20 a second for 10 seconds were sent.
		if count != 500 || got.Unsent < 295 || got.Unsent > 300 || got.Errors != got.Unsent || !errors.Is(got.First, bench.ErrUnsent) {
			t.Errorf("%d requests, %d unsent, %d errors (%v); want 500 and about 300", count, got.Unsent, got.Errors, got.First)
		}
		if p := got.Quantile(0.99); p < 5*time.Second {
			t.Errorf("p99 = %v, want over 5s: the last were due 5s before the end", p)
		}
		if took := time.Since(begun); took > 11*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

func TestLoadCountsAfterTheWarmUp(t *testing.T) {
	t.Parallel()
	errOdd := errors.New("odd")
	for _, rate := range []float64{0, 1000} {
		synctest.Test(t, func(t *testing.T) {
			var calls, wrong atomic.Int64
			begun := time.Now()
			l := bench.Load{Workers: 4, Warm: time.Second, Length: 3 * time.Second, Rate: rate}
			got, err := l.Run(t.Context(), func(worker int) error {
				time.Sleep(4 * time.Millisecond)
				calls.Add(1)
				if worker == 1 {
					if time.Since(begun) > time.Second+5*time.Millisecond {
						wrong.Add(1)
					}
					return errOdd
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			count, _ := got.Seen()
			if calls.Load() < 3990 || count < 2990 || count > 3010 {
				t.Errorf("rate %g: %d of %d calls were counted, want 3000 of 4000", rate, count, calls.Load())
			}
			if got.First != errOdd || got.Errors < wrong.Load()-2 || got.Errors > wrong.Load()+2 {
				t.Errorf("rate %g: %d errors, want %d", rate, got.Errors, wrong.Load())
			}
			if got.Elapsed < 2990*time.Millisecond || got.Elapsed > 3010*time.Millisecond {
				t.Errorf("rate %g: elapsed %v, want 3s", rate, got.Elapsed)
			}
		})
	}
}

func TestLoadEndsWhenCancelled(t *testing.T) {
	t.Parallel()
	for _, rate := range []float64{0, 0.1, 1000} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			begun := time.Now()
			_, err := bench.Load{Workers: 3, Length: time.Hour, Rate: rate}.Run(ctx, func(int) error {
				time.Sleep(time.Millisecond)
				return nil
			})
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) > 110*time.Millisecond {
				t.Errorf("rate %g: ended after %v with %v", rate, time.Since(begun), err)
			}
		})
	}
}
