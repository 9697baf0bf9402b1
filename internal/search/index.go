package search

import (
	"slices"
	"sync"
	"sync/atomic"
)

// Index holds the customers of one application. Its methods may be called by several goroutines at
// once. A search sees all of an Apply that returned before it began, and of an Apply beside it all
// or nothing. Make one with a Builder.
type Index struct {
	layout
	pool  *Pool
	state atomic.Pointer[state]

	mu      sync.Mutex     // held to change what follows and state
	pending map[int64]item // state.recent by Seq
	erased  bool           // a block holds the text of a deleted customer
	purge   bool           // so does the memory of recent changes, or a block that they replaced it in
	busy    bool           // a goroutine compacts, or is about to

	compacting sync.Mutex // held while blocks are remade; taken before mu
}

// Version returns the version of the application up to which the index holds all changes.
func (ix *Index) Version() int64 { return ix.state.Load().version }

// Len returns the number of customers.
func (ix *Index) Len() int { return ix.state.Load().live }

// Bytes returns how much memory the index holds. It takes time in proportion to the number of
// blocks, about 0.1 ms for ten million customers.
func (ix *Index) Bytes() int64 {
	ix.mu.Lock()
	n := len(ix.pending)
	ix.mu.Unlock()
	const perPending = 40 // a map entry of 24 bytes at the usual load, and its control byte
	return ix.state.Load().memory() + int64(n)*perPending
}

// Apply brings the index to version. The changes must include every customer changed after
// Version, each in its state at that version or later; customers that have not changed may be among
// them. An entry replaces the one with its Seq, wherever that stood; an entry marked Deleted removes
// it. Of several entries with one Seq the last counts.
//
// Changes for a version below the index's are ignored, because the index holds them already:
// whoever read them was overtaken. Apply neither waits for searches nor makes them wait.
func (ix *Index) Apply(changes []Entry, version int64) {
	stage := newStage(changes)
	ix.mu.Lock()
	old := ix.state.Load()
	if version < old.version {
		ix.mu.Unlock()
		return
	}
	next := ix.applyLocked(old, changes, stage)
	next.version = version
	ix.state.Store(next)
	start := ix.dueLocked() && !ix.busy
	ix.busy = ix.busy || start
	ix.mu.Unlock()

	if start {
		go ix.compactWhileDue()
	}
	if len(next.recent) > ix.helpAbove {
		ix.compact()
	}
}

// applyLocked returns old with the changes, of which stage holds the folded texts.
func (ix *Index) applyLocked(old *state, changes []Entry, stage *block) *state {
	next := &state{refs: old.refs, recent: old.recent, live: old.live, rates: old.rates}
	last := make(map[int64]int, len(changes))
	for i, e := range changes {
		last[e.Seq] = i
	}
	var fresh []item
	replaced := false        // some of old.recent is no longer pending
	var own map[int]struct{} // which refs have a dead set that no search can see
	for i, e := range changes {
		if last[e.Seq] != i {
			continue
		}
		now := item{stage, i}
		was, pending := ix.pending[e.Seq]
		if pending {
			if !e.Deleted && was.same(now) {
				continue
			}
			delete(ix.pending, e.Seq)
			ix.purge = ix.purge || e.Deleted
			replaced = true
			next.live--
		} else if k, j, ok := next.locate(e.Position); ok {
			if !e.Deleted && (item{next.refs[k].block, j}).same(now) {
				continue
			}
			if own == nil {
				own = map[int]struct{}{}
				next.refs = slices.Clone(next.refs)
			}
			_, mine := own[k]
			own[k] = struct{}{}
			next.refs[k] = next.refs[k].markDead(j, e.Deleted, mine)
			ix.erased = ix.erased || e.Deleted
			next.live--
		}
		if !e.Deleted {
			ix.pending[e.Seq] = now
			fresh = append(fresh, now)
			next.live++
		}
	}
	if replaced || len(fresh) > 0 {
		next.recent = ix.mergeLocked(old.recent, fresh)
	}
	return next
}

// mergeLocked returns those of recent that are still pending, and fresh, in list order.
func (ix *Index) mergeLocked(recent, fresh []item) []item {
	slices.SortFunc(fresh, func(x, y item) int { return x.position().Compare(y.position()) })
	merged := make([]item, 0, len(recent)+len(fresh))
	for _, it := range recent {
		p := it.position()
		for len(fresh) > 0 && fresh[0].position().Before(p) {
			merged, fresh = append(merged, fresh[0]), fresh[1:]
		}
		if ix.pending[p.Seq] == it {
			merged = append(merged, it)
		}
	}
	return append(merged, fresh...)
}
