package customer_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/nyaruka/phonenumbers"
	"pgregory.net/rapid"

	"custodex.dev/internal/customer"
)

func TestValidPhone(t *testing.T) {
	t.Parallel()
	good := []string{
		// Published examples of the three contracts, and what the SDKs' test suites send.
		"+1-555-123-4567", "+1-555-987-6543", "+233244567890", "+19203751411", "+1234567890", "+15551234567",
		"+1 (555) 123-4567", "1-555-123-4567", "15551234567",
		// The pattern of the OpenAPI document: [+]?[1-9]\d{1,14}.
		"12", "+12", "123456789012345", "+123456789012345",
		// Signs, and spellings of other countries.
		"(555) 123-4567", "555.123.4567", "+44 20 7946 0958", "+49 (0)30 901820", "+61-2-9374-4000", "+1 - 5", "1 2", "--12",
		// Slashes and extensions.
		"+1/555", "+49 30/901820", "+1 555 123 x9", "+1 555 123 ext. 9", "+1 555 123, ext 9", "+15551234;ext=77", "+1 555 123 #4",
		"+1 555 123 xtn 4", "+34 555 123 int. 4", "+54 555 123 anexo 4", "+7 495 123 доб. 4", "+1 555 123~4",
	}
	for _, s := range good {
		if !customer.ValidPhone(s) {
			t.Errorf("ValidPhone(%q) = false", s)
		}
	}
	bad := []string{
		"", "+", "-", "()", " ", "1", "+1", "0", "01", "+0123456789", "0123456789", "(0)123", "1234567890123456", "+1234567890123456",
		"1+234", "++1234", "(+1) 555", " +1234", "+1+2", "555-CALL", "+1 555 123 x", "ext. 9", "+1 555 123 ext. 123456789012", "+1,555",
		"+1;555", "+1*#", "tel:+15551234567", "+1\t555", "+1\n555", "+1\u00a0555", "+1–555", "＋1555", "+１５５５", "+٣٤٥", "+1\x00555",
		"null", "+1_555", "\xff12",
	}
	for _, s := range bad {
		if customer.ValidPhone(s) {
			t.Errorf("ValidPhone(%q) = true", s)
		}
	}
}

func FuzzPhone(f *testing.F) {
	for _, s := range []string{"+1-555-123-4567", "(555) 1", "0", "+１"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		// Extensions and trunk zeros have tests of their own.
		if strings.ContainsAny(s, "xX#;eE,~iIдД") || strings.Contains(strings.ReplaceAll(s, " ", ""), "(0)") {
			return
		}
		digits := strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, s)
		want := len(digits) >= 2 && len(digits) <= 15 && digits[0] != '0' &&
			strings.Trim(s, "0123456789 -()./+") == "" && strings.LastIndexByte(s, '+') <= 0
		for _, r := range s {
			want = want && strings.ContainsRune("0123456789 -()./+", r)
		}
		if got := customer.ValidPhone(s); got != want {
			t.Errorf("ValidPhone(%q) = %t, want %t", s, got, want)
		}
	})
}

// TestCleanPhone pastes numbers as they stand in mails, PDFs, chats and address books.
func TestCleanPhone(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"\u202a+44 20 7946 0958\u202c": "+44 20 7946 0958", "+44\u00a020\u00a07946\u00a00958": "+44 20 7946 0958",
		"+44\u201120\u20117946\u20130958": "+44-20-7946-0958", "+44\ufe0f 20 7946\u200b0958\ufeff": "+44 20 79460958",
		"＋４４ ２０ ７９４６ ０９５８": "+44 20 7946 0958", "+٤٤ ٢٠ ٧٩٤٦ ٠٩٥٨": "+44 20 7946 0958", "+۴۴ ۲۰": "+44 20", "+४४ २०": "+44 20",
		"0044 20 7946 0958": "+44 20 7946 0958", "00 44 20 7946 0958": "+44 20 7946 0958", "00442079460958": "+442079460958",
		"00-44-20": "+44-20", "(+44) 20 7946 0958": "+44 20 7946 0958", "(+44)2079460958": "+44 2079460958", "(00) 44 20": "+44 20",
		"(+44)(0)20 7946 0958": "+44 (0)20 7946 0958", "(+49) (0)30 901820": "+49 (0)30 901820", "(+49)-( 0 )30": "+49 (0 )30",
		"(+1)(555) 123": "+1 (555) 123", "(+44) - 20": "+44 20", "(+44)(": "+44", "(+44) )20": "+44 20",
		"(0044) 20": "+44 20", "(00 44) 20": "+44 20", "(+ 44) 20": "+44 20", "(0044)(0)20": "+44 (0)20",
		"tel:+44-20-7946-0958": "+44-20-7946-0958", "TEL: 0044 20": "+44 20", "tel: nobody": "tel: nobody", "tel:": "tel:",
		"+81ー3ー1234": "+81-3-1234", "+81ｰ3": "+81-3", "+33·1·23": "+33.1.23", "+33•1": "+33.1", "+49\u20441": "+49/1",
		"+4\ufe0f\u20e34\ufe0f\u20e3": "+44", "+44 [20] 7946": "+44 [20] 7946",
		"0 ext. call": "0 ext. call", "00 nobody": "00 nobody", "000": "000", "0012": "+12",
		"0301234567": "0301234567", " +1 555 ": "+1 555", "+1\t555": "+1 555", "": "", "\u200b": "",
	} {
		got := customer.CleanPhone(s)
		if got != want || customer.CleanPhone(got) != got {
			t.Errorf("CleanPhone(%q) = %q, then %q, want %q", s, got, customer.CleanPhone(got), want)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringMatching(`[(]?[0+]{0,3}[0-9 ().x/\x{ff10}\x{660}\x{a0}\x{2011}-]{0,20}`)).Draw(rt, "phone")
		if got := customer.CleanPhone(s); customer.CleanPhone(got) != got {
			rt.Errorf("CleanPhone(%q) = %q, then %q", s, got, customer.CleanPhone(got))
		}
	})
}

