package page

import "cmp"

// Position is a place in a list that is ordered newest first: the greater CreatedAt comes first,
// and among equals the greater Seq.
type Position struct {
	CreatedAt int64 // unix milliseconds
	Seq       int64 // unique within the list
}

// Before reports whether p is listed before q: p is newer.
func (p Position) Before(q Position) bool {
	return p.CreatedAt > q.CreatedAt || p.CreatedAt == q.CreatedAt && p.Seq > q.Seq
}

// Compare orders positions as they are listed: it is negative if p comes before q, and 0 if they
// are equal.
func (p Position) Compare(q Position) int {
	if c := cmp.Compare(q.CreatedAt, p.CreatedAt); c != 0 {
		return c
	}
	return cmp.Compare(q.Seq, p.Seq)
}
