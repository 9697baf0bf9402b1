package search_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"custodex.dev/internal/search"
)

func TestFold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"", ""}, {"  \t\n ", ""}, {"  Ann \t Marie\u00a0\u3000Lee ", "ann marie lee"},
		{"50%_*\"'\\`", "50%_*\\"},
		{"José Ångström", "jose angstrom"}, {"Jose\u0301", "jose"},
		{"Straße STRASSE", "strasse strasse"}, {"GROẞ", "gross"},
		{"İIıi", "iiii"}, {"i\u0307", "i"}, {"Işıl", "isil"},
		{"ΟΔΥΣΣΕΥΣ Οδυσσεύς", "οδυσσευσ οδυσσευσ"}, {"τῳ", "τωι"},
		{"Łódź Ødegård Đorđe Ħal", "lodz odegard dorde hal"}, {"Æsop Œuvre Þór", "aesop oeuvre thor"},
		{"O’Brien O´Brien O'Brien O`Brien Oʾbrien", "obrien obrien obrien obrien obrien"}, {"Smith‐Jones Ann-Marie", "smith jones ann marie"},
		{"Lee, Mary;", "lee mary"}, {"ג׳ורג׳ צה״ל צה\"ל", "גורג צהל צהל"}, {"- -", ""},
		{"Ɓala Ɗan Ƙura Ŋa Əliyev", "bala dan kura na eliyev"},
		{"علي على علی کریم كريم", "علي علي علي كريم كريم"}, {"فاطمة فاطمه", "فاطمه فاطمه"}, {"مؤمن رئيس علاء ٱلله", "مومن رييس علا الله"},
		{"٠١٩ ۰۱۹ ०९", "019 019 09"},
		{"山田 太郎", "山田太郎"}, {"ジョン・スミス ｼﾞｮﾝ･ｽﾐｽ", "ジョンスミスジョンスミス"}, {"김 민준", "김민준"}, {"王 wei 山", "王 wei 山"},
		{"カ\u3099 か", "ガカ"}, {"가 \u11a8", "가 \u11a8"},
		{"Ґудзь Қанат", "гудзь канат"}, {"แก้ว เเก้ว", "เเก้ว เเก้ว"}, {"ज़ारा चाँद", "जारा चांद"}, {"ייִדיש װ", "יידיש וו"},
		{"J.R.R. T", "j r r t"}, {"Ann—Marie «X»", "ann marie x"}, {"Gal·la", "galla"}, {"艾力·买", "艾力买"}, {"髙﨑", "高崎"},
		{"Фёдоров Й", "федоров и"},
		{"مُحَمَّد أحمد محـمد", "محمد احمد محمد"}, {"שָׁלוֹם", "שלומ"},
		{"ガ ｶﾞ カ\u3099", "ガガガ"}, {"か", "カ"}, {"がん ｶﾞﾝ ゝ", "ガンガンヽ"},
		{"한글", "한글"}, {"\u1112\u1161\u11ab", "한"},
		{"कि", "कि"}, {"ไก่", "ไก่"},
		{"ＡＢＣ１２３", "abc123"}, {"ﬁn", "fin"}, {"②", "2"},
		{"❤️", "❤"}, {"👩🏽‍🚀", "👩🏽🚀"}, {"葛\U000e0100城", "葛城"}, {"نیک\u200cنام", "نيكنام"},
		{"a\x00b\xff\x01", "a\ufffdb\ufffd\ufffd"},
		{"\u1100\u0301\u1161", "\u1100\u034f\u1161"},
	} {
		if got := search.Fold(c.in); got != c.want {
			t.Errorf("Fold(%q) = %q (% x), want %q (% x)", c.in, got, got, c.want, c.want)
		}
	}
}

// Every character of Unicode: folding is idempotent, ignores case in each of the ways Go knows,
// and gives valid text without NUL.
func TestFoldEveryCharacter(t *testing.T) {
	t.Parallel()
	for r := rune(0); r <= unicode.MaxRune; r++ {
		s := string(r)
		f := search.Fold(s)
		if g := search.Fold(f); g != f {
			t.Errorf("%U: Fold = %q, Fold of that = %q", r, f, g)
		}
		if !utf8.ValidString(f) || strings.ContainsAny(f, "\x00\x01\x02") || strings.ContainsFunc(f, unicode.IsUpper) {
			t.Errorf("%U: Fold = %q", r, f)
		}
		for _, v := range []string{string(unicode.SimpleFold(r)), string(unicode.ToLower(r)), string(unicode.ToUpper(r)),
			string(unicode.ToTitle(r)), strings.ToUpper(s), strings.ToLower(s)} {
			if g := search.Fold(v); g != f {
				t.Errorf("%U: Fold(%q) = %q, Fold(%q) = %q", r, s, f, v, g)
			}
		}
		if t.Failed() && r > 0x3000 {
			return
		}
	}
}

