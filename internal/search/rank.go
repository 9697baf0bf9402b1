package search

import (
	"cmp"
	"context"
	"slices"
	"sort"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"custodex.dev/internal/page"
	"custodex.dev/internal/safe"
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
	skip, take := max(q.Skip, 0), min(max(q.Take, 0), ix.Len())
	r := ranker{plan: newPlan(q.Filter, s.rates), state: s, pool: ix.pool, after: q.After, wanted: min(skip, ix.Len()) + take + 1}
	var found []Rank
	if r.query != nil && (q.After == nil || q.After.Exact) {
		r.exact = true
		if err := r.run(ctx); err != nil {
			return RankPage{}, err
		}
		found = r.best.sorted()
		r.wanted -= len(found)
	}
	if r.exact = false; r.wanted > 0 {
		if err := r.run(ctx); err != nil {
			return RankPage{}, err
		}
		found = append(found, r.best.sorted()...)
	}
	found = found[min(skip, len(found)):]
	p := RankPage{Stats: r.stats}
	p.Hits, p.More = found[:min(take, len(found))], len(found) > take
	return p, nil
}

// ranker finds the best of the matches that are exact, or of those that are not.
type ranker struct {
	*plan
	state  *state
	pool   *Pool
	after  *Rank
	wanted int
	exact  bool

	best  best
	stats Stats
}

// run fills best. It begins alone, which is enough where the newest customers settle it, and then
// shares the blocks among the processors that no search uses.
func (r *ranker) run(ctx context.Context) error {
	r.best = best{limit: r.wanted}
	for _, it := range r.state.recent {
		r.stats.Verified++
		r.look(ref{block: it.b}, it.i, &r.best)
	}
	var next atomic.Int32
	if r.searchBlocks(ctx, &next, &r.best, &r.stats, soloBlocks) {
		return ctx.Err()
	}
	bound := r.best.worst()
	if bound != nil {
		bound = new(*bound)
	}
	var others []*ranker
	for len(others) < (len(r.state.refs)-int(next.Load()))/batchJobs && r.pool.tryAcquire() {
		other := *r
		other.best, other.stats = best{limit: r.wanted, bound: bound}, Stats{}
		others = append(others, &other)
	}
	var group errgroup.Group
	for _, o := range others {
		safe.Go(&group, func() error {
			defer r.pool.release()
			o.searchBlocks(ctx, &next, &o.best, &o.stats, len(r.state.refs))
			return nil
		})
	}
	err := safe.Call(func() error {
		r.searchBlocks(ctx, &next, &r.best, &r.stats, len(r.state.refs))
		return nil
	})
	if failed := group.Wait(); err == nil {
		err = failed
	}
	if err != nil {
		panic(err)
	}
	for _, o := range others {
		for _, rank := range o.best.ranks {
			r.best.add(rank)
		}
		r.stats.Blocks += o.stats.Blocks
		r.stats.Skipped += o.stats.Skipped
		r.stats.Verified += o.stats.Verified
	}
	return ctx.Err()
}

// searchBlocks takes blocks until limit of them were searched, and reports whether there are no more.
func (r *ranker) searchBlocks(ctx context.Context, next *atomic.Int32, best *best, stats *Stats, limit int) (exhausted bool) {
	for n := 0; n < limit; {
		k := int(next.Add(1)) - 1
		if k >= len(r.state.refs) || ctx.Err() != nil {
			return true
		}
		stats.Blocks++
		b := r.state.refs[k]
		if from, to := r.span(b, best); from < to && r.inTime(b) && r.mayMatch(b) {
			stats.Verified += r.searchBlock(b, from, to, best)
			n++
		} else {
			stats.Skipped++
		}
	}
	return false
}

// inTime reports whether some of b may have been created in the time that is asked for.
func (r *ranker) inTime(b ref) bool {
	return (r.f.CreatedFrom == 0 || b.newest().CreatedAt >= r.f.CreatedFrom) && (r.f.CreatedTo == 0 || b.oldest().CreatedAt < r.f.CreatedTo)
}

// span returns which places in the order of b can bring something better than best.
func (r *ranker) span(b ref, best *best) (from, to int) {
	to = b.len()
	if r.after != nil && r.after.Exact == r.exact {
		from = sort.Search(to, func(k int) bool { return r.after.Compare(b.rank(b.place(k), r.exact)) < 0 })
	}
	if bound := best.worst(); bound != nil {
		to = sort.Search(to, func(k int) bool { return b.rank(b.place(k), r.exact).Compare(*bound) >= 0 })
	}
	return from, to
}

// walked is how many customers of a block are looked at one by one, in order of relevance, rather
// than found by their text.
const walked = 192

// searchBlock adds what is between two places in the order of b, and returns how many customers it looked at.
func (r *ranker) searchBlock(b ref, from, to int, best *best) (looked int) {
	switch {
	case r.exact && to-from <= walked:
		return r.exactPlaces(b, from, to, best)
	case r.exact:
		return r.exactOnes(b, best)
	case to-from <= walked:
		for k := from; k < to; k++ {
			if r.look(b, b.place(k), best) {
				return k + 1 - from
			}
		}
		return to - from
	}
	var buffer [maxBlock]uint16
	hits, looked := r.scan(b, 0, b.len(), b.len(), buffer[:0])
	for _, i := range hits {
		r.add(b, int(i), best)
	}
	return looked
}

// look adds customer i of b if it matches, and reports whether it is not better than best.
func (r *ranker) look(b ref, i int, best *best) (worse bool) {
	if bound := best.worst(); bound != nil && b.rank(i, r.exact).Compare(*bound) >= 0 {
		return true
	}
	if r.holds(b, i, nil) {
		r.add(b, i, best)
	}
	return false
}