// TestE164OfExamples writes libphonenumber's example of each type of number of each region in
// the ways that people do, with a trunk zero in brackets too, and reads it back.
func TestE164OfExamples(t *testing.T) {
	t.Parallel()
	types := []phonenumbers.PhoneNumberType{
		phonenumbers.FIXED_LINE, phonenumbers.MOBILE, phonenumbers.TOLL_FREE, phonenumbers.PREMIUM_RATE, phonenumbers.SHARED_COST,
		phonenumbers.VOIP, phonenumbers.PERSONAL_NUMBER, phonenumbers.PAGER, phonenumbers.UAN, phonenumbers.VOICEMAIL,
	}
	numbers := 0
	for region := range phonenumbers.GetSupportedRegions() {
		for _, typ := range types {
			n := phonenumbers.GetExampleNumberForType(region, typ)
			if n == nil {
				continue
			}
			numbers++
			want := phonenumbers.Format(n, phonenumbers.E164)
			shown := phonenumbers.Format(n, phonenumbers.INTERNATIONAL)
			spellings := []string{want, shown, strings.ReplaceAll(shown, " ", "-"), "00" + shown[1:], shown + " ext. 12",
				strings.ReplaceAll(shown, " ", "\u00a0"), "\u202a" + shown + "\u202c"}
			if code, rest, ok := strings.Cut(shown, " "); ok {
				spellings = append(spellings, "("+code+") "+rest)
				if zeroless, ok := strings.CutPrefix(rest, "0"); ok {
					spellings = append(spellings, code+" (0)"+zeroless) // it is part of the number
				} else if !slices.Contains([]string{"IT", "VA", "SM", "AC"}, region) { // there a zero is part of other numbers
					spellings = append(spellings, code+" (0)"+rest, "("+code+") (0)"+rest, "("+code+")(0)"+rest)
				}
			}
			for _, s := range spellings {
				clean := customer.CleanPhone(s)
				if got := customer.E164(clean); got != want || !customer.ValidPhone(clean) {
					t.Errorf("%s %v: %q is %q, valid %t, want %s", region, typ, s, got, customer.ValidPhone(clean), want)
				}
			}
		}
	}
	if numbers < 1000 {
		t.Errorf("only %d examples", numbers)
	}
}

// A phone is found by its digits, in whatever script and with whatever signs they are typed.
func TestPhoneFragment(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ stored, term string }{
		{"+442079460958", "020 7946"}, {"+442079460958", "+44 (0)20 7946 0958"}, {"+44 (0)20 7946 0958", "442079460958"}, {"+442079460958", "0044-20/7946"},
		{"(555) 123-4567", "555.123"}, {"+1 555 123 4567 ext. 12", "5551234567"}, {"0301234567", "030 1234567"}, {"+15551234567", "\u202a+1\u00a0555\u2011123\u202c"},
		{"+15551234567", "(+1) 555 123"}, {"+390612345678", "+39 06 1234"}, {"+15551234567", "+1 555 123 4567 x9"},
		{"+39 (0)347 1234567", "+393471234567"}, {"+225 (0)1 23 45 67 89", "+2250123456789"}, {"+44 (0)1", "441"},
	} {
		fragment := customer.PhoneFragment(c.term)
		if fragment == "" || !strings.Contains(customer.PhoneDigits(c.stored), fragment) {
			t.Errorf("%q, which is looked for as %q, does not find %q, which is %q", c.term, fragment, c.stored, customer.PhoneDigits(c.stored))
		}
	}
	for _, table := range unicode.Nd.R16 {
		for zero := rune(table.Lo); zero <= rune(table.Hi); zero += 10 {
			term := strings.Map(func(r rune) rune { return zero + r - '0' }, "5550199")
			if got := customer.PhoneFragment(term); got != "5550199" {
				t.Errorf("PhoneFragment(%q) = %q", term, got)
			}
		}
	}
	for _, term := range []string{"", "12", "00012", "+1", "()", "ann", "ann 555 123", "a5551234", "1987@x.example", "5551_234", "ext. 12345"} {
		if got := customer.PhoneFragment(term); got != "" {
			t.Errorf("PhoneFragment(%q) = %q, want none", term, got)
		}
	}
	// A text of many prefixes used to be cleaned once for each of them.
	if got := customer.PhoneFragment(strings.Repeat("tel:", 16_000)); got != "" {
		t.Errorf("PhoneFragment of prefixes = %.20q", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOf(rapid.SampledFrom([]rune("0123456789+-() ./x#٥a"))).Draw(t, "phone")
		if d := customer.PhoneDigits(s); strings.Trim(d, "0123456789") != "" || strings.HasPrefix(d, "0") || customer.PhoneDigits(d) != d {
			t.Errorf("PhoneDigits(%q) = %q", s, d)
		}
		if f := customer.PhoneFragment(s); f != "" && (len(f) < 3 || customer.PhoneFragment(f) != f) {
			t.Errorf("PhoneFragment(%q) = %q", s, f)
		}
	})
}
