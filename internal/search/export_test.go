package search

import (
	"bytes"
	"runtime"
)

// NewSmallBuilder is NewBuilder with tiny blocks, so that little data goes through everything.
func NewSmallBuilder() *Builder {
	b := NewBuilder(nil, 0)
	b.layout = layout{block: 8, split: 12, perBlock: 1, minRecent: 3, maxRecent: 6, helpAbove: 20}
	return b
}

// Settle compacts what there is to compact.
func (ix *Index) Settle() { ix.compact() }

// SettleBeside does the same with all recent changes, and calls meanwhile when the new blocks are
// made but not in place. No Apply may run beside it but in meanwhile.
func (ix *Index) SettleBeside(meanwhile func()) {
	ix.mu.Lock()
	ix.purge = true
	ix.mu.Unlock()
	ix.compacting.Lock()
	defer ix.compacting.Unlock()
	old, all := ix.beginCompact()
	runs := ix.compactBlocks(old, all)
	helpAbove := ix.helpAbove
	ix.helpAbove = 1 << 30 // or Apply would wait for the compaction that waits for it
	meanwhile()
	ix.helpAbove = helpAbove
	ix.endCompact(old, runs)
}

// Wait returns when no compaction runs in the background.
func (ix *Index) Wait() {
	for {
		ix.mu.Lock()
		busy := ix.busy
		ix.mu.Unlock()
		if !busy {
			return
		}
		runtime.Gosched()
	}
}

// Check returns what is wrong with the index's inner order, or "".
func (ix *Index) Check() string {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	s := ix.state.Load()
	live, before := len(s.recent), first
	for _, r := range s.refs {
		alive := 0
		for i := range r.len() {
			if !before.Before(r.at(i)) {
				return "blocks out of order"
			}
			before = r.at(i)
			if !r.isDead(i) {
				alive++
			}
		}
		switch {
		case r.len() == 0 || r.len() > ix.split:
			return "block of bad size"
		case alive != r.alive() || alive != r.count(nil, nil):
			return "wrong tallies"
		}
		live += alive
	}
	before = first
	for _, it := range s.recent {
		if !before.Before(it.position()) {
			return "recent changes out of order"
		}
		before = it.position()
		if ix.pending[before.Seq] != it {
			return "pending differs from recent changes"
		}
	}
	if live != s.live || len(ix.pending) != len(s.recent) {
		return "wrong number of customers"
	}
	return ""
}

// Blocks returns how many blocks there are and how many of them a has in common with since, which
// was returned by an earlier call.
func (ix *Index) Blocks(since []any) (blocks []any, common int) {
	was := map[any]bool{}
	for _, b := range since {
		was[b] = true
	}
	for _, r := range ix.state.Load().refs {
		blocks = append(blocks, r.block)
		if was[r.block] {
			common++
		}
	}
	return blocks, common
}

// Recent returns how many changes are not in blocks yet.
func (ix *Index) Recent() int { return len(ix.state.Load().recent) }

func contains(text []byte, s string) bool { return bytes.Contains(text, []byte(s)) }

// Text reports whether any text that a holds contains folded.
func (ix *Index) Text(folded string) bool {
	s := ix.state.Load()
	holds := func(b *block) bool {
		return contains(b.names.text, folded) || contains(b.mails.text, folded) || contains(b.phones.text, folded)
	}
	for _, r := range s.refs {
		if holds(r.block) {
			return true
		}
	}
	for _, it := range s.recent {
		if holds(it.b) {
			return true
		}
	}
	return false
}

// LoseText makes every scan of the blocks from the given one on panic.
func (ix *Index) LoseText(from int) {
	for _, r := range ix.state.Load().refs[from:] {
		r.names.text = nil
	}
}

// Parallel is parallel.
func Parallel(n int, do func(k int)) { parallel(n, do) }

// BestOf returns what stands at the places from skip to before skip+take of the ranks in order.
func BestOf(ranks []Rank, skip, take int) []Rank {
	b := best{limit: skip + take}
	for _, r := range ranks {
		if worst := b.worst(); worst == nil || r.Compare(*worst) < 0 {
			b.add(r)
		}
	}
	b.trim()
	return b.page(skip, take)
}
