package customer_test

import (
	"testing"

	"pgregory.net/rapid"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/redact"
)

// TestNothingVisible sends names that show nothing. They are no names.
func TestNothingVisible(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"", " ", "\u200b", "\u3164", "\u2800", "\U0001d159", "\u180f", "\uffa0", "\ufff0", "\U000e0041", "\u2065", "\u00ad", "\u202e", "\u034f", "\x01\x02", "\ufeff", "\u115f\u1160", "\u17b4", "\u180e", "\u2060",
		"\ufe0f", "\U000e0061", "\U000e0100", "\uffa0", "\u200d \u200c", "\u061c", "\u2066\u2069", "\x7f", "\u0085", "\u3000\u00a0",
	} {
		for name, in := range map[string]customer.Input{
			"given name": {Given: sent(s), Family: sent("Doe"), Phone: sent("+15550100")},
			"full name":  {FullName: sent(s), Rules: customer.Rules{Required: []string{customer.PathFullName}}},
		} {
			if _, problems := in.Create(); len(problems) != 1 || problems[0].Code != customer.CodeRequired {
				t.Errorf("the %s %+q: %v", name, s, codes(problems))
			}
		}
	}
	// An optional address that is empty is wrong, whatever it is empty of.
	for _, s := range []string{"", " ", "\u200b", "\u3164"} {
		in := customer.Input{Given: sent("Jane"), Family: sent("Doe"), Phone: sent("+15550100"), Email: sent(s)}
		if _, problems := in.Create(); len(problems) != 1 || problems[0].Path != customer.PathEmail || problems[0].Code != customer.CodeInvalid {
			t.Errorf("the address %+q: %v", s, codes(problems))
		}
	}
	for _, s := range []string{"a", "می\u200cخواهم", "क\u094d\u200dष", "\u0301", "・", ".", "👩\u200d👧", "O\u00adNeil"} {
		change, problems := customer.Input{Given: sent(s), Family: sent("Doe"), Phone: sent("+15550100")}.Create()
		if problems != nil || change.Given.Reveal() != s {
			t.Errorf("the name %+q: %v", s, codes(problems))
		}
	}
}

// TestNameParts writes whole names over stored parts, through an API that has one name only.
func TestNameParts(t *testing.T) {
	t.Parallel()
	tests := []struct{ given, family, write, wantGiven, wantFamily string }{
		{"Mary Ann", "Lee", "Mary Ann Leigh", "Mary Ann", "Leigh"},
		{"Mary Ann", "Lee", "Mary  Ann   Lee", "Mary Ann", "Lee"},
		{"Mary Ann", "Lee", "Marianne Lee", "Marianne", "Lee"},
		{"Mary Ann", "Lee", "Anna Maria Lee", "Anna Maria", "Lee"},
		{"Mary Ann", "van der Lee", "Maria Anna van der Lee", "Maria Anna", "van der Lee"},
		{"Jose Luis", "Garcia", "José Luis García", "José Luis", "García"},
		{"JOSE LUIS", "GARCIA", "Jose Luis Garcia Marquez", "Jose Luis", "Garcia Marquez"},
		{"Łukasz Jan", "Nowak", "Lukasz Jan Nowakowski", "Lukasz Jan", "Nowakowski"},
		{"Søren Kai", "Đoković", "SOREN KAI Djokovic", "SOREN KAI", "Djokovic"},
		{"J. R. R.", "Tolkien", "J R R Tolkien-Smith", "J R R", "Tolkien-Smith"},
		{"Ann Mary", "O'Neil", "Anna Maria O’Neil", "Anna Maria", "O’Neil"},
		{"ｍａｒｙ ａｎｎ", "Lee", "Mary Ann Leigh", "Mary Ann", "Leigh"},
		{"علي رضا", "كريم", "علي رضا كريمي", "علي رضا", "كريمي"},
		{"Straße Ann", "Groß", "Strasse Ann Gross", "Strasse Ann", "Gross"},
		{"Mary-Ann", "Lee", "Mary Ann Leigh", "Mary Ann", "Leigh"},
		{"Jean Luc", "Picard", "Jean-Luc Picard Dupont", "Jean-Luc", "Picard Dupont"},
		{"MaryAnn", "Lee", "Mary Ann Leigh", "Mary Ann", "Leigh"},
		{"Anna", "van der Berg", "Hanna Vanderberg", "Hanna", "Vanderberg"},
		{"Mary", "Lee", "Maryann Leigh", "Maryann", "Leigh"},
		{"-", "Lee", "- Leigh", "-", "Leigh"},
		{".", "-", "Mary Ann Lee", "Mary", "Ann Lee"},
		{"Mary Ann", "Lee", "Mary Ann", "Mary", "Ann"},
		{"Mary Ann", "Lee", "Somebody Else", "Somebody", "Else"},
		{"Mary\u00a0 Ann", "O\nNeil", "Mary Ann O Neil", "Mary\u00a0 Ann", "O\nNeil"},
		{"Mary", "", "Mary Ann Lee", "Mary", "Ann Lee"},
		{"", "Lee", "Ann Lee", "Ann", "Lee"},
		{"Acme", "Ltd", "Acme Trading Ltd", "Acme", "Trading Ltd"},
	}
	for _, tt := range tests {
		c := customer.Customer{Personal: customer.Personal{Given: redact.Personal(tt.given), Family: redact.Personal(tt.family)}}
		change, problems := customer.Input{FullName: sent(tt.write)}.Update()
		change.Apply(&c)
		if problems != nil || c.Given.Reveal() != tt.wantGiven || c.Family.Reveal() != tt.wantFamily {
			t.Errorf("%q over %q and %q: %q and %q, %v", tt.write, tt.given, tt.family, c.Given.Reveal(), c.Family.Reveal(), codes(problems))
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		word := rapid.StringMatching(`[A-Za-zéÉßñ]{1,4}`)
		draw := func(label string) string {
			return word.Draw(rt, label) + rapid.SampledFrom([]string{"", " Ann", " de"}).Draw(rt, label)
		}
		c := customer.Customer{Personal: customer.Personal{Given: redact.Personal(draw("given")), Family: redact.Personal(draw("family"))}}
		whole := draw("first") + " " + draw("rest")
		change, _ := customer.Input{FullName: sent(whole)}.Update()
		change.Apply(&c)
		if got := c.Name().Reveal(); got != whole {
			rt.Errorf("%q is shown as %q", whole, got)
		}
	})
}

