package customer

import (
	"strings"
	"sync"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// countries knows ISO 3166-1: the alpha-3 code of every alpha-2 code, alpha-3
// code and English name, and the English name of every alpha-3 code.
var countries = sync.OnceValue(func() (c struct{ code, name map[string]string }) {
	c.code, c.name = make(map[string]string), make(map[string]string)
	names := display.English.Regions()
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			r, err := language.ParseRegion(string(a) + string(b))
			if err != nil || !r.IsCountry() || r.String() != string(a)+string(b) {
				continue
			}
			alpha3, name := r.ISO3(), names.Name(r)
			if len(alpha3) != 3 || alpha3 == "ZZZ" || name == "" {
				continue
			}
			c.name[alpha3] = name
			for _, key := range []string{r.String(), alpha3, name} {
				c.code[strings.ToLower(key)] = alpha3
			}
		}
	}
	for name, alpha3 := range commonNames {
		c.code[name] = alpha3
	}
	return c
})

// commonNames are English names in use beside those of the table.
var commonNames = map[string]string{
	"usa": "USA", "united states of america": "USA", "uk": "GBR", "great britain": "GBR", "england": "GBR",
	"ivory coast": "CIV", "czech republic": "CZE", "turkey": "TUR", "swaziland": "SWZ", "cape verde": "CPV",
	"myanmar": "MMR", "burma": "MMR", "hong kong": "HKG", "macau": "MAC", "russian federation": "RUS",
	"korea, republic of": "KOR", "viet nam": "VNM", "bosnia and herzegovina": "BIH", "trinidad and tobago": "TTO",
	"democratic republic of the congo": "COD", "congo": "COG", "palestine": "PSE", "holland": "NLD",
}

// Country gives the ISO 3166-1 alpha-3 code of a country that is given as alpha-2,
// alpha-3 or English name, in any case. Other text is returned as it is.
func Country(s string) string {
	if code, ok := countries().code[strings.ToLower(collapse(s))]; ok {
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
