package customer

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/unicode/norm"

	"custodex.dev/internal/digit"
)

// validPhone reports whether s is a phone number as the contracts read it, after
// cleanPhone: a "+" first or none, 2 to 15 digits of which the first is 1 to 9, and
// between them spaces, hyphens, parentheses, dots and slashes. An extension may follow.
func validPhone(s string) bool {
	number, _ := cutExtension(s)
	number = cutTrunkZero(number)
	digits := 0
	for i, r := range number {
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
		case !strings.ContainsRune(phoneMarks, r):
			return false
		}
	}
	return digits >= minDigits && digits <= maxPhoneDigits
}

// phoneMarks are what people write between digits. Nobody dials them.
const phoneMarks = " -()./"

// The digits of a number with its country code. E.164 has a maximum only; the minimum is
// that of the contracts (Devdraft, "Create Customer", pattern).
const (
	minDigits      = 2
	maxPhoneDigits = 15
)

// validE164 reports whether s is "+" and 2 to 15 digits, the first not 0 (ITU-T E.164).
func validE164(s string) bool {
	if len(s) < 1+minDigits || len(s) > 1+maxPhoneDigits || s[0] != '+' || s[1] == '0' {
		return false
	}
	return strings.Trim(s[1:], "0123456789") == ""
}

// E164 gives a phone in E.164 form, without its extension, if it is written with its
// country code. Otherwise it gives the phone as it is. A trunk prefix that is not dialled
// from abroad, as in "+44 (0)20 …", is left out; in Italy the zero is part of a landline's
// number and stays. Digits without punctuation are never changed, so E164(E164(s)) = E164(s).
func E164(s string) string {
	if validE164(s) || !strings.HasPrefix(s, "+") || !validPhone(s) {
		return s
	}
	number, _ := cutExtension(s)
	without := cutTrunkZero(number)
	// Parse leaves out trunk prefixes without brackets too, also in numbers that nobody has: only a
	// valid result proves one. With a zero in brackets it comes first, since the zero may be part of
	// the number, as in Côte d'Ivoire.
	for _, text := range []string{number, trunkZero.ReplaceAllString(number, "$1")} {
		if n, err := phonenumbers.Parse(text, ""); err == nil && phonenumbers.IsValidNumber(n) {
			return phonenumbers.Format(n, phonenumbers.E164)
		}
	}
	if bare := "+" + digitsOf(without); validE164(bare) {
		return bare
	}
	return s
}

var (
	trunkZero = regexp.MustCompile(`^(\+ ?\(?[1-9][0-9]{0,2}\)?[ ./-]*)\( ?0 ?\)`)

	// extension is how people of several countries and RFC 3966 write one.
	extension = regexp.MustCompile(`(?i)^(.*[0-9)])[ ,]*(?:;ext=|(?:ext(?:ension|n)?|xtn|x|int|anexo|доб)[.:]?|#|~)[ ]*([0-9]{1,11})$`)

	// international is a leading "00", or a country code in brackets with or without one.
	international = regexp.MustCompile(`^(?:00[ .-]?|\(00\)[ ]?|\((?:\+|00) ?([1-9][0-9]{0,2})\))`)
)

// cutExtension splits a phone into number and extension; ext is "" if there is none.
func cutExtension(s string) (number, ext string) {
	if m := extension.FindStringSubmatch(s); m != nil {
		return m[1], m[2]
	}
	return s, ""
}

// cutTrunkZero takes a zero in brackets out of a number with its country code: it is dialled
// within the country only. In Italy, San Marino and the Vatican it is part of the number.
func cutTrunkZero(s string) string {
	m := trunkZero.FindStringSubmatch(s)
	if m == nil {
		return s
	}
	switch digitsOf(m[1]) {
	case "39", "378", "379":
		return s
	}
	return m[1] + s[len(m[0]):]
}

func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// cleanPhone gives a phone as it was meant, whatever it was pasted from: without invisible
// characters, with ASCII digits, spaces, hyphens, dots, slashes and plus sign, with a "+" for a
// leading "00" or "(+44)", and without a leading "tel:". Text that is no phone number keeps its
// leading zeros. It is its own clean form.
func cleanPhone(s string) string {
	// Invisible characters go first: what stood apart because of them may compose.
	s = strings.Map(func(r rune) rune {
		if invisible(r) || r == '\u20e3' { // of a keycap
			return -1
		}
		return r
	}, s)
	s = strings.Map(func(r rune) rune {
		switch {
		case isSpace(r):
			return ' '
		case unicode.Is(unicode.Pd, r) || r == '\u2212' || r == 'ー':
			return '-'
		case strings.ContainsRune("·•‧∙・", r):
			return '.'
		case r == '\u2044' || r == '\u2215':
			return '/'
		}
		return digit.ASCII(r)
	}, norm.NFKC.String(s))
	s = strings.TrimSpace(s)
	if len(s) > 4 && strings.EqualFold(s[:4], "tel:") {
		if rest := withPlus(strings.TrimSpace(s[4:])); validPhone(rest) {
			return rest
		}
	}
	return withPlus(s)
}

// withPlus puts a "+" in place of a leading "00" or "(+44)" of a phone.
func withPlus(s string) string {
	if m := international.FindStringSubmatch(s); m != nil {
		rest := strings.TrimLeft(s[len(m[0]):], phoneMarks)
		plus := "+" + rest
		if m[1] != "" {
			marks := strings.TrimRight(strings.TrimSuffix(s[len(m[0]):], rest), " ")
			if rest != "" && strings.HasSuffix(marks, "(") {
				rest = "(" + rest // of an area code or a trunk zero, and closed after it
			}
			plus = strings.TrimSpace("+" + m[1] + " " + rest)
		}
		if validPhone(plus) {
			return plus
		}
	}
	return s
}

// mayHaveTrunk reports whether the digits of a number with its country code may have a trunk prefix
// behind that, as in "+44 020 …". It spares others the work of E164, which is a hundred times as much.
func mayHaveTrunk(digits string) bool {
	for n := 1; n <= 3 && n < len(digits); n++ {
		code, _ := strconv.Atoi(digits[:n]) // digits are a number
		if phonenumbers.GetRegionCodeForCountryCode(code) != "ZZ" {
			return strings.Contains(trunks[code], digits[n:n+1]) || digits[n] == '0'
		}
	}
	return false
}

// trunks are the digits with which trunk prefixes other than zero begin, by country code.
var trunks = map[int]string{1: "1", 7: "8", 375: "8", 993: "8"}

// PhoneDigits gives the digits by which a phone is found: of the number without its
// extension, its trunk prefix, and the zeros that it begins with, which people
// write in one place and not in another.
func PhoneDigits(s string) string {
	if strings.Trim(s, "+0123456789") != "" {
		s, _ = cutExtension(s)
		if trunkZero.MatchString(s) || strings.HasPrefix(s, "+") && mayHaveTrunk(digitsOf(s)) {
			// The number that is dialled decides, as in E164, if there is one.
			if dialled := E164(s); dialled != s {
				s = dialled
			} else {
				s = cutTrunkZero(s)
			}
		}
	}
	return strings.TrimLeft(digitsOf(s), "0")
}

// minFragment is how many digits a text must have to be looked for in phones.
const minFragment = 3

// PhoneFragment gives the digits of a text that may be a phone or a part of one, and ""
// for any other text.
func PhoneFragment(s string) string {
	s = cleanPhone(s)
	number, _ := cutExtension(s)
	if strings.Trim(number, "+0123456789"+phoneMarks) != "" {
		return ""
	}
	if digits := PhoneDigits(s); len(digits) >= minFragment {
		return digits
	}
	return ""
}
