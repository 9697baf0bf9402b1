package customer_test

import (
	"strings"
	"testing"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
	"pgregory.net/rapid"

	"custodex.dev/internal/customer"
)

// notISO are regions that CLDR calls countries and ISO 3166-1 does not assign: they
// are reserved, of private use, or withdrawn.
const notISO = " AC AN BU CP CQ CS CT DD DG DY EA EZ FQ FX HV IC JT MI NH NQ NT PC PU PZ RH SU TA TP UK UN VD WK XK YD YU ZR "

// TestCountries walks all codes there can be: those that are assigned come back from
// every form of them, and no other is taken for one.
func TestCountries(t *testing.T) {
	t.Parallel()
	assigned := 0
	for n := range 26 * 26 {
		alpha2 := string([]byte{byte('A' + n/26), byte('A' + n%26)})
		region, err := language.ParseRegion(alpha2)
		if err != nil || !region.IsCountry() || strings.Contains(notISO, " "+alpha2+" ") {
			if got := customer.Country(alpha2); got != alpha2 && alpha2 != "UK" && alpha2 != "XK" {
				t.Errorf("Country(%q) = %q, which ISO 3166-1 does not say", alpha2, got)
			}
			continue
		}
		assigned++
		alpha3 := region.ISO3()
		name := customer.CountryName(alpha3)
		if name == alpha3 {
			t.Errorf("%s has no name", alpha3)
		}
		cldr := display.English.Regions().Name(region)
		for _, given := range []string{
			alpha2, alpha3, name, cldr, strings.ToLower(alpha2), strings.ToLower(alpha3), strings.ToUpper(name),
			" " + alpha3 + "\t", strings.ReplaceAll(name, " ", "  "), "The " + name,
		} {
			if got := customer.Country(given); got != alpha3 {
				t.Errorf("Country(%q) = %q, want %q", given, got, alpha3)
			}
		}
		if got := customer.Country(customer.CountryName(customer.Country(name))); got != alpha3 {
			t.Errorf("%s comes back as %q", alpha3, got)
		}
	}
	if assigned != 249 {
		t.Errorf("%d codes were tried, ISO 3166-1 assigns 249", assigned)
	}
}

// TestFieldB11CountryNames has the names that address forms, CLDR, ISO's own list and other
// systems use beside the short one, Kosovo's three spellings among them.
func TestFieldB11CountryNames(t *testing.T) {
	t.Parallel()
	for want, names := range map[string][]string{
		"MAC": {"Macao SAR China", "Macau", "China, Macao Special Administrative Region"}, "HKG": {"Hong Kong SAR China", "Hong Kong, China", "China, Hong Kong Special Administrative Region"},
		"KOR": {"Korea, South", "South Korea", "Korea, Rep.", "Korea (Republic of)"},
		"PRK": {"Korea, North", "Korea, Dem. People's Rep.", "Korea (the Democratic People's Republic of)"},
		"VAT": {"Vatican", "Holy See (Vatican City State)", "Holy See", "Vatican City"}, "SVK": {"Slovak Republic"},
		"PSE": {"Palestinian Territory, Occupied", "Palestinian Territories", "State of Palestine"},
		"MKD": {"Macedonia, the former Yugoslav Republic of", "Macedonia (FYROM)"}, "XKX": {"XK", "XKX", "Kosovo", "xk"},
		"LAO": {"Lao PDR", "Laos", "Lao People's Democratic Republic (the)"}, "KGZ": {"Kyrgyz Republic"},
		// Of the United Nations, the World Bank and the CIA's book, in other orders and with abbreviations.
		"COD": {"Congo (DRC)", "Congo - Kinshasa", "Congo, Dem. Rep.", "Congo (the Democratic Republic of the)", "Democratic Republic of the Congo"},
		"COG": {"Congo", "Congo, Rep.", "Republic of the Congo", "Congo (Brazzaville)"}, "EGY": {"Egypt, Arab Rep.", "Arab Republic of Egypt"},
		"CHN": {"Mainland China", "China, People's Republic of", "P.R. China"}, "TWN": {"Taiwan (Province of China)", "Republic of China", "Taiwan, China"},
		"KNA": {"Saint Kitts & Nevis", "St. Kitts and Nevis"}, "IRN": {"Iran, Islamic Rep.", "Iran (Islamic Republic of)"}, "VEN": {"Venezuela, RB"},
		"FSM": {"Micronesia, Fed. Sts.", "Micronesia (Federated States of)"}, "SLB": {"Solomon Is."}, "WLF": {"Wallis and Futuna Islands"},
		"YEM": {"Yemen, Rep.", "Republic of Yemen"}, "GBR": {"United Kingdom (the)", "UK", "Scotland"}, "DEU": {"Germany, Federal Republic of"},
		"ZAF": {"Republic of South Africa"}, "SSD": {"Sudan, South"}, "IMN": {"Man, Isle of"}, "TUR": {"Turkiye", "Türkiye", "Republic of Turkey"},
		"GEO": {"Georgia", "Republic of Georgia"}, "ISR": {"State of Israel"}, "TZA": {"Tanzania, United Republic of"}, "BOL": {"Bolivia (Plurinational State of)"}, "QAT": {"State of Qatar"}, "WSM": {"Independent State of Samoa"}, "ASM": {"American Samoa"},
		"GIN": {"Republic of Guinea"}, "GNQ": {"Guinea, Equatorial"}, "NER": {"Niger (the)"}, "NGA": {"Federal Republic of Nigeria"},
		"VIR": {"Virgin Islands, U.S.", "United States Virgin Islands"}, "VGB": {"Virgin Islands, British"}, "DMA": {"Commonwealth of Dominica"},
		"DOM": {"Dominican Rep.", "Dominican Republic (the)"}, "ISL": {"IS"}, "MMR": {"BUR", "Union of Myanmar"}, "LUX": {"Grand Duchy of Luxembourg"},
	} {
		for _, name := range names {
			got := customer.Country(name)
			if got != want {
				t.Errorf("Country(%q) = %q, want %q", name, got, want)
			}
			if again := customer.Country(customer.CountryName(got)); again != got {
				t.Errorf("%s is shown as %q, which is %q", got, customer.CountryName(got), again)
			}
		}
	}
}

