package search

import (
	"iter"
	"slices"
	"unsafe"
)

// newBlock makes a block of customers in list order, at most maxBlock. If base is not nil, it is
// the block from which all of them come but those at the indices fresh; then its summaries are
// carried on rather than made anew, unless that would leave them too full or too stale.
func newBlock(items []item, base *block, fresh []int) *block {
	var need room
	for _, it := range items {
		need.names += len(it.b.names.record(it.i)) + 1
		need.mails += len(it.b.mails.record(it.i)) + 1
		need.phones += len(it.b.phones.record(it.i)) + 1
		need.grouped = need.grouped || it.b.groupOf(it.i) != 0
		need.bought = need.bought || it.b.boughtOf(it.i) != 0
	}
	b := allocBlock(len(items), need)
	names, mails, phones := 0, 0, 0
	for k, it := range items {
		b.created[k], b.seq[k] = it.b.created[it.i], it.b.seq[it.i]
		b.status[k], b.typ[k] = it.b.status[it.i], it.b.typ[it.i]
		b.firsts[k] = it.b.firsts[it.i]
		if need.grouped {
			b.group[k] = it.b.groupOf(it.i)
		}
		if need.bought {
			b.bought[k] = it.b.boughtOf(it.i)
		}
		names += copy(b.names.text[names:], it.b.names.record(it.i)) + 1
		mails += copy(b.mails.text[mails:], it.b.mails.record(it.i)) + 1
		phones += copy(b.phones.text[phones:], it.b.phones.record(it.i)) + 1
		b.names.ends[k], b.mails.ends[k], b.phones.ends[k] = uint32(names), uint32(mails), uint32(phones)
		b.setBeginnings(k)
		b.tallies = tallied(b.tallies, b.status[k], b.typ[k], 1)
	}
	b.setOrder()
	b.minSeq, b.maxSeq = slices.Min(b.seq), slices.Max(b.seq)
	if base == nil || !b.carry(base, fresh) {
		b.summarize()
	}
	b.size += int64(cap(b.tallies)) * int64(unsafe.Sizeof(tally{}))
	return b
}

// room is what the customers of a block need: bytes of text, zero bytes included, and columns.
type room struct {
	names, mails, phones int
	grouped, bought      bool
}

// allocBlock makes a block without summaries for n customers. A few large pieces of memory waste less
// than many small ones.
func allocBlock(n int, need room) *block {
	b := &block{}
	texts := alloc[byte](need.names + need.mails + need.phones + 3*pad + 2*n)
	b.size = int64(cap(texts))
	b.names.text, texts = carve(texts, need.names+pad)
	b.mails.text, texts = carve(texts, need.mails+pad)
	b.phones.text, texts = carve(texts, need.phones+pad)
	b.status, texts = carve(texts, n)
	b.typ, _ = carve(texts, n)
	columns, shorts := 2, n
	if need.grouped {
		columns++
	}
	if need.bought {
		columns++
		shorts += n
	}
	numbers := alloc[int64](n * columns)
	ends := alloc[uint32](3 * n)
	short := alloc[uint16](shorts)
	b.begins = alloc[uint64](beginningBits * bitWords(n))
	b.size += int64(8*(cap(numbers)+cap(b.begins)) + 4*cap(ends) + 2*cap(short) + int(unsafe.Sizeof(*b)))
	b.created, numbers = carve(numbers, n)
	b.seq, numbers = carve(numbers, n)
	if need.grouped {
		b.group, numbers = carve(numbers, n)
	}
	b.firsts, short = carve(short, n)
	if need.bought {
		b.bought, _ = carve(numbers, n)
		b.order, _ = carve(short, n)
	}
	b.names.ends, ends = carve(ends, n)
	b.mails.ends, ends = carve(ends, n)
	b.phones.ends, _ = carve(ends, n)
	return b
}

// alloc returns a zeroed slice of length n whose capacity is all that the allocator gave for it.
func alloc[T any](n int) []T { return slices.Grow([]T(nil), n)[:n] }

// carve cuts the first n elements off s.
func carve[T any](s []T, n int) (piece, rest []T) { return s[:n:n], s[n:] }

const pageWords = 8192 / 8

