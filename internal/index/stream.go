package index

import (
	"context"
	"errors"

	"custodex.dev/internal/page"
	"custodex.dev/internal/search"
	"custodex.dev/internal/store"
)

const (
	streamBatch = 500

	// maxBatches is how many batches a search reads beside the build of its index: far enough for
	// terms that many customers have, and not so far that it takes the build's time for one that
	// nobody has.
	maxBatches = 8
)

// Stream reads customers newest first, for a search that has no index, and calls fn for each until
// it returns false; the row is fn's only until then. It begins after the position, if that is set,
// and a status other than 0 selects the rows. It returns with done false if it gave up because the
// build has ended or is worth waiting for; what fn has seen until then is of no use. Faults:
// Unavailable (ErrSaturated), and those of the store.
func (c *Cache) Stream(ctx context.Context, p *Permit, b *Build, after *page.Position, status uint8, fn func(*store.CustomerRow) bool) (done bool, err error) {
	err = p.acquireReader(ctx, b)
	switch {
	case errors.Is(err, errReady):
		return false, nil
	case err != nil:
		return false, err
	}
	defer p.limiter.readers.Release(1)
	list := store.CustomerList{Status: status, After: after, Take: streamBatch}
	for batches := 1; ; batches++ {
		rows, err := c.cfg.Store.CustomerList(ctx, p.app, list)
		if err != nil {
			return false, err
		}
		for i := range rows {
			yield(i + 1)
			if !fn(&rows[i]) {
				return true, nil
			}
		}
		if len(rows) < streamBatch {
			return true, nil
		}
		last := &rows[len(rows)-1]
		list.After = &page.Position{CreatedAt: last.CreatedAt, Seq: last.Seq}
		if b.ended() || batches >= maxBatches && b.Building() {
			return false, nil
		}
		if err := ctx.Err(); err != nil {
			return false, err
		}
	}
}

// Count returns how many customers match. It counts in the index, which sums whole blocks; an
// application without one is counted by reading it. A customer that cannot be decrypted counts by
// what is stored in clear. Faults: Unavailable (ErrSaturated, ErrPreparing), and those of the store.
func (c *Cache) Count(ctx context.Context, p *Permit, decode Decode, f search.Filter) (int, error) {
	for {
		index, build, err := c.Current(ctx, p, decode)
		switch {
		case err != nil:
			return 0, err
		case index != nil:
			release, err := p.AcquireScan(ctx)
			if err != nil {
				return 0, err
			}
			defer release()
			return index.Count(ctx, f)
		}
		if !build.Building() {
			err := p.acquireReader(ctx, build)
			switch {
			case err == nil:
				defer p.limiter.readers.Release(1)
				return c.countRows(ctx, p, decode, f)
			case !errors.Is(err, errReady):
				return 0, err
			}
		}
		if err := p.AwaitBuild(ctx, build); err != nil {
			return 0, err
		}
	}
}

// countRows counts by reading every customer.
func (c *Cache) countRows(ctx context.Context, p *Permit, decode Decode, f search.Filter) (n int, err error) {
	r, err := c.cfg.Store.CustomerRange(ctx, p.app)
	if err != nil || r.Count == 0 {
		return 0, err
	}
	m := search.NewMatcher(f)
	err = c.scanRows(ctx, p.app, decode, c.cfg.Corrupt, r.MinSeq, r.MaxSeq+1, func(e search.Entry) {
		if m.Match(e) {
			n++
		}
	})
	return n, err
}
