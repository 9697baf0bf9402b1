package customer_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"custodex.dev/internal/customer"
)

// local64 and label63 are the longest there may be.
var (
	local64 = strings.Repeat("a", 64)
	label63 = strings.Repeat("b", 63)
)

var goodAddresses = []string{
	"john.doe@example.com", "jane.smith@example.com", "foo@bar.com", "x@x.au", "foo@bar.com.au", "foo+bar@bar.com",
	"hans.m端ller@test.com", "hans@m端ller.com", "test|123@m端ller.com", "test123+ext@gmail.com", "test@1337.com",
	"some.name.midd.leNa.me.and.locality+extension@GoogleMail.com", "a@b.co", "1@2.de", "_@example.com", "-@example.com",
	"!#$%&'*+-/=?^_`{|}~@example.com", "a.b.c.d@e.f.g.hi", "test@my--domain.com", "test@a-b.com", "user@0.example",
	"user@xn--mnchen-3ya.de", "user@münchen.de", "user@MÜNCHEN.DE", "用户@例子.广告", "user@example.xn--p1ai", "user@пример.рф",
	"user@straße.de", "почта@пример.испытание", "उपयोगकर्ता@उदाहरण.भारत", "mu\u0308ller@example.com", "user@mu\u0308nchen.de",
	"İ@example.com", "K@example.com", "user@l·l.cat", "user@i\u0307.com",
	local64 + "@example.com", "a@" + label63 + ".com", "a@" + strings.Repeat(label63+".", 3) + strings.Repeat("b", 57) + ".com",
	"a@sub.sub.sub.sub.example.museum", "user@example.technology",
	// Punctuation that belongs to words, and dots that carriers of Japan gave out.
	"col·legi@example.cat", "צה״ל@example.com", "ハンドル・ネーム@example.jp", "ﾊﾝﾄﾞﾙ･ﾈｰﾑ@example.jp", "ג׳ורג׳@example.com",
	"a..b@docomo.ne.jp", "a.@docomo.ne.jp", "a..@ezweb.ne.jp", "a.b..c.@t.vodafone.ne.jp", "A..B@DOCOMO.NE.JP",
	// Joiners where they change the letters beside them.
	"نام\u200cها@example.com", "ශ්\u200dරී@example.lk", "क्\u200cष@उदाहरण.भारत",
	// Quoted local parts.
	`"foobar"@example.com`, `"a b"@example.com`, `"a\@b"@example.com`, `"a@b"@example.com`, `"a..b"@example.com`, `"a\"b"@example.com`, `"é b"@example.com`,
}

