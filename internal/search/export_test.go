package search

import (
	"bytes"
	"runtime"
)

// NewSmallBuilder is NewBuilder with tiny blocks, so that little data goes through everything.
func NewSmallBuilder() *Builder {
	b := NewBuilder(0)
	b.sizes = sizes{block: 8, split: 12, perBlock: 1, fewest: 3, most: 6, flood: 20}
	return b
}

// Settle compacts what there is to compact.
func (a *Index) Settle() { a.compact() }

// SettleBeside does the same with all recent changes, and calls meanwhile when the new blocks are
// made but not in place. No Apply may run beside it but in meanwhile.
func (a *Index) SettleBeside(meanwhile func()) {
	a.mu.Lock()
	a.purge = true
	a.mu.Unlock()
	a.compacting.Lock()
	defer a.compacting.Unlock()
	old, all := a.beginCompact()
	runs := a.remake(old, all)
	flood := a.flood
	a.flood = 1 << 30 // or Apply would wait for the compaction that waits for it
	meanwhile()
	a.flood = flood
	a.endCompact(old, runs)
}

// Wait returns when no compaction runs in the background.
func (a *Index) Wait() {
	for {
		a.mu.Lock()
		busy := a.busy
		a.mu.Unlock()
		if !busy {
			return
		}
		runtime.Gosched()
	}
}

// Check returns what is wrong with the arena's inner order, or "".
func (a *Index) Check() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.state.Load()
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
		case r.len() == 0 || r.len() > a.split:
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
		if a.pending[before.Seq] != it {
			return "pending differs from recent changes"
		}
	}
	if live != s.live || len(a.pending) != len(s.recent) {
		return "wrong number of customers"
	}
	return ""
}

// Blocks returns how many blocks there are and how many of them a has in common with since, which
// was returned by an earlier call.
func (a *Index) Blocks(since []any) (blocks []any, common int) {
	was := map[any]bool{}
	for _, b := range since {
		was[b] = true
	}
	for _, r := range a.state.Load().refs {
		blocks = append(blocks, r.block)
		if was[r.block] {
			common++
		}
	}
	return blocks, common
}

// Recent returns how many changes are not in blocks yet.
func (a *Index) Recent() int { return len(a.state.Load().recent) }

func contains(text []byte, s string) bool { return bytes.Contains(text, []byte(s)) }

// Text reports whether any text that a holds contains folded.
func (a *Index) Text(folded string) bool {
	s := a.state.Load()
	holds := func(b *block) bool {
		return contains(b.names.text, folded) || contains(b.mails.text, folded)
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
