package search

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
)

// needle is a folded term made ready to be looked for in a column.
type needle struct {
	b    []byte
	rare int    // index in b of its rarest byte pair
	rate uint32 // how often that occurs in a sample of the column
	next int    // index of the rarest that does not overlap with it; rare if there is none
	head uint64 // the first eight bytes of b, little-endian
	mask uint64 // which bits of head count

	grams []uint64 // its fragments, for summaries
	pairs []uint16
}

// ones and tops have the lowest and the highest bit of each byte.
const ones, tops = 0x0101010101010101, 0x8080808080808080

// pad is how many zero bytes must follow the text that find searches.
const pad = 40

// newNeedle returns nil for no term. Rates are those of the column.
func newNeedle(folded []byte, rates *[64 * 64]uint32) *needle {
	if len(folded) == 0 {
		return nil
	}
	n := &needle{b: folded, rate: math.MaxUint32}
	var head [8]byte
	k := copy(head[:], n.b)
	n.head, n.mask = binary.LittleEndian.Uint64(head[:]), ^uint64(0)>>(64-8*k)
	for k := range len(n.b) - 1 {
		if rate := rates[pairIndex(n.b[k], n.b[k+1])]; rate < n.rate {
			n.rare, n.rate = k, rate
		}
	}
	n.next = n.rare
	rate := uint32(math.MaxUint32)
	for k := range len(n.b) - 1 {
		if other := rates[pairIndex(n.b[k], n.b[k+1])]; other < rate && (k > n.rare+1 || k < n.rare-1) {
			n.next, rate = k, other
		}
	}
	n.grams, n.pairs = fragments(n.b)
	return n
}

// find returns the first index p in text, from <= p, at which the term stands and ends at or
// before end, or -1. At least pad bytes of text must follow end.
//
// It compares 32 places at once, eight in a machine word, by the rarest pair of bytes in the term,
// where both fit by the next rarest, and only where all fit, the whole. On names this is two to four times as fast as bytes.Index, which
// goes by the first byte.
func (n *needle) find(text []byte, from, end int) int {
	if len(n.b) == 1 {
		if p := bytes.IndexByte(text[from:end], n.b[0]); p >= 0 {
			return from + p
		}
		return -1
	}
	last := end - len(n.b)
	if last < from {
		return -1
	}
	c, d := uint64(n.b[n.rare])*ones, uint64(n.b[n.rare+1])*ones
	x := text[from+n.rare : last+n.rare+32]
	y := text[from+n.rare+1 : last+n.rare+33]
	for p := from; len(x) >= 32 && len(y) >= 32; p += 32 {
		u0 := (binary.LittleEndian.Uint64(x) ^ c) | (binary.LittleEndian.Uint64(y) ^ d)
		u1 := (binary.LittleEndian.Uint64(x[8:]) ^ c) | (binary.LittleEndian.Uint64(y[8:]) ^ d)
		u2 := (binary.LittleEndian.Uint64(x[16:]) ^ c) | (binary.LittleEndian.Uint64(y[16:]) ^ d)
		u3 := (binary.LittleEndian.Uint64(x[24:]) ^ c) | (binary.LittleEndian.Uint64(y[24:]) ^ d)
		// A top bit is set where a byte of u is zero, and perhaps in bytes above such a one.
		u0 = (u0 - ones) &^ u0 & tops
		u1 = (u1 - ones) &^ u1 & tops
		u2 = (u2 - ones) &^ u2 & tops
		u3 = (u3 - ones) &^ u3 & tops
		x, y = x[32:], y[32:]
		if u0|u1|u2|u3 == 0 {
			continue
		}
		if n.next != n.rare {
			if u0, u1, u2, u3 = n.fits(text[p+n.next:], u0, u1, u2, u3); u0|u1|u2|u3 == 0 {
				continue
			}
		}
		for k, u := range [4]uint64{u0, u1, u2, u3} {
			for ; u != 0; u &= u - 1 {
				q := p + 8*k + bits.TrailingZeros64(u)>>3
				if q > last {
					return -1
				}
				if (binary.LittleEndian.Uint64(text[q:])^n.head)&n.mask == 0 && n.at(text, q) {
					return q
				}
			}
		}
	}
	return -1
}

// fits leaves of 32 places in u, of which the first has its next pair at the beginning of text, those where that
// pair stands.
func (n *needle) fits(text []byte, u0, u1, u2, u3 uint64) (v0, v1, v2, v3 uint64) {
	c, d := uint64(n.b[n.next])*ones, uint64(n.b[n.next+1])*ones
	x, y := text[:32], text[1:33]
	v0 = (binary.LittleEndian.Uint64(x) ^ c) | (binary.LittleEndian.Uint64(y) ^ d)
	v1 = (binary.LittleEndian.Uint64(x[8:]) ^ c) | (binary.LittleEndian.Uint64(y[8:]) ^ d)
	v2 = (binary.LittleEndian.Uint64(x[16:]) ^ c) | (binary.LittleEndian.Uint64(y[16:]) ^ d)
	v3 = (binary.LittleEndian.Uint64(x[24:]) ^ c) | (binary.LittleEndian.Uint64(y[24:]) ^ d)
	return u0 & (v0 - ones) &^ v0, u1 & (v1 - ones) &^ v1, u2 & (v2 - ones) &^ v2, u3 & (v3 - ones) &^ v3
}

// at reports whether the bytes of the term beyond the eighth stand at q.
func (n *needle) at(text []byte, q int) bool {
	return len(n.b) <= 8 || string(text[q+8:q+len(n.b)]) == string(n.b[8:])
}
