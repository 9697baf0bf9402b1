package search

import (
	"bytes"
	"math/bits"
	"slices"
)

// plan is a filter made ready for scanning blocks. It is used by several goroutines.
type plan struct {
	*Matcher
	name, mail *needle   // nil: no such term; name is the rarest of needed
	needed     []*needle // what every name that matches contains
	whole      []*needle // by words: the term as a whole
	inFields   bool      // there is a condition on status or type
	narrow     bool      // there is a condition other than on text
	counted    bool      // there is none but on status, type and time, so that tallies tell

	query *anyTerm
	phone *needle
	any   []*plan // by query: a plan for each of the texts that can meet it
}

func newPlan(f Filter, t *rates) *plan {
	m := NewMatcher(f)
	p := &plan{Matcher: m, mail: newNeedle([]byte(m.email), &t.mails)}
	for _, s := range m.name.needed {
		n := newNeedle(s, &t.names)
		p.needed = append(p.needed, n)
		if p.name == nil || n.rate < p.name.rate || n.rate == p.name.rate && len(n.b) > len(p.name.b) {
			p.name = n
		}
	}
	if m.name.begins != 0 {
		for _, s := range m.name.whole {
			p.whole = append(p.whole, newNeedle(s, &t.names))
		}
	}
	p.inFields = f.Status != nil || f.Type != nil
	p.narrow = p.inFields || f.Except != 0 || f.Group != nil || f.CreatedFrom != 0 || f.CreatedTo != 0
	p.counted = p.name == nil && p.mail == nil && m.query == nil && f.Group == nil && f.Except == 0
	if p.query = m.query; p.query != nil {
		p.any = planAny(f, t)
	}
	return p
}

// planAny makes a plan for each of the texts that can meet the query of f.
func planAny(f Filter, t *rates) (plans []*plan) {
	query, phone := f.Query, f.Phone
	f.Name, f.Email, f.Query, f.Phone = "", "", "", ""
	byName, byMail := f, f
	byName.Name, byMail.Email = query, query
	if p := newPlan(byName, t); p.name != nil {
		plans = append(plans, p)
	}
	if p := newPlan(byMail, t); p.mail != nil {
		plans = append(plans, p)
	}
	if phone != "" {
		p := newPlan(f, t)
		p.phone, p.counted = newNeedle([]byte(phone), &t.phones), false
		plans = append(plans, p)
	}
	return plans
}

// live returns how many live customers of r have the status and the type that p asks for.
func (p *plan) live(r ref) int { return r.count(p.f.Status, p.f.Type) }

// mayMatch reports whether r may hold a match, by its summaries and tallies.
func (p *plan) mayMatch(r ref) bool {
	return (!p.inFields || p.live(r) > 0) &&
		(p.f.Group == nil || r.group != nil || *p.f.Group == 0) &&
		!slices.ContainsFunc(p.needed, func(n *needle) bool { return !r.names.mayHold(n) }) &&
		(p.mail == nil || r.mails.mayHold(p.mail)) &&
		(p.phone == nil || r.phones.mayHold(p.phone)) &&
		(p.any == nil || slices.ContainsFunc(p.any, func(p *plan) bool { return p.mayMatch(r) }))
}

// texts is a set of those that can meet a query: bit k is for plan.any[k].
type texts uint8

const allTexts texts = 1<<8 - 1

// byQuery reports whether the query is the only condition on text.
func (p *plan) byQuery() bool { return p.any != nil && p.name == nil && p.mail == nil }

// texts returns in which texts of r a match may be, by its summaries and tallies: none if there is no match, and
// all if there are other conditions on text than a query.
func (p *plan) texts(r ref) (may texts) {
	switch {
	case !p.byQuery() && p.mayMatch(r):
		return allTexts
	case !p.byQuery():
		return 0
	}
	for k, q := range p.any {
		if q.mayMatch(r) {
			may |= 1 << k
		}
	}
	return may
}

// holdsIn is holds for a match in one of the texts.
func (p *plan) holdsIn(r ref, i int, in texts) bool {
	if !p.byQuery() {
		return p.holds(r, i, nil)
	}
	if r.isDead(i) || p.narrow && !p.fields(r.seq[i], r.created[i], r.status[i], r.typ[i], r.groupOf(i)) {
		return false
	}
	for k, q := range p.any {
		switch {
		case in&(1<<k) == 0:
		case q.name != nil && q.Matcher.name.matches(r.names.record(i)),
			q.mail != nil && bytes.Contains(r.mails.record(i), q.mail.b),
			q.phone != nil && bytes.Contains(r.phones.record(i), q.phone.b):
			return true
		}
	}
	return false
}

