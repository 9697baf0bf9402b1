package index

import (
	"context"
	"math"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"custodex.dev/internal/id"
	"custodex.dev/internal/page"
	"custodex.dev/internal/search"
	"custodex.dev/internal/store"
)

// entry is one application's index, or its build, or that it has none.
type entry struct {
	used     atomic.Int64 // unix milliseconds
	build    *Build
	updating *semaphore.Weighted // one goroutine at a time reads changes

	// Set before the build ends.
	index   *search.Index // nil: there is none
	lineage store.Lineage // of the database that it was built from
	retryAt time.Time     // when to build again, if that failed
}

// ready reports whether there is an index.
func (e *entry) ready() bool { return e.build.ended() && e.index != nil }

// Build is an index in the making. A nil Build means that there will be no index.
type Build struct {
	started atomic.Bool   // it is the one that is built, or was
	done    chan struct{} // closed when it has ended
	failure error         // of the store, if that ended it; read after done
}

func (b *Build) ended() bool {
	if b == nil {
		return false
	}
	select {
	case <-b.done:
		return true
	default:
		return false
	}
}

// Building reports whether the build has started and not ended.
func (b *Build) Building() bool { return b != nil && b.started.Load() && !b.ended() }

// Current returns the application's index with every change in it that was committed before the
// call. An index of a database that has lost commits since is built anew: it would hold customers
// that are gone, and miss those that got their versions. While the index is being built, or waits
// for that, it returns nil and the build; if there is none and will be none, nil and nil. Faults:
// Unavailable (ErrSaturated, ErrPreparing), and those of the store.
func (c *Cache) Current(ctx context.Context, p *Permit, decode Decode) (*search.Index, *Build, error) {
	e := c.entry(p.app, decode)
	switch {
	case !e.build.ended():
		return nil, e.build, nil
	case e.index == nil:
		return nil, nil, nil
	}
	seen := e.index.Version() // first: another search may bring it up to more than this one's head
	head, err := c.cfg.Store.Head(ctx, p.app)
	if err != nil {
		return nil, nil, err
	}
	if head.Version < seen || head.Lineage != e.lineage {
		return nil, c.rebuild(p.app, decode, e), nil
	}
	if head.Version > e.index.Version() {
		if err := p.acquireUpdate(ctx, e.updating); err != nil {
			return nil, nil, err
		}
		defer e.updating.Release(1)
		if err := c.catchUp(ctx, p.app, decode, e.index, head.Version); err != nil {
			return nil, nil, err
		}
	}
	return e.index, nil, nil
}

// entry finds the application's entry or makes one and starts its build.
func (c *Cache) entry(app id.App, decode Decode) *entry {
	now := c.cfg.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[app]
	if e == nil || e.build.ended() && !e.retryAt.IsZero() && !now.Before(e.retryAt) {
		e = &entry{build: &Build{done: make(chan struct{})}, updating: semaphore.NewWeighted(1)}
		c.entries[app] = e
		c.startBuildLocked(app, decode, e)
	}
	e.used.Store(now.UnixMilli())
	return e
}

// rebuild replaces an entry whose index must not be used any more, unless another search has done
// so, and returns the build.
func (c *Cache) rebuild(app id.App, decode Decode, e *entry) *Build {
	c.mu.Lock()
	if c.entries[app] == e {
		delete(c.entries, app)
	}
	c.mu.Unlock()
	return c.entry(app, decode).build
}

// catchUp applies the changes up to version. Later ones may come along; they are applied again next
// time, which is harmless.
func (c *Cache) catchUp(ctx context.Context, app id.App, decode Decode, index *search.Index, version int64) error {
	const batch = 1000
	from := store.ChangePoint{Version: index.Version(), Seq: math.MaxInt64}
	for index.Version() < version {
		rows, err := c.cfg.Store.CustomerChanges(ctx, app, from, batch)
		if err != nil {
			return err
		}
		changes := make([]search.Entry, len(rows))
		for i := range rows {
			if rows[i].Deleted {
				changes[i] = search.Entry{Position: page.Position{Seq: rows[i].Seq}, Deleted: true}
				c.cfg.Corrupt.Forget(app, rows[i].Seq)
				continue
			}
			changes[i] = tracked(ctx, app, decode, c.cfg.Corrupt, &rows[i])
		}
		if len(rows) < batch {
			index.Apply(changes, version)
			return nil
		}
		index.Apply(changes, index.Version())
		last := rows[len(rows)-1]
		from = store.ChangePoint{Version: last.Version, Seq: last.Seq}
	}
	return nil
}

// tracked decodes a row and tells the tracker what came of it.
func tracked(ctx context.Context, app id.App, decode Decode, t *CorruptTracker, row *store.CustomerRow) search.Entry {
	e, err := decode(row)
	t.Note(ctx, app, row, err)
	return e
}
