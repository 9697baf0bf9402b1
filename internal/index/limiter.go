package index

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
)

// The faults of searches that find no room in time.
var (
	ErrSaturated = fault.New(fault.Unavailable, "search_saturated", "Too many searches at once; try again").After(time.Second)
	ErrPreparing = fault.New(fault.Unavailable, "search_preparing", "Search is being prepared for this application; try again").After(time.Second)
)

// errReady says that a build has ended: there is an index by now, or there will be none.
var errReady = errors.New("the index is ready")

const (
	maxWait     = 150 * time.Millisecond // for room, as at the limit of all requests
	maxColdWait = 10 * time.Second       // for an index that others build or bring up to date
)

// limiter bounds searches and counts, so that they starve neither other requests nor each other.
// Those that have to wait for long count apart from those that only pass through an index that is
// ready.
type limiter struct {
	searches *semaphore.Weighted // all that are in progress, whatever they do
	scans    *semaphore.Weighted // scans of indexes
	readers  *semaphore.Weighted // searches that read the store; each takes a processor for long

	// Cold searches are those that have no index, or wait for one.
	maxCold, maxColdOfApp int

	mu        sync.Mutex
	cold      int
	coldOfApp map[id.App]int
}

func newLimiter(searches, scans, readers int) *limiter {
	cold := max(searches/2, 1)
	return &limiter{
		searches:     semaphore.NewWeighted(int64(searches)),
		scans:        semaphore.NewWeighted(int64(scans)),
		readers:      semaphore.NewWeighted(int64(readers)),
		maxCold:      cold,
		maxColdOfApp: max(cold/2, 1),
		coldOfApp:    make(map[id.App]int),
	}
}

// Permit is the leave for one search, one count, or one after the other. It is for one goroutine.
// Release gives it back.
type Permit struct {
	limiter   *limiter
	app       id.App
	cold      bool
	coldUntil time.Time // it waits no longer for an index; set with cold
}

// Acquire gives the leave for a search of the application, or fails at once with ErrSaturated.
func (c *Cache) Acquire(app id.App) (*Permit, error) {
	if !c.limiter.searches.TryAcquire(1) {
		return nil, ErrSaturated
	}
	return &Permit{limiter: c.limiter, app: app}, nil
}

// Release gives the permit back.
func (p *Permit) Release() {
	if p.cold {
		l := p.limiter
		l.mu.Lock()
		l.cold--
		if l.coldOfApp[p.app]--; l.coldOfApp[p.app] == 0 {
			delete(l.coldOfApp, p.app)
		}
		l.mu.Unlock()
	}
	p.limiter.searches.Release(1)
}

// AcquireScan waits for room among the scans of indexes. Faults: Unavailable (ErrSaturated).
func (p *Permit) AcquireScan(ctx context.Context) (release func(), err error) {
	if err := acquire(ctx, p.limiter.scans, maxWait, ErrSaturated, nil); err != nil {
		return nil, err
	}
	return func() { p.limiter.scans.Release(1) }, nil
}

// AwaitBuild waits until the build has ended. If the store ended it by being unavailable, that is the
// answer: to ask the same store again would take as long once more. Faults: Unavailable
// (ErrSaturated, ErrPreparing, and that of the store).
func (p *Permit) AwaitBuild(ctx context.Context, b *Build) error {
	if b.ended() {
		return b.failure
	}
	if err := p.acquireCold(); err != nil {
		return err
	}
	t := time.NewTimer(time.Until(p.coldUntil))
	defer t.Stop()
	select {
	case <-b.done:
		return b.failure
	case <-t.C:
		return ErrPreparing
	case <-ctx.Done():
		return ctx.Err()
	}
}

// acquireCold counts the search among the cold ones, once and until the permit is released.
func (p *Permit) acquireCold() error {
	if p.cold {
		return nil
	}
	l := p.limiter
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cold >= l.maxCold || l.coldOfApp[p.app] >= l.maxColdOfApp {
		return ErrSaturated
	}
	l.cold++
	l.coldOfApp[p.app]++
	p.cold, p.coldUntil = true, time.Now().Add(maxColdWait)
	return nil
}

// acquireUpdate waits until no other search brings the index up to date.
func (p *Permit) acquireUpdate(ctx context.Context, updating *semaphore.Weighted) error {
	if updating.TryAcquire(1) {
		return nil
	}
	if err := p.acquireCold(); err != nil {
		return err
	}
	return acquire(ctx, updating, time.Until(p.coldUntil), ErrPreparing, nil)
}

// acquireReader waits for room among the readers of the store. While an index is being built it may
// wait for as long as for that; once the build has ended, the error is errReady.
func (p *Permit) acquireReader(ctx context.Context, b *Build) error {
	if err := p.acquireCold(); err != nil {
		return err
	}
	if b == nil {
		return acquire(ctx, p.limiter.readers, maxWait, ErrSaturated, nil)
	}
	return acquire(ctx, p.limiter.readers, time.Until(p.coldUntil), ErrSaturated, b.done)
}

// acquire takes one from s. It fails with timeout after the given time, and with errReady when ready
// is closed, if that is not nil.
func acquire(ctx context.Context, s *semaphore.Weighted, wait time.Duration, timeout error, ready <-chan struct{}) error {
	if s.TryAcquire(1) {
		return nil
	}
	waiting, cancel := context.WithTimeoutCause(ctx, wait, timeout)
	defer cancel()
	if ready != nil {
		var stop context.CancelCauseFunc
		waiting, stop = context.WithCancelCause(waiting)
		defer stop(nil)
		go func() {
			select {
			case <-ready:
				stop(errReady)
			case <-waiting.Done():
			}
		}()
	}
	if s.Acquire(waiting, 1) == nil {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return context.Cause(waiting)
}
