// Package limit counts requests. Each credential has a fixed window of one minute that
// begins on the minute and is shared by all replicas: a replica leases parts of the
// window's quota from the store and spends them in memory. Leases shrink as the quota
// runs out, so that one replica does not hold what another needs. Their sum never
// exceeds the limit.
//
// It must never be called for a credential that has not been authenticated: a stranger
// must not spend a customer's quota (see Failures).
package limit

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// leaseShare divides the remaining quota: a replica leases one such part at a time.
const leaseShare = 8

// State is what a caller is told about its quota.
type State struct {
	Allowed   bool
	Limit     int // requests a window; 0: unlimited, and the rest means nothing
	Remaining int // left in the window, as far as this replica knows
	Reset     time.Time
}

// RetryAfter is how long a refused caller should wait: whole seconds, 1 to 60.
func (s State) RetryAfter(now time.Time) time.Duration {
	d := s.Reset.Sub(now)
	if d > d.Truncate(time.Second) {
		d = d.Truncate(time.Second) + time.Second
	}
	return min(max(d, time.Second), time.Minute)
}

// Leaser is the part of the store that hands out leases.
type Leaser interface {
	RateTake(ctx context.Context, app id.App, take store.RateTake) (store.RateGrant, error)
}

// Limiter enforces quotas. Make one with New. It is safe for concurrent use.
type Limiter struct {
	leaser  Leaser
	now     func() time.Time
	mu      sync.Mutex
	windows map[id.Credential]*window
	minute  int64 // of the last sweep
}

// window is used by one request at a time: the one whose token is in turn.
type window struct {
	turn      chan struct{}
	failures  atomic.Int64 // of the store to give a lease
	failure   error        // the last of them
	minute    int64
	lease     int64 // leased and not yet spent
	taken     int64 // leased by everyone, as of the last lease
	forgotten bool  // no longer in the map
}

// lock waits for the window. If the store fails for the request before this one, this
// request fails too: if each waiting request tried by itself, a store that hangs would
// delay them one after the other.
func (w *window) lock(ctx context.Context) error {
	before := w.failures.Load()
	select {
	case w.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	if w.failures.Load() != before {
		defer w.unlock()
		return w.failure
	}
	return nil
}

func (w *window) unlock() { <-w.turn }

// New makes a Limiter. now is the clock.
func New(leaser Leaser, now func() time.Time) *Limiter {
	return &Limiter{leaser: leaser, now: now, windows: make(map[id.Credential]*window)}
}

// Take spends one request of the credential's quota. perMinute 0 is unlimited. It
// fails only if the store does, or if ctx ends.
func (l *Limiter) Take(ctx context.Context, app id.App, c id.Credential, perMinute int) (State, error) {
	if perMinute <= 0 {
		return State{Allowed: true}, nil
	}
	minute := l.now().Unix() / 60
	w, err := l.window(ctx, c, minute)
	if err != nil {
		return State{}, err
	}
	defer w.unlock()
	switch w.minute {
	case minute:
	case minute + 1:
		minute++ // a minute began between this request's look at the clock and its turn
	default:
		w.minute, w.lease, w.taken = minute, 0, 0
	}
	state := State{Limit: perMinute, Reset: time.Unix((minute+1)*60, 0)}
	limit := int64(perMinute)
	if w.lease == 0 && w.taken < limit {
		want := max(1, (limit-w.taken)/leaseShare)
		grant, err := l.leaser.RateTake(ctx, app, store.RateTake{Credential: c, Window: minute, Want: want, Limit: limit})
		if err != nil {
			if ctx.Err() == nil { // else it is this request's own affair
				w.failure = err
				w.failures.Add(1)
			}
			return State{}, err
		}
		w.lease, w.taken = grant.Granted, grant.Taken
		if grant.Granted == 0 {
			w.taken = limit
		}
	}
	if w.lease > 0 {
		w.lease--
		state.Allowed = true
	}
	state.Remaining = int(max(0, limit-w.taken+w.lease))
	return state, nil
}

// window finds the credential's window and locks it.
func (l *Limiter) window(ctx context.Context, c id.Credential, minute int64) (*window, error) {
	for {
		w := l.find(c, minute)
		if err := w.lock(ctx); err != nil {
			return nil, err
		}
		if !w.forgotten {
			return w, nil
		}
		w.unlock() // swept between the look-up and the lock: its lease would be lost
	}
}

// find finds the credential's window and, once a minute, forgets old ones.
func (l *Limiter) find(c id.Credential, minute int64) *window {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.minute != minute {
		l.minute = minute
		for k, w := range l.windows {
			select {
			case w.turn <- struct{}{}:
			default:
				continue // in use, so not old
			}
			if w.minute < minute-1 {
				w.forgotten = true
				delete(l.windows, k)
			}
			w.unlock()
		}
	}
	w := l.windows[c]
	if w == nil {
		w = &window{turn: make(chan struct{}, 1), minute: minute}
		l.windows[c] = w
	}
	return w
}
