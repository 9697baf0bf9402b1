package body

import (
	"math"
	"strings"
)

// Integer reads the text of a parameter or of a number literal as a whole
// number: an optional sign, digits, and a fraction of zeros only, so "10",
// "010", "+10", "-1" and "10.0" are integers and "10.5" is not.
//
// A number beyond int64 saturates, so that a range check still answers what is
// wrong with it. Everything else that JavaScript's Number would take is
// refused: the empty text, spaces, exponents ("1e2"), "0x10", "10." and ".0".
// No client is known to send those, and "1e2" in a query is likelier a mistake
// than a hundred.
func Integer(text string) (n int64, ok bool) {
	digits, negative := text, false
	if text != "" && (text[0] == '-' || text[0] == '+') {
		digits, negative = text[1:], text[0] == '-'
	}
	digits, fraction, dotted := strings.Cut(digits, ".")
	if digits == "" || dotted && (fraction == "" || strings.Trim(fraction, "0") != "") {
		return 0, false
	}
	// n is kept negative: the negative range is the larger one.
	saturated := false
	for i := range len(digits) {
		c := digits[i]
		if c < '0' || c > '9' {
			return 0, false
		}
		d := int64(c - '0')
		if saturated = saturated || n < (math.MinInt64+d)/10; !saturated {
			n = n*10 - d
		}
	}
	switch {
	case negative && saturated:
		return math.MinInt64, true
	case negative:
		return n, true
	case saturated || n == math.MinInt64:
		return math.MaxInt64, true
	}
	return -n, true
}