func TestCountryNames(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"Ghana": "GHA", "gh": "GHA", "usa": "USA", "U.S.A.": "USA", "United States of America": "USA", "America": "USA",
		"UK": "GBR", "Great Britain": "GBR", "Cote d'Ivoire": "CIV", "Côte d’Ivoire": "CIV", "Ivory Coast": "CIV",
		"Czech Republic": "CZE", "Turkey": "TUR", "Swaziland": "SWZ", "Cape Verde": "CPV", "Burma": "MMR",
		"Trinidad & Tobago": "TTO", "St. Lucia": "LCA", "ST": "STP", "Sao Tome and Principe": "STP", "The Gambia": "GMB",
		"Korea, Republic of": "KOR", "Viet Nam": "VNM", "Russian Federation": "RUS", "France": "FRA", "Benin": "BEN",
		"Burkina Faso": "BFA", "Panama": "PAN", "Germany": "DEU", "Timor-Leste": "TLS", "guinea bissau": "GNB",
		"DR Congo": "COD", "Congo": "COG", "Macedonia": "MKD",
	} {
		if got := customer.Country(given); got != want {
			t.Errorf("Country(%q) = %q, want %q", given, got, want)
		}
	}
	for _, other := range []string{"", " ", "Wonderland", "XX", "ZZZ", "G H", "Ghana 7 x", "Netherlands Antilles", "日本", "'", "the",
		"State of Georgia", "Niger State", "Luxembourg Region", "Special Region of Guinea", "Territory of Mali", "United Chad", "Korea Islands", "Virgin Islands", "Republic", "United Arab Republic", "Kingdom of US", "German Democratic Republic"} {
		if got := customer.Country(other); got != other {
			t.Errorf("Country(%q) = %q, want it as it is", other, got)
		}
		if got := customer.CountryName(other); got != other {
			t.Errorf("CountryName(%q) = %q, want it as it is", other, got)
		}
	}
	if got := customer.CountryName("GHA"); got != "Ghana" {
		t.Errorf("CountryName(GHA) = %q, want Ghana", got)
	}
}

// What is stored does not change when it is shown and written back, whatever it is.
func TestCountryStable(t *testing.T) {
	t.Parallel()
	word := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"GHA", "gh", "Ghana", "St", "st. lucia", "&", "the", "Åland"}))
	rapid.Check(t, func(rt *rapid.T) {
		stored := customer.Country(word.Draw(rt, "country"))
		if got := customer.Country(customer.CountryName(stored)); got != stored {
			rt.Errorf("%q is shown as %q and comes back as %q", stored, customer.CountryName(stored), got)
		}
	})
}