var badAddresses = []string{
	"", " ", "@", "a", "a@", "@b.com", "invalid.com", "invalidemail@", "a@b", "user@localhost",
	// Dots.
	".a@example.com", "a.@example.com", "a..b@example.com", ".@example.com", "a@.example.com", "a@example..com",
	"a@example.com.", "foo@bar.co.uk.", "a@.", "a@..", "gmail...ignores...dots...@gmail.com",
	// Lengths.
	local64 + "a@example.com", strings.Repeat("é", 33) + "@example.com", "a@" + label63 + "b.com", "a@b." + label63 + "b",
	"a@" + strings.Repeat(label63+".", 3) + strings.Repeat("b", 58) + ".com", "a@" + strings.Repeat("é", 60) + ".com",
	// Top-level domains.
	"z@co.c", "a@b.1", "a@b.12", "a@b.c1", "a@1.2.3.4", "a@127.0.0.1", "a@[127.0.0.1]", "a@[IPv6:::1]", "a@::1", "a@256.1.1.1",
	"username@domain.com©", "username@domain.com\ufffd", "a@b.c-d", "a@b.-com", "a@b.com-", "a@例",
	// Hyphens and signs in domains.
	"a@-b.com", "a@b-.com", "a@-é.com", "a@é-.com", "a@x.-é.com", "a@b_c.com", "a@b c.com", "a@b!.com", "a@b.co m", "a@b.co\tm", "a@b.co\u00a0m", "a@b.co\u3000m",
	"a@b/c.com", "a@b.com/", "a@b.com:25", "a@b.com?x", "a@b,c.com", "a@b;c.com", "a@b%2ec.com", "a@xn--a.com", "a@xn--.com",
	// Domains that are right only after mapping.
	"somename@ｇｍａｉｌ.com", "a@exam\u00adple.com", "a@exam\u200bple.com", "a@b。com", "a@b．com", "a@b.ﾃｽﾄ", "a@\ufeffb.com", "a@①.com",
	// Local parts.
	"a b@example.com", "a\tb@example.com", "a\nb@example.com", "a\x00b@example.com", "a,b@example.com", "a;b@example.com",
	"a:b@example.com", "a(b)@example.com", "a<b>@example.com", "a[b]@example.com", `a\b@example.com`, "a\"b@example.com",
	"a@b@example.com", "a@@example.com", `wrong()[]",:;<>@@gmail.com`, "nbsp\u00a0test@test.com", "a\u200bb@example.com",
	"a\u202eb@example.com", "a\ufeffb@example.com", "a\x7fb@example.com", "a\u0080b@example.com", "a\u2028b@example.com",
	"a\u034f@example.com", "\u3164@example.com", "\u115fa@example.com", "a\uffa0@example.com", "អ\u17b4@example.com", "a\u180b@example.com",
	"a\u200db@example.com", "نام\u200c@example.com", "\u200cنام@example.com", "नम\u200dन@example.com", "a\u2060b@example.com", "a\U000e0101@example.com",
	// Quotes, display names, comments, several.
	`""@example.com`, `" "@example.com`, `"@example.com`, `a"b"@example.com`, `"a"b@example.com`, `"a"b"@example.com`, `"a\"@example.com`,
	"\"a\tb\"@example.com", "\"a\u200bb\"@example.com", "\"a\x00b\"@example.com", `"` + local64 + `"@example.com`,
	// What nobody can deliver to.
	"€@example.com", "😀@example.com", "a€b@example.com", "©@example.com", "a’b@example.com", "«a»@example.com", "a\ufe0f@example.com",
	"．@example.com", "a．b@example.com", "a‥b@example.com", "\u0301@example.com", "=\u0338@example.com", ".a@docomo.ne.jp", "a..b@notdocomo.ne.jp", "a..b@docomo.ne.jp.example.com", "Ada <ada@example.com>", "<ada@example.com>",
	"Ada ada@example.com", "ada@example.com (Ada)", "ada(x)@example.com", "mailto:ada@example.com", "a@example.com,b@example.com",
	"a@example.com b@example.com", "'a'@b'.com",
	// Space is trimmed before, so what is left is wrong.
	" a@example.com", "a@example.com ", "a@example.com\n",
	// Not UTF-8.
	"a\xff@example.com", "a@\xffexample.com", "a@example.c\xc3",
}

func TestValidEmail(t *testing.T) {
	t.Parallel()
	for _, s := range goodAddresses {
		if !customer.ValidEmail(s) {
			t.Errorf("ValidEmail(%q) = false", s)
		}
		if lower := strings.ToLower(s); !customer.ValidEmail(lower) {
			t.Errorf("ValidEmail(%q) = false, but in capitals it is fine", lower)
		}
	}
	for _, s := range badAddresses {
		if customer.ValidEmail(s) {
			t.Errorf("ValidEmail(%q) = true", s)
		}
	}
}