// textLen is how many bytes of text the block holds.
func (b *block) textLen() int {
	return len(b.names.text) + len(b.mails.text) + len(b.phones.text) - 3*pad
}

// shape divides words, which must be large enough, among the summaries.
func (b *block) shape(words []uint64, names, mails, phones, wholes int) {
	b.words, b.size = words, b.size+int64(8*cap(words))
	b.names.density, b.mails.density, b.phones.density = textDensity, textDensity, phoneDensity
	b.names.pairs, words = carve(words, pairWords)
	b.mails.pairs, words = carve(words, pairWords)
	b.phones.pairs, words = carve(words, pairWords)
	b.names.grams, words = carve(words, names)
	b.mails.grams, words = carve(words, mails)
	b.phones.grams, words = carve(words, phones)
	b.wholes, b.seqs = carve(words, wholes)
}

// summarize makes the summaries from nothing.
func (b *block) summarize() {
	names, mails, phones := gramWords(len(b.names.text)-pad), gramWords(len(b.mails.text)-pad), gramWords(len(b.phones.text)-pad)
	words := 3*pairWords + names + mails + phones + wholeWords(b.len()) + b.len()/8 + 1
	// Large pieces of memory come in pages. A little less than asked for beats most of a page unused.
	if over := words % pageWords; words > 4*pageWords && over < pageWords/4 {
		mails, words = mails-over, words-over
	}
	b.shape(alloc[uint64](words), names, mails, phones, wholeWords(b.len()))
	b.names.salt = seqHash(b.seq[0])
	b.mails.salt, b.phones.salt = b.names.salt, b.names.salt
	b.addToSummaries(func(yield func(int) bool) {
		for i := range b.seq {
			if !yield(i) {
				return
			}
		}
	})
	b.summed, b.changed = b.textLen(), 0
}

// addToSummaries adds the customers with the given indices to them.
func (b *block) addToSummaries(customers iter.Seq[int]) {
	for _, c := range []*column{&b.names, &b.mails, &b.phones} {
		var done added
		for i := range customers {
			c.add(c.text, c.start(i), int(c.ends[i])-1, &done)
		}
	}
	for i := range customers {
		b.addWholes(i)
		for _, h := range b.seqBits(b.seq[i]) {
			b.seqs[h>>6] |= 1 << (h & 63)
		}
	}
}

// carry takes the summaries over from base and adds the fresh customers. What base had and b has
// not stays in them, which is harmless as long as it is little.
func (b *block) carry(base *block, fresh []int) bool {
	added := 0
	for _, i := range fresh {
		added += len(b.names.record(i)) + len(b.mails.record(i)) + len(b.phones.record(i)) + 3
	}
	removed := base.textLen() + added - b.textLen()
	if b.changed = base.changed + added + removed; b.changed > base.summed/4 {
		return false
	}
	b.summed = base.summed
	words := alloc[uint64](len(base.words))
	copy(words, base.words)
	b.shape(words, len(base.names.grams), len(base.mails.grams), len(base.phones.grams), len(base.wholes))
	b.names.salt, b.mails.salt, b.phones.salt = base.names.salt, base.mails.salt, base.phones.salt
	b.addToSummaries(slices.Values(fresh))
	return true
}

// mayHaveSeq reports whether a customer with that sequence number may be in the block.
func (b *block) mayHaveSeq(seq int64) bool {
	if seq < b.minSeq || seq > b.maxSeq {
		return false
	}
	for _, h := range b.seqBits(seq) {
		if b.seqs[h>>6]&(1<<(h&63)) == 0 {
			return false
		}
	}
	return true
}

// seqBits returns the bits in seqs of a sequence number.
func (b *block) seqBits(seq int64) [2]uint64 {
	h := seqHash(seq)
	return [2]uint64{scale(h>>32, len(b.seqs)), scale(h&0xffffffff, len(b.seqs))}
}

func seqHash(seq int64) uint64 {
	w := (uint64(seq) + 1) * 0x9e3779b97f4a7c15
	w = (w ^ w>>29) * 0xbf58476d1ce4e5b9
	return (w ^ w>>32) * 0x94d049bb133111eb
}
