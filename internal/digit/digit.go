// Package digit reads the decimal digits of all scripts.
package digit

import "unicode"

// ASCII gives the ASCII digit for a decimal digit of any script, and any other character as it is.
func ASCII(r rune) rune {
	// Unicode keeps the ten of a script together and in order, so each range begins with a zero.
	for _, t := range unicode.Nd.R16 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return '0' + (r-rune(t.Lo))%10
		}
	}
	for _, t := range unicode.Nd.R32 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return '0' + (r-rune(t.Lo))%10
		}
	}
	return r
}
