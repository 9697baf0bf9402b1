package customer

import "strings"

// ValidPhone reports whether s is a phone number as the contract reads it: a "+"
// first or none, digits, spaces, hyphens, parentheses and dots, 2 to 15 digits,
// the first of them 1 to 9.
func ValidPhone(s string) bool {
	digits := 0
	for i, r := range s {
		switch {
		case r >= '0' && r <= '9':
			if digits == 0 && r == '0' {
				return false
			}
			digits++
		case r == '+':
			if i != 0 {
				return false
			}
		case r == ' ' || r == '-' || r == '(' || r == ')' || r == '.':
		default:
			return false
		}
	}
	return digits >= 2 && digits <= 15
}

// ValidE164 reports whether s is "+" and 8 to 15 digits, the first not 0 (ITU-T
// E.164).
func ValidE164(s string) bool {
	if len(s) < 9 || len(s) > 16 || s[0] != '+' || s[1] == '0' {
		return false
	}
	for i := 1; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// E164 gives a phone without its punctuation if that makes it an E.164 number,
// and otherwise as it is.
func E164(s string) string {
	bare := strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", ".", "").Replace(s)
	if ValidE164(bare) {
		return bare
	}
	return s
}
