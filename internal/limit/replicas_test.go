package limit_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"custodex.dev/internal/id"
	"custodex.dev/internal/limit"
	"custodex.dev/internal/store"
)

// TestNeverMoreThanTheLimit lets three replicas race for one quota while time passes, and counts what
// each window admitted. The clock moves by small steps, so that requests straddle the minutes.
func TestNeverMoreThanTheLimit(t *testing.T) {
	t.Parallel()
	for _, perMinute := range []int{1, 10, 100} {
		t.Run(fmt.Sprint(perMinute), func(t *testing.T) {
			t.Parallel()
			const replicas, workers, rounds = 3, 4, 4000
			c := newClock(noon.Add(59 * time.Second))
			leases := newLeaser()
			leases.race = func(store.RateTake) { runtime.Gosched() }
			var mu sync.Mutex
			admitted := make(map[int64]int)
			var wg sync.WaitGroup
			for range replicas {
				l := limit.New(leases, c.now)
				for w := range workers {
					wg.Go(func() {
						random := rand.New(rand.NewPCG(uint64(w), 1))
						for range rounds {
							if random.IntN(200) == 0 {
								c.advance(time.Duration(random.Int64N(int64(20 * time.Second))))
							}
							got, err := l.Take(context.Background(), app, cred, perMinute)
							if err != nil {
								t.Error(err)
								return
							}
							if got.Remaining < 0 || got.Remaining > perMinute || !got.Allowed && got.Remaining != 0 {
								t.Errorf("Take = %+v", got)
							}
							if got.Allowed {
								mu.Lock()
								admitted[got.Reset.Unix()]++
								mu.Unlock()
							}
						}
					})
				}
			}
			wg.Wait()
			if len(admitted) < 10 {
				t.Errorf("the clock saw %d minutes only", len(admitted))
			}
			full := 0
			for reset, n := range admitted {
				if n > perMinute {
					t.Errorf("the window until %v admitted %d, the limit is %d", time.Unix(reset, 0).UTC(), n, perMinute)
				}
				if n == perMinute {
					full++
				}
			}
			if full == 0 {
				t.Error("no window was ever full; the test proves nothing")
			}
		})
	}
}

// The sum over replicas is bounded whatever they do, and one that nobody else competes with gets all.
func TestReplicasShareAQuota(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		perMinute := rapid.IntRange(1, 300).Draw(rt, "limit")
		c, leases := newClock(noon), newLeaser()
		replicas := make([]*limit.Limiter, rapid.IntRange(1, 4).Draw(rt, "replicas"))
		for i := range replicas {
			replicas[i] = limit.New(leases, c.now)
		}
		total := 0
		for _, i := range rapid.SliceOfN(rapid.IntRange(0, len(replicas)-1), 0, 400).Draw(rt, "requests") {
			got, err := replicas[i].Take(context.Background(), app, cred, perMinute)
			if err != nil {
				rt.Fatal(err)
			}
			if got.Allowed {
				total++
			}
		}
		if total > perMinute {
			rt.Fatalf("%d requests were admitted, the limit is %d", total, perMinute)
		}
		// Once all of them are asked until they refuse, the quota is spent to the last request.
		for _, l := range replicas {
			for {
				got, err := l.Take(context.Background(), app, cred, perMinute)
				if err != nil {
					rt.Fatal(err)
				}
				if !got.Allowed {
					break
				}
				total++
			}
		}
		if total != perMinute {
			rt.Fatalf("%d requests were admitted in all, the limit is %d", total, perMinute)
		}
	})
}

// Forgetting must not lose a window that is being used, with the lease in it.
func TestForgettingUnderUse(t *testing.T) {
	t.Parallel()
	const perMinute = 100
	for range 200 {
		c := newClock(noon)
		l := limit.New(newLeaser(), c.now)
		mustTake(t, l, cred, perMinute)
		c.advance(2 * time.Minute)
		var allowed atomic.Int64
		var wg sync.WaitGroup
		for w := range 4 {
			wg.Go(func() {
				for range perMinute / 4 {
					if w%2 == 0 { // the sweep comes with whoever is first in a minute
						runtime.Gosched()
					}
					if s, err := l.Take(context.Background(), app, cred, perMinute); err == nil && s.Allowed {
						allowed.Add(1)
					}
				}
			})
		}
		wg.Wait()
		if got := allowed.Load(); got != perMinute {
			t.Fatalf("one replica admitted %d of %d", got, perMinute)
		}
	}
}

func BenchmarkTake(b *testing.B) {
	for _, credentials := range []int{1, 1000} {
		b.Run(fmt.Sprintf("credentials=%d", credentials), func(b *testing.B) {
			c := newClock(noon)
			l := limit.New(newLeaser(), c.now)
			names := make([]id.Credential, credentials)
			for i := range names {
				names[i] = id.NewCredential()
			}
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for i := 0; pb.Next(); i++ {
					if _, err := l.Take(context.Background(), app, names[i%credentials], 1_000_000_000); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
