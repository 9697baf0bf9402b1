package finder

import (
	"context"
	"slices"

	"custodex.dev/internal/index"
	"custodex.dev/internal/page"
	"custodex.dev/internal/search"
	"custodex.dev/internal/store"
)

// searchQuery asks for one page, newest first or by relevance.
type searchQuery struct {
	search.Filter
	after      *search.Rank
	skip, take int
	ranked     bool

	*search.Matcher // set by search
}

// rank is the place of a customer in the order that is asked for.
func (q *searchQuery) rank(e search.Entry) search.Rank {
	if q.ranked {
		return q.Matcher.Rank(e)
	}
	return search.Rank{Position: e.Position}
}

// in finds a page, with so many places, in the index.
func (q *searchQuery) in(ctx context.Context, ix *search.Index, take int) (hits []search.Rank, more bool, err error) {
	if q.ranked {
		p, err := ix.Rank(ctx, search.RankQuery{Filter: q.Filter, After: q.after, Skip: q.skip, Take: take})
		return p.Hits, p.More, err
	}
	newest := search.Query{Filter: q.Filter, Skip: q.skip, Take: take}
	if q.after != nil {
		newest.After = &q.after.Position
	}
	p, err := ix.Search(ctx, newest)
	hits = make([]search.Rank, len(p.Hits))
	for i, at := range p.Hits {
		hits[i].Position = at
	}
	return hits, p.More, err
}

// status is the status that is asked for, 0 for any.
func (q *searchQuery) status() uint8 {
	if q.Status == nil {
		return 0
	}
	return *q.Status
}

// streamRanked is stream for a page by relevance, for which it has to read all customers.
func (l *lookup) streamRanked(ctx context.Context, p *index.Permit, q *searchQuery, build *index.Build) (found listing, done bool, err error) {
	limit := q.skip + q.take + 1
	var best []listEntry
	shorten := func() {
		slices.SortFunc(best, func(x, y listEntry) int { return x.at.Compare(y.at) })
		clear(best[min(limit, len(best)):])
		best = best[:min(limit, len(best))]
	}
	done, err = l.cfg.Indexes.Stream(ctx, p, build, nil, q.status(), func(row *store.CustomerRow) bool {
		e := l.decode(ctx, row)
		searched := indexEntry(&e.Customer)
		e.at = q.rank(searched)
		if e.undecryptable || !q.Match(searched) || q.after != nil && q.after.Compare(e.at) >= 0 {
			return true
		}
		if best = append(best, e); len(best) >= 2*limit {
			shorten()
		}
		return true
	})
	if !done || err != nil {
		return listing{}, false, err
	}
	shorten()
	best = best[min(q.skip, len(best)):]
	return cut(len(best), q.take, false, func(i int) listEntry { return best[i] }), true, nil
}

// positionOf is the position after which a list goes on that is newest first, nil if it begins.
func positionOf(after *search.Rank) *page.Position {
	if after == nil {
		return nil
	}
	return &after.Position
}
