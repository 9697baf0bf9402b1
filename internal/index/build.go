package index

import (
	"context"
	"errors"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/safe"
	"custodex.dev/internal/search"
	"custodex.dev/internal/store"
)

const (
	// guessedSize is how many bytes one customer takes in an index, to decide whether the index
	// would fit before it is built.
	guessedSize = 120

	// retryAfter is for how long an application is searched without an index after a build that
	// failed, so that searches do not cost a build each.
	retryAfter = 5 * time.Second
)

// errNoRoom says that an application's index does not fit into the memory there is.
var errNoRoom = errors.New("no room for the index")

// startBuildLocked builds the entry's index in the background. It knows at once whether others are
// built first.
func (c *Cache) startBuildLocked(app id.App, decode Decode, e *entry) {
	if c.closed {
		close(e.build.done)
		return
	}
	first := c.builds.TryAcquire(1)
	e.build.started.Store(first)
	c.workers.Go(func() {
		defer close(e.build.done)
		if !first {
			if c.builds.Acquire(c.life, 1) != nil {
				return // closed
			}
			e.build.started.Store(true)
		}
		defer c.builds.Release(1)
		c.runBuild(c.life, app, decode, e)
	})
}

func (c *Cache) runBuild(ctx context.Context, app id.App, decode Decode, e *entry) {
	err := safe.Call(func() (err error) {
		e.index, e.lineage, err = c.build(ctx, app, decode)
		return err
	})
	if errors.Is(err, fault.Unavailable) {
		e.build.failure = err
	}
	if err != nil && !errors.Is(err, errNoRoom) && ctx.Err() == nil {
		e.retryAt = c.cfg.Now().Add(retryAfter)
		c.cfg.Log.WarnContext(ctx, "background work failed; it will be tried again", "work", "search index", "app", app, "cause", err)
	}
}

// build reads and decodes every customer of the application, on all cores. The lineage is that of
// the database before the first customer was read.
func (c *Cache) build(ctx context.Context, app id.App, decode Decode) (*search.Index, store.Lineage, error) {
	head, err := c.cfg.Store.Head(ctx, app) // first: later changes are caught up with
	if err != nil {
		return nil, store.Lineage{}, err
	}
	r, err := c.cfg.Store.CustomerRange(ctx, app)
	if err != nil {
		return nil, store.Lineage{}, err
	}
	guess := r.Count * guessedSize
	if guess > c.cfg.MaxMemory {
		return nil, store.Lineage{}, errNoRoom
	}
	c.makeRoom(c.cfg.MaxMemory - guess)
	b := search.NewBuilder(c.pool, int(r.Count))
	corrupt := NewCorruptTracker(c.cfg.Log)
	shards := int64(runtime.GOMAXPROCS(0))
	step := (r.MaxSeq-r.MinSeq)/shards + 1
	g, scan := errgroup.WithContext(ctx)
	for from := r.MinSeq; from <= r.MaxSeq && r.Count > 0; from += step {
		safe.Go(g, func() error { return c.buildShard(scan, app, decode, corrupt, b, from, from+step) })
	}
	if err := g.Wait(); err != nil {
		return nil, store.Lineage{}, err
	}
	c.cfg.Corrupt.replace(app, corrupt)
	index := b.Finish(head.Version)
	if index.Bytes() > c.cfg.MaxMemory {
		return nil, store.Lineage{}, errNoRoom // its customers are larger than guessed
	}
	return index, head.Lineage, nil
}

func (c *Cache) buildShard(ctx context.Context, app id.App, decode Decode, t *CorruptTracker, b *search.Builder, from, to int64) error {
	const batch = 1024
	entries := make([]search.Entry, 0, batch)
	err := c.scanRows(ctx, app, decode, t, from, to, func(e search.Entry) {
		if entries = append(entries, e); len(entries) == batch {
			b.AddBatch(entries)
			entries = entries[:0]
		}
	})
	b.AddBatch(entries)
	return err
}

// scanRows reads and decodes the customers with from <= Seq < to.
func (c *Cache) scanRows(ctx context.Context, app id.App, decode Decode, t *CorruptTracker, from, to int64, fn func(search.Entry)) error {
	n := 0
	return c.cfg.Store.CustomerScan(ctx, app, from, to, func(row *store.CustomerRow) error {
		n++
		yield(n)
		fn(tracked(ctx, app, decode, t, row))
		return nil
	})
}

// yield lets others go on who wait for far shorter work, about once a millisecond of a goroutine
// that has decoded n customers. It pauses, and does not just call runtime.Gosched: a processor that
// always has something to do looks at the network no more than every ten milliseconds.
func yield(n int) {
	if n%128 == 0 {
		time.Sleep(20 * time.Microsecond)
	}
}
