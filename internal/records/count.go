package records

import (
	"context"
	"errors"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/search"
)

// count gives the number of customers that match. It counts in the arena, which
// sums whole blocks; an application without one is counted by reading it. A
// customer that cannot be opened counts by what is in clear.
func (a *operation) count(ctx context.Context, v *visit, f customer.Filter) (int, error) {
	if (f == customer.Filter{}) {
		head, err := a.s.store.Head(ctx, a.caller.App)
		return int(head.Customers), err
	}
	filter := arenaFilter(f)
	for {
		arena, building, err := a.s.arenas.fresh(ctx, v, a)
		switch {
		case err != nil:
			return 0, err
		case arena != nil:
			release, err := v.slot(ctx)
			if err != nil {
				return 0, err
			}
			defer release()
			return arena.Count(ctx, filter)
		}
		if !building.underWay() {
			release, err := v.reader(ctx, building)
			switch {
			case err == nil:
				defer release()
				return a.countRows(ctx, filter)
			case !errors.Is(err, errReady):
				return 0, err
			}
		}
		if err := v.await(ctx, building.ready); err != nil {
			return 0, err
		}
	}
}

// countRows counts by reading every customer.
func (a *operation) countRows(ctx context.Context, f search.Filter) (n int, err error) {
	r, err := a.s.store.CustomerRange(ctx, a.caller.App)
	if err != nil || r.Count == 0 {
		return 0, err
	}
	m := search.NewMatcher(f)
	err = a.s.eachEntry(ctx, a.caller.App, a.key, a.s.unopened, r.MinSeq, r.MaxSeq+1, func(e search.Entry) {
		if m.Match(e) {
			n++
		}
	})
	return n, err
}
