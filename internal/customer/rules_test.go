package customer_test

import (
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/redact"
)

// The rules of the dialects that write a whole name.
var (
	yativo = customer.Rules{
		Required: []string{customer.PathFullName, customer.PathEmail, customer.PathPhone, customer.PathCountry}, E164: true,
	}
	xtrakit = customer.Rules{
		Required: []string{customer.PathFullName, customer.PathPhone, customer.PathCity}, Replaces: true, EmptyIsNull: true, Loose: true,
	}
)

// enterprise is a type on the side of business that Yativo has no name for.
const enterprise = customer.Type(5)

// TestFullName writes a whole name over another one (Devdraft's two parts) and looks at
// the parts.
func TestFullName(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name          string
		was           [2]string
		write         string
		side          *customer.Side
		given, family string
	}{
		{"two words", [2]string{}, "Jane Doe", nil, "Jane", "Doe"},
		{"double surname", [2]string{}, "María García López", nil, "María", "García López"},
		{"particle", [2]string{}, "Dick van Dyke", nil, "Dick", "van Dyke"},
		{"one word", [2]string{}, "Pelé", nil, "Pelé", ""},
		{"white space", [2]string{}, " \tJane\u00a0 \n Doe\ufeff", nil, "Jane", "Doe"},
		{"another name", [2]string{"Ana María", "López"}, "Ana López", nil, "Ana", "López"},
		{"the same keeps its split", [2]string{"Ana María", "López"}, "Ana María López", nil, "Ana María", "López"},
		{"the same in other white space", [2]string{"Ana María", "López"}, "Ana  María\tLópez", nil, "Ana María", "López"},
		{"the same as what was odd", [2]string{"Ana  María", "López"}, "Ana María López", nil, "Ana  María", "López"},
		{"the same of one part", [2]string{"Ana María", ""}, "Ana María", nil, "Ana María", ""},
		{"another case", [2]string{"Ana María", "López"}, "ANA MARÍA LÓPEZ", nil, "ANA MARÍA", "LÓPEZ"},
		{"business", [2]string{}, "Acme Trading Ltd", new(customer.BusinessSide), "Acme Trading Ltd", ""},
		{"individual", [2]string{}, "Jane Doe", new(customer.IndividualSide), "Jane", "Doe"},
		{"the same as a business", [2]string{"Acme", "Trading"}, "Acme Trading", new(customer.BusinessSide), "Acme", "Trading"},
	}
	for _, tt := range tests {
		c := customer.Customer{Personal: customer.Personal{Given: redact.Personal(tt.was[0]), Family: redact.Personal(tt.was[1])}}
		change, problems := customer.Input{FullName: sent(tt.write), Rules: yativo}.Update()
		if problems != nil {
			t.Fatalf("%s: %v", tt.name, codes(problems))
		}
		change.Side = tt.side
		change.Apply(&c)
		if c.Given.Reveal() != tt.given || c.Family.Reveal() != tt.family {
			t.Errorf("%s: %q and %q, want %q and %q", tt.name, c.Given.Reveal(), c.Family.Reveal(), tt.given, tt.family)
		}
	}
	_, problems := customer.Input{FullName: sent(strings.Repeat("é ", 128)), Rules: yativo}.Update()
	if problems != nil {
		t.Errorf("255 characters after trimming: %v", codes(problems))
	}
	_, problems = customer.Input{FullName: sent(strings.Repeat("é", 256)), Rules: yativo}.Update()
	if diff := cmp.Diff([]string{"full_name too_long"}, codes(problems)); diff != "" {
		t.Errorf("256 characters (-want +got):\n%s", diff)
	}
}

