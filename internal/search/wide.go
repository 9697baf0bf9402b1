package search

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// wideRanges are the scripts that write the parts of a name with a space between them or without.
var wideRanges = []*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo}

// isWide reports whether r is a character of a script without spaces. The marks of voicing
// and of length belong to kana.
func isWide(r rune) bool {
	return r >= 0x1100 && (r == '\u3099' || r == '\u309a' || r == 'ー' || unicode.In(r, wideRanges...))
}

func firstRune(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

// joinsWithoutSpace reports whether no space stands between two texts that are put together.
func joinsWithoutSpace(before, after []byte) bool {
	r, _ := utf8.DecodeLastRune(before)
	next, _ := utf8.DecodeRune(after)
	return isWide(r) && isWide(next) && norm.NFC.Properties(after).BoundaryBefore()
}

// joinWide removes the spaces between characters of scripts without spaces from b, in place.
func joinWide(b []byte) []byte {
	kept := b[:0]
	for i, c := range b {
		if c != ' ' || !joinsWithoutSpace(kept, b[i+1:]) {
			kept = append(kept, c)
		}
	}
	return kept
}
