package records

import (
	"context"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/search"
)

// count gives the number of customers that match. It counts in the arena, which
// sums whole blocks; an application without one is counted by reading it.
func (a *act) count(ctx context.Context, f customer.Filter) (n int, err error) {
	if (f == customer.Filter{}) {
		head, err := a.s.store.Head(ctx, a.caller.App)
		return int(head.Customers), err
	}
	filter := arenaFilter(f)
	for {
		arena, wait, stale := a.s.arenas.fresh(ctx, a)
		switch {
		case stale != nil:
			return 0, stale
		case arena == nil && wait != nil: // it is being built; do not hold a place meanwhile
			select {
			case <-wait:
				continue
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		}
		if err := a.s.arenas.enter(ctx); err != nil {
			return 0, err
		}
		defer func() { a.s.arenas.leave(err) }()
		if arena == nil {
			return a.countRows(ctx, filter)
		}
		return arena.Count(ctx, filter)
	}
}

// countRows counts by reading every customer.
func (a *act) countRows(ctx context.Context, f search.Filter) (n int, err error) {
	r, err := a.s.store.CustomerRange(ctx, a.caller.App)
	if err != nil || r.Count == 0 {
		return 0, err
	}
	m := search.NewMatcher(f)
	err = a.s.eachEntry(ctx, a.caller.App, a.key, r.MinSeq, r.MaxSeq+1, func(e search.Entry) {
		if m.Match(e) {
			n++
		}
	})
	return n, err
}
