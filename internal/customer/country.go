package customer

import (
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// countries knows ISO 3166-1: the alpha-3 code of every code and name in
// countryTable, by countryKey, and the name to show of every alpha-3 code.
var countries = sync.OnceValue(func() (c struct{ code, name map[string]string }) {
	c.code, c.name = make(map[string]string), make(map[string]string)
	for line := range strings.SplitSeq(strings.TrimSpace(countryTable), "\n") {
		alpha3, names := line[3:6], strings.Split(line[7:], "|")
		c.name[alpha3] = names[0]
		for _, key := range append(names, line[:2], alpha3) {
			c.code[countryKey(key)] = alpha3
		}
	}
	return c
})

// countryKey is a name without what writers differ in: case, accents, punctuation,
// white space, the article, "&" for "and", "St." for "Saint".
func countryKey(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Mn, r), r == '\'', r == '’', r == '.':
			return -1
		case r == '&' || unicode.IsLetter(r):
			return r
		}
		return ' '
	}, norm.NFD.String(strings.ToLower(s)))
	words := strings.Fields(strings.ReplaceAll(s, "&", " and "))
	kept := words[:0]
	for _, w := range words {
		switch w {
		case "the":
			continue
		case "st":
			// "ST" alone is a code.
			if len(words) > 1 {
				w = "saint"
			}
		}
		kept = append(kept, w)
	}
	return strings.Join(kept, " ")
}

// Country gives the ISO 3166-1 alpha-3 code of a country that is given as alpha-2,
// alpha-3 or English name, in any case. Other text is returned as it is.
func Country(s string) string {
	if code, ok := countries().code[countryKey(s)]; ok {
		return code
	}
	return s
}

// CountryName gives the English name of a country stored by Country. Other text is
// returned as it is.
func CountryName(s string) string {
	if name, ok := countries().name[s]; ok {
		return name
	}
	return s
}
