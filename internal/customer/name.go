package customer

import (
	"strings"

	"custodex.dev/internal/redact"
)

// Name gives the full name: given and family name with one space between. It is
// what Yativo and Xtrakit show.
func (p *Personal) Name() redact.Personal {
	switch {
	case p.Family == "":
		return p.Given
	case p.Given == "":
		return p.Family
	}
	return p.Given + " " + p.Family
}

// split cuts a full name at its first space, so that double surnames and
// particles stay whole and Name rebuilds it. A business has one name.
func split(full redact.Personal, t Type) (given, family redact.Personal) {
	if t.Side() == BusinessSide {
		return full, ""
	}
	first, rest, _ := strings.Cut(string(full), " ")
	return redact.Personal(first), redact.Personal(rest)
}

// collapse trims a text and makes every run of white space in it one space.
func collapse(s string) string { return strings.Join(strings.FieldsFunc(s, isSpace), " ") }

func isSpace(r rune) bool { return Trim(string(r)) == "" }

// Side is what Yativo has for a type: individual or business.
type Side uint8

// The sides.
const (
	IndividualSide Side = 1
	BusinessSide   Side = 2
)

var sideNames = []string{"individual", "business"}

// ParseSide reads a published name, in exact case.
func ParseSide(s string) (Side, bool) {
	n, ok := indexOf(sideNames, s)
	return Side(n), ok
}

// String gives the published name.
func (s Side) String() string { return nameOf(sideNames, uint8(s)) }

// Side gives the side of a type: individual for Individual, business for all
// others.
func (t Type) Side() Side {
	if t == Individual || t == 0 {
		return IndividualSide
	}
	return BusinessSide
}

// on gives the type after a side was written: the stored one if it is on that
// side already.
func (t Type) on(s Side) Type {
	switch {
	case t != 0 && t.Side() == s:
		return t
	case s == BusinessSide:
		return Business
	}
	return Individual
}
