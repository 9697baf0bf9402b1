package records

import (
	"context"
	"errors"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"custodex.dev/internal/id"
	"custodex.dev/internal/safe"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/search"
	"custodex.dev/internal/store"
)

const (
	// guessedSize is what one customer takes in an arena, to decide whether one
	// would fit before it is built.
	guessedSize = 120

	// buildAgain is for how long an application is searched without an arena after
	// a build that failed, so that searches do not cost a build each.
	buildAgain = 5 * time.Second
)

// errNoRoom says that an application's arena does not fit into the memory there is.
var errNoRoom = errors.New("no room for the arena")

// fill builds h's arena when it is its turn.
func (x *arenas) fill(ctx context.Context, app id.App, key *seal.App, h *held) {
	defer close(h.ready)
	if !h.begun.Load() {
		select {
		case x.turn <- struct{}{}:
			h.begun.Store(true)
		case <-ctx.Done():
			return
		}
	}
	defer func() { <-x.turn }()
	err := safe.Call(func() (err error) {
		h.arena, err = x.build(ctx, app, key)
		return err
	})
	if err != nil && !errors.Is(err, errNoRoom) && ctx.Err() == nil {
		h.again = x.s.now().Add(buildAgain)
		x.s.cfg.Log.WarnContext(ctx, "background work failed; it will be tried again", "work", "search arena", "app", app, "cause", err)
	}
}

// build reads and unseals every customer of the application, on all cores.
func (x *arenas) build(ctx context.Context, app id.App, key *seal.App) (*search.Index, error) {
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
		return nil, errNoRoom
	}
	x.makeRoom(x.s.cfg.SearchMemory - guess)
	b := search.NewBuilder(x.pool, int(r.Count))
	met := newUnopened(x.s.cfg.Log)
	shards := int64(runtime.GOMAXPROCS(0))
	step := (r.MaxSeq-r.MinSeq)/shards + 1
	g, scan := errgroup.WithContext(ctx)
	for from := r.MinSeq; from <= r.MaxSeq && r.Count > 0; from += step {
		safe.Go(g, func() error { return x.buildPart(scan, app, key, met, b, from, from+step) })
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	x.s.unopened.replace(app, met)
	arena := b.Finish(head.Version)
	if arena.Bytes() > x.s.cfg.SearchMemory {
		return nil, errNoRoom // its customers are larger than guessed
	}
	return arena, nil
}

func (x *arenas) buildPart(ctx context.Context, app id.App, key *seal.App, met *unopened, b *search.Builder, from, to int64) error {
	const batch = 1024
	entries := make([]search.Entry, 0, batch)
	err := x.s.eachEntry(ctx, app, key, met, from, to, func(e search.Entry) {
		if entries = append(entries, e); len(entries) == batch {
			b.AddBatch(entries)
			entries = entries[:0]
		}
	})
	b.AddBatch(entries)
	return err
}

// eachEntry reads and unseals the customers with from <= Seq < to. What cannot be
// opened is noted in met.
func (s *Service) eachEntry(ctx context.Context, app id.App, key *seal.App, met *unopened, from, to int64, fn func(search.Entry)) error {
	n := 0
	return s.store.CustomerScan(ctx, app, from, to, func(row *store.CustomerRow) error {
		n++
		breathe(n)
		seen := see(ctx, app, key, met, row)
		fn(arenaEntry(&seen.Customer))
		return nil
	})
}

// breathe lets others go on who wait for far shorter work, about once a millisecond
// of a goroutine that has unsealed n customers. It pauses, and does not just yield:
// a processor that always has something to do looks at the network no more than
// every ten milliseconds.
func breathe(n int) {
	if n%128 == 0 {
		time.Sleep(20 * time.Microsecond)
	}
}
