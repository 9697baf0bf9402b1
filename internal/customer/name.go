package customer

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"custodex.dev/internal/redact"
)

// Name gives the full name: given and family name with one space between, and runs of
// white space collapsed. It is what Yativo and Xtrakit show.
func (p *Personal) Name() redact.Personal {
	switch {
	case p.Family == "":
		return redact.Personal(collapse(string(p.Given)))
	case p.Given == "":
		return redact.Personal(collapse(string(p.Family)))
	}
	return redact.Personal(collapse(string(p.Given + " " + p.Family)))
}

// split cuts a full name into its parts. The stored parts help: as much of them as stands
// at the beginning or at the end of the new name stays a part, so that "Mary Ann" + "Lee"
// becomes "Mary Ann" + "Leigh". Otherwise a business has one name, and a person's is cut
// at its first space, so that double surnames and particles stay whole. Name rebuilds
// what was split.
func split(full redact.Personal, was *Personal, t Type) (given, family redact.Personal) {
	if was.Family != "" {
		if first, rest, ok := cutKept(string(full), string(was.Given), string(was.Family)); ok {
			return redact.Personal(first), redact.Personal(rest)
		}
	}
	if t.Side() == BusinessSide {
		return full, ""
	}
	first, rest, _ := strings.Cut(string(full), " ")
	return redact.Personal(first), redact.Personal(rest)
}

// cutKept cuts whole, a text with single spaces, behind first if it begins with that, or else
// before last if it ends with that. They are compared as foldName has them. Neither part of the
// result is empty.
func cutKept(whole, first, last string) (before, after string, ok bool) {
	words := strings.FieldsFunc(whole, isSpace)
	folded := make([]string, len(words))
	for i, w := range words {
		folded[i] = foldName(w)
	}
	all, head, tail := strings.Join(folded, ""), foldName(first), foldName(last)
	cut := 0
	if head != "" && strings.HasPrefix(all, head) {
		cut = wordsOfLength(folded, len(head))
	}
	if cut == 0 && tail != "" && strings.HasSuffix(all, tail) {
		cut = wordsOfLength(folded, len(all)-len(tail))
	}
	return strings.Join(words[:cut], " "), strings.Join(words[cut:], " "), cut > 0
}

// wordsOfLength says how many of the first words have that length together; 0 if none have, or only
// all.
func wordsOfLength(words []string, length int) int {
	for i, w := range words {
		if i > 0 && length == 0 {
			return i
		}
		length -= len(w)
	}
	return 0
}

// foldName is a name or an address line without case, accents, strokes, punctuation and spaces.
func foldName(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Mn, unicode.Pd) || isSpace(r) || strings.ContainsRune(".,'`´‘’ʻʼ", r) {
			return -1
		}
		return r
	}, strokes.Replace(norm.NFKD.String(cases.Fold().String(s))))
}

var strokes = strings.NewReplacer("ł", "l", "ø", "o", "đ", "d", "ð", "d", "ħ", "h", "ŧ", "t", "ı", "i", "æ", "ae", "œ", "oe", "þ", "th")

// collapse trims a text and makes every run of white space in it one space.
func collapse(s string) string {
	if collapsed(s) {
		return s // nearly every name; lists show many
	}
	return strings.Join(strings.FieldsFunc(s, isSpace), " ")
}

// collapsed reports whether an ASCII text has single spaces only, and those inside.
func collapsed(s string) bool {
	for i := range len(s) {
		switch {
		case s[i] >= utf8.RuneSelf, s[i] < ' ':
			return false
		case s[i] == ' ' && (i == 0 || i == len(s)-1 || s[i+1] == ' '):
			return false
		}
	}
	return true
}

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