// scan appends to hits the indices of the first limit live customers in r from lo to before hi that
// match, and returns the result and how many customers it looked at.
func (p *plan) scan(r ref, lo, hi, limit int, hits []uint16) (found []uint16, looked int) {
	by := p.strategy(r)
	switch {
	case by == byWords:
		return p.scanWords(r, lo, hi, limit, hits)
	case by == byNone && p.any != nil:
		return p.scanAny(r, lo, hi, limit, p.texts(r), hits)
	}
	term, column := p.text(by, r.block)
	end := column.start(hi)
	for i := lo; i < hi && limit > 0; i++ {
		if term == nil {
			i = p.next(by, r.block, i, hi)
		} else if at := term.find(column.text, column.start(i), end); at >= 0 {
			i = column.holder(i, at)
		} else {
			break
		}
		if i >= hi {
			break
		}
		looked++
		if p.holds(r, i, term) {
			hits = append(hits, uint16(i))
			limit--
		}
	}
	return hits, looked
}

// scanIn is scan of a whole block where a match is in one of the texts.
func (p *plan) scanIn(r ref, in texts, hits []uint16) (found []uint16, looked int) {
	if p.byQuery() && p.strategy(r) == byNone {
		return p.scanAny(r, 0, r.len(), r.len(), in, hits)
	}
	return p.scan(r, 0, r.len(), r.len(), hits)
}

// strategy is the condition by which a scan finds the customers to look at. The other conditions
// are then checked for each of them.
type strategy uint8

const (
	byNone strategy = iota // every customer
	byName
	byWords
	byMail
	byPhone
	byStatus
	byType
	byGroup
)

// strategy chooses the condition that passes over most customers of r.
func (p *plan) strategy(r ref) strategy {
	// A block that holds a group at all has it rarely. A rare status or type passes over more than
	// a term may, and of two terms the longer one.
	if p.f.Group != nil && r.group != nil {
		return byGroup
	}
	rare, by := r.len()/8, byNone
	if p.f.Status != nil {
		if n := r.count(p.f.Status, nil); n < rare {
			rare, by = n, byStatus
		}
	}
	if p.f.Type != nil && r.count(nil, p.f.Type) < rare {
		by = byType
	}
	switch {
	case by != byNone:
		return by
	case p.mail != nil && (p.name == nil || len(p.mail.b) > len(p.name.b)):
		return byMail
	case p.whole != nil:
		return byWords
	case p.name != nil:
		return byName
	case p.phone != nil:
		return byPhone
	}
	return byNone
}

// text returns the term by which a scan goes, nil if by none, and the column that it is looked for in.
func (p *plan) text(by strategy, b *block) (*needle, *column) {
	switch by {
	case byName:
		return p.name, &b.names
	case byMail:
		return p.mail, &b.mails
	case byPhone:
		return p.phone, &b.phones
	}
	return nil, &b.names
}

// next returns the index of the first customer of b from i to before hi that meets the condition on
// a field by which a scan goes, or hi if there is none.
func (p *plan) next(by strategy, b *block, i, hi int) int {
	switch by {
	case byStatus:
		return i + orLen(bytes.IndexByte(b.status[i:hi], *p.f.Status), hi-i)
	case byType:
		return i + orLen(bytes.IndexByte(b.typ[i:hi], *p.f.Type), hi-i)
	case byGroup:
		return i + orLen(slices.Index(b.group[i:hi], *p.f.Group), hi-i)
	}
	return i
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
	return !r.isDead(i) && (!p.narrow || p.fields(r.seq[i], r.created[i], r.status[i], r.typ[i], r.groupOf(i))) &&
		(p.name == nil || p.name == known && p.Matcher.name.simple() || p.Matcher.name.matches(r.names.record(i))) &&
		(p.mail == nil || p.mail == known || bytes.Contains(r.mails.record(i), p.mail.b)) &&
		(p.phone == nil || p.phone == known || bytes.Contains(r.phones.record(i), p.phone.b)) &&
		(p.query == nil || p.query.matches(r.names.record(i), r.mails.record(i), r.phones.record(i)))
}

// scanAny is scan by a query alone: what the plans for its texts find, in list order.
func (p *plan) scanAny(r ref, lo, hi, limit int, in texts, hits []uint16) ([]uint16, int) {
	var found [maxBlock / 64]uint64
	looked, own := 0, len(hits)
	for k, q := range p.any {
		if in&(1<<k) != 0 {
			n := 0
			hits, n = q.scan(r, lo, hi, limit, hits)
			for _, i := range hits[own:] {
				found[i>>6] |= 1 << (i & 63)
			}
			hits, looked = hits[:own], looked+n
		}
	}
	for k, set := range found {
		for ; set != 0 && limit > 0; set &= set - 1 {
			hits = append(hits, uint16(k<<6+bits.TrailingZeros64(set)))
			limit--
		}
	}
	return hits, looked
}
