package search

import (
	"encoding/binary"
	"math/bits"
)

// summary tells which fragments do not occur in a column of a block. It may claim a fragment that
// does not occur; it never denies one that does.
//
// Byte pairs are kept exactly for letters, digits and common signs of ASCII. Fragments of three to
// six bytes share one hashed bit set, of which about two in five are set, with as many bits for each as
// its length has by density. The choice was measured on names in several scripts, in blocks of 2,048:
// without fragments beyond three bytes, four blocks in five must be scanned for a full name, with those
// up to six, one in four. Sevens add next to nothing.
type summary struct {
	pairs   []uint64 // pairWords words
	grams   []uint64
	salt    uint64 // makes a fragment fall on different bits in different blocks
	density density
}

// density is how many bits the fragments of each length have in the set.
type density [maxGram + 1]uint8

const maxGram = 6

// Short fragments are few different ones in the texts of a block, so that more bits for each fill the set
// little; a term of three bytes rests on one of them alone. In phones it is the fives that tell: a full block
// has all threes and most fours, and a longer number is told by several fives.
var (
	textDensity  = density{3: 3, 4: 2, 5: 2, 6: 1}
	phoneDensity = density{4: 1, 5: 2}
)

const (
	pairWords  = 64
	gramFactor = 13 // bits in grams for each 4 bytes of text
)

func gramWords(text int) int { return text*gramFactor/4/64 + 1 }

// added remembers some of the longest fragments that were put into a summary, each of which has brought
// the shorter ones that it begins with. Names and the hosts of addresses repeat, so this spares half of the work.
type added [1 << 12]uint64

// add puts the fragments of one record into s, to which all in done were added before. At least 8 bytes of
// text must follow end.
func (s *summary) add(text []byte, from, end int, done *added) {
	pairs, grams, density := s.pairs[:pairWords], s.grams, s.density
	for p := from; p < end-1; p++ {
		w := binary.LittleEndian.Uint64(text[p:])
		if p+maxGram <= end {
			longest := w & (1<<(8*maxGram) - 1)
			at := longest * 0x9e3779b97f4a7c15 >> (64 - 12)
			if done[at] == longest {
				continue
			}
			done[at] = longest
		}
		pairs[byteClass[byte(w)]] |= 1 << byteClass[byte(w>>8)]
		for n := 3; n <= maxGram && p+n <= end; n++ {
			d := density[n]
			if d == 0 {
				continue
			}
			h := s.hash(w & (1<<(8*n) - 1))
			set(grams, h>>32)
			if d > 1 {
				set(grams, h&0xffffffff)
			}
			if d > 2 {
				set(grams, h>>16&0xffffffff)
			}
		}
	}
	if end-from == 1 { // so that the single byte is known
		pairs[byteClass[text[from]]] |= 1 << byteClass[0]
	}
}

// set and has are for the bit of grams that 32 bits of a hash tell.
func set(grams []uint64, h uint64) {
	at := scale(h, len(grams))
	grams[at>>6] |= 1 << (at & 63)
}

func has(grams []uint64, h uint64) bool {
	at := scale(h, len(grams))
	return grams[at>>6]&(1<<(at&63)) != 0
}

// mayHold reports whether the term may occur.
func (s *summary) mayHold(n *needle) bool {
	for _, w := range n.grams {
		d, h := s.density[(bits.Len64(w)+7)/8], s.hash(w)
		if d > 0 && !has(s.grams, h>>32) || d > 1 && !has(s.grams, h&0xffffffff) || d > 2 && !has(s.grams, h>>16&0xffffffff) {
			return false
		}
	}
	for _, p := range n.pairs {
		if s.pairs[p>>8]&(1<<(p&0xff)) == 0 {
			return false
		}
	}
	return len(n.b) > 1 || s.mayHoldByte(n.b[0])
}

func (s *summary) mayHoldByte(b byte) bool {
	c := byteClass[b]
	if s.pairs[c] != 0 {
		return true
	}
	for _, w := range s.pairs {
		if w&(1<<c) != 0 {
			return true
		}
	}
	return false
}

// fragments returns what mayHold asks for about a term, the most telling first.
func fragments(b []byte) (grams []uint64, pairs []uint16) {
	for n := maxGram; n >= 3; n-- {
		for p := 0; p+n <= len(b) && p < 32; p++ {
			var w [8]byte
			copy(w[:], b[p:p+n])
			grams = append(grams, binary.LittleEndian.Uint64(w[:]))
		}
	}
	for p := 0; p+2 <= len(b) && p < 32; p++ {
		pairs = append(pairs, uint16(byteClass[b[p]])<<8|uint16(byteClass[b[p+1]]))
	}
	return grams, pairs
}

// hash returns a hash of a fragment, given as a little-endian number, that tells up to three bits in grams.
// Text has no zero byte, so fragments of different lengths are different numbers. Without the salt, two
// fragments that share a bit in one block would do so in all, and a term would be scanned for everywhere.
func (s *summary) hash(w uint64) uint64 {
	w = (w ^ s.salt) * 0x9e3779b97f4a7c15
	return (w ^ w>>32) * 0xbf58476d1ce4e5b9
}

// scale maps a hash of 32 bits to the bits of a set of that many words.
func scale(h uint64, words int) uint64 { return h * (uint64(words) * 64) >> 32 }

// byteClass maps bytes to 0..63. Each letter, digit and common sign of folded ASCII has a class of
// its own, and class 0 is that of the zero byte.
var byteClass = func() (t [256]uint8) {
	const own = "abcdefghijklmnopqrstuvwxyz0123456789 .-'_@+"
	for b := range t {
		t[b] = uint8(44 + b&3)
		if b >= 0x80 {
			t[b] = uint8(48 + b&15)
		}
	}
	for i, c := range own {
		t[c] = uint8(1 + i)
	}
	t[0] = 0
	return t
}()

// rates tells how often byte pairs occur in the columns, by class, as counted in a sample of
// blocks. A wrong rate costs time only.
type rates struct {
	names, mails, phones [64 * 64]uint32
	blocks               int // how many blocks there were
}

// newRates samples refs.
func newRates(refs []ref) *rates {
	t := &rates{blocks: len(refs)}
	for k := 0; k < len(refs); k += len(refs)/8 + 1 {
		count(&t.names, refs[k].names.text)
		count(&t.mails, refs[k].mails.text)
		count(&t.phones, refs[k].phones.text)
	}
	return t
}

func count(t *[64 * 64]uint32, text []byte) {
	for i := 1; i < len(text); i++ {
		t[pairIndex(text[i-1], text[i])]++
	}
}

func pairIndex(a, b byte) int { return int(byteClass[a])<<6 | int(byteClass[b]) }
