package search

import (
	"context"
	"sort"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"custodex.dev/internal/safe"
)

// ranker finds the best of the matches that are exact, or of those that are not.
//
// The blocks stand in list order, so the best by purchase are anywhere. But each block knows its own
// order by relevance. A sample of the newest blocks tells how many customers match. From that follows
// how deep the best reach in each block, and the ranker first looks that deep in all of them. What it
// has then is nearly the result: in most blocks no other customer can be better than the worst of it.
type ranker struct {
	*plan
	state  *state
	pool   *Pool
	after  *Rank
	exact  bool
	probed int // how many places of the blocks after the sample were looked at

	buffers *buffers // for this goroutine alone

	best  best
	stats Stats
}

const (
	// A sample ends after sampleHits matches, or after soloBlocks blocks.
	sampleHits = 16
	// maxProbe is the depth above which it is not less work to look at places of every block than to
	// search the blocks one after the other.
	maxProbe = 96
	// walked is how many customers of a block are looked at one by one, in order of relevance, rather
	// than found by their text.
	walked = 192
	// fewPlaces are looked at without asking the summaries of their block first.
	fewPlaces = 4
)

// run fills best with the first wanted matches.
func (r *ranker) run(ctx context.Context, exact bool, wanted int) error {
	r.exact, r.probed, r.best = exact, 0, best{limit: wanted}
	for _, it := range r.state.recent {
		r.stats.Verified++
		if b := (ref{block: it.b}); (!exact || r.equals(b, it.i)) && r.holds(b, it.i, nil) {
			r.add(b, it.i, true, &r.best)
		}
	}
	var next atomic.Int32
	if r.sample(ctx, &next) {
		r.best.trim()
		return ctx.Err()
	}
	r.share(ctx, &next)
	r.best.trim()
	return ctx.Err()
}

// sample searches the newest blocks and then looks at the first places of the others. It reports whether
// there are no others.
func (r *ranker) sample(ctx context.Context, next *atomic.Int32) (exhausted bool) {
	before := r.best.added
	for n := 0; n < soloBlocks && r.best.added-before < sampleHits; n++ {
		if r.searchBlocks(ctx, next, &r.best, &r.stats, 1) {
			return true
		}
	}
	r.best.trim()
	rest, hits, seen := r.state.refs[next.Load():], r.best.added-before, 0
	if hits == 0 || len(rest) == 0 {
		return false
	}
	for _, b := range r.state.refs[:next.Load()] {
		seen += b.len()
	}
	for depth := 1 + r.best.limit*seen/hits/len(rest); depth <= maxProbe; depth *= 2 {
		before := r.best.added
		r.probe(ctx, rest, depth, &r.best)
		if r.probed = depth; r.best.added-before >= r.best.limit {
			break
		}
	}
	r.best.trim()
	return false
}

// probe looks at the places from probed to depth of each block.
func (r *ranker) probe(ctx context.Context, blocks []ref, depth int, best *best) {
	for _, b := range blocks {
		from := r.from(b)
		to := min(from+depth, b.len())
		if from += r.probed; from >= to || r.worse(b, b.place(from), best) || !r.inTime(b) || ctx.Err() != nil {
			continue
		}
		texts := allTexts
		if depth > fewPlaces {
			if r.exact && !b.mayEqual(r.query) {
				continue
			}
			texts = r.texts(b)
		}
		if texts != 0 {
			r.stats.Verified += r.searchPlaces(b, from, to, texts, best)
		}
	}
}

