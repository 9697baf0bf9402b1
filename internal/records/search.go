package records

import (
	"context"
	"errors"
	"slices"
	"time"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/search"
	"custodex.dev/internal/store"
)

var errSaturated = fault.New(fault.Unavailable, "search_saturated", "Too many searches at once; try again").After(time.Second)

// settleTries is how often a page is searched again because a customer on it
// changed between the scan and the reading of its row.
const settleTries = 3

// search finds a page by fragment. It has its own concurrency limit, so that
// searches cannot starve fetches.
func (a *act) search(ctx context.Context, find customer.Find, after *store.Position) (list []customer.Customer, more bool, err error) {
	if err := a.s.arenas.enter(ctx); err != nil {
		return nil, false, err
	}
	defer func() { a.s.arenas.leave(err) }()

	q := search.Query{Filter: arenaFilter(find.Filter), Skip: find.Skip, Take: find.Take}
	if after != nil {
		q.After = &search.Position{CreatedAt: after.CreatedAt, Seq: after.Seq}
	}
	for try := 1; ; try++ {
		arena, wait, err := a.s.arenas.fresh(ctx, a)
		if err != nil {
			return nil, false, err
		}
		if arena == nil {
			list, more, done, err := a.stream(ctx, q, wait)
			if done || err != nil {
				return list, more, err
			}
			continue // the arena is ready now
		}
		p, err := arena.Search(ctx, q)
		if err != nil {
			return nil, false, err
		}
		list, settled, err := a.load(ctx, q.Filter, p.Hits)
		// An empty page would end a walk: with more to come it is tried until ctx ends.
		if err != nil || settled || try >= settleTries && (len(list) > 0 || !p.More) {
			return list, p.More, err
		}
	}
}

// load reads the rows of hits, in their order. Each is matched again as it was
// read, so that a page never shows a customer that does not match; settled is
// false if that left one out.
func (a *act) load(ctx context.Context, f search.Filter, hits []search.Position) (list []customer.Customer, settled bool, err error) {
	if len(hits) == 0 {
		return nil, true, nil
	}
	seqs := make([]int64, len(hits))
	for i, h := range hits {
		seqs[i] = h.Seq
	}
	rows, err := a.s.store.CustomerBySeq(ctx, a.caller.App, seqs)
	if err != nil {
		return nil, false, err
	}
	slices.SortFunc(rows, func(x, y store.CustomerRow) int {
		if positionOf(&x).Before(positionOf(&y)) {
			return -1
		}
		return 1
	})
	m := search.NewMatcher(f)
	list = make([]customer.Customer, 0, len(rows))
	for i := range rows {
		c, _, err := open(a.key, &rows[i])
		if err != nil {
			return nil, false, err
		}
		if m.Match(arenaEntry(&c)) {
			list = append(list, c)
		}
	}
	return list, len(list) == len(hits), nil
}

// stream searches by reading customers newest first, for an application whose
// arena is being built or would not fit in memory. It stops with done false as
// soon as wait says that the arena is ready; wait is nil if there will be none.
func (a *act) stream(ctx context.Context, q search.Query, wait <-chan struct{}) (list []customer.Customer, more, done bool, err error) {
	const batch = 500
	m := search.NewMatcher(q.Filter)
	page := store.CustomerList{Take: batch}
	if q.Status != nil {
		page.Status = *q.Status
	}
	if q.After != nil {
		page.After = &store.Position{CreatedAt: q.After.CreatedAt, Seq: q.After.Seq}
	}
	pages := 0
	for skip := q.Skip; ; {
		rows, err := a.s.store.CustomerList(ctx, a.caller.App, page)
		if err != nil {
			return nil, false, false, err
		}
		for i := range rows {
			c, _, err := open(a.key, &rows[i])
			if err != nil {
				return nil, false, false, err
			}
			switch {
			case !m.Match(arenaEntry(&c)):
			case skip > 0:
				skip--
			case len(list) == q.Take:
				return list, true, true, nil
			default:
				list = append(list, c)
			}
		}
		if len(rows) < batch {
			return list, false, true, nil
		}
		last := rows[len(rows)-1]
		page.After = &store.Position{CreatedAt: last.CreatedAt, Seq: last.Seq}
		if pages++; wait != nil && pages >= streamPages {
			select { // the rest of the way the arena is faster
			case <-wait:
				return nil, false, false, nil
			case <-ctx.Done():
				return nil, false, false, ctx.Err()
			}
		}
		select {
		case <-wait:
			return nil, false, false, nil
		case <-ctx.Done():
			return nil, false, false, ctx.Err()
		default:
		}
	}
}

// streamPages is how far a search reads beside the building of its arena: far
// enough for terms that many customers have, and not so far that it takes the
// building's time for one that nobody has.
const streamPages = 8

func positionOf(row *store.CustomerRow) search.Position {
	return search.Position{CreatedAt: row.CreatedAt, Seq: row.Seq}
}

func arenaEntry(c *customer.Customer) search.Entry {
	return search.Entry{
		Position: search.Position{CreatedAt: c.CreatedAt.UnixMilli(), Seq: c.Seq},
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

// errArenaGone tells a search that its application will have no arena.
var errArenaGone = errors.New("no arena")