// Whatever is written is what is shown, and what is shown, written back, changes nothing.
func TestFullNameRoundTrip(t *testing.T) {
	t.Parallel()
	word := rapid.OneOf(rapid.String(), rapid.StringMatching(`[A-Za-z]{1,8}( [a-z ]{1,9})?`))
	rapid.Check(t, func(rt *rapid.T) {
		c := customer.Customer{
			Type: customer.Type(rapid.IntRange(1, 8).Draw(rt, "type")),
			Personal: customer.Personal{
				Given: redact.Personal(customer.Trim(word.Draw(rt, "given"))), Family: redact.Personal(customer.Trim(word.Draw(rt, "family"))),
			},
		}
		write := func(name string) []string {
			change, problems := customer.Input{FullName: sent(name), Rules: yativo}.Update()
			if problems != nil {
				return nil
			}
			return change.Apply(&c)
		}
		if changed := write(c.Name().Reveal()); changed != nil {
			rt.Fatalf("the name as it is shown changes %v", changed)
		}
		name := word.Filter(visible).Draw(rt, "name")
		write(name)
		if fits := customer.Trim(name); len([]rune(fits)) <= customer.MaxText {
			got, want := spaced(c.Name().Reveal()), spaced(name)
			if got != want {
				rt.Fatalf("%q is shown as %q", name, c.Name().Reveal())
			}
		}
		if changed := write(c.Name().Reveal()); changed != nil {
			rt.Fatalf("the name as it is shown changes %v", changed)
		}
	})
}

// visible reports whether a text has a letter: a name without one may be none.
func visible(s string) bool { return strings.ContainsFunc(s, unicode.IsLetter) }

// spaced makes every run of white space in a text one space.
func spaced(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(spaces, r) }), " ")
}

