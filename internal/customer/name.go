package customer

import (
	"slices"
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

// cutKept cuts whole, a text with single spaces, behind the words of first if it begins with
// them, or else before the words of last if it ends with them. Words are compared as foldWord
// has them. Neither part of the result is empty.
func cutKept(whole, first, last string) (before, after string, ok bool) {
	words := strings.FieldsFunc(whole, isSpace)
	begin, end := strings.FieldsFunc(first, isSpace), strings.FieldsFunc(last, isSpace)
	cut := 0
	switch n := len(words) - len(end); {
	case len(begin) > 0 && len(begin) < len(words) && sameWords(words[:len(begin)], begin):
		cut = len(begin)
	case len(end) > 0 && n > 0 && sameWords(words[n:], end):
		cut = n
	default:
		return "", "", false
	}
	return strings.Join(words[:cut], " "), strings.Join(words[cut:], " "), true
}

func sameWords(a, b []string) bool {
	return slices.EqualFunc(a, b, func(x, y string) bool { return foldWord(x) == foldWord(y) })
}

// foldWord is a word without case, accents, strokes, apostrophes and dots.
func foldWord(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) || strings.ContainsRune(".'`´‘’ʻʼ", r) {
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
