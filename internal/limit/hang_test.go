package limit_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/limit"
	"custodex.dev/internal/store"
)

// A store that hangs fails one request after its own time. Those that wait for the
// same lease are told with it and do not each wait as long.
func TestWaitersShareAFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		leases := newLeaser()
		leases.fail = fault.New(fault.Unavailable, "database_unavailable", "Try again")
		leases.race = func(store.RateTake) { time.Sleep(2 * time.Second) }
		l := limit.New(leases, newClock(noon).now)
		begun := time.Now()
		var group sync.WaitGroup
		for range 50 {
			group.Go(func() {
				if _, err := l.Take(t.Context(), app, cred, 100); !errors.Is(err, leases.fail) {
					t.Errorf("Take = %v, want %v", err, leases.fail)
				}
			})
		}
		group.Wait()
		if took := time.Since(begun); took != 2*time.Second || leases.calls != 1 {
			t.Errorf("it took %v and %d leases to say so, want 2s and one", took, leases.calls)
		}

		// The next one asks anew, for all who come while it waits.
		leases.fail = nil
		for range 5 {
			group.Go(func() {
				if got, err := l.Take(t.Context(), app, cred, 100); err != nil || !got.Allowed {
					t.Errorf("Take afterwards = %+v, %v", got, err)
				}
			})
		}
		group.Wait()
	})
}

// patient is a store that answers when its caller has gone away, or has not called
// for long.
type patient struct{ *leaser }

func (p patient) RateTake(ctx context.Context, app id.App, take store.RateTake) (store.RateGrant, error) {
	select {
	case <-ctx.Done():
		return store.RateGrant{}, ctx.Err()
	case <-time.After(3 * time.Second):
		return p.leaser.RateTake(ctx, app, take)
	}
}

// A client that goes away is not kept, and its end is not that of the others who
// wait.
func TestClientGoesAway(t *testing.T) {
	t.Parallel()
	for _, asks := range []string{"while it waits", "while the store is asked for it"} {
		t.Run(asks, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := limit.New(patient{newLeaser()}, newClock(noon).now)
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				begun := time.Now()
				var group sync.WaitGroup
				stays := func() {
					if got, err := l.Take(t.Context(), app, cred, 100); err != nil || !got.Allowed {
						t.Errorf("Take of a client that stays = %+v, %v", got, err)
					}
				}
				goes := func() {
					if _, err := l.Take(ctx, app, cred, 100); !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("Take of a client that went away = %v, want %v", err, context.DeadlineExceeded)
					}
					if took := time.Since(begun); took != time.Second {
						t.Errorf("it was kept for %v", took)
					}
				}
				first, second := stays, goes
				if asks != "while it waits" {
					first, second = goes, stays
				}
				group.Go(first)
				synctest.Wait()
				group.Go(second)
				group.Wait()
			})
		})
	}
}
