package search

import "custodex.dev/internal/page"

// sizes steer how customers are laid out. Only tests change them.
type sizes struct {
	block int // customers in a full block
	split int // a block with more is divided; at most maxBlock

	// Recent changes are folded into blocks when there are perBlock for each block, but not before
	// there are fewest and not after most. Many at a time cost less each, because a block is remade
	// for all of them at once; few cost each search less. Above flood, Apply helps.
	perBlock, fewest, most, flood int
}

const maxBlock = 3072

var usual = sizes{block: 2048, split: maxBlock, perBlock: 4, fewest: 256, most: 2048, flood: 8192}

// dueLocked reports whether there is something to compact.
func (a *Index) dueLocked() bool { return a.erased || a.purge || a.fullLocked() }

// fullLocked reports whether it is time to fold recent changes into blocks.
func (a *Index) fullLocked() bool {
	s := a.state.Load()
	return a.purge || len(s.recent) >= min(max(a.perBlock*len(s.refs), a.fewest), a.most)
}

func (a *Index) compactWhileDue() {
	for {
		a.compact()
		a.mu.Lock()
		if !a.dueLocked() {
			a.busy = false
			a.mu.Unlock()
			return
		}
		a.mu.Unlock()
	}
}

// remade is a run of neighbouring blocks that compact replaces.
type remade struct {
	from, to int    // indices in the refs that compact began with
	folded   []item // recent changes that went in
	refs     []ref  // what takes their place
}

// compact remakes the blocks that hold the text of deleted customers and, if it is time, those that
// recent changes belong in. Searches and Apply go on meanwhile.
func (a *Index) compact() {
	a.compacting.Lock()
	defer a.compacting.Unlock()
	old, all := a.beginCompact()
	a.endCompact(old, a.remake(old, all))
}

// beginCompact returns the state to compact, and whether all recent changes are to be folded in.
func (a *Index) beginCompact() (old *state, all bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	old, all = a.state.Load(), a.fullLocked()
	a.erased, a.purge = false, false
	return old, all
}

// endCompact puts the remade blocks in place. What Apply has changed since beginCompact is first
// repeated on them.
func (a *Index) endCompact(old *state, runs []remade) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.state.Load() // of the same blocks as old: only compaction changes those
	next := &state{version: now.version, live: now.live, refs: make([]ref, 0, len(now.refs)+len(runs))}
	kept := 0
	for _, run := range runs {
		next.refs = append(next.refs, now.refs[kept:run.from]...)
		for k := run.from; k < run.to; k++ {
			run.repeatDeaths(old.refs[k], now.refs[k])
		}
		for _, it := range run.folded {
			p := it.position()
			if is, ok := a.pending[p.Seq]; is == it {
				delete(a.pending, p.Seq)
			} else { // changed again meanwhile, or deleted
				run.kill(p, !ok)
			}
		}
		next.refs = append(next.refs, run.refs...)
		kept = run.to
	}
	next.refs = append(next.refs, now.refs[kept:]...)
	next.recent = a.mergeLocked(now.recent, nil)
	if next.rates = now.rates; len(next.refs) > 2*now.rates.blocks {
		next.rates = newRates(next.refs)
	}
	a.state.Store(next)
}

// remake makes the new blocks for s.
func (z sizes) remake(s *state, all bool) (runs []remade) {
	recent := s.recent
	// take cuts off the recent changes that belong in block k.
	take := func(k int) (mine []item) {
		n := len(recent)
		if k < len(s.refs)-1 {
			n = 0
			for oldest := s.refs[k].oldest(); n < len(recent) && !oldest.Before(recent[n].position()); n++ {
			}
		}
		mine, recent = recent[:n], recent[n:]
		return mine
	}
	if len(s.refs) == 0 {
		return []remade{{folded: recent, refs: z.divide(recent, true)}}
	}
	for k := 0; k < len(s.refs); k++ {
		r, mine := s.refs[k], take(k)
		erased := r.dead != nil && r.dead.erased
		if !erased && (!all || len(mine) == 0 && r.dead == nil) {
			continue
		}
		run := remade{from: k, to: k + 1, folded: mine}
		items, fresh := r.merge(nil, mine)
		// A block that has become small is joined with the next, but for the newest, which grows.
		for k > 0 && len(items) < z.block/4 && run.to < len(s.refs) {
			more := take(run.to)
			items, _ = s.refs[run.to].merge(items, more)
			run.folded = append(run.folded[:len(run.folded):len(run.folded)], more...)
			run.to++
		}
		switch {
		case len(items) > z.split || run.to > k+1 || erased:
			run.refs = z.divide(items, k == 0)
		case len(items) > 0:
			run.refs = []ref{{block: newBlock(items, r.block, fresh)}}
		}
		runs = append(runs, run)
		k = run.to - 1
	}
	return runs
}

// merge appends to items the live customers of r and those of recent, in list order. It returns also
// the indices of the latter in the result.
func (r ref) merge(items, recent []item) (merged []item, fresh []int) {
	if items == nil {
		items = make([]item, 0, r.len()+len(recent))
	}
	for i := range r.len() {
		for len(recent) > 0 && recent[0].position().Before(r.at(i)) {
			fresh = append(fresh, len(items))
			items, recent = append(items, recent[0]), recent[1:]
		}
		if !r.isDead(i) {
			items = append(items, item{r.block, i})
		}
	}
	for _, it := range recent {
		fresh = append(fresh, len(items))
		items = append(items, it)
	}
	return items, fresh
}

// divide makes blocks of items, none too large: all about equal or, if they are the newest customers,
// full ones behind one that has room to grow.
func (z sizes) divide(items []item, newest bool) (refs []ref) {
	for n := (len(items) + z.block - 1) / z.block; n > 0; n-- {
		size := (len(items) + n - 1) / n
		if newest {
			size = len(items) - (n-1)*z.block
		}
		refs = append(refs, ref{block: newBlock(items[:size], nil, nil)})
		items = items[size:]
	}
	return refs
}

// repeatDeaths kills in the new blocks the customers that died in a replaced one since compact
// began.
func (m *remade) repeatDeaths(old, now ref) {
	if now.dead == old.dead {
		return
	}
	for i := range now.len() {
		if now.isDead(i) && !old.isDead(i) {
			m.kill(now.at(i), now.dead.erased)
		}
	}
}

func (m *remade) kill(p page.Position, erased bool) {
	k := blockOf(m.refs, p)
	m.refs[k] = m.refs[k].kill(m.refs[k].from(p), erased, true)
}
