package search

import (
	"slices"
	"sort"
	"unsafe"

	"custodex.dev/internal/page"
)

// state is all that a search needs, at one version. It is immutable.
type state struct {
	version int64
	refs    []ref  // the blocks in list order, none empty
	recent  []item // customers that are not in a block yet, in list order
	live    int    // customers
	rates   *rates
}

// ref is a block and which of its customers are gone or replaced.
type ref struct {
	*block
	dead *dead // nil: none
}

type dead struct {
	bits    []uint64
	n       int
	tallies []tally // of the customers still alive
	erased  bool    // one was deleted, so its text is to leave memory soon
}

func (r ref) isDead(i int) bool { return r.dead != nil && r.dead.bits[i>>6]&(1<<(i&63)) != 0 }

func (r ref) alive() int {
	if r.dead == nil {
		return r.len()
	}
	return r.len() - r.dead.n
}

// count returns how many live customers of r have the status and the type; nil is any.
func (r ref) count(status, typ *uint8) (n int) {
	tallies := r.block.tallies
	if r.dead != nil {
		tallies = r.dead.tallies
	}
	for _, t := range tallies {
		if (status == nil || *status == t.status) && (typ == nil || *typ == t.typ) {
			n += int(t.n)
		}
	}
	return n
}

// markDead returns r with customer i dead. It changes r.dead in place if own says that no search can
// see it yet.
func (r ref) markDead(i int, erased, own bool) ref {
	d := r.dead
	switch {
	case d == nil:
		d = &dead{bits: make([]uint64, (r.len()+63)/64), tallies: slices.Clone(r.block.tallies)}
	case !own:
		d = &dead{slices.Clone(d.bits), d.n, slices.Clone(d.tallies), d.erased}
	}
	d.bits[i>>6] |= 1 << (i & 63)
	d.n++
	d.tallies = tallied(d.tallies, r.status[i], r.typ[i], ^uint16(0))
	d.erased = d.erased || erased
	return ref{r.block, d}
}

// locate finds the live customer at p, or else the one with p's Seq wherever it stands.
func (s *state) locate(p page.Position) (k, i int, ok bool) {
	if k := blockOf(s.refs, p); k < len(s.refs) {
		r := s.refs[k]
		if i := r.from(p); i < r.len() && r.at(i) == p && !r.isDead(i) {
			return k, i, true
		}
	}
	for k, r := range s.refs {
		if !r.mayHaveSeq(p.Seq) {
			continue
		}
		for i, seq := range r.seq {
			if seq == p.Seq && !r.isDead(i) {
				return k, i, true
			}
		}
	}
	return 0, 0, false
}

// blockOf returns the index of the first block whose oldest customer is not listed before p.
func blockOf(refs []ref, p page.Position) int {
	return sort.Search(len(refs), func(k int) bool { return !refs[k].oldest().Before(p) })
}

// memory adds up the bytes that s holds.
func (s *state) memory() int64 {
	m := int64(unsafe.Sizeof(*s)) + int64(unsafe.Sizeof(*s.rates)) + int64(cap(s.refs))*int64(unsafe.Sizeof(ref{})) +
		int64(cap(s.recent))*int64(unsafe.Sizeof(item{}))
	for _, r := range s.refs {
		m += r.size
		if r.dead != nil {
			m += int64(unsafe.Sizeof(*r.dead)) + int64(cap(r.dead.bits)*8) +
				int64(cap(r.dead.tallies))*int64(unsafe.Sizeof(tally{}))
		}
	}
	seen := map[*block]bool{}
	for _, it := range s.recent {
		if !seen[it.b] {
			seen[it.b] = true
			m += it.b.size
		}
	}
	return m
}
