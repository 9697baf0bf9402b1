package search

import "custodex.dev/internal/page"

// layout says how customers are laid out in blocks. Only tests use another than usual.
type layout struct {
	block int // customers in a full block
	split int // a block with more is divided; at most maxBlock

	// Recent changes are folded into blocks when there are perBlock for each block, but not before
	// there are minRecent, and always when there are maxRecent. Many at a time cost less each,
	// because a block is remade for all of them at once; few cost each search less. Above
	// helpAbove, Apply does that itself, so that a bulk load cannot outrun the background.
	perBlock, minRecent, maxRecent, helpAbove int
}

const maxBlock = 3072

func usualLayout() layout {
	return layout{block: 2048, split: maxBlock, perBlock: 4, minRecent: 256, maxRecent: 2048, helpAbove: 8192}
}

// dueLocked reports whether there is something to compact.
func (ix *Index) dueLocked() bool { return ix.erased || ix.purge || ix.fullLocked() }

// fullLocked reports whether it is time to fold recent changes into blocks.
func (ix *Index) fullLocked() bool {
	s := ix.state.Load()
	return ix.purge || len(s.recent) >= min(max(ix.perBlock*len(s.refs), ix.minRecent), ix.maxRecent)
}

func (ix *Index) compactWhileDue() {
	for {
		ix.compact()
		ix.mu.Lock()
		if !ix.dueLocked() {
			ix.busy = false
			ix.mu.Unlock()
			return
		}
		ix.mu.Unlock()
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
func (ix *Index) compact() {
	ix.compacting.Lock()
	defer ix.compacting.Unlock()
	old, all := ix.beginCompact()
	ix.endCompact(old, ix.compactBlocks(old, all))
}

// beginCompact returns the state to compact, and whether all recent changes are to be folded in.
func (ix *Index) beginCompact() (old *state, all bool) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	old, all = ix.state.Load(), ix.fullLocked()
	ix.erased, ix.purge = false, false
	return old, all
}

// endCompact puts the remade blocks in place. What Apply has changed since beginCompact is first
// repeated on them.
func (ix *Index) endCompact(old *state, runs []remade) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	now := ix.state.Load() // of the same blocks as old: only compaction changes those
	next := &state{version: now.version, live: now.live, refs: make([]ref, 0, len(now.refs)+len(runs))}
	kept := 0
	for _, run := range runs {
		next.refs = append(next.refs, now.refs[kept:run.from]...)
		for k := run.from; k < run.to; k++ {
			run.repeatDeaths(old.refs[k], now.refs[k])
		}
		for _, it := range run.folded {
			p := it.position()
			if is, ok := ix.pending[p.Seq]; is == it {
				delete(ix.pending, p.Seq)
			} else { // changed again meanwhile, or deleted
				run.markDead(p, !ok)
			}
		}
		next.refs = append(next.refs, run.refs...)
		kept = run.to
	}
	next.refs = append(next.refs, now.refs[kept:]...)
	next.recent = ix.mergeLocked(now.recent, nil)
	if next.rates = now.rates; len(next.refs) > 2*now.rates.blocks {
		next.rates = newRates(next.refs)
	}
	ix.state.Store(next)
}

// compactBlocks makes the new blocks for s: of those with erased text, and with foldRecent also of
// those that recent changes or dead entries are in.
func (l layout) compactBlocks(s *state, foldRecent bool) (runs []remade) {
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
		return []remade{{folded: recent, refs: l.divide(recent, true)}}
	}
	for k := 0; k < len(s.refs); k++ {
		r, mine := s.refs[k], take(k)
		erased := r.dead != nil && r.dead.erased
		if !erased && (!foldRecent || len(mine) == 0 && r.dead == nil) {
			continue
		}
		run := remade{from: k, to: k + 1, folded: mine}
		items, fresh := r.merge(nil, mine)
		// A block that has become small is joined with the next, but for the newest, which grows.
		for k > 0 && len(items) < l.block/4 && run.to < len(s.refs) {
			more := take(run.to)
			items, _ = s.refs[run.to].merge(items, more)
			run.folded = append(run.folded[:len(run.folded):len(run.folded)], more...)
			run.to++
		}
		switch {
		case len(items) > l.split || run.to > k+1 || erased:
			run.refs = l.divide(items, k == 0)
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
func (l layout) divide(items []item, newest bool) (refs []ref) {
	for n := (len(items) + l.block - 1) / l.block; n > 0; n-- {
		size := (len(items) + n - 1) / n
		if newest {
			size = len(items) - (n-1)*l.block
		}
		refs = append(refs, ref{block: newBlock(items[:size], nil, nil)})
		items = items[size:]
	}
	return refs
}

// repeatDeaths marks in the new blocks the customers that died in a replaced one since compact
// began.
func (r *remade) repeatDeaths(old, now ref) {
	if now.dead == old.dead {
		return
	}
	for i := range now.len() {
		if now.isDead(i) && !old.isDead(i) {
			r.markDead(now.at(i), now.dead.erased)
		}
	}
}

func (r *remade) markDead(p page.Position, erased bool) {
	k := blockOf(r.refs, p)
	r.refs[k] = r.refs[k].markDead(r.refs[k].from(p), erased, true)
}
