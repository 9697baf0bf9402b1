package body

import (
	"fmt"
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// MaxQuery is the most bytes a query string may have, before decoding.
	MaxQuery = 8 << 10
	// MaxPairs is the most parameters a query string may have.
	MaxPairs = 64
)

// Query is a decoded query string, in its order and with its duplicates. The
// zero Query is empty. It does not change and may be shared.
type Query struct {
	pairs []pair
}

type pair struct{ name, value string }

// ParseQuery reads a raw query string, as in http.Request.URL.RawQuery. Pairs
// are separated by "&" alone (";" is an ordinary character), "+" is a space, a
// pair without "=" has an empty value, and empty pairs are skipped.
//
// Refused as Invalid: an escape that is not two hex digits, bytes that are not
// UTF-8 after decoding, control characters (NUL, line ends, tabs among them),
// more than MaxPairs pairs, more than MaxQuery bytes.
func ParseQuery(raw string) (Query, error) {
	if raw == "" {
		return Query{}, nil
	}
	if len(raw) > MaxQuery {
		return Query{}, errQueryTooLong
	}
	var q Query
	for piece := range strings.SplitSeq(raw, "&") {
		if piece == "" {
			continue
		}
		if len(q.pairs) == MaxPairs {
			return Query{}, errTooManyPairs
		}
		name, value, _ := strings.Cut(piece, "=")
		var p pair
		var err error
		if p.name, err = unescape(name); err != nil {
			return Query{}, err
		}
		if p.value, err = unescape(value); err != nil {
			return Query{}, err
		}
		q.pairs = append(q.pairs, p)
	}
	return q, nil
}

// One gives the value of a parameter that may occur once. A repeated parameter
// is an error, even if its values are equal.
func (q Query) One(name string) (value string, present bool, err error) {
	for _, p := range q.pairs {
		if p.name != name {
			continue
		}
		if present {
			return "", true, errRepeated
		}
		value, present = p.value, true
	}
	return value, present, nil
}

// Get is One for those who read a query like an Object: the value is a string.
func (q Query) Get(name string) (v Value, present bool, err error) {
	text, present, err := q.One(name)
	if !present {
		return Value{}, false, err
	}
	return Value{kind: KindString, text: text}, true, err
}

// Len counts the pairs.
func (q Query) Len() int { return len(q.pairs) }

// Pairs walks names and values in the order of the query string.
func (q Query) Pairs() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, p := range q.pairs {
			if !yield(p.name, p.value) {
				return
			}
		}
	}
}

// Format prints the number of pairs only, with every verb: query strings hold
// names and e-mail addresses.
func (q Query) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "body.Query(%d pairs)", len(q.pairs))
}

// unescape decodes one name or value and checks its characters.
func unescape(s string) (string, error) {
	s, ok := percentDecoded(s)
	switch {
	case !ok:
		return "", errQueryEscape
	case !utf8.ValidString(s):
		return "", errQueryUTF8
	case strings.ContainsFunc(s, unicode.IsControl):
		return "", errQueryControl
	}
	return s, nil
}

// percentDecoded takes "+" and percent escapes for what they stand for.
func percentDecoded(s string) (string, bool) {
	if !strings.ContainsAny(s, "%+") {
		return s, true
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+':
			b = append(b, ' ')
		case c != '%':
			b = append(b, c)
		case i+2 < len(s) && unhex(s[i+1]) < 16 && unhex(s[i+2]) < 16:
			b = append(b, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
		default:
			return "", false
		}
	}
	return string(b), true
}

// unhex is the value of a hex digit, or 16 for any other byte.
func unhex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 16
}