// A grapheme is one user-perceived character: something a term is cut at. Single characters are
// drawn from all of Unicode, but for those that attach to what stands before them.
var grapheme = rapid.Custom(func(t *rapid.T) string {
	if rapid.Bool().Draw(t, "listed") {
		return rapid.SampledFrom([]string{"a", "A", " ", "é", "e\u0301", "É", "ß", "ẞ", "İ", "ı", "I", "i\u0307", "ς", "ΐ", "ᾳ", "Ǆ", "ﬃ",
			"ガ", "カ\u3099", "ｶﾞ", "カ", "가", "\u1100\u1161", "\u1100\u1161\u11a8", "각", "कि", "क्षि", "กำ", "ไ", "בָּ", "مُ", "ـ", "أ",
			"👩🏽‍🚀", "🇩🇪", "❤️", "葛\U000e0100", "o\u0302\u0323", "o\u0323\u0302", "\u200b", "´", "’", "½", "ŉ", "ﷺ", "Ꭰ", "ꭰ"}).Draw(t, "text")
	}
	return string(rapid.RuneFrom(nil, standAlone...).Draw(t, "character"))
})

var standAlone = []*unicode.RangeTable{unicode.Lu, unicode.Ll, unicode.Lt, unicode.Nd, unicode.No, unicode.P, unicode.Sm, unicode.Zs, unicode.So}

// change writes a text in another way that case-insensitive comparison holds for equal.
func change(t *rapid.T, s string) string {
	switch rapid.IntRange(0, 6).Draw(t, "change") {
	case 0:
		return strings.ToUpper(s)
	case 1:
		return strings.ToLower(s)
	case 2:
		return cases.Upper(language.Und).String(s)
	case 3:
		return cases.Fold().String(s)
	case 4:
		return norm.NFD.String(s)
	case 5:
		return norm.NFC.String(s)
	}
	return s
}

// Where a term stands in a text, in whatever case, its fold stands in the fold of the text.
func TestFoldKeepsSubstrings(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		gs := rapid.SliceOfN(grapheme, 0, 12).Draw(t, "text")
		lo := rapid.IntRange(0, len(gs)).Draw(t, "from")
		hi := rapid.IntRange(lo, len(gs)).Draw(t, "to")
		text, term := strings.Join(gs, ""), change(t, strings.Join(gs[lo:hi], ""))
		if !strings.Contains(search.Fold(text), search.Fold(term)) {
			t.Errorf("Fold(%+q) = %+q, without Fold(%+q) = %+q", text, search.Fold(text), term, search.Fold(term))
		}
	})
}

// Accents in either place make no difference.
func TestFoldIgnoresAccents(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		plain, accented := "", ""
		for range rapid.IntRange(0, 8).Draw(t, "letters") {
			c := string(rapid.SampledFrom([]rune("aeinoAEZаеиΑωशא")).Draw(t, "letter"))
			plain += c
			accented += c + strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"\u0301", "\u0308", "\u0327", "\u0342"}), 0, 2).Draw(t, "accents"), "")
		}
		if got, want := search.Fold(norm.NFC.String(accented)), search.Fold(plain); got != want {
			t.Errorf("Fold(%q) = %q, Fold(%q) = %q", accented, got, plain, want)
		}
	})
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"", "Ann  Lee", "Straße", "İı", "\u1100\u0301\u1161", "\xff\x00", "か゛", "\xe3\x81\"\u309b", "x\u0301\u309b", strings.Repeat("\u3099", 40)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := search.Fold(s)
		if twice := search.Fold(once); twice != once {
			t.Errorf("Fold(%+q) = %+q, folded again %+q", s, once, twice)
		}
		if !utf8.ValidString(once) || strings.ContainsRune(once, 0) || once != strings.TrimSpace(once) || strings.Contains(once, "  ") {
			t.Errorf("Fold(%+q) = %+q", s, once)
		}
	})
}
