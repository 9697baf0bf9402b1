package search

import (
	"strings"

	"custodex.dev/internal/page"
)

// Entry is one customer as the index sees it. Texts are plain, as stored; the index folds them.
type Entry struct {
	page.Position
	First, Last, Email string // any may be empty
	Phone              string // digits only
	Bought             int64  // time of the newest purchase in unix milliseconds; 0: none
	Status, Type       uint8  // small enumerations; their meaning is the caller's
	Group              int64  // 0: none
	Deleted            bool   // in Apply: remove the entry with this Seq; nothing but Seq need be set
}

// Filter selects customers. Its conditions are joined by "and"; a zero field is no condition.
type Filter struct {
	Name  string // fragments of a name, as typed; see Match
	Email string // a fragment of the e-mail address, as typed
	Query string // a fragment of either, as typed, or what Phone says
	Phone string // a fragment of the phone's digits that meets Query too; empty: none

	Status, Type *uint8
	Group        *int64

	CreatedFrom, CreatedTo int64 // unix milliseconds, from inclusive, to exclusive; 0 is open

	Except int64 // the Seq of a customer that does not match, whatever else; 0: none
}

// Query asks for one page of the customers that match Filter, newest first.
type Query struct {
	Filter
	After *page.Position // if set, only customers listed strictly after it
	Skip  int            // how many to leave out before the page begins
	Take  int            // how many the page holds at most
}

// Page is the answer to a Query.
type Page struct {
	Hits  []page.Position
	More  bool // at least one more customer matches after the last hit
	Stats Stats
}

// Stats counts the work of one search, for tests that guard it and for metrics.
type Stats struct {
	Blocks   int // blocks considered
	Skipped  int // of these, passed over on their summary or their counts alone
	Verified int // customers looked at one by one
}

// Match reports whether e matches f. It is the definition of a match. An address matches that
// contains the term, both folded. A name matches if "first last" contains the term, or if the term
// has several words and each is the beginning of a word of the name, in any order. In one of the
// two, the letters with a spelling of their own (see expand) may be spelled out. A query is met by a
// name or an address that would match it, or by the phone.
func Match(f Filter, e Entry) bool { return NewMatcher(f).Match(e) }

// Matcher is a Filter made ready for repeated use. It may be used by several goroutines.
type Matcher struct {
	f     Filter
	name  nameTerm
	email string // folded
	query *anyTerm
}

// NewMatcher folds the terms of f. A term of nothing but white space is no condition; one of nothing
// but accents, signs or invisible characters finds the texts that have any of those by themselves.
func NewMatcher(f Filter) *Matcher {
	return &Matcher{f: f, name: newNameTerm(f.Name), email: foldTerm(f.Email, mailText), query: newAnyTerm(f)}
}

// Match reports whether e matches.
func (m *Matcher) Match(e Entry) bool {
	if !m.fields(e.Seq, e.CreatedAt, e.Status, e.Type, e.Group) {
		return false
	}
	var name, mail []byte
	if m.query != nil || !m.name.none() {
		name, _ = appendName(nil, e)
	}
	if m.query != nil || m.email != "" {
		mail = appendMail(nil, e)
	}
	return (m.name.none() || m.name.matches(name)) &&
		(m.email == "" || strings.Contains(string(mail), m.email)) &&
		(m.query == nil || m.query.matches(name, mail, []byte(e.Phone)))
}

// fields reports whether the conditions other than text hold.
func (m *Matcher) fields(seq, created int64, status, typ uint8, group int64) bool {
	f := &m.f
	return (f.Except == 0 || f.Except != seq) &&
		(f.Status == nil || *f.Status == status) &&
		(f.Type == nil || *f.Type == typ) &&
		(f.Group == nil || *f.Group == group) &&
		(f.CreatedFrom == 0 || created >= f.CreatedFrom) &&
		(f.CreatedTo == 0 || created < f.CreatedTo)
}

// appendMail appends the text that address terms are looked for in.
func appendMail(dst []byte, e Entry) []byte {
	dst, lost := appendFold(dst, e.Email, mailText)
	return appendMark(dst, lost)
}

func appendMark(dst []byte, lost bool) []byte {
	if lost {
		dst = append(dst, lossMark)
	}
	return dst
}
