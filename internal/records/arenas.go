package records

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/search"
	"custodex.dev/internal/store"
)

// arenas holds the search arena of each application that searches. An arena is
// built on first use, brought up to date before every search, and dropped when it
// has been idle or when memory is needed for another.
type arenas struct {
	s        *Service
	slots    chan struct{}
	waiting  atomic.Int64
	outages  atomic.Int64 // searches that the store failed
	building sync.Mutex   // one build at a time: each uses all cores, and its room is made before

	mu   sync.Mutex
	held map[id.App]*held
}

// held is one application's arena, or its building.
type held struct {
	used   atomic.Int64  // unix milliseconds
	ready  chan struct{} // closed when the build has ended
	arena  *search.Arena // set before ready is closed; nil if err is set
	err    error
	update chan struct{} // holds one token: one goroutine at a time reads changes
}

// waitersPerSlot bounds how many searches wait for a slot.
const waitersPerSlot = 8

// guessedSize is what one customer takes in an arena, to decide whether one would
// fit before it is built.
const guessedSize = 120

func (x *arenas) init(s *Service) {
	x.s = s
	x.slots = make(chan struct{}, s.cfg.SearchSlots)
	x.held = make(map[id.App]*held)
}

// enter waits for a search slot. Too many waiting is errSaturated; so is a wait in
// which the store failed a search, since those who wait must not each find that out
// in turn. leave gives the slot back.
func (x *arenas) enter(ctx context.Context) error {
	before := x.outages.Load()
	select {
	case x.slots <- struct{}{}:
		return nil
	default:
	}
	if x.waiting.Add(1) > int64(waitersPerSlot*cap(x.slots)) {
		x.waiting.Add(-1)
		return errSaturated
	}
	defer x.waiting.Add(-1)
	select {
	case x.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	if x.outages.Load() != before {
		<-x.slots
		return errSaturated
	}
	return nil
}

// leave ends what enter began; err is what became of the search.
func (x *arenas) leave(err error) {
	if errors.Is(err, fault.Unavailable) {
		x.outages.Add(1)
	}
	<-x.slots
}

// fresh gives the application's arena with every change in it that was committed
// before the call. While the arena is being built it gives nil and a channel that
// is closed at the end of the build; if there will be no arena, nil and nil.
func (x *arenas) fresh(ctx context.Context, a *act) (*search.Arena, <-chan struct{}, error) {
	h := x.get(a.caller.App, a.key)
	h.used.Store(x.s.now().UnixMilli())
	select {
	case <-h.ready:
	default:
		return nil, h.ready, nil
	}
	if errors.Is(h.err, errArenaGone) {
		return nil, nil, nil
	}
	if h.err != nil {
		x.drop(a.caller.App, h)
		return nil, nil, h.err
	}
	head, err := x.s.store.Head(ctx, a.caller.App)
	if err != nil {
		return nil, nil, err
	}
	if head.Version > h.arena.Version() {
		select {
		case h.update <- struct{}{}:
			defer func() { <-h.update }()
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
		if err := x.catchUp(ctx, a, h.arena, head.Version); err != nil {
			return nil, nil, err
		}
	}
	return h.arena, nil, nil
}

// catchUp applies the changes up to version. Later ones may come along; they are
// applied again next time, which is harmless.
func (x *arenas) catchUp(ctx context.Context, a *act, arena *search.Arena, version int64) error {
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
				entries[i] = search.Entry{Position: search.Position{Seq: rows[i].Seq}, Deleted: true}
				continue
			}
			c, _, err := open(a.key, &rows[i])
			if err != nil {
				return err
			}
			entries[i] = arenaEntry(&c)
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

// get finds the application's arena or starts building it.
func (x *arenas) get(app id.App, key *seal.App) *held {
	x.mu.Lock()
	defer x.mu.Unlock()
	h := x.held[app]
	if h == nil {
		h = &held{ready: make(chan struct{}), update: make(chan struct{}, 1)}
		x.held[app] = h
		x.s.background(func(ctx context.Context) {
			x.building.Lock()
			defer x.building.Unlock()
			defer close(h.ready)
			h.err = guarded(func() (err error) {
				h.arena, err = x.build(ctx, app, key)
				return err
			})
		})
	}
	return h
}

// build reads and unseals every customer of the application, on all cores.
func (x *arenas) build(ctx context.Context, app id.App, key *seal.App) (*search.Arena, error) {
	head, err := x.s.store.Head(ctx, app) // first: later changes are caught up with
	if err != nil {
		return nil, err
	}
	r, err := x.s.store.CustomerRange(ctx, app)
	if err != nil {
		return nil, err
	}
	guess := r.Count * guessedSize
	if guess > x.s.cfg.SearchMemory {
		return nil, errArenaGone
	}
	x.makeRoom(x.s.cfg.SearchMemory - guess)
	b := search.NewBuilder(int(r.Count))
	shards := int64(runtime.GOMAXPROCS(0))
	step := (r.MaxSeq-r.MinSeq)/shards + 1
	g, ctx := errgroup.WithContext(ctx)
	for from := r.MinSeq; from <= r.MaxSeq && r.Count > 0; from += step {
		g.Go(func() error {
			return guarded(func() error { return x.buildPart(ctx, app, key, b, from, from+step) })
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	arena := b.Finish(head.Version)
	if arena.Bytes() > x.s.cfg.SearchMemory {
		return nil, errArenaGone // its customers are larger than guessed
	}
	return arena, nil
}

// guarded turns a panic of background work into its error: it must not end the
// server. A panic's value may hold a person's data, so only its type is told.
func guarded(fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic of type %T\n%s", p, debug.Stack())
		}
	}()
	return fn()
}

func (x *arenas) buildPart(ctx context.Context, app id.App, key *seal.App, b *search.Builder, from, to int64) error {
	const batch = 1024
	entries := make([]search.Entry, 0, batch)
	err := x.s.eachEntry(ctx, app, key, from, to, func(e search.Entry) {
		if entries = append(entries, e); len(entries) == batch {
			b.AddBatch(entries)
			entries = entries[:0]
		}
	})
	b.AddBatch(entries)
	return err
}

// eachEntry reads and unseals the customers with from <= Seq < to.
func (s *Service) eachEntry(ctx context.Context, app id.App, key *seal.App, from, to int64, fn func(search.Entry)) error {
	return s.store.CustomerScan(ctx, app, from, to, func(row *store.CustomerRow) error {
		c, _, err := open(key, row)
		if err == nil {
			fn(arenaEntry(&c))
		}
		return err
	})
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
		select {
		case <-h.ready:
			if h.used.Load() < before.UnixMilli() {
				delete(x.held, app)
			}
		default: // being built
		}
	}
}

func (x *arenas) drop(app id.App, h *held) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.held[app] == h {
		delete(x.held, app)
	}
}

func (h *held) built() bool {
	select {
	case <-h.ready:
		return h.arena != nil
	default:
		return false
	}
}

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