// TestKeep sends back what an API shows, with values in it that the same API would refuse.
func TestKeep(t *testing.T) {
	t.Parallel()
	shown := customer.Input{Given: sent("Madonna"), Family: sent(""), Email: null, Phone: sent("0 ext. call"), Type: sent("Business"), Group: null}
	again := shown
	change, problems := again.Keep(shown).Update()
	if problems != nil || len(change.AppendBinary(nil)) != 0 {
		t.Errorf("sent back as shown: %v, changes %x", codes(problems), change.AppendBinary(nil))
	}
	again.Family, again.Given = sent("Ciccone"), absent
	if change, problems = again.Keep(shown).Update(); problems != nil || change.Family == nil || change.Phone != nil || change.Email != nil {
		t.Errorf("with a new family name: %v", codes(problems))
	}
	again.Phone = sent("0 ext. call ")
	if _, problems = again.Keep(shown).Update(); len(problems) != 1 {
		t.Errorf("with a phone that is not the one shown: %v", codes(problems))
	}
	// Members that must be there are, when they are sent back.
	shown.Rules = customer.Rules{Required: []string{customer.PathGiven, customer.PathFamily, customer.PathPhone}, Replaces: true, EmptyIsNull: true}
	if _, problems = shown.Keep(shown).Update(); problems != nil {
		t.Errorf("all that must be there: %v", codes(problems))
	}
	if _, problems = (customer.Input{Rules: shown.Rules}).Keep(shown).Update(); len(problems) != 3 {
		t.Errorf("nothing of it: %v", codes(problems))
	}
}

// TestStateless creates customers in countries whose addresses have no state.
func TestStateless(t *testing.T) {
	t.Parallel()
	rules := customer.Rules{Required: []string{customer.PathCountry, customer.PathRegion}, EmptyIsNull: true}
	for country, problems := range map[string]int{"Singapore": 0, "SG": 0, "MCO": 0, "Hong Kong": 0, "Vatican City": 0, "Malta": 0, "Republic of San Marino": 0, "Ghana": 1, "Nowhere": 1} {
		for _, state := range []customer.Text{absent, null, sent("")} {
			if _, got := (customer.Input{Country: sent(country), Region: state, Rules: rules}).Create(); len(got) != problems {
				t.Errorf("%s without a state: %v", country, codes(got))
			}
		}
	}
}
