package search

import "slices"

// best holds the first ranks of those added, limit at most once it is trimmed.
type best struct {
	limit int
	bound *Rank  // what is not before it is of no use; nil: anything is
	ranks []Rank // in no order, with some beyond limit until the next trim
	added int    // how many were added
}

// worst returns the rank before which others have to be to be of use, nil if any is.
func (b *best) worst() *Rank { return b.bound }

// add adds a rank. The bound may lag behind by a quarter of limit, so that an addition costs the same
// whether ten ranks are wanted or ten thousand.
func (b *best) add(r Rank) {
	b.added++
	b.ranks = append(b.ranks, r)
	if n := len(b.ranks); n == b.limit || n > b.limit+b.limit/4 {
		b.trim()
	}
}

// trim leaves the first limit ranks, and the bound is then the last of them if there are as many.
func (b *best) trim() {
	if b.limit == 0 || len(b.ranks) < b.limit {
		return
	}
	toFront(b.ranks, b.limit)
	b.ranks = b.ranks[:b.limit]
	last := slices.MaxFunc(b.ranks, Rank.Compare)
	if b.bound == nil || last.Compare(*b.bound) < 0 {
		b.bound = &last
	}
}

// page returns in order what stands at the places from skip to before skip+take. The order of the ranks
// is another afterwards.
func (b *best) page(skip, take int) []Rank {
	skip = min(skip, len(b.ranks))
	toFront(b.ranks, skip)
	rest := b.ranks[skip:]
	if len(rest) > take {
		toFront(rest, take)
		rest = rest[:take]
	}
	slices.SortFunc(rest, Rank.Compare)
	return rest
}

// toFront brings the first n of the ranks, by their order, to the front, in no order among themselves.
func toFront(ranks []Rank, n int) {
	for n > 0 && n < len(ranks) {
		if len(ranks) <= 12 {
			slices.SortFunc(ranks, Rank.Compare)
			return
		}
		before := partition(ranks)
		if before >= n {
			ranks = ranks[:before]
		} else {
			ranks, n = ranks[before:], n-before
		}
	}
}

// partition divides ranks into those that are not after the median of three of them and those that are not
// before it, and returns how many the former are: neither none nor all.
func partition(ranks []Rank) (before int) {
	x, pivot, z := ranks[0], ranks[len(ranks)/2], ranks[len(ranks)-1]
	if pivot.Compare(x) < 0 {
		x, pivot = pivot, x
	}
	if z.Compare(pivot) < 0 {
		pivot = z
		if z.Compare(x) < 0 {
			pivot = x
		}
	}
	for i, j := -1, len(ranks); ; {
		for i++; ranks[i].Compare(pivot) < 0; i++ {
		}
		for j--; pivot.Compare(ranks[j]) < 0; j-- {
		}
		if i >= j {
			return j + 1
		}
		ranks[i], ranks[j] = ranks[j], ranks[i]
	}
}
