package search

import (
	"context"
	"math"
	"sort"

	"custodex.dev/internal/page"
)

// Search returns one page of the customers that match. Its only error is that of ctx, which it
// notices within about a millisecond. A negative Skip or Take is taken as 0.
func (ix *Index) Search(ctx context.Context, q Query) (Page, error) {
	s := ix.state.Load()
	p := pager{plan: newPlan(q.Filter, s.rates), skip: max(q.Skip, 0), take: min(max(q.Take, 0), math.MaxInt/4)}
	if err := p.run(ctx, ix.pool, s, q.After); err != nil {
		return Page{}, err
	}
	return p.Page, nil
}

// Count returns how many customers match. Its only error is that of ctx.
func (ix *Index) Count(ctx context.Context, f Filter) (int, error) {
	s := ix.state.Load()
	p := pager{plan: newPlan(f, s.rates), skip: math.MaxInt}
	if err := p.run(ctx, ix.pool, s, nil); err != nil {
		return 0, err
	}
	return math.MaxInt - p.skip, nil
}

// pager turns matches, found in list order, into a page.
type pager struct {
	Page
	*plan
	skip, take int
	recent     []item // recent changes not yet considered
}

// first and last are listed before and after every customer.
var (
	first = page.Position{CreatedAt: math.MaxInt64, Seq: math.MaxInt64}
	last  = page.Position{CreatedAt: math.MinInt64, Seq: math.MinInt64}
)

// run settles the page from s, with customers strictly after after.
func (p *pager) run(ctx context.Context, pool *Pool, s *state, after *page.Position) error {
	pool.enter()
	defer pool.release()
	begin, end := first, last
	if after != nil {
		begin = *after
	}
	if to := (page.Position{CreatedAt: p.f.CreatedTo, Seq: math.MinInt64}); p.f.CreatedTo != 0 && begin.Before(to) {
		begin = to
	}
	if p.f.CreatedFrom != 0 {
		end = page.Position{CreatedAt: p.f.CreatedFrom, Seq: math.MinInt64}
	}
	skipped := sort.Search(len(s.recent), func(i int) bool { return begin.Before(s.recent[i].position()) })
	p.recent = s.recent[skipped:]

	sc := newScanner(pool, p)
	defer sc.close()
	k := sort.Search(len(s.refs), func(k int) bool { return begin.Before(s.refs[k].oldest()) })
	for ; k < len(s.refs) && s.refs[k].newest().Before(end); k++ {
		r := s.refs[k]
		lo, hi := r.after(begin), r.len()
		if !r.oldest().Before(end) {
			hi = r.from(end)
		}
		if lo >= hi {
			continue
		}
		if p.Stats.Blocks++; p.Stats.Blocks%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		switch {
		case !p.mayMatch(r):
			p.Stats.Skipped++
		case p.counted && lo == 0 && hi == r.len() && len(sc.jobs) == 0 && p.pass(p.live(r), r.oldest()):
			p.Stats.Skipped++
		default:
			if settled, err := sc.scan(ctx, r, lo, hi); settled || err != nil {
				return err
			}
		}
	}
	if settled, err := sc.finish(ctx); settled || err != nil {
		return err
	}
	p.addRecent(end)
	return ctx.Err()
}

// wanted is how many more matches settle the page; the last of them only tells that there are More.
func (p *pager) wanted() int {
	return min(p.skip, math.MaxInt/2) + p.take - len(p.Hits) + 1
}

// add takes the next match and reports whether that settles the page.
func (p *pager) add(at page.Position) bool {
	switch {
	case p.skip > 0:
		p.skip--
	case len(p.Hits) < p.take:
		if p.Hits == nil {
			p.Hits = make([]page.Position, 0, min(p.take, 100))
		}
		p.Hits = append(p.Hits, at)
	default:
		p.More = true
	}
	return p.More
}

// addRecent adds the matches among recent changes that are listed before at, likewise.
func (p *pager) addRecent(at page.Position) bool {
	for len(p.recent) > 0 && p.recent[0].position().Before(at) {
		it := p.recent[0]
		p.recent = p.recent[1:]
		p.Stats.Verified++
		if p.holds(ref{block: it.b}, it.i, nil) && p.add(it.position()) {
			return true
		}
	}
	return false
}

// addAll adds the matches at the given indices of r, likewise.
func (p *pager) addAll(r ref, hits []uint16) bool {
	if len(hits) == 0 || p.pass(len(hits), r.at(int(hits[len(hits)-1]))) {
		return false
	}
	for _, i := range hits {
		if at := r.at(int(i)); p.addRecent(at) || p.add(at) {
			return true
		}
	}
	return false
}

// pass takes n matches, of which the last is not listed after oldest, at once, if all of them and all
// recent changes up to there stand before the page begins.
func (p *pager) pass(n int, oldest page.Position) bool {
	between := sort.Search(len(p.recent), func(i int) bool { return !p.recent[i].position().Before(oldest) })
	if p.skip < n+between {
		return false
	}
	p.skip -= n
	p.addRecent(oldest)
	return true
}
