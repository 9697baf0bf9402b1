package customer_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
	"pgregory.net/rapid"

	"custodex.dev/internal/customer"
)

// exampleNumbers are libphonenumber's examples of every type of every region.
func exampleNumbers() (list []*phonenumbers.PhoneNumber) {
	regions := []string{}
	for region := range phonenumbers.GetSupportedRegions() {
		regions = append(regions, region)
	}
	slices.Sort(regions)
	for _, region := range regions {
		for typ := phonenumbers.FIXED_LINE; typ <= phonenumbers.VOICEMAIL; typ++ {
			if n := phonenumbers.GetExampleNumberForType(region, typ); n != nil {
				list = append(list, n)
			}
		}
	}
	return list
}

// With the national trunk prefix behind the country code, as "+44 020 …", a number is found by the digits
// that it is shown with.
func TestPhonesWithTrunkPrefix(t *testing.T) {
	t.Parallel()
	for _, n := range exampleNumbers() {
		s := "+" + strconv.Itoa(int(n.GetCountryCode())) + " " + phonenumbers.Format(n, phonenumbers.NATIONAL)
		if shown := customer.E164(s); customer.PhoneDigits(s) != customer.PhoneDigits(shown) {
			t.Errorf("%q is shown as %s and found by %s", s, shown, customer.PhoneDigits(s))
		}
	}
}

// A number that exists is the same number however people write it with its country code.
func TestPhonesInOddForms(t *testing.T) {
	t.Parallel()
	numbers := exampleNumbers()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SampledFrom(numbers).Draw(t, "number")
		e164 := phonenumbers.Format(n, phonenumbers.E164)
		if !phonenumbers.IsValidNumber(n) {
			return
		}
		s := rapid.SampledFrom([]string{e164, phonenumbers.Format(n, phonenumbers.INTERNATIONAL), phonenumbers.Format(n, phonenumbers.RFC3966)}).Draw(t, "form")
		if rapid.IntRange(0, 3).Draw(t, "spread") == 0 { // marks between digits
			var b strings.Builder
			for i, c := range s {
				if i > 4 && c >= '0' && c <= '9' {
					b.WriteString(rapid.SampledFrom([]string{"", "", "", " ", "-", ".", "/", "\u00a0", "\u2011", "\u200b", "\u202d"}).Draw(t, "mark"))
				}
				b.WriteRune(c)
			}
			s = b.String()
		}
		cc := strconv.Itoa(int(n.GetCountryCode()))
		if rest, ok := strings.CutPrefix(s, "+"+cc); ok {
			s = rapid.SampledFrom([]string{"+", "00", "00 ", "(+", "\u202a+", "+ ", "＋", "(00"}).Draw(t, "prefix") + cc
			if strings.HasPrefix(s, "(") {
				s += ") "
			}
			s += rest
		}
		if rapid.IntRange(0, 4).Draw(t, "other digits") == 0 {
			zero := rapid.SampledFrom([]rune{'٠', '۰', '０', '०'}).Draw(t, "zero")
			s = strings.Map(func(r rune) rune {
				if r >= '0' && r <= '9' {
					return zero + r - '0'
				}
				return r
			}, s)
		}
		s += rapid.SampledFrom([]string{"", "", "", " ext. 12", " x12", ";ext=12", "\u202c"}).Draw(t, "end")
		change, problems := customer.Input{Given: sent("A"), Family: sent("B"), Phone: sent(s)}.Create()
		if len(problems) == 1 && problems[0].Code == customer.CodeTooLong {
			return // of a contract's limit
		}
		if problems != nil {
			t.Fatalf("%+q: %v", s, codes(problems))
		}
		kept := change.Phone.Reveal()
		if got := customer.E164(kept); got != e164 {
			t.Fatalf("%+q is kept as %q and shown as %s, want %s", s, kept, got, e164)
		}
		again, problems := customer.Input{Given: sent("A"), Family: sent("B"), Phone: sent(kept)}.Create()
		if problems != nil || again.Phone.Reveal() != kept {
			t.Fatalf("%q sent back: %v, %q", kept, codes(problems), again.Phone.Reveal())
		}
		if got := customer.PhoneDigits(kept); got != strings.TrimLeft(customer.PhoneDigits(e164), "0") {
			t.Fatalf("%q is found by %s, and %s by %s", kept, got, e164, customer.PhoneDigits(e164))
		}
	})
}

// Whatever is taken for a phone is kept and shown in forms that are their own, and found by either.
func TestPhonesOfPieces(t *testing.T) {
	t.Parallel()
	piece := rapid.SampledFrom([]string{"+", "0", "00", "1", "44", "49", "39", "7", "123", "20 7946 0958", "(0)", "(", ")", " ", "-", ".", "/", "ext. 1", "x2", "#3", "~", ";ext=", "tel:", "\u200b", "\u00a0", "\u202a", "٠١", "＋", "ー", "(+44)", "(0044)", "\ufe0f\u20e3", ","})
	rapid.Check(t, func(t *rapid.T) {
		s := ""
		for range rapid.IntRange(1, 7).Draw(t, "n") {
			s += piece.Draw(t, "piece")
		}
		for name, rules := range map[string]customer.Rules{"Devdraft": {}, "lenient": {Required: []string{customer.PathPhone}}} {
			c, ok := created(t, customer.Input{Given: sent("A"), Family: sent("B"), Phone: sent(s), Whatsapp: sent(s), Rules: rules})
			if !ok {
				continue
			}
			stored := c.Phone.Reveal()
			e := customer.E164(stored)
			if customer.E164(e) != e {
				t.Fatalf("%s: E164(%q) = %q, and of that %q", name, stored, e, customer.E164(e))
			}
			for _, back := range []string{stored, e} {
				again, ok := created(t, customer.Input{Given: sent("A"), Family: sent("B"), Phone: sent(back), Rules: rules})
				if !ok || again.Phone.Reveal() != back || customer.E164(again.Phone.Reveal()) != e {
					t.Fatalf("%s: %+q is stored as %q, shown as %q; %q sent back is %q, %t", name, s, stored, e, back, again.Phone.Reveal(), ok)
				}
			}
			if a, b := customer.PhoneDigits(stored), customer.PhoneDigits(e); a != b {
				t.Fatalf("%s: %q is found by %s, as shown by %s", name, stored, a, b)
			}
		}
	})
}