// TestRules sends single members under the rules of a dialect.
func TestRules(t *testing.T) {
	t.Parallel()
	full := customer.Input{FullName: sent("Jane Doe"), Email: sent("jane@example.com"), Phone: sent("+233244567890"), Country: sent("Ghana"), City: sent("Accra")}
	tests := []struct {
		name           string
		rules          customer.Rules
		change         func(in *customer.Input)
		create, update []string // problems
	}{
		{"all of Yativo", yativo, func(*customer.Input) {}, nil, nil},
		{"all of Xtrakit", xtrakit, func(*customer.Input) {}, nil, nil},
		{"nothing, to Yativo", yativo, func(in *customer.Input) { *in = customer.Input{} },
			[]string{"full_name required", "email required", "phone required", "country required"}, nil},
		{"nothing, to Xtrakit", xtrakit, func(in *customer.Input) { *in = customer.Input{} },
			[]string{"full_name required", "phone required", "address_city required"}, []string{"full_name required", "phone required", "address_city required"}},
		{"null where it is required", yativo, func(in *customer.Input) { in.Email, in.Phone = null, null },
			[]string{"email required", "phone required"}, []string{"email required", "phone required"}},
		{"null and empty for null", xtrakit, func(in *customer.Input) {
			in.FullName, in.City, in.Email, in.Group = null, sent(" "), sent(" "), sent("")
		},
			[]string{"full_name required", "address_city required"}, []string{"full_name required", "address_city required"}},
		{"empty is not null", customer.Rules{Required: []string{}}, func(in *customer.Input) { in.Email = sent("") },
			[]string{"email invalid"}, []string{"email invalid"}},
		{"a phone as it is written, to Yativo", yativo, func(in *customer.Input) { in.Phone = sent("+233 24 456-7890") }, nil, nil},
		{"a phone without its country, to Yativo", yativo, func(in *customer.Input) { in.Phone = sent("024 456 7890") }, []string{"phone invalid"}, []string{"phone invalid"}},
		{"a phone as it is written, to Xtrakit", xtrakit, func(in *customer.Input) { in.Phone = sent("024 456 (ask for Ama)") }, nil, nil},
		{"a long phone, to Xtrakit", xtrakit, func(in *customer.Input) { in.Phone = sent(strings.Repeat("1", 256)) }, []string{"phone too_long"}, []string{"phone too_long"}},
		{"a number for a text", xtrakit, func(in *customer.Input) { in.Whatsapp, in.City = notText, notText },
			[]string{"whatsapp not_text", "address_city not_text"}, []string{"whatsapp not_text", "address_city not_text"}},
		{"a side", yativo, func(in *customer.Input) { in.Side = sent("business") }, nil, nil},
		{"no side", yativo, func(in *customer.Input) { in.Side = sent("Business") }, []string{"type not_listed"}, []string{"type not_listed"}},
	}
	for _, tt := range tests {
		in := full
		tt.change(&in)
		in.Rules = tt.rules
		_, problems := in.Create()
		if diff := cmp.Diff(append([]string{}, tt.create...), codes(problems)); diff != "" {
			t.Errorf("create with %s (-want +got):\n%s", tt.name, diff)
		}
		_, problems = in.Update()
		if diff := cmp.Diff(append([]string{}, tt.update...), codes(problems)); diff != "" {
			t.Errorf("update with %s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// TestClear empties every text that a dialect does not require, with null and, where
// that means the same, with empty texts.
func TestClear(t *testing.T) {
	t.Parallel()
	for name, none := range map[string]customer.Text{"null": null, "empty": sent(""), "blank": sent(" \t")} {
		in := customer.Input{
			Email: none, Phone: none, Whatsapp: none, Country: none, Number: none, Street: none, Line2: none, City: none, Region: none,
			Postal: none, AddressCountry: none, Profile: none, CreatedBy: none, Group: none,
			Rules: customer.Rules{Required: []string{}, EmptyIsNull: true},
		}
		c := everythingSet()
		change, problems := in.Update()
		if problems != nil {
			t.Fatalf("%s: %v", name, codes(problems))
		}
		change.Apply(&c)
		if c.Email+c.Phone+c.Whatsapp+c.Country+c.Profile+c.CreatedBy != "" || c.Group != 0 || c.Address != (customer.Address{}) {
			t.Errorf("%s leaves something: %v", name, fields(&c.Personal))
		}
		if c.Given == "" || c.LastSpent == "" || c.KYC.Status == "" {
			t.Errorf("%s takes too much away", name)
		}
	}
}

// everythingSet is a customer with something in every field.
func everythingSet() customer.Customer {
	c := someone()
	for i, text := range texts(&c.Personal) {
		*text = redact.Personal("text " + string(rune('a'+i)))
	}
	c.KYC = customer.KYC{Status: customer.KYCApproved, Reason: "r", VerifiedAt: time.UnixMilli(9), Accounts: true}
	c.Group, c.Status, c.Type = 4, customer.Blacklisted, enterprise
	return c
}

func TestSides(t *testing.T) {
	t.Parallel()
	side := func(s customer.Side) *customer.Side { return &s }
	for _, tt := range []struct {
		was   customer.Type
		write *customer.Side
		want  customer.Type
	}{
		{customer.Individual, side(customer.IndividualSide), customer.Individual},
		{customer.Individual, side(customer.BusinessSide), customer.Business},
		{enterprise, side(customer.BusinessSide), enterprise},
		{enterprise, side(customer.IndividualSide), customer.Individual},
		{enterprise, nil, enterprise},
		{0, side(customer.BusinessSide), customer.Business},
		{0, side(customer.IndividualSide), customer.Individual},
	} {
		c := customer.Customer{Type: tt.was}
		customer.Change{Side: tt.write}.Apply(&c)
		if c.Type != tt.want {
			t.Errorf("%v after %v is %v, want %v", tt.was, tt.write, c.Type, tt.want)
		}
	}
	for n := range customer.TypeNames() {
		typ := customer.Type(n + 1)
		if want := typ == customer.Individual; (typ.Side() == customer.IndividualSide) != want {
			t.Errorf("%s is on the side %s", typ, typ.Side())
		}
	}
	for _, s := range []customer.Side{customer.IndividualSide, customer.BusinessSide} {
		if got, ok := customer.ParseSide(s.String()); got != s || !ok {
			t.Errorf("ParseSide(%q) = %v, %t", s.String(), got, ok)
		}
	}
	c, _ := customer.Input{FullName: sent("A B"), Rules: customer.Rules{Required: []string{}}}.Create()
	if c.Type == nil || *c.Type != customer.Individual || c.Side != nil {
		t.Error("a new customer of unsaid type is no individual")
	}
}

func TestE164(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"+19203751411": "+19203751411", "+1 (920) 375-1411": "+19203751411", "+1.920.375.1411": "+19203751411",
		"+233 24 456 7890": "+233244567890", "+1234567": "+1234567", "+12345678": "+12345678", "+123456789012345": "+123456789012345",
		"+1234567890123456": "+1234567890123456", "1 920 375 1411": "1 920 375 1411", "+0 920 375 1411": "+0 920 375 1411",
		"+1 920 375 1411 x7": "+19203751411",
		// A trunk zero in brackets is not dialled from abroad, except in Italy, San Marino and the Vatican.
		"+44 (0)20 7946 0958": "+442079460958", "+49 (0) 30 901820": "+4930901820", "+33(0)123456789": "+33123456789",
		"+39 (0)347 123 4567": "+393471234567", // of mobiles nobody writes a zero after +39, and they have none
		"+39 (0)6 698 12345":  "+390669812345", "+378 (0549) 885555": "+3780549885555", "+379 (0)6 698 12345": "+3790669812345",
		"+39 (0)1": "+3901", "+378 (0)1": "+37801", "+379 (0)1": "+37901", "+44 (0)1": "+441", // nobody has these numbers
		"+44 (0)20 0000 0000": "+442000000000", "+6834002": "+6834002", "+683 4002": "+6834002", "+690 3190": "+6903190", "+47 02000": "+4702000", "": "", "+": "+", "++19203751411": "++19203751411", "+１９２０３７５１４１１": "+１９２０３７５１４１１",
	} {
		if got := customer.E164(s); got != want {
			t.Errorf("E164(%q) = %q, want %q", s, got, want)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.StringMatching(`\+?[0-9 ().x-]{0,20}`).Draw(rt, "phone")
		got := customer.E164(s)
		if got != s && !customer.ValidE164(got) || customer.ValidE164(s) && got != s || customer.E164(got) != got {
			rt.Errorf("E164(%q) = %q", s, got)
		}
	})
}

// TestNumbers reads numbers of groups, of which there is one way to write each.
func TestNumbers(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]int64{"1": 1, "10": 10, "9007199254740991": 1<<53 - 1, "9999999999999999": 9999999999999999} {
		if got, ok := customer.ParseNumber(s); got != want || !ok {
			t.Errorf("ParseNumber(%q) = %d, %t", s, got, ok)
		}
		change, problems := customer.Input{Group: sent(s)}.Update()
		if problems != nil || change.Group == nil || *change.Group != want {
			t.Errorf("group %q: %v", s, codes(problems))
		}
	}
	for _, s := range []string{"", "0", "05", "+5", "-5", "5.0", "5e0", "0x5", " 5", "5 ", "1_0", "５", "10000000000000000", "99999999999999999999", "five"} {
		if _, ok := customer.ParseNumber(s); ok {
			t.Errorf("ParseNumber(%q) takes it", s)
		}
		if _, problems := (customer.Input{Group: sent(s)}).Update(); len(problems) != 1 || problems[0].Code != customer.CodeInvalid {
			t.Errorf("group %q: %v", s, codes(problems))
		}
		if _, problems := (customer.ListInput{Group: sent(s)}).Parse(0); len(problems) != 1 {
			t.Errorf("filter by group %q: %v", s, codes(problems))
		}
	}
	change, problems := customer.Input{Group: null}.Update()
	if problems != nil || change.Group == nil || *change.Group != 0 {
		t.Errorf("null takes nobody out of a group: %v", codes(problems))
	}
	if _, problems := (customer.Input{Group: notText}).Update(); len(problems) != 1 {
		t.Errorf("an object is a group: %v", codes(problems))
	}
}

// TestLine1 writes number and street in one (Xtrakit) over the two of them (Yativo).
func TestLine1(t *testing.T) {
	t.Parallel()
	tests := []struct{ number, street, write, wantNumber, wantStreet string }{
		{"30", "Elm Street", "30 Elm Street", "30", "Elm Street"},
		{"30", "Elm Street", "31 Elm Street", "31", "Elm Street"},
		{"12", "Main St", "12 Main Street", "12", "Main Street"},
		{"12", "Main St", "12 b Main St", "12", "b Main St"},
		{"12", "Main St", "14 b Main St", "14 b", "Main St"},
		{"12", "Hauptstraße", "12 Hauptstrasse", "12", "Hauptstrasse"},
		{"30", "Elm Street", "Elm Street", "", "Elm Street"},
		{"", "Elm Street", "Elm Street", "", "Elm Street"},
		{"30", "", "30", "30", ""},
		{"", "", "30 Elm Street", "", "30 Elm Street"},
		{"30", "Elm Street", "", "", ""},
		{"5678", "1234 Elm Street", "5678 1234 Elm Street", "5678", "1234 Elm Street"},
	}
	for _, tt := range tests {
		c := customer.Customer{Personal: customer.Personal{Address: customer.Address{Number: redact.Personal(tt.number), Street: redact.Personal(tt.street)}}}
		change, _ := customer.Input{Line1: sent(tt.write), Rules: customer.Rules{Required: []string{}}}.Update()
		change.Apply(&c)
		if a := c.Address; a.Number.Reveal() != tt.wantNumber || a.Street.Reveal() != tt.wantStreet || a.Line1().Reveal() != tt.write {
			t.Errorf("%q over %q and %q: %q and %q, shown as %q", tt.write, tt.number, tt.street, a.Number.Reveal(), a.Street.Reveal(), a.Line1().Reveal())
		}
	}
}

// A change through Xtrakit keeps what Xtrakit does not show, and nothing that it shows
// and sends back unchanged is told as changed.
func TestXtrakitKeepsTheRest(t *testing.T) {
	t.Parallel()
	personal := anyPersonal()
	rapid.Check(t, func(rt *rapid.T) {
		c := everythingSet()
		c.Personal = personal.Draw(rt, "personal")
		for _, text := range texts(&c.Personal) {
			*text = redact.Personal(customer.Trim(text.Reveal()))
			if r := []rune(text.Reveal()); len(r) > 90 {
				*text = redact.Personal(customer.Trim(string(r[:90])))
			}
		}
		c.Country = redact.Personal(customer.Country(c.Country.Reveal()))
		c.Given, c.Phone, c.Address.City = "G"+c.Given, "1"+c.Phone, "C"+c.Address.City
		c.Email = redact.Personal(rapid.SampledFrom([]string{"", "ada@example.com"}).Draw(rt, "email"))
		was := c
		shown := customer.Input{
			FullName: sent(c.Name().Reveal()), Email: sent(c.Email.Reveal()), Phone: sent(c.Phone.Reveal()), Whatsapp: sent(c.Whatsapp.Reveal()),
			Country: sent(customer.CountryName(c.Country.Reveal())), City: sent(c.Address.City.Reveal()), Region: sent(c.Address.Region.Reveal()),
			Postal: sent(c.Address.PostalCode.Reveal()), Line1: sent(c.Address.Line1().Reveal()), Line2: sent(c.Address.Line2.Reveal()),
			Profile: sent(c.Profile.Reveal()), CreatedBy: sent(c.CreatedBy.Reveal()), Rules: xtrakit,
		}
		change, problems := shown.Keep(shown).Update()
		if problems != nil {
			rt.Fatal(codes(problems))
		}
		if changed := change.Apply(&c); changed != nil {
			rt.Fatalf("what is shown, sent back, changes %v", changed)
		}
		edited := shown
		edited.FullName, edited.Line1, edited.City, edited.Phone, edited.Email = sent("New Name"), sent("1 New Street"), sent("Tema"), sent("+22"), null
		change, _ = edited.Keep(shown).Update()
		change.Apply(&c)
		was.Given, was.Family, was.Address.Number, was.Address.Street = c.Given, c.Family, c.Address.Number, c.Address.Street
		was.Address.City, was.Phone, was.Email = c.Address.City, c.Phone, c.Email
		if diff := cmp.Diff(everything(was), everything(c)); diff != "" || was.Group != c.Group {
			rt.Errorf("something else changed (-was +is):\n%s", diff)
		}
	})
}

// The same moment in another zone is no change of what an operator recorded.
func TestSameKYC(t *testing.T) {
	t.Parallel()
	c := everythingSet()
	kyc := c.KYC
	kyc.VerifiedAt = kyc.VerifiedAt.In(time.FixedZone("x", 3600))
	if changed := (customer.Change{KYC: &kyc}).Apply(&c); changed != nil {
		t.Errorf("the same in another zone changes %v", changed)
	}
	for name, change := range map[string]func(*customer.KYC){
		"status": func(k *customer.KYC) { k.Status = customer.KYCRejected }, "reason": func(k *customer.KYC) { k.Reason = "x" },
		"time": func(k *customer.KYC) { k.VerifiedAt = k.VerifiedAt.Add(time.Millisecond) }, "accounts": func(k *customer.KYC) { k.Accounts = false },
	} {
		c, kyc := everythingSet(), everythingSet().KYC
		change(&kyc)
		if diff := cmp.Diff([]string{"kyc"}, customer.Change{KYC: &kyc}.Apply(&c)); diff != "" {
			t.Errorf("another %s (-want +got):\n%s", name, diff)
		}
	}
	fresh := customer.Customer{}
	if changed := (customer.Change{KYC: &customer.KYC{Status: customer.KYCNotStarted}}).Apply(&fresh); changed != nil {
		t.Errorf("not started, said of nobody yet, changes %v", changed)
	}
}
