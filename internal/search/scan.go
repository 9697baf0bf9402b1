package search

import (
	"bytes"
	"slices"
)

// plan is a filter made ready for scanning blocks. It is used by several goroutines.
type plan struct {
	*Matcher
	name, mail *needle // nil: no such term
	inFields   bool    // there is a condition on status or type
	narrow     bool    // there is a condition other than on text
	counted    bool    // there is none but on status, type and time, so that tallies tell
}

func newPlan(f Filter, t *rates) *plan {
	m := NewMatcher(f)
	p := &plan{Matcher: m, name: newNeedle(m.name, &t.names), mail: newNeedle(m.email, &t.mails)}
	p.inFields = f.Status != nil || f.Type != nil
	p.narrow = p.inFields || f.Group != nil || f.CreatedFrom != 0 || f.CreatedTo != 0
	p.counted = p.name == nil && p.mail == nil && f.Group == nil
	return p
}

// live returns how many live customers of r have the status and the type that p asks for.
func (p *plan) live(r ref) int { return r.count(p.f.Status, p.f.Type) }

// mayMatch reports whether r may hold a match, by its summaries and tallies.
func (p *plan) mayMatch(r ref) bool {
	return (!p.inFields || p.live(r) > 0) &&
		(p.f.Group == nil || r.group != nil || *p.f.Group == 0) &&
		(p.name == nil || r.names.mayHold(p.name)) &&
		(p.mail == nil || r.mails.mayHold(p.mail))
}

// scan appends to hits the indices of the first limit live customers in r from lo to before hi that
// match, and returns the result and how many customers it looked at.
func (p *plan) scan(r ref, lo, hi, limit int, hits []uint16) ([]uint16, int) {
	lead, column := p.name, &r.names
	if lead == nil || p.mail != nil && len(p.mail.b) > len(lead.b) {
		lead, column = p.mail, &r.mails
	}
	next := func(i int) int { return i }
	if lead != nil {
		end := column.start(hi)
		next = func(i int) int {
			q := lead.find(column.text, column.start(i), end)
			if q < 0 {
				return hi
			}
			return column.holder(i, q)
		}
	}
	// A rare group, status or type passes over more than a term may.
	fields := r.len() / 8
	if n := r.count(p.f.Status, nil); p.f.Status != nil && n < fields {
		fields, lead = n, nil
		next = func(i int) int { return i + orLen(bytes.IndexByte(r.status[i:hi], *p.f.Status), hi-i) }
	}
	if p.f.Type != nil && r.count(nil, p.f.Type) < fields {
		lead = nil
		next = func(i int) int { return i + orLen(bytes.IndexByte(r.typ[i:hi], *p.f.Type), hi-i) }
	}
	if p.f.Group != nil && r.group != nil {
		lead = nil
		next = func(i int) int { return i + orLen(slices.Index(r.group[i:hi], *p.f.Group), hi-i) }
	}

	looked := 0
	for i := lo; i < hi && limit > 0; i++ {
		if i = next(i); i >= hi {
			break
		}
		looked++
		if p.holds(r, i, lead) {
			hits = append(hits, uint16(i))
			limit--
		}
	}
	return hits, looked
}

// orLen returns k, the outcome of a search in n elements, or n if nothing was found.
func orLen(k, n int) int {
	if k < 0 {
		return n
	}
	return k
}

// holds reports whether customer i of r is live and matches, given that known, if any, does.
func (p *plan) holds(r ref, i int, known *needle) bool {
	return !r.isDead(i) && (!p.narrow || p.fields(r.created[i], r.status[i], r.typ[i], r.groupOf(i))) &&
		(p.name == nil || p.name == known || bytes.Contains(r.names.record(i), p.name.b)) &&
		(p.mail == nil || p.mail == known || bytes.Contains(r.mails.record(i), p.mail.b))
}