// TestCanonicalEmailForm pins form 1: hashes made of it are in databases. A change here needs a
// new EmailForm.
func TestCanonicalEmailForm(t *testing.T) {
	t.Parallel()
	if customer.EmailForm != 1 {
		t.Fatalf("EmailForm = %d: keep the table of form 1 and add one", customer.EmailForm)
	}
	tests := []struct{ in, want string }{
		{"", ""},
		{" \ufeff", ""},
		{"John.Doe+x@Example.COM", "john.doe+x@example.com"},
		{"\u00a0a@b.com\n", "a@b.com"},
		{"mu\u0308ller@example.com", "müller@example.com"},
		{"MÜLLER@example.com", "müller@example.com"},
		{"straße@example.com", "strasse@example.com"},
		{"STRASSE@example.com", "strasse@example.com"},
		{"STRAẞE@example.com", "strasse@example.com"},
		{"\u212aelvin@example.com", "kelvin@example.com"},
		{"\u212bngström@example.com", "ångström@example.com"},
		{"σοφός@example.com", "σοφόσ@example.com"},
		{"ΣΟΦΌΣ@example.com", "σοφόσ@example.com"},
		{"İlker@example.com", "ilker@example.com"},
		{"I\u0307lker@example.com", "ilker@example.com"},
		{"i\u0307lker@example.com", "ilker@example.com"},
		{"ılker@example.com", "ılker@example.com"}, // dotless i is a letter of its own
		{"ﬁ@example.com", "fi@example.com"},
		{"Ꭰ@example.com", "Ꭰ@example.com"},
		{"ꭰ@example.com", "Ꭰ@example.com"},
		{"a@MÜNCHEN.de", "a@xn--mnchen-3ya.de"},
		{"a@mu\u0308nchen.de", "a@xn--mnchen-3ya.de"},
		{"a@XN--MNCHEN-3YA.DE", "a@xn--mnchen-3ya.de"},
		{"a@straße.de", "a@xn--strae-oqa.de"}, // another domain than strasse.de
		{"a@STRAẞE.de", "a@xn--strae-oqa.de"},
		{"a@xn--strae-oqa.de", "a@xn--strae-oqa.de"},
		{"a@strasse.de", "a@strasse.de"},
		{"a@βόλος.com", "a@xn--nxasmm1c.com"},
		{"a@\u212aelvin.com", "a@kelvin.com"},
		{"a@İstanbul.com", "a@istanbul.com"},
		{"a@xn--i-9bb.com", "a@i.com"}, // İ in lower case, with its dot
		{"a@例え.jp", "a@xn--r8jz45g.jp"},
		// Quotes and escapes that are not needed.
		{`"foobar"@x.example`, "foobar@x.example"},
		{`"\f\oobar"@x.example`, "foobar@x.example"},
		{`"a..b"@docomo.ne.jp`, "a..b@docomo.ne.jp"},
		{`a..b@docomo.ne.jp`, "a..b@docomo.ne.jp"},
		{`"A..b"@T.DOCOMO.ne.jp`, "a..b@t.docomo.ne.jp"},
		{`"a..b"@x.example`, `"a..b"@x.example`},
		{`"a b"@x.example`, `"a b"@x.example`},
		{`"a\ b"@x.example`, `"a b"@x.example`},
		{`"a@b"@x.example`, `"a@b"@x.example`},
		{`"a\@b"@x.example`, `"a@b"@x.example`},
		{`"a\"b\\c"@x.example`, `"a\"b\\c"@x.example`},
		{`"a\"\b\\c"@x.example`, `"a\"b\\c"@x.example`},
		{"\"e\\\u0301\"@x.example", "é@x.example"},
		{"\"\u0345b\"@x.example", "ιb@x.example"},
		{"\"=\u0338\"@x.example", "\"≠\"@x.example"},
		// What is not an address stays apart.
		{`""@x.example`, `""@x.example`},
		{`"a"b"@x.example`, `"a"b"@x.example`},
		{"Nobody", "nobody"},
		{"A@B_C.com", "a@b_c.com"},
		{"a@b@C.com", "a@b@c.com"},
		{"a@example.com.", "a@example.com."},
	}
	for _, tt := range tests {
		if got := customer.CanonicalEmail(tt.in); got != tt.want {
			t.Errorf("CanonicalEmail(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestCanonicalEmailKeepsApart(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{
		{"a@example.com", "b@example.com"}, {"a@example.com", "a@example.org"}, {"a+x@example.com", "a@example.com"},
		{"a.b@gmail.com", "ab@gmail.com"}, {"é@example.com", "e@example.com"}, {"a@straße.de", "a@strasse.de"},
		{"ı@example.com", "i@example.com"}, {"a@münchen.de", "a@munchen.de"}, {"а@example.com", "a@example.com"}, // Cyrillic
		{"a@googlemail.com", "a@gmail.com"}, {"ａ@example.com", "a@example.com"}, {"ż@example.com", "z@example.com"},
		{"a@example.com", "a@example.com."},
	} {
		if a, b := customer.CanonicalEmail(pair[0]), customer.CanonicalEmail(pair[1]); a == b {
			t.Errorf("%q and %q both become %q", pair[0], pair[1], a)
		}
	}
}

// emailLaws reports the first law of CanonicalEmail that s breaks, "" if none.
func emailLaws(s string) string {
	form := customer.CanonicalEmail(s)
	for _, same := range []struct{ law, other string }{
		{"its own form", form},
		{"simple lower case, which is what is stored", strings.ToLower(s)},
		{"trimmed", customer.Trim(s)},
		{"surrounded by space", "\u00a0" + s + "\ufeff\n"},
		{"NFC", norm.NFC.String(s)},
		{"NFD", norm.NFD.String(s)},
		{"stored and NFC", norm.NFC.String(strings.ToLower(s))},
		{"NFC and stored", strings.ToLower(norm.NFC.String(s))},
		{"NFD and stored", strings.ToLower(norm.NFD.String(s))},
	} {
		if other := customer.CanonicalEmail(same.other); other != form {
			return same.law + ": " + same.other + " becomes " + other + ", want " + form
		}
	}
	return ""
}

// domainLaws are those of a valid address: its domain is the same in either spelling.
func domainLaws(s string) string {
	at := strings.LastIndexByte(s, '@')
	if strings.Contains(s[at+1:], "--") && !strings.Contains(strings.ToLower(s[at+1:]), "xn--") {
		return "" // idna.Lookup refuses such labels
	}
	ascii, err := idna.Lookup.ToASCII(strings.ToLower(s[at+1:]))
	if err != nil {
		return "no ASCII form: " + err.Error()
	}
	shown, err := idna.Lookup.ToUnicode(ascii)
	if err != nil {
		return "no Unicode form: " + err.Error()
	}
	form := customer.CanonicalEmail(s)
	for _, domain := range []string{ascii, shown, strings.ToUpper(ascii)} {
		if other := customer.CanonicalEmail(s[:at+1] + domain); other != form {
			return "with domain " + domain + " it becomes " + other + ", want " + form
		}
	}
	if domain := form[strings.LastIndexByte(form, '@')+1:]; strings.ContainsFunc(domain, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return "the domain of the form is not ASCII: " + domain
	}
	return ""
}

// tricky is made of the letters in which case, folding, normalisation and IDNA disagree.
func tricky() *rapid.Generator[string] {
	letters := []string{"a", "i", "I", "j", "J", "k", "s", "S", "z", "1", "-", "İ", "ı", "\u0307", "\u0301", "\u0323", "\u0308", "\u030c",
		"\u0345", "\u0342", "\u212a", "\u212b", "\u2126", "ß", "ẞ", "σ", "ς", "Σ", "ŉ", "ǰ", "ΐ", "ᾳ", "ᾼ", "ᾴ", "ﬁ", "ﬃ", "Ꭰ", "ꭰ", "Ⅷ", "ⓐ", "Ａ",
		"é", "É", "ñ", "か\u3099", "が", "가", "각", "ᄀ", "ᅡ", "\u1e9b", "\u017f", "\u1fbe", "ϑ", "ϴ", "Ω", "µ", "\u200c", "\u200d", "ل", "א", "क", "् ",
		"Ǆ", "ǅ", "ǆ", "Ⱥ", "ⱥ", "Į", "į", "Į\u0307", "Ị", "xn--", ".", "。"}
	return rapid.Map(rapid.SliceOfN(rapid.SampledFrom(letters), 0, 8), func(parts []string) string { return strings.Join(parts, "") })
}

func TestCanonicalEmailLaws(t *testing.T) {
	t.Parallel()
	for _, s := range append(append([]string{}, goodAddresses...), badAddresses...) {
		if broken := emailLaws(s); broken != "" && utf8.ValidString(s) {
			t.Errorf("%q: %s", s, broken)
		}
	}
	for _, s := range goodAddresses {
		if broken := domainLaws(s); broken != "" {
			t.Errorf("%q: %s", s, broken)
		}
	}
	part := rapid.OneOf(tricky(), rapid.String())
	rapid.Check(t, func(rt *rapid.T) {
		s := part.Draw(rt, "local") + "@" + part.Draw(rt, "domain") + rapid.SampledFrom([]string{"", ".com", ".DE", ".рф"}).Draw(rt, "top")
		if broken := emailLaws(s); broken != "" {
			rt.Fatalf("%q: %s", s, broken)
		}
		if customer.ValidEmail(s) {
			if broken := domainLaws(s); broken != "" {
				rt.Fatalf("%q: %s", s, broken)
			}
		}
	})
}

// However the characters of a quoted local part are escaped, it has one form. That is the form of
// the same local part without quotes, where that is an address.
func TestCanonicalEmailOfQuotes(t *testing.T) {
	t.Parallel()
	part := rapid.OneOf(tricky(), rapid.StringOf(rapid.SampledFrom([]rune("ab.@\" \\=\u0338é\u0301"))), rapid.String())
	rapid.Check(t, func(rt *rapid.T) {
		content := part.Draw(rt, "content")
		domain := "@" + rapid.SampledFrom([]string{"x.example", "docomo.ne.jp"}).Draw(rt, "domain")
		quote := func(label string) string {
			var b strings.Builder
			for _, r := range content {
				if r == '"' || r == '\\' || rapid.Bool().Draw(rt, label) {
					b.WriteByte('\\')
				}
				b.WriteRune(r)
			}
			return `"` + b.String() + `"` + domain
		}
		one, other := quote("escape in one"), quote("escape in the other")
		form := customer.CanonicalEmail(one)
		if got := customer.CanonicalEmail(other); got != form {
			rt.Errorf("%q becomes %q, but %q %q", one, form, other, got)
		}
		if bare := content + domain; content != "" && content[0] != '"' && customer.ValidEmail(bare) && customer.CanonicalEmail(bare) != form {
			rt.Errorf("%q becomes %q, but %q %q", one, form, bare, customer.CanonicalEmail(bare))
		}
		if broken := emailLaws(one); broken != "" {
			rt.Errorf("%q: %s", one, broken)
		}
		if customer.ValidEmail(one) && len(one) < 60 && !customer.ValidEmail(form) {
			rt.Errorf("the form of the valid address %q is %q, which is not valid", one, form)
		}
	})
}

// Every letter by itself, since laws of case break at single letters.
func TestCanonicalEmailEveryLetter(t *testing.T) {
	t.Parallel()
	tried := 0
	for r := rune(0); r <= utf8.MaxRune; r++ {
		hangul := r >= 0xac00 && r <= 0xd7a3 // 11,000 that all compose by one rule
		plain := unicode.ToLower(r) == r && unicode.ToUpper(r) == r && !unicode.IsMark(r) && norm.NFKD.String(string(r)) == string(r)
		if !utf8.ValidRune(r) || hangul || plain {
			continue
		}
		tried++
		if broken := emailLaws("i" + string(r) + "\u0307@a" + string(r) + "b.com"); broken != "" {
			t.Errorf("%U: %s", r, broken)
		}
	}
	if tried < 5000 {
		t.Errorf("tried %d letters only", tried)
	}
}

func FuzzEmail(f *testing.F) {
	for _, s := range []string{"John.Doe@Example.com", "İ@İ.com", "ß@ß.de", "a@xn--strae-oqa.de", "I\u0307@x", "\u212a@x.com", "@", "ᾳ\u0301@x.com"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			if customer.ValidEmail(s) {
				t.Errorf("ValidEmail(%q) = true", s)
			}
			customer.CanonicalEmail(s) // must not panic
			return
		}
		if broken := emailLaws(s); broken != "" {
			t.Errorf("%q: %s", s, broken)
		}
		if !customer.ValidEmail(s) {
			return
		}
		if !customer.ValidEmail(customer.CanonicalEmail(s)) && len(s) < 60 {
			t.Errorf("the form of the valid address %q is %q, which is not valid", s, customer.CanonicalEmail(s))
		}
		if broken := domainLaws(s); broken != "" {
			t.Errorf("%q: %s", s, broken)
		}
	})
}
