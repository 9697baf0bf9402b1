package customer

import (
	"strings"
	"unicode"
)

// blank reports whether nothing of a text can be seen: a name of a zero width space or
// of a filler is as good as none.
func blank(s string) bool {
	// An empty Braille cell and a musical null note are symbols that show nothing.
	return !strings.ContainsFunc(s, func(r rune) bool {
		return !invisible(r) && !isSpace(r) && r != '\u2800' && r != '\U0001d159'
	})
}

// invisible reports whether a character shows nothing by itself: control and format
// characters, variation selectors, joiners, fillers (Unicode, Default_Ignorable_Code_Point).
// White space is not among them. Within a text many of them mean something, as the joiners
// do in Persian and in Indian scripts, so they are not taken out of names.
func invisible(r rune) bool {
	switch {
	case r < ' ', r >= 0x7f && r < 0xa0:
		return !isSpace(r)
	case unicode.In(r, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point):
		return true
	}
	return false
}
