package search

import (
	"bytes"
	"hash/maphash"
)

// A block has a hashed set of its wholes, the texts that a query has to equal to be an exact match: of
// each customer the first name, the last name, both, and the phone. It may claim a whole that does not
// occur; it never denies one that does. So the search for exact matches reads no block in vain, or
// few, however short the query is and however often it occurs within names.

// wholeBits is how many bits the set has for each customer. Common names are shared, so a customer
// adds between two and three wholes to it, of two bits each.
const wholeBits = 16

// wholeSeed is that of the process: sets are never kept or sent.
var wholeSeed = maphash.MakeSeed()

func wholeWords(customers int) int { return customers*wholeBits/64 + 1 }

// wholeHash returns 0 for no text.
func wholeHash(text []byte) uint64 {
	if len(text) == 0 {
		return 0
	}
	return maphash.Bytes(wholeSeed, text) | 1
}

// addWholes puts those of customer i into the set.
func (b *block) addWholes(i int) {
	name, first := b.names.record(i), int(b.firsts[i])
	if end := bytes.IndexFunc(name, func(r rune) bool { return r <= variantMark }); end >= 0 {
		name = name[:end]
	}
	last := name[min(first, len(name)):]
	if len(last) > 0 && last[0] == ' ' {
		last = last[1:]
	}
	for _, whole := range [][]byte{name, name[:min(first, len(name))], last, b.phones.record(i)} {
		if h := wholeHash(whole); h != 0 {
			x, y := b.wholeBit(h)
			b.wholes[x>>6] |= 1 << (x & 63)
			b.wholes[y>>6] |= 1 << (y & 63)
		}
	}
}

// mayHaveWhole reports whether the set may have a whole, given its hash.
func (b *block) mayHaveWhole(h uint64) bool {
	if h == 0 {
		return false
	}
	x, y := b.wholeBit(h)
	return b.wholes[x>>6]&(1<<(x&63)) != 0 && b.wholes[y>>6]&(1<<(y&63)) != 0
}

func (b *block) wholeBit(h uint64) (x, y uint64) {
	return scale(h>>32, len(b.wholes)), scale(h&0xffffffff, len(b.wholes))
}

// mayEqual reports whether b may hold an exact match.
func (b *block) mayEqual(t *anyTerm) bool {
	return b.mayHaveWhole(t.nameHash) || b.mayHaveWhole(t.phoneHash)
}

// exactOnes adds the exact matches of b from first on, in the order of relevance.
func (r *ranker) exactOnes(b ref, first Rank, best *best) (looked int) {
	if b.mayHaveWhole(r.query.phoneHash) {
		looked += r.exactPhones(b, first, best)
	}
	if b.mayHaveWhole(r.query.nameHash) {
		looked += r.exactNames(b, first, best)
	}
	return looked
}

func (r *ranker) exactPhones(b ref, first Rank, best *best) (looked int) {
	from, n := uint32(0), uint32(len(r.query.phone)+1)
	for i, end := range b.phones.ends {
		if end-from == n && r.query.exactPhone(b.phones.text[from:end-1]) {
			r.addExact(b, i, first, best)
			looked++
		}
		from = end
	}
	return looked
}

// exactNames adds those that have the query as a name, and not as their phone too. Most others are
// passed over, because no word of theirs begins as the query does.
func (r *ranker) exactNames(b ref, first Rank, best *best) (looked int) {
	if r.query.begins == 0 {
		return r.exactNamesOfAll(b, first, best)
	}
	for i := b.nextWith(r.query.begins, 0, b.len()); i < b.len(); i = b.nextWith(r.query.begins, i+1, b.len()) {
		if r.query.exactName(b.names.text[b.names.start(i):], int(b.firsts[i])) && !r.query.exactPhone(b.phones.record(i)) {
			r.addExact(b, i, first, best)
			looked++
		}
	}
	return looked
}

// exactNamesOfAll is exactNames for a query that may begin within a word. Most names are told from it by
// the first byte of either part.
func (r *ranker) exactNamesOfAll(b ref, first Rank, best *best) (looked int) {
	text, from, initial := b.names.text, 0, r.query.plain[0]
	for i, n := range b.firsts {
		last := from + int(n)
		if text[from] == initial || text[last] == initial || text[last] == ' ' && text[last+1] == initial {
			if r.query.exactName(text[from:], int(n)) && !r.query.exactPhone(b.phones.record(i)) {
				r.addExact(b, i, first, best)
				looked++
			}
		}
		from = int(b.names.ends[i])
	}
	return looked
}

// addExact adds customer i of b, which meets the query exactly, if it is not before first and meets the
// other conditions too.
func (r *ranker) addExact(b ref, i int, first Rank, best *best) {
	if b.rank(i, true).Compare(first) >= 0 && !r.worse(b, i, best) && r.holds(b, i, nil) {
		r.add(b, i, true, best)
	}
}
