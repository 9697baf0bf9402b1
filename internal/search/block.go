package search

import (
	"cmp"
	"slices"
	"sort"

	"custodex.dev/internal/page"
)

// block holds customers as columns, in list order. It is immutable once others can see it. A block
// that only stages customers for others may be in any order and has no summaries.
type block struct {
	created, seq []int64
	group        []int64 // nil: all zero
	bought       []int64 // nil: all zero
	status, typ  []uint8
	firsts       []uint16 // how long the folded first name is, which begins the text in names
	names, mails column
	phones       column
	order        []uint16 // by relevance, without what the term says; nil: list order
	begins       []uint64 // a row of bits for each bit of beginnings; nil in a block that only stages
	tallies      []tally

	words          []uint64 // memory of the summaries, of wholes and of seqs
	wholes         []uint64 // see exact.go
	seqs           []uint64 // hashed set of seq
	minSeq, maxSeq int64
	summed         int   // bytes of text when the summaries were last made from nothing
	changed        int   // bytes of text added and removed since then
	size           int64 // bytes of memory held
}

// column holds one text of each customer, each followed by a zero byte, and pad zero bytes after
// the last.
type column struct {
	text []byte
	ends []uint32 // index after the zero byte
	summary
}

// tally is how many live customers of a block have a status and a type.
type tally struct {
	status, typ uint8
	n           uint16
}

// item names a customer in a block.
type item struct {
	b *block
	i int
}

func (it item) position() page.Position { return it.b.at(it.i) }

func (b *block) len() int               { return len(b.seq) }
func (b *block) at(i int) page.Position { return page.Position{CreatedAt: b.created[i], Seq: b.seq[i]} }
func (b *block) newest() page.Position  { return b.at(0) }
func (b *block) oldest() page.Position  { return b.at(b.len() - 1) }

func (b *block) groupOf(i int) int64 {
	if b.group == nil {
		return 0
	}
	return b.group[i]
}

func (b *block) boughtOf(i int) int64 {
	if b.bought == nil {
		return 0
	}
	return b.bought[i]
}

// after returns the index of the first customer listed strictly after p.
func (b *block) after(p page.Position) int {
	return sort.Search(b.len(), func(i int) bool { return p.Before(b.at(i)) })
}

// from returns the index of the first customer not listed before p.
func (b *block) from(p page.Position) int {
	return sort.Search(b.len(), func(i int) bool { return !b.at(i).Before(p) })
}

// same reports whether two customers are equal in everything.
func (it item) same(o item) bool {
	return it.b.at(it.i) == o.b.at(o.i) && it.b.groupOf(it.i) == o.b.groupOf(o.i) &&
		it.b.status[it.i] == o.b.status[o.i] && it.b.typ[it.i] == o.b.typ[o.i] &&
		it.b.boughtOf(it.i) == o.b.boughtOf(o.i) && it.b.firsts[it.i] == o.b.firsts[o.i] &&
		string(it.b.names.record(it.i)) == string(o.b.names.record(o.i)) &&
		string(it.b.mails.record(it.i)) == string(o.b.mails.record(o.i)) &&
		string(it.b.phones.record(it.i)) == string(o.b.phones.record(o.i))
}

func (c *column) start(i int) int {
	if i == 0 {
		return 0
	}
	return int(c.ends[i-1])
}

func (c *column) record(i int) []byte { return c.text[c.start(i) : c.ends[i]-1] }

// holder returns the index of the record in which byte p lies. It is not before record i.
func (c *column) holder(i, p int) int {
	if p < int(c.ends[i]) {
		return i
	}
	step := 1
	for i+step < len(c.ends) && int(c.ends[i+step]) <= p {
		i += step
		step *= 2
	}
	// Record i ends at or before p, record i+step, if there is one, after it.
	return i + 1 + sort.Search(min(step, len(c.ends)-i)-1, func(k int) bool { return int(c.ends[i+1+k]) > p })
}

// tallied adds n to the tally of a status and a type; n may be ^0, which takes one away.
func tallied(t []tally, status, typ uint8, n uint16) []tally {
	for k := range t {
		if t[k].status == status && t[k].typ == typ {
			t[k].n += n
			return t
		}
	}
	return append(t, tally{status, typ, n})
}

// rank returns the place of customer i, which is an exact match or not.
func (b *block) rank(i int, exact bool) Rank {
	return Rank{Exact: exact, Bought: b.boughtOf(i), Position: b.at(i)}
}

// place returns the customer at place k of the order by relevance.
func (b *block) place(k int) int {
	if b.order == nil {
		return k
	}
	return int(b.order[k])
}

// setOrder fills order.
func (b *block) setOrder() {
	for i := range b.order {
		b.order[i] = uint16(i)
	}
	slices.SortStableFunc(b.order, func(x, y uint16) int { return cmp.Compare(b.bought[y], b.bought[x]) })
}
