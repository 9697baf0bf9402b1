package records

import (
	"context"
	"slices"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/page"
	"custodex.dev/internal/search"
)

// settleTries is how often a page is searched again because a customer on it
// changed between the scan and the reading of its row.
const settleTries = 3

// search finds a page by fragment: in the application's arena, or in the store
// while there is none.
func (a *operation) search(ctx context.Context, v *visit, find customer.ListQuery, after *page.Position) (listing, error) {
	q := search.Query{Filter: arenaFilter(find.Filter), After: after, Skip: find.Skip, Take: find.Take}
	for try := 1; ; try++ {
		arena, building, err := a.s.arenas.fresh(ctx, v, a)
		if err != nil {
			return listing{}, err
		}
		if arena == nil {
			l, done, err := a.stream(ctx, v, q, building)
			if done || err != nil {
				return l, err
			}
			if err := v.await(ctx, building.ready); err != nil {
				return listing{}, err
			}
			continue
		}
		l, settled, err := a.scan(ctx, v, arena, q)
		// An empty page would end a walk: with more to come it is tried until ctx ends.
		if err != nil || settled || try >= settleTries && (len(l.Customers) > 0 || !l.more) {
			return l, err
		}
	}
}

// scan searches the arena. It looks for twice as many more as cannot be shown.
func (a *operation) scan(ctx context.Context, v *visit, arena *search.Index, q search.Query) (l listing, settled bool, err error) {
	release, err := v.slot(ctx)
	if err != nil {
		return listing{}, false, err
	}
	defer release()
	for take := q.Take; ; {
		q.Take = take + 2*l.hidden
		p, err := arena.Search(ctx, q)
		if err != nil {
			return listing{}, false, err
		}
		sights, settled, err := a.load(ctx, arena, q.Filter, p.Hits)
		if err != nil {
			return listing{}, false, err
		}
		l = cut(len(sights), take, p.More, func(i int) sight { return sights[i] })
		if !settled || !l.lacks() {
			return l, settled, nil
		}
	}
}

// maxLoad is how many numbers the store takes at once.
const maxLoad = 1000

// load reads the rows of hits, in their order. Each is matched again as it was
// read, so that a page never shows a customer that does not match; settled is
// false if that left one out.
func (a *operation) load(ctx context.Context, arena *search.Index, f search.Filter, hits []page.Position) (sights []sight, settled bool, err error) {
	version := arena.Version()
	m := search.NewMatcher(f)
	sights = make([]sight, 0, len(hits))
	var opaque []search.Entry
	for part := range slices.Chunk(hits, maxLoad) {
		seqs := make([]int64, len(part))
		for i, h := range part {
			seqs[i] = h.Seq
		}
		rows, err := a.s.store.CustomerBySeq(ctx, a.caller.App, seqs)
		if err != nil {
			return nil, false, err
		}
		for i := range rows {
			s := a.see(ctx, &rows[i])
			e := arenaEntry(&s.Customer)
			if s.hidden {
				opaque = append(opaque, e)
			}
			if m.Match(e) {
				sights = append(sights, s)
			}
		}
	}
	slices.SortFunc(sights, func(x, y sight) int { return x.at().Compare(y.at()) })
	if len(opaque) > 0 {
		// The arena may hold a name from before the damage, or the erasure. It forgets
		// that, unless it has moved on.
		arena.Apply(opaque, version)
	}
	return sights, len(sights) == len(hits), nil
}

func positionOf(c *customer.Customer) page.Position {
	return page.Position{CreatedAt: c.CreatedAt.UnixMilli(), Seq: c.Seq}
}

func arenaEntry(c *customer.Customer) search.Entry {
	return search.Entry{
		Position: positionOf(c),
		First:    c.Given.Reveal(),
		Last:     c.Family.Reveal(),
		Email:    c.Email.Reveal(),
		Status:   uint8(c.Status),
		Type:     uint8(c.Type),
		Group:    c.Group,
	}
}

func arenaFilter(f customer.Filter) search.Filter {
	out := search.Filter{Name: f.Name, Email: f.Email}
	if f.Status != 0 {
		out.Status = new(uint8(f.Status))
	}
	if f.Group != 0 {
		out.Group = new(f.Group)
	}
	if f.Type != 0 {
		out.Type = new(uint8(f.Type))
	}
	if !f.CreatedFrom.IsZero() {
		out.CreatedFrom = f.CreatedFrom.UnixMilli()
	}
	if !f.CreatedTo.IsZero() {
		out.CreatedTo = f.CreatedTo.UnixMilli()
	}
	return out
}
