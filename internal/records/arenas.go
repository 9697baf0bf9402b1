package records

import (
	"context"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"custodex.dev/internal/id"
	"custodex.dev/internal/page"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/search"
	"custodex.dev/internal/store"
)

// arenas holds the search arena of each application that searches. An arena is
// built on first use (build.go), brought up to date before every search, and
// dropped when it has been idle or when memory is needed for another.
type arenas struct {
	*places
	s    *Service
	pool *search.Pool
	turn chan struct{} // one build at a time: each uses all cores, and its room is made before

	mu   sync.Mutex
	held map[id.App]*held
}

// held is one application's arena, or its building, or that it has none.
type held struct {
	used  atomic.Int64  // unix milliseconds
	begun atomic.Bool   // it is its turn to be built, or was
	ready chan struct{} // closed when the build has ended

	// Set before ready is closed.
	arena *search.Index // nil: there is none
	again time.Time     // when to try to build once more, if that failed

	update chan struct{} // holds one token: one goroutine at a time reads changes
}

func (x *arenas) init(s *Service) {
	x.s = s
	x.pool = search.NewPool()
	// More readers would make the arenas, and with them the searches that wait for
	// one, later by more than they find; and all others slower.
	x.places = newPlaces(s.cfg.MaxSearches, s.cfg.MaxScans, max(runtime.GOMAXPROCS(0)/2, 1))
	x.turn = make(chan struct{}, 1)
	x.held = make(map[id.App]*held)
}

// ended reports whether the build has ended; of nil, which is no arena to come, it
// has not.
func (h *held) ended() bool {
	if h == nil {
		return false
	}
	select {
	case <-h.ready:
		return true
	default:
		return false
	}
}

// underWay reports whether the build has begun and not ended.
func (h *held) underWay() bool { return h != nil && h.begun.Load() && !h.ended() }

func (h *held) built() bool { return h.ended() && h.arena != nil }

// get finds the application's arena or starts building it.
func (x *arenas) get(app id.App, key *seal.App) *held {
	now := x.s.now()
	x.mu.Lock()
	defer x.mu.Unlock()
	h := x.held[app]
	if h == nil || h.ended() && !h.again.IsZero() && !now.Before(h.again) {
		h = &held{ready: make(chan struct{}), update: make(chan struct{}, 1)}
		h.update <- struct{}{}
		x.held[app] = h
		select {
		case x.turn <- struct{}{}:
			h.begun.Store(true)
		default: // others are built first
		}
		x.s.background(func(ctx context.Context) { x.fill(ctx, app, key, h) })
	}
	h.used.Store(now.UnixMilli())
	return h
}

// fresh gives the application's arena with every change in it that was committed
// before the call. While the arena is being built, or waits for that, it gives nil
// and the building; if there is no arena, nil and nil.
func (x *arenas) fresh(ctx context.Context, v *visit, a *operation) (*search.Index, *held, error) {
	h := x.get(a.caller.App, a.key)
	switch {
	case !h.ended():
		return nil, h, nil
	case h.arena == nil:
		return nil, nil, nil
	}
	head, err := x.s.store.Head(ctx, a.caller.App)
	if err != nil {
		return nil, nil, err
	}
	if head.Version > h.arena.Version() {
		if err := v.await(ctx, h.update); err != nil {
			return nil, nil, err
		}
		defer func() { h.update <- struct{}{} }()
		if err := x.catchUp(ctx, a, h.arena, head.Version); err != nil {
			return nil, nil, err
		}
	}
	return h.arena, nil, nil
}

// catchUp applies the changes up to version. Later ones may come along; they are
// applied again next time, which is harmless.
func (x *arenas) catchUp(ctx context.Context, a *operation, arena *search.Index, version int64) error {
	const batch = 1000
	from := store.ChangePoint{Version: arena.Version(), Seq: math.MaxInt64}
	for arena.Version() < version {
		rows, err := x.s.store.CustomerChanges(ctx, a.caller.App, from, batch)
		if err != nil {
			return err
		}
		entries := make([]search.Entry, len(rows))
		for i := range rows {
			if rows[i].Deleted {
				entries[i] = search.Entry{Position: page.Position{Seq: rows[i].Seq}, Deleted: true}
				x.s.unopened.forget(a.caller.App, rows[i].Seq)
				continue
			}
			seen := a.see(ctx, &rows[i])
			entries[i] = arenaEntry(&seen.Customer)
		}
		if len(rows) < batch {
			arena.Apply(entries, version)
			return nil
		}
		arena.Apply(entries, arena.Version())
		last := rows[len(rows)-1]
		from = store.ChangePoint{Version: last.Version, Seq: last.Seq}
	}
	return nil
}

// makeRoom drops the longest unused arenas until the others fit into most bytes.
func (x *arenas) makeRoom(most int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for {
		total, oldest := int64(0), id.App("")
		for app, h := range x.held {
			if !h.built() {
				continue
			}
			total += h.arena.Bytes()
			if oldest == "" || h.used.Load() < x.held[oldest].used.Load() {
				oldest = app
			}
		}
		if total <= most || oldest == "" {
			return
		}
		delete(x.held, oldest)
	}
}

// dropIdle drops the arenas that were last used before the time given, and what
// is known of applications that have none.
func (x *arenas) dropIdle(before time.Time) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for app, h := range x.held {
		if h.ended() && h.used.Load() < before.UnixMilli() {
			delete(x.held, app)
		}
	}
}

// DropIndexes drops every arena, as if none had been used for long.
func (s *Service) DropIndexes() { s.arenas.dropIdle(s.now().Add(time.Minute)) }

// SearchMemory is how many bytes the arenas hold now, and how many there are.
func (s *Service) SearchMemory() (bytes int64, count int) {
	s.arenas.mu.Lock()
	defer s.arenas.mu.Unlock()
	for _, h := range s.arenas.held {
		if h.built() {
			bytes += h.arena.Bytes()
			count++
		}
	}
	return bytes, count
}
