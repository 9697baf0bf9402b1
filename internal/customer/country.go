package customer

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
	"golang.org/x/text/unicode/norm"
)

// countries holds ISO 3166-1: the alpha-3 code of every code and name, by countryKey,
// and the name to show of every alpha-3 code. The codes and most names are those of
// golang.org/x/text; its tables of English names add 25 kB to the binary.
var countries = sync.OnceValue(func() (c struct{ code, name map[string]string }) {
	c.code, c.name = make(map[string]string), make(map[string]string)
	ours := make(map[string]string) // names by alpha-2 code
	for line := range strings.Lines(strings.TrimSpace(countryNames)) {
		ours[line[:2]] = strings.TrimSpace(line[3:])
	}
	english := display.English.Regions()
	for n := range 26 * 26 {
		alpha2 := string([]byte{byte('A' + n/26), byte('A' + n%26)})
		region, err := language.ParseRegion(alpha2)
		if err != nil || !region.IsCountry() || strings.Contains(unassigned, " "+alpha2+" ") {
			continue
		}
		alpha3 := region.ISO3()
		if alpha2 == "XK" {
			alpha3 = kosovo
		}
		shown, others, _ := strings.Cut(ours[alpha2], "|")
		c.name[alpha3] = cmp.Or(shown, english.Name(region))
		keys := append(strings.Split(others, "|"), alpha2, alpha3, c.name[alpha3], english.Name(region))
		for _, key := range keys {
			if key != "" {
				c.code[countryKey(key)] = alpha3
			}
		}
	}
	return c
})

// countryKey gives the words of a name in alphabetical order, without what writers spell
// differently: case, accents, punctuation, order ("Korea, Republic of"), articles, "&" and "and",
// "St." for "Saint", "Rep." for "Republic".
func countryKey(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Mn, r), r == '\'', r == '’', r == '.':
			return -1
		case unicode.IsLetter(r):
			return r
		}
		return ' '
	}, norm.NFD.String(strings.ToLower(s)))
	words := strings.Fields(s)
	if len(words) > 1 { // one alone is a code, as "ST" and "IS"
		words = slices.DeleteFunc(words, func(w string) bool { return w == "the" || w == "of" || w == "and" })
		for i, w := range words {
			words[i] = cmp.Or(abbreviated[w], w)
		}
		slices.Sort(words)
	}
	return strings.Join(words, " ")
}

var abbreviated = map[string]string{
	"st": "saint", "rep": "republic", "dem": "democratic", "fed": "federated", "sts": "states", "is": "islands", "isl": "islands", "terr": "territories",
}

// official are the words that official names add to the usual ones: "Republic of South Africa",
// "Wallis and Futuna Islands". Words that name parts of countries too are not among them, since "Niger
// State" is in Nigeria and "Luxembourg Region" in Belgium: official names with "state", "region", "special",
// "territory" or "united" stand in countryNames.
var official = strings.Fields(`
administrative arab bailiwick bolivarian commonwealth cooperative democratic duchy federal federation federative grand
hashemite independent islamic island islands kingdom oriental people peoples plurinational principality republic
sar socialist sovereign sultanate union
`)

// bare takes the official words out of a key. It gives "" if what remains names several.
func bare(key string) string {
	words := slices.DeleteFunc(strings.Fields(key), func(w string) bool { return slices.Contains(official, w) })
	switch name := strings.Join(words, " "); name {
	case "china", "congo", "korea", "samoa", "virgin", "georgia": // a republic, and a state of America
		return ""
	default:
		return name
	}
}

// Country gives the ISO 3166-1 alpha-3 code of a country that is given as alpha-2,
// alpha-3 or English name, in any case. Other text is returned as it is.
func Country(s string) string {
	key := countryKey(s)
	if code, ok := countries().code[key]; ok {
		return code
	}
	// A code is no name: "Kingdom of US" is nothing.
	if name := bare(key); len(name) > 3 {
		if code, ok := countries().code[name]; ok {
			return code
		}
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
