package search

import (
	"cmp"
	"context"

	"custodex.dev/internal/page"
)

// Rank is where a customer stands in the order of relevance: exact matches first, then the newest
// purchase, then the newest customer.
type Rank struct {
	Exact  bool
	Bought int64 // as in Entry
	page.Position
}

// Compare orders by relevance. It is negative if r stands before o.
func (r Rank) Compare(o Rank) int {
	switch {
	case r.Exact && !o.Exact:
		return -1
	case !r.Exact && o.Exact:
		return 1
	case r.Bought != o.Bought:
		return cmp.Compare(o.Bought, r.Bought)
	}
	return r.Position.Compare(o.Position)
}

// RankQuery asks for one page of the customers that match Filter, by relevance to its Query. After,
// Skip and Take are as in Query.
type RankQuery struct {
	Filter
	After      *Rank
	Skip, Take int
}

// RankPage is the answer to a RankQuery.
type RankPage struct {
	Hits  []Rank
	More  bool // at least one more customer matches after the last hit
	Stats Stats
}

// Rank returns the place of e in the order of relevance to the query of the filter.
func (m *Matcher) Rank(e Entry) Rank {
	r := Rank{Bought: e.Bought, Position: e.Position}
	if m.query != nil {
		name, first := appendName(nil, e)
		r.Exact = m.query.exact(append(name, make([]byte, pad)...), first, []byte(e.Phone))
	}
	return r
}

// Rank returns one page of the customers that match, by relevance. Exact matches are looked for
// first, and the others only if the page is not full of them. Its only error is that of ctx. A
// negative Skip or Take is taken as 0.
func (ix *Index) Rank(ctx context.Context, q RankQuery) (RankPage, error) {
	ix.pool.enter()
	defer ix.pool.release()
	s := ix.state.Load()
	take := min(max(q.Take, 0), ix.Len())
	skip, wanted := min(max(q.Skip, 0), ix.Len()), take+1 // one more tells whether there is more
	r := ranker{plan: newPlan(q.Filter, s.rates), state: s, pool: ix.pool, after: q.After, buffers: ix.pool.take()}
	defer ix.pool.put(r.buffers)
	var found []Rank
	if r.query != nil && (q.After == nil || q.After.Exact) {
		if err := r.run(ctx, true, skip+wanted); err != nil {
			return RankPage{}, err
		}
		n := len(r.best.ranks)
		found = r.best.page(skip, wanted)
		skip, wanted = max(skip-n, 0), wanted-len(found)
	}
	if wanted > 0 {
		if err := r.run(ctx, false, skip+wanted); err != nil {
			return RankPage{}, err
		}
		found = append(found, r.best.page(skip, wanted)...)
	}
	p := RankPage{Stats: r.stats}
	p.Hits, p.More = found[:min(take, len(found))], len(found) > take
	return p, nil
}
