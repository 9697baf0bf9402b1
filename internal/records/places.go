package records

import (
	"context"
	"errors"
	"sync"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
)

var (
	errSaturated = fault.New(fault.Unavailable, "search_saturated", "Too many searches at once; try again").After(time.Second)
	errPreparing = fault.New(fault.Unavailable, "search_preparing", "Search is being prepared for this application; try again").After(time.Second)
)

const (
	placeWait = 150 * time.Millisecond // for a place, as at the gate of all requests
	coldWait  = 10 * time.Second       // for an arena that others build or bring up to date
)

// places bounds searches and counts, so that they starve neither other requests
// nor each other. Whoever has to wait for long does it apart from those who only
// pass through an arena that is ready.
type places struct {
	all     chan struct{} // every search under way, whatever it does
	slots   chan struct{} // scans of arenas
	readers chan struct{} // searches that read the store; each takes a processor for long

	// Searches that have no arena, or wait for one: half of all at most, and half of
	// those of one application.
	mu     sync.Mutex
	cold   int
	coldOf map[id.App]int
}

func newPlaces(all, slots, readers int) *places {
	return &places{
		all:     make(chan struct{}, all),
		slots:   make(chan struct{}, slots),
		readers: make(chan struct{}, readers),
		coldOf:  make(map[id.App]int),
	}
}

// visit is one search, a count, or one after the other, with the places that it
// holds until it leaves.
type visit struct {
	*places
	app     id.App
	chilled bool      // it holds a cold place
	until   time.Time // it waits no longer for an arena; set with chilled
}

// admit lets a search in, unless there are too many already.
func (p *places) admit(app id.App) (*visit, error) {
	select {
	case p.all <- struct{}{}:
		return &visit{places: p, app: app}, nil
	default:
		return nil, errSaturated
	}
}

func (v *visit) leave() {
	if v.chilled {
		v.mu.Lock()
		v.cold--
		if v.coldOf[v.app]--; v.coldOf[v.app] == 0 {
			delete(v.coldOf, v.app)
		}
		v.mu.Unlock()
	}
	<-v.all
}

// chill takes a cold place, once in a visit and for the rest of it.
func (v *visit) chill() error {
	if v.chilled {
		return nil
	}
	most := max(cap(v.all)/2, 1)
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.cold >= most || v.coldOf[v.app] >= max(most/2, 1) {
		return errSaturated
	}
	v.cold++
	v.coldOf[v.app]++
	v.chilled, v.until = true, time.Now().Add(coldWait)
	return nil
}

// await waits for what others do for this application: in a cold place, and not
// for ever.
func (v *visit) await(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	default:
	}
	if err := v.chill(); err != nil {
		return err
	}
	t := time.NewTimer(time.Until(v.until))
	defer t.Stop()
	select {
	case <-done:
		return nil
	case <-t.C:
		return errPreparing
	case <-ctx.Done():
		return ctx.Err()
	}
}

// slot waits for a place among the scans of arenas.
func (v *visit) slot(ctx context.Context) (release func(), err error) {
	return take(ctx, v.slots, placeWait, nil)
}

// reader waits for a place among the readers of the store. While an arena is
// building it may wait for as long as for that; once it is there, the error is
// errReady. building is nil if there will be none.
func (v *visit) reader(ctx context.Context, building *held) (release func(), err error) {
	if err := v.chill(); err != nil {
		return nil, err
	}
	if building == nil {
		return take(ctx, v.readers, placeWait, nil)
	}
	return take(ctx, v.readers, time.Until(v.until), building.ready)
}

// errReady says that there is an arena by now, or that there will be none.
var errReady = errors.New("the arena is ready")

// take waits for a place, but no longer than it is needed.
func take(ctx context.Context, places chan struct{}, wait time.Duration, ready <-chan struct{}) (release func(), err error) {
	release = func() { <-places }
	select {
	case places <- struct{}{}:
		return release, nil
	default:
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case places <- struct{}{}:
		return release, nil
	case <-ready:
		return nil, errReady
	case <-t.C:
		return nil, errSaturated
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