// share searches the remaining blocks, with the processors that no search uses.
func (r *ranker) share(ctx context.Context, next *atomic.Int32) {
	var others []*ranker
	for len(others) < (len(r.state.refs)-int(next.Load()))/batchJobs && r.pool.tryAcquire() {
		other := *r
		other.best, other.stats = best{limit: r.best.limit, bound: r.best.bound}, Stats{}
		others = append(others, &other)
	}
	var group errgroup.Group
	for _, o := range others {
		safe.Go(&group, func() error {
			defer r.pool.release()
			o.buffers = r.pool.take()
			defer r.pool.put(o.buffers)
			o.searchBlocks(ctx, next, &o.best, &o.stats, len(r.state.refs))
			return nil
		})
	}
	err := safe.Call(func() error {
		r.searchBlocks(ctx, next, &r.best, &r.stats, len(r.state.refs))
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
		from := r.from(b) + r.probed
		if from >= b.len() || r.worse(b, b.place(from), best) || !r.inTime(b) || r.exact && !b.mayEqual(r.query) {
			stats.Skipped++
			continue
		}
		texts := r.texts(b)
		if texts == 0 {
			stats.Skipped++
			continue
		}
		stats.Verified += r.searchBlock(b, from, r.to(b, best), texts, best)
		n++
	}
	return false
}

// inTime reports whether some of b may have been created in the time that is asked for.
func (r *ranker) inTime(b ref) bool {
	return (r.f.CreatedFrom == 0 || b.newest().CreatedAt >= r.f.CreatedFrom) && (r.f.CreatedTo == 0 || b.oldest().CreatedAt < r.f.CreatedTo)
}

// from returns the first place in the order of b that is after the cursor.
func (r *ranker) from(b ref) int {
	if r.after == nil || r.after.Exact != r.exact {
		return 0
	}
	return sort.Search(b.len(), func(k int) bool { return r.after.Compare(b.rank(b.place(k), r.exact)) < 0 })
}

// to returns the first place in the order of b that is not better than best.
func (r *ranker) to(b ref, best *best) int {
	return sort.Search(b.len(), func(k int) bool { return r.worse(b, b.place(k), best) })
}

// worse reports whether customer i of b is not better than best.
func (r *ranker) worse(b ref, i int, best *best) bool {
	bound := best.worst()
	return bound != nil && b.rank(i, r.exact).Compare(*bound) >= 0
}

// searchBlock adds what is between two places in the order of b, of which texts are those that may match, and
// returns how many customers it looked at.
func (r *ranker) searchBlock(b ref, from, to int, texts texts, best *best) (looked int) {
	if to-from <= walked {
		return r.searchPlaces(b, from, to, texts, best)
	}
	first := b.rank(b.place(from), r.exact) // those before it were looked at
	if r.exact {
		return r.exactOnes(b, first, best)
	}
	hits, looked := r.scanIn(b, texts, r.buffers.hits[0][:0])
	mayEqual := r.query != nil && b.mayEqual(r.query)
	for _, i := range hits {
		if b.rank(int(i), false).Compare(first) >= 0 {
			r.add(b, int(i), mayEqual, best)
		}
	}
	return looked
}

// searchPlaces is searchBlock, one customer after the other.
func (r *ranker) searchPlaces(b ref, from, to int, texts texts, best *best) (looked int) {
	mayEqual := r.query != nil && b.mayEqual(r.query)
	for k := from; k < to; k++ {
		i := b.place(k)
		if r.worse(b, i, best) {
			return k - from
		}
		if (!r.exact || r.equals(b, i)) && r.holdsIn(b, i, texts) {
			r.add(b, i, mayEqual, best)
		}
	}
	return to - from
}

// equals reports whether customer i of b meets the query exactly.
func (r *ranker) equals(b ref, i int) bool {
	return r.query != nil && (r.query.exactName(b.names.text[b.names.start(i):], int(b.firsts[i])) ||
		len(r.query.phone) > 0 && r.query.exactPhone(b.phones.record(i)))
}

// add adds customer i of b, which matches, and exactly if that is asked for, if it belongs to those that
// are looked for. It can match exactly only if mayEqual says so.
func (r *ranker) add(b ref, i int, mayEqual bool, best *best) {
	rank := b.rank(i, r.exact)
	if bound := best.worst(); bound != nil && rank.Compare(*bound) >= 0 || r.after != nil && r.after.Compare(rank) >= 0 {
		return
	}
	if r.exact || !mayEqual || !r.equals(b, i) {
		best.add(rank)
	}
}