// exactPlaces adds the exact matches between two places in the order of b.
func (r *ranker) exactPlaces(b ref, from, to int, best *best) (looked int) {
	for k := from; k < to; k++ {
		i := b.place(k)
		if r.query.exact(b.names.text[b.names.start(i):], int(b.firsts[i]), b.phones.record(i)) {
			r.addExact(b, i, best)
			looked++
		}
	}
	return looked
}

// exactOnes adds the exact matches of b.
func (r *ranker) exactOnes(b ref, best *best) (looked int) {
	for _, p := range r.any {
		switch {
		case !p.mayMatch(b):
		case p.phone != nil:
			looked += r.exactPhones(b, best)
		case p.name != nil && len(r.query.plain) > 0:
			looked += r.exactNames(b, best)
		}
	}
	return looked
}

func (r *ranker) exactPhones(b ref, best *best) (looked int) {
	from, n := uint32(0), uint32(len(r.query.phone)+1)
	for i, end := range b.phones.ends {
		if end-from == n && r.query.exactPhone(b.phones.text[from:end-1]) {
			r.addExact(b, i, best)
			looked++
		}
		from = end
	}
	return looked
}

// exactNames adds those that have the query as a name, and not as their phone too. Most others are
// passed over, because no word of theirs begins as the query does.
func (r *ranker) exactNames(b ref, best *best) (looked int) {
	if r.query.begins == 0 {
		return r.exactNamesOfAll(b, best)
	}
	for i := b.nextWith(r.query.begins, 0, b.len()); i < b.len(); i = b.nextWith(r.query.begins, i+1, b.len()) {
		if r.query.exactName(b.names.text[b.names.start(i):], int(b.firsts[i])) && !r.query.exactPhone(b.phones.record(i)) {
			r.addExact(b, i, best)
			looked++
		}
	}
	return looked
}

// exactNamesOfAll is exactNames for a query that may begin within a word. Most names are told from it by
// the first byte of either part.
func (r *ranker) exactNamesOfAll(b ref, best *best) (looked int) {
	text, from, initial := b.names.text, 0, r.query.plain[0]
	for i, first := range b.firsts {
		last := from + int(first)
		if text[from] == initial || text[last] == initial || text[last] == ' ' && text[last+1] == initial {
			if r.query.exactName(text[from:], int(first)) && !r.query.exactPhone(b.phones.record(i)) {
				r.addExact(b, i, best)
				looked++
			}
		}
		from = int(b.names.ends[i])
	}
	return looked
}

// addExact adds customer i of b, which meets the query exactly, if it meets the other conditions too.
func (r *ranker) addExact(b ref, i int, best *best) {
	rank := b.rank(i, true)
	if bound := best.worst(); bound != nil && rank.Compare(*bound) >= 0 || r.after != nil && r.after.Compare(rank) >= 0 {
		return
	}
	if r.holds(b, i, nil) {
		best.add(rank)
	}
}

// add adds customer i of b, which matches, if it belongs to those that are looked for.
func (r *ranker) add(b ref, i int, best *best) {
	rank := b.rank(i, r.exact)
	if r.after != nil && r.after.Compare(rank) >= 0 {
		return
	}
	exact := r.query != nil && r.query.exact(b.names.text[b.names.start(i):], int(b.firsts[i]), b.phones.record(i))
	if exact == r.exact {
		best.add(rank)
	}
}

// rank returns the place of customer i, which is an exact match or not.
func (b *block) rank(i int, exact bool) Rank {
	return Rank{Exact: exact, Bought: b.boughtOf(i), Position: b.at(i)}
}

// place returns the customer at place k of the order by relevance.
func (b *block) place(k int) int {
	if b.order == nil {
		return k
	}
	return int(b.order[k])
}

// setOrder fills order.
func (b *block) setOrder() {
	for i := range b.order {
		b.order[i] = uint16(i)
	}
	slices.SortStableFunc(b.order, func(x, y uint16) int { return cmp.Compare(b.bought[y], b.bought[x]) })
}

// best holds the first ranks of those added, limit at most.
type best struct {
	limit int
	bound *Rank  // what is not before it is of no use; nil: anything is
	ranks []Rank // a heap: the last rank is the root
}

// worst returns the rank before which others have to be to be of use, nil if any is.
func (b *best) worst() *Rank {
	if len(b.ranks) < b.limit {
		return b.bound
	}
	if b.bound != nil && b.bound.Compare(b.ranks[0]) < 0 {
		return b.bound
	}
	return &b.ranks[0]
}

func (b *best) add(r Rank) {
	switch {
	case len(b.ranks) < b.limit:
		b.ranks = append(b.ranks, r)
		for k := len(b.ranks) - 1; k > 0 && b.ranks[k].Compare(b.ranks[(k-1)/2]) > 0; k = (k - 1) / 2 {
			b.ranks[k], b.ranks[(k-1)/2] = b.ranks[(k-1)/2], b.ranks[k]
		}
	case r.Compare(b.ranks[0]) < 0:
		b.ranks[0] = r
		b.sink()
	}
}

// sink puts the root in its place.
func (b *best) sink() {
	for k := 0; ; {
		child := 2*k + 1
		if child+1 < len(b.ranks) && b.ranks[child+1].Compare(b.ranks[child]) > 0 {
			child++
		}
		if child >= len(b.ranks) || b.ranks[child].Compare(b.ranks[k]) <= 0 {
			return
		}
		b.ranks[k], b.ranks[child] = b.ranks[child], b.ranks[k]
		k = child
	}
}

// sorted returns the ranks in order. The heap is of no use afterwards.
func (b *best) sorted() []Rank {
	slices.SortFunc(b.ranks, Rank.Compare)
	return b.ranks
}
