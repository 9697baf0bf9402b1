package customer_test

import (
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"custodex.dev/internal/customer"
)

// aText is a text as people and programs write them: words of many scripts, marks, invisible characters,
// white space of all kinds.
var aText = rapid.Custom(func(t *rapid.T) string {
	letters := rapid.RuneFrom(nil, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Arabic, unicode.Hebrew, unicode.Devanagari,
		unicode.Thai, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Georgian, unicode.Armenian, unicode.Ethiopic, unicode.Khmer)
	odd := rapid.SampledFrom([]string{" ", "  ", "\u00a0", "\u3000", "\t", "\n", "\u200d", "\u200c", "\u200b", "\u00ad", "\u202e", "\u2066", "\u0301", "\u0308",
		"-", "'", "’", "ʻ", ".", ",", "・", "·", "/", "(", ")", "1", "٣", "é", "e\u0301", "ﬁ", "ß", "İ", "ı", "ŉ", "ǰ", "K", "가", "\u1100\u1161", "\U0001f469", "\ufe0f", "\ufeff", "#", "&", "<", "\"", "\\"})
	s := ""
	for range rapid.IntRange(1, 9).Draw(t, "n") {
		if rapid.IntRange(0, 2).Draw(t, "odd") == 0 {
			s += odd.Draw(t, "odd text")
		} else {
			s += string(letters.Draw(t, "letter"))
		}
	}
	return s
})

// created is the customer that an input makes, if it is accepted.
func created(t *rapid.T, in customer.Input) (customer.Customer, bool) {
	change, problems := in.Create()
	if problems != nil {
		return customer.Customer{}, false
	}
	var c customer.Customer
	change.Apply(&c)
	return c, true
}

// unchanged wants a customer to be stored as before.
func unchanged(t *rapid.T, c, was customer.Customer) {
	if string(c.AppendBinary(nil)) != string(was.AppendBinary(nil)) {
		t.Fatalf("sent back: name %+q %+q, was %+q %+q; house %+q %+q, was %+q %+q", c.Given.Reveal(), c.Family.Reveal(), was.Given.Reveal(), was.Family.Reveal(),
			c.Address.Number.Reveal(), c.Address.Street.Reveal(), was.Address.Number.Reveal(), was.Address.Street.Reveal())
	}
}

// What is stored in parts and shown whole, sent back either way, changes nothing, whatever it is written in.
func TestPartsOfOddTexts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, ok := created(t, customer.Input{Given: sent(aText.Draw(t, "given")), Family: sent(aText.Draw(t, "family")), Phone: sent("+15550100"),
			Number: sent(aText.Draw(t, "number")), Street: sent(aText.Draw(t, "street")), City: sent(aText.Draw(t, "city")), Country: sent(aText.Draw(t, "country")), Region: sent(aText.Draw(t, "region"))})
		if !ok {
			return
		}
		was := c
		change, problems := customer.Input{FullName: sent(c.Name().Reveal()), Line1: sent(c.Address.Line1().Reveal()), City: sent(c.Address.City.Reveal()),
			Country: sent(customer.CountryName(c.Country.Reveal())), Region: sent(c.Address.Region.Reveal())}.Update()
		if problems != nil {
			t.Fatalf("name %+q, line %+q sent back: %v", c.Name().Reveal(), c.Address.Line1().Reveal(), codes(problems))
		}
		change.Apply(&c)
		unchanged(t, c, was)
		change, problems = customer.Input{Given: sent(c.Given.Reveal()), Family: sent(c.Family.Reveal()), City: sent(c.Address.City.Reveal())}.Update()
		if problems != nil {
			t.Fatalf("parts sent back: %v", codes(problems))
		}
		change.Apply(&c)
		unchanged(t, c, was)
	})
}

// So does what is stored whole and shown in parts.
func TestWholeOddTexts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, ok := created(t, customer.Input{FullName: sent(aText.Draw(t, "name")), Line1: sent(aText.Draw(t, "line")), Phone: sent("+15550100"),
			Rules: customer.Rules{Required: []string{customer.PathFullName}}})
		if !ok {
			return
		}
		was := c
		change, problems := customer.Input{FullName: sent(c.Name().Reveal()), Line1: sent(c.Address.Line1().Reveal())}.Update()
		if problems != nil {
			t.Fatalf("%v", codes(problems))
		}
		change.Apply(&c)
		unchanged(t, c, was)
		shown := customer.Input{Given: sent(c.Given.Reveal()), Family: sent(c.Family.Reveal()), Number: sent(c.Address.Number.Reveal()), Street: sent(c.Address.Street.Reveal())}
		change, problems = shown.Keep(shown).Update()
		if problems != nil {
			t.Fatalf("parts: %v", codes(problems))
		}
		change.Apply(&c)
		unchanged(t, c, was)
	})
}

// An address is stored in a form that is its own, and names the same mailbox.
func TestOddAddresses(t *testing.T) {
	t.Parallel()
	part := rapid.SampledFrom([]string{"a", "Ann", "o'neil", "müller", "МАША", "ß", "İ", ".", "..", "+tag", "\"a b\"", "ハ・ナ", "col·legi", "צה״ל", "_", "-", "%", "!", "=", "１", "ﬁ", "e\u0301", "ς", "\u200d", "가", "ꙮ", "ǅ", "K"})
	host := rapid.SampledFrom([]string{"example.com", "EXAMPLE.Com", "münchen.example", "xn--mnchen-3ya.example", "straße.example", "例え.テスト", "пример.рф", "example.com.", "[127.0.0.1]", "a-b.example", "ﬁ.example", "İ.example", "ς.example", "faß.example", "example。jp"})
	rapid.Check(t, func(t *rapid.T) {
		local := ""
		for range rapid.IntRange(1, 4).Draw(t, "n") {
			local += part.Draw(t, "part")
		}
		e := local + "@" + host.Draw(t, "host")
		c, ok := created(t, customer.Input{Given: sent("A"), Family: sent("B"), Phone: sent("+15550100"), Email: sent(e)})
		if !ok {
			return
		}
		stored := c.Email.Reveal()
		again, ok := created(t, customer.Input{Given: sent("A"), Family: sent("B"), Phone: sent("+15550100"), Email: sent(stored)})
		if !ok || again.Email.Reveal() != stored {
			t.Fatalf("%+q is stored as %+q and sent back is %+q, %t", e, stored, again.Email.Reveal(), ok)
		}
		key := customer.CanonicalEmail(stored)
		if k := customer.CanonicalEmail(e); k != key {
			t.Fatalf("%+q has the key %+q, and as stored %+q", e, k, key)
		}
		if k := customer.CanonicalEmail(key); k != key {
			t.Fatalf("the key %+q has the key %+q", key, k)
		}
		if k := customer.CanonicalEmail(strings.ToUpper(stored)); strings.ToLower(strings.ToUpper(stored)) == stored && k != key {
			t.Fatalf("%+q in capitals has the key %+q, not %+q", stored, k, key)
		}
	})
}
