package search

import (
	"slices"
	"unsafe"
)

// newBlock makes a block of customers in list order, at most maxBlock. If base is not nil, it is
// the block from which all of them come but those at the indices fresh; then its summaries are
// carried on rather than made anew, unless that would leave them too full or too stale.
func newBlock(items []item, base *block, fresh []int) *block {
	n, names, mails, grouped := len(items), 0, 0, false
	for _, it := range items {
		names += len(it.b.names.record(it.i)) + 1
		mails += len(it.b.mails.record(it.i)) + 1
		grouped = grouped || it.b.groupOf(it.i) != 0
	}
	b := allocBlock(n, names, mails, grouped)
	names, mails = 0, 0
	for k, it := range items {
		b.created[k], b.seq[k] = it.b.created[it.i], it.b.seq[it.i]
		b.status[k], b.typ[k] = it.b.status[it.i], it.b.typ[it.i]
		if grouped {
			b.group[k] = it.b.groupOf(it.i)
		}
		names += copy(b.names.text[names:], it.b.names.record(it.i)) + 1
		mails += copy(b.mails.text[mails:], it.b.mails.record(it.i)) + 1
		b.names.ends[k], b.mails.ends[k] = uint32(names), uint32(mails)
		b.setBeginnings(k)
		b.tallies = tallied(b.tallies, b.status[k], b.typ[k], 1)
	}
	b.minSeq, b.maxSeq = slices.Min(b.seq), slices.Max(b.seq)
	if base == nil || !b.carry(base, fresh) {
		b.summarize()
	}
	b.size += int64(cap(b.tallies)) * int64(unsafe.Sizeof(tally{}))
	return b
}

// allocBlock makes a block without summaries for n customers with that many bytes of text, zero bytes
// included. A few large pieces of memory waste less than many small ones.
func allocBlock(n, names, mails int, grouped bool) *block {
	b := &block{}
	texts := alloc[byte](names + mails + 2*pad + 2*n)
	b.size = int64(cap(texts))
	b.names.text, texts = carve(texts, names+pad)
	b.mails.text, texts = carve(texts, mails+pad)
	b.status, texts = carve(texts, n)
	b.typ, _ = carve(texts, n)
	columns := 2
	if grouped {
		columns = 3
	}
	numbers := alloc[int64](n * columns)
	ends := alloc[uint32](2 * n)
	b.begins = alloc[uint64](beginningBits * bitWords(n))
	b.size += int64(8*(cap(numbers)+cap(b.begins)) + 4*cap(ends) + int(unsafe.Sizeof(*b)))
	b.created, numbers = carve(numbers, n)
	b.seq, numbers = carve(numbers, n)
	if grouped {
		b.group, _ = carve(numbers, n)
	}
	b.names.ends, ends = carve(ends, n)
	b.mails.ends, _ = carve(ends, n)
	return b
}

// alloc returns a zeroed slice of length n whose capacity is all that the allocator gave for it.
func alloc[T any](n int) []T { return slices.Grow([]T(nil), n)[:n] }

// carve cuts the first n elements off s.
func carve[T any](s []T, n int) (piece, rest []T) { return s[:n:n], s[n:] }

const pageWords = 8192 / 8

// textLen is how many bytes of text the block holds.
func (b *block) textLen() int { return len(b.names.text) + len(b.mails.text) - 2*pad }

// shape divides words, which must be large enough, among the summaries.
func (b *block) shape(words []uint64, names, mails int) {
	b.words, b.size = words, b.size+int64(8*cap(words))
	b.names.pairs, words = carve(words, pairWords)
	b.mails.pairs, words = carve(words, pairWords)
	b.names.grams, words = carve(words, names)
	b.mails.grams, words = carve(words, mails)
	b.seqs = words
}

// summarize makes the summaries from nothing.
func (b *block) summarize() {
	names, mails := gramWords(len(b.names.text)-pad), gramWords(len(b.mails.text)-pad)
	words := 2*pairWords + names + mails + b.len()/8 + 1
	// Large pieces of memory come in pages. A little less than asked for beats most of a page unused.
	if over := words % pageWords; words > 4*pageWords && over < pageWords/4 {
		mails, words = mails-over, words-over
	}
	b.shape(alloc[uint64](words), names, mails)
	b.names.salt = seqHash(b.seq[0])
	b.mails.salt = b.names.salt
	for i := range b.seq {
		b.summarizeOne(i)
	}
	b.summed, b.changed = b.textLen(), 0
}

func (b *block) summarizeOne(i int) {
	b.names.add(b.names.text, b.names.start(i), int(b.names.ends[i])-1)
	b.mails.add(b.mails.text, b.mails.start(i), int(b.mails.ends[i])-1)
	for _, h := range b.seqBits(b.seq[i]) {
		b.seqs[h>>6] |= 1 << (h & 63)
	}
}

// carry takes the summaries over from base and adds the fresh customers. What base had and b has
// not stays in them, which is harmless as long as it is little.
func (b *block) carry(base *block, fresh []int) bool {
	added := 0
	for _, i := range fresh {
		added += len(b.names.record(i)) + len(b.mails.record(i)) + 2
	}
	removed := base.textLen() + added - b.textLen()
	if b.changed = base.changed + added + removed; b.changed > base.summed/4 {
		return false
	}
	b.summed = base.summed
	words := alloc[uint64](len(base.words))
	copy(words, base.words)
	b.shape(words, len(base.names.grams), len(base.mails.grams))
	b.names.salt, b.mails.salt = base.names.salt, base.mails.salt
	for _, i := range fresh {
		b.summarizeOne(i)
	}
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
