package records

import (
	"context"
	"errors"

	"custodex.dev/internal/page"
	"custodex.dev/internal/search"
	"custodex.dev/internal/store"
)

const (
	streamBatch = 500

	// streamPages is how many batches a search reads beside the building of its arena:
	// far enough for terms that many customers have, and not so far that it takes the
	// building's time for one that nobody has.
	streamPages = 8
)

// stream searches by reading customers newest first, for an application without an
// arena. It stops with done false as soon as the arena is there, or is being built
// and worth to wait for. building is nil if there will be none.
func (a *operation) stream(ctx context.Context, v *visit, q search.Query, building *held) (l listing, done bool, err error) {
	release, err := v.reader(ctx, building)
	switch {
	case errors.Is(err, errReady):
		return listing{}, false, nil
	case err != nil:
		return listing{}, false, err
	}
	defer release()
	m := search.NewMatcher(q.Filter)
	list := store.CustomerList{After: q.After, Take: streamBatch}
	if q.Status != nil {
		list.Status = *q.Status
	}
	skip := q.Skip
	for pages := 1; ; pages++ {
		rows, err := a.s.store.CustomerList(ctx, a.caller.App, list)
		if err != nil {
			return listing{}, false, err
		}
		for i := range rows {
			breathe(i + 1)
			s := a.see(ctx, &rows[i])
			switch {
			case !m.Match(arenaEntry(&s.Customer)):
			case skip > 0:
				skip--
			case len(l.Customers) == q.Take:
				l.more = true
				return l, true, nil
			case !s.hidden:
				l.Customers, l.end = append(l.Customers, s.Customer), s.at()
			}
		}
		if len(rows) < streamBatch {
			return l, true, nil
		}
		last := &rows[len(rows)-1]
		list.After = &page.Position{CreatedAt: last.CreatedAt, Seq: last.Seq}
		if building.ended() || pages >= streamPages && building.underWay() {
			return listing{}, false, nil
		}
		if err := ctx.Err(); err != nil {
			return listing{}, false, err
		}
	}
}
