package search

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// spellings are letters that people replace by others when their keyboard does not have them, in
// another way than by leaving out the mark, which folding does.
var spellings = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "å", "aa", "ø", "oe", "ŋ", "ng", "ə", "a",
	"Ä", "Ae", "Ö", "Oe", "Ü", "Ue", "Å", "Aa", "Ø", "Oe", "Ŋ", "Ng", "Ə", "A")

const spellable = "äöüåøŋəÄÖÜÅØŊƏ"

// expand spells out the letters of s that have a spelling, and reports whether there are any.
func expand(s string) (spelled string, changed bool) {
	if !mayExpand(s) {
		return s, false
	}
	s = norm.NFC.String(s)
	return spellings.Replace(s), strings.ContainsAny(s, spellable)
}

// mayExpand is quick for ASCII and most scripts. The letters, composed or not, have one of few bytes.
func mayExpand(s string) bool {
	for i := range len(s) {
		switch s[i] {
		case 0xc3, 0xc5, 0xc6, 0xc9, 0xcc, 0xe2: // 0xe2: the sign of the unit angstrom
			return true
		}
	}
	return false
}

// appendName appends the text that name terms are looked for in: the folded first name, a space, and
// the folded last name. After a variantMark follow the words that have another form when they are
// spelled out or, where names are written without a space, the last name before the first, and
// the name with its initials as one word. At the end is the mark of a loss. It returns also how long the folded first name is.
func appendName(dst []byte, e Entry) (name []byte, firstLen int) {
	start := len(dst)
	dst, firstLen, lost := appendParts(dst, e.First, e.Last)
	plain := len(dst)
	if dst = appendSpelled(dst, start, e); len(dst) == plain && endsWide(dst[start:]) {
		dst = appendReversed(dst, e)
	}
	if joined := joinInitials(dst[start:plain]); joined != nil {
		dst = append(append(dst, variantMark), joined...)
	}
	return appendMark(dst, lost), firstLen
}

// appendSpelled appends the words that are other ones than in dst[start:] when they are spelled out.
func appendSpelled(dst []byte, start int, e Entry) []byte {
	first, hasFirst := expand(e.First)
	last, hasLast := expand(e.Last)
	if !hasFirst && !hasLast {
		return dst
	}
	name, _, _ := appendParts(nil, first, last)
	words, spelled := bytes.Split(dst[start:], []byte(" ")), bytes.Split(name, []byte(" "))
	between := byte(variantMark)
	for i, word := range spelled {
		if len(words) == len(spelled) && bytes.Equal(word, words[i]) {
			continue
		}
		dst = append(append(dst, between), word...)
		between = ' '
	}
	return dst
}

// appendParts appends the folded parts of a name, with a space between them unless they are joined. It
// returns also how long the first is.
func appendParts(dst []byte, first, last string) (name []byte, firstLen int, lost bool) {
	start := len(dst)
	dst, lost = appendFold(dst, first, nameText)
	space := len(dst)
	if space > start {
		dst = append(dst, ' ')
	}
	end := len(dst)
	dst, lostLast := appendFold(dst, last, nameText)
	switch {
	case len(dst) == end:
		dst = dst[:space]
	case space > start && joinsWithoutSpace(dst[start:space], dst[end:]):
		dst = append(dst[:space], dst[end:]...)
	}
	return dst, space - start, lost || lostLast
}

// joinInitials returns name with neighbouring words of one character joined, nil if there are none.
func joinInitials(name []byte) []byte {
	var joined []byte
	from := 0
	for i, c := range name {
		if c != ' ' {
			continue
		}
		_, n := utf8.DecodeRune(name[i+1:])
		after := i+1+n == len(name) || name[i+1+n] == ' '
		_, n = utf8.DecodeRune(name[from:])
		if from+n == i && after {
			joined = append(joined, name[from:i]...)
		} else {
			joined = append(joined, name[from:i+1]...)
		}
		from = i + 1
	}
	if len(joined)+len(name)-from == len(name) {
		return nil
	}
	return append(joined, name[from:]...)
}

func endsWide(name []byte) bool {
	r, _ := utf8.DecodeLastRune(name)
	return isWide(r)
}

// appendReversed appends the last name before the first, if they are joined.
func appendReversed(dst []byte, e Entry) []byte {
	start := len(dst)
	dst, _, _ = appendParts(append(dst, variantMark), e.Last, e.First)
	if bytes.IndexByte(dst[start:], ' ') >= 0 || Fold(e.First) == "" || Fold(e.Last) == "" {
		return dst[:start]
	}
	return dst
}
