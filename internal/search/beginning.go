package search

import (
	"math/bits"
	"unicode/utf8"
)

// A term of several words matches names that have the words in another order, so that no fragment
// of the text tells which block may hold one. Instead a block knows of each of its names how the
// words of it begin: a bit for every two characters, of which there are beginningBits. The names
// that have the bits of all words of a term are few, and found without a look at the text.
const beginningBits = 32

// beginnings returns the bits of the words of a text of appendName.
func beginnings(name []byte) (set uint32) {
	begin := true
	for i, c := range name {
		if begin {
			set |= beginning(name[i:])
		}
		begin = c == ' ' || c == variantMark
	}
	return set
}

// beginning returns the bit that stands for the first two characters of a word, 0 if it has only one.
func beginning(word []byte) uint32 {
	_, n := utf8.DecodeRune(word)
	if n == len(word) || word[n] == ' ' || word[n] == variantMark {
		return 0
	}
	_, m := utf8.DecodeRune(word[n:])
	h := uint32(0)
	for _, c := range word[:n+m] {
		h = h*31 + uint32(c)
	}
	return 1 << (h * 0x9e3779b1 >> (32 - 5))
}

// bitWords is how many words n bits take.
func bitWords(n int) int { return (n + 63) / 64 }

// setBeginnings notes the beginnings of name i.
func (b *block) setBeginnings(i int) {
	row := bitWords(b.len())
	for set := beginnings(b.names.record(i)); set != 0; set &= set - 1 {
		b.begins[bits.TrailingZeros32(set)*row+i>>6] |= 1 << (i & 63)
	}
}

// nextWith returns the index of the first customer of b from i to before hi whose name has all of the
// beginnings, or hi if there is none.
func (b *block) nextWith(beginnings uint32, i, hi int) int {
	row := bitWords(b.len())
	for at := i >> 6; i < hi; at++ {
		all := ^uint64(0) << (i & 63)
		for set := beginnings; set != 0 && all != 0; set &= set - 1 {
			all &= b.begins[bits.TrailingZeros32(set)*row+at]
		}
		if all != 0 {
			return min(at<<6+bits.TrailingZeros64(all), hi)
		}
		i = (at + 1) << 6
	}
	return hi
}

// scanWords is scan by a name term of several words. A name that matches contains the whole term, or
// it has the beginnings of all words.
func (p *plan) scanWords(r ref, lo, hi, limit int, hits []uint16) (found []uint16, looked int) {
	looked, end := 0, r.names.start(hi)
	begins := p.Matcher.name.begins
	words := r.nextWith(begins, lo, hi)
	var whole [2]int // where each form of the term as a whole comes next
	next := func(k, i int) {
		whole[k] = hi
		if at := p.whole[k].find(r.names.text, r.names.start(i), end); at >= 0 {
			whole[k] = r.names.holder(i, at)
		}
	}
	for k := range whole {
		whole[k] = hi
		if k < len(p.whole) && r.names.mayHold(p.whole[k]) {
			next(k, lo)
		}
	}
	for limit > 0 {
		i := min(words, whole[0], whole[1])
		if i >= hi {
			break
		}
		looked++
		if p.holds(r, i, nil) {
			hits = append(hits, uint16(i))
			limit--
		}
		if words == i {
			words = r.nextWith(begins, i+1, hi)
		}
		for k := range whole {
			if whole[k] == i {
				next(k, i+1)
			}
		}
	}
	return hits, looked
}
