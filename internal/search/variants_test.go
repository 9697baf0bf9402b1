package search_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"custodex.dev/internal/search"
)

func named(first, last string) search.Entry { return search.Entry{First: first, Last: last} }

// Folding stopped at Latin: the forms of Arabic, Persian and Urdu letters, and digits, are written
// one for the other.
func TestFieldB12ArabicForms(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ first, last, term string }{
		{"علي", "كريم", "علی"}, {"علي", "كريم", "کریم"}, {"علي", "كريم", "على"}, {"علي", "كريم", "كريم علی"},
		{"فاطمة", "", "فاطمه"}, {"فاطمہ", "", "فاطمة"}, {"مؤمن", "رئيس", "مومن رييس"}, {"إبراهيم", "أحمد", "ابراهيم احمد"},
		{"محـــمد", "", "محمد"}, {"علاء", "الدين", "علا الدين"}, {"هانئ", "", "هاني"}, {"شقة ٤٥", "", "45"}, {"۴۵", "", "45"}, {"45", "", "٤٥"},
		{"نیلوفر", "یزدی", "نيلوفر يزدي"}, {"یوسف", "", "يوسف"}, {"ٱلله", "", "الله"},
	} {
		if !search.Match(search.Filter{Name: c.term}, named(c.first, c.last)) {
			t.Errorf("%q does not find %q %q", c.term, c.first, c.last)
		}
	}
}

// People type names in other orders and with other marks than they are stored.
func TestFieldB13OrdersAndMarks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ first, last, term string }{
		{"太郎", "山田", "山田太郎"}, {"山田", "太郎", "山田太郎"}, {"太郎", "山田", "山田 太郎"}, {"太郎", "山田", "太郎 山田"},
		{"민준", "김", "김민준"}, {"伟", "王", "王伟"}, {"ジョン", "スミス", "ジョン・スミス"}, {"𠮷", "野", "野𠮷"},
		// Invisible characters, whose bytes are also those of letters that have a spelling.
		{"太郎\u200b", "山田", "山田太郎"}, {"\u202a太郎\u202c", "山田", "山田太郎"}, {"太郎", "山田\u2060", "山田太郎"}, {"太郎\u034f", "山田", "山田太郎"},
		{"Mary", "Lee", "Lee, Mary"}, {"Mary", "Lee", "Lee Mary"}, {"Mary Ann", "Lee", "lee ann"}, {"Mary", "Lee", "lee,mary"},
		{"Ann Marie", "", "Ann-Marie"}, {"Ann-Marie", "", "Ann Marie"}, {"Ann–Marie", "", "ann‐marie"}, {"Jean", "Luc-Picard", "luc picard jean"},
		{"", "Müller", "Mueller"}, {"", "Mueller", "Müller"}, {"", "Mu\u0308ller", "Mueller"}, {"Jörg", "Bäcker", "Baecker Joerg"},
		{"Joerg", "Baecker", "bäcker jörg"}, {"", "Müller", "muller"}, {"", "Müller-Koeln", "mueller-köln"}, {"", "Håkansson", "Haakansson"},
		{"", "Jørgensen", "Joergensen"}, {"", "Joergensen", "Jørgensen"}, {"Əli", "", "Ali"}, {"Ali", "Aliyev", "Əliyev"}, {"Əli", "", "Eli"},
		{"O`Brien", "", "O'Brien"}, {"OBrien", "", "O’Brien"}, {"O'Brien", "", "obrien"}, {"ג׳ורג׳", "", "ג'ורג'"}, {"צה״ל", "", `צה"ל`},
		{"Saʿid", "", "Said"}, {"Qurʾan", "", "qur'an"}, {"Ɓala", "", "bala"}, {"Ɗan", "", "dan"}, {"Ƙura", "", "kura"}, {"Ŋa", "", "na"},
		{"Ŋa", "", "nga"}, {"Əliyev", "", "eliyev"},
	} {
		if !search.Match(search.Filter{Name: c.term}, named(c.first, c.last)) {
			t.Errorf("%q does not find %q %q", c.term, c.first, c.last)
		}
	}
	for _, c := range []struct{ first, last, term string }{
		{"Samuel", "", "Samul"}, {"", "Mueller", "Muller"}, {"Daniel", "Kohn", "an li"}, {"Mary", "Lee", "Lee Marie"}, {"山田", "", "田山"},
	} {
		if search.Match(search.Filter{Name: c.term}, named(c.first, c.last)) {
			t.Errorf("%q finds %q %q", c.term, c.first, c.last)
		}
	}
}

// The same held for other scripts: letters that a keyboard does not have, forms of one letter, and signs
// that are written one for the other.
func TestFieldB12OtherScripts(t *testing.T) {
	t.Parallel()
	for _, same := range [][]string{
		{"חיים", "חיימ"}, {"ײַצחק", "ייצחק"}, {"װאלף", "וואלף"}, {"בן־ציון", "בן ציון", "בן-ציון"}, {"שָׂרָה", "שרה"}, {"ז׳קלין", "ז'קלין", "זקלין"},
		{"Ґудзь", "Гудзь"}, {"Қанат", "Канат"}, {"Өтеген", "Отеген"}, {"Ғалым", "Галым"}, {"Лук’янова", "Лук'янова", "Лукʼянова"}, {"Пётр", "Петр"}, {"Ўктам", "Уктам"},
		{"Ελευθέριος", "ΕΛΕΥΘΕΡΙΟΣ", "ελευθεριοσ"}, {"Μαΐα", "Μαια"}, {"ᾼδης", "αιδης"},
		{"แก้ว", "เเก้ว"}, {"สมชาย\u200b", "สมชาย"}, {"๑๒", "12", "１２", "१२"},
		{"김민준", "김 민준", "\u1100\u1175\u11b7\u1106\u1175\u11ab\u110c\u116e\u11ab"},
		{"Nguyễn", "nguyen", "NGUYE\u0302\u0303N"}, {"Đức", "duc"}, {"Ươm", "uom"}, {"Işıl", "isil", "ISIL", "IŞIL"}, {"Çağlar", "caglar"},
		{"फ़िरोज़", "फिरोज", "\u095eिरो\u095b"}, {"चाँद", "चांद"},
		{"さくら", "サクラ", "ｻｸﾗ"}, {"がんだ", "ガンダ", "ｶﾞﾝﾀﾞ", "か\u3099んた\u3099"}, {"Ｊｏｈｎ", "john"}, {"髙橋", "高橋"}, {"山﨑", "山崎"}, {"渡邊", "渡辺"},
		{"ﬃ", "ffi"}, {"Œuvre", "oeuvre"}, {"Ĳsbrand", "ijsbrand"}, {"Ǆemal", "dzemal"},
	} {
		for _, stored := range same {
			for _, term := range same {
				for _, e := range []search.Entry{named(stored, "x"), named("", stored)} {
					if !search.Match(search.Filter{Name: term}, e) || !search.Match(search.Filter{Query: term}, e) {
						t.Errorf("%q does not find %q %q", term, e.First, e.Last)
					}
				}
			}
		}
	}
}

// Likewise marks between and beside words, initials and abbreviations.
func TestFieldB13MarksAndInitials(t *testing.T) {
	t.Parallel()
	between := []string{"Ann%sMarie", "Anne%sSophie"}
	for _, form := range between {
		for _, mark := range strings.Split("- ‐ ‑ ‒ – — ― ⁃ − － ﹣ ﹘ ־ ֊", " ") {
			stored, plain := strings.Replace(form, "%s", mark, 1), strings.Replace(form, "%s", " ", 1)
			if !search.Match(search.Filter{Name: plain}, named(stored, "")) || !search.Match(search.Filter{Name: stored}, named(plain, "")) {
				t.Errorf("%q and %q do not find each other", stored, plain)
			}
		}
	}
	for _, mark := range strings.Split("' ’ ‘ ‛ ʼ ʻ ʾ ʿ ′ ` ´ ＇ ՚ ‚ ‹ « ״ ׳", " ") {
		stored := "O" + mark + "Neill"
		if !search.Match(search.Filter{Name: "oneill"}, named(stored, "")) || !search.Match(search.Filter{Name: stored}, named("ONeill", "")) {
			t.Errorf("%q and ONeill do not find each other", stored)
		}
	}
	for _, same := range [][]string{
		{"J.R.R. Tolkien", "J. R. R. Tolkien", "J R R Tolkien", "JRR Tolkien", "j.r.r tolkien"}, {"JR Müller", "J R Muller", "J R Müller", "J. R. Müller"}, {"J. Smith", "J Smith"}, {"J.K. Rowling", "JK Rowling", "J. K. Rowling"},
		{"Dr. Anna Schmidt", "Dr Anna Schmidt", "dr.anna schmidt"}, {"St. John", "St John"}, {"Martin Luther King, Jr.", "martin luther king jr"},
		{"艾力·买买提", "艾力买买提", "艾力•买买提", "艾力・买买提", "艾力 买买提"}, {"Gal·la", "Galla"}, {"Э. Т. А. Гофман", "ЭТА Гофман", "Э.Т.А. Гофман"},
	} {
		for _, stored := range same {
			for _, term := range same {
				first, last, _ := strings.Cut(stored, " ")
				for _, e := range []search.Entry{named(stored, ""), named(first, last)} {
					if !search.Match(search.Filter{Name: term}, e) {
						t.Errorf("%q does not find %q %q", term, e.First, e.Last)
					}
				}
			}
		}
	}
	for _, c := range []struct{ stored, term string }{{"J.R. Tolkien", "JRR Tolkien"}, {"JR", "RJ"}, {"Anna B. Lee", "annab"}} {
		if search.Match(search.Filter{Name: c.term}, named(c.stored, "")) {
			t.Errorf("%q finds %q", c.term, c.stored)
		}
	}
}

// Words of a name, in any order and cut at their ends, find it.
func TestNamesMatchInAnyOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := newPeople(rapid.Uint64().Draw(t, "people"))
		e := p.entry(1, 1)
		words := rapid.Permutation(strings.Fields(e.First+" "+e.Last)).Draw(t, "words")
		term := strings.Join(words, rapid.SampledFrom([]string{" ", ", ", "  ", "-", " - "}).Draw(t, "between"))
		if len(words) > 1 && !search.Match(search.Filter{Name: term}, e) {
			t.Errorf("%q does not find %q %q", term, e.First, e.Last)
		}
		last := []rune(words[len(words)-1])
		words[len(words)-1] = string(last[:rapid.IntRange(1, len(last)).Draw(t, "cut")])
		if term := strings.Join(words, " "); !search.Match(search.Filter{Name: term}, e) && !slices.ContainsFunc(last, isMark) {
			t.Errorf("%q does not find %q %q", term, e.First, e.Last)
		}
	})
}

func isMark(r rune) bool { return search.Fold("a"+string(r)) == "a" }

// A name with letters that have a spelling is found by it, and the reverse, word by word.
func TestNamesMatchSpelledOut(t *testing.T) {
	t.Parallel()
	spell := strings.NewReplacer("ü", "ue", "ö", "oe", "ä", "ae", "å", "aa", "ø", "oe", "ŋ", "ng")
	word := rapid.StringOfN(rapid.SampledFrom([]rune("abemuüöäåøŋ")), 1, 6, -1)
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(word, 2, 3).Draw(t, "words")
		name, term := slices.Clone(words), slices.Clone(words)
		for i, w := range words {
			switch rapid.IntRange(0, 2).Draw(t, "spelled") {
			case 1:
				name[i] = spell.Replace(w)
			case 2:
				term[i] = spell.Replace(w)
			}
		}
		e := named(name[0], strings.Join(name[1:], " "))
		if f := (search.Filter{Name: strings.Join(term, " ")}); !search.Match(f, e) {
			t.Errorf("%q does not find %q %q", f.Name, e.First, e.Last)
		}
	})
}

// Long s, and the Kelvin sign, are second cases of a letter: what is stored with them is found in
// plain letters, and shown as it was stored elsewhere.
func TestFieldC18SecondLetterCases(t *testing.T) {
	t.Parallel()
	e := search.Entry{First: "Ki\u017fs", Email: "\u212ai\u017fs1@x.example"}
	for _, f := range []search.Filter{{Name: "kiss"}, {Name: "KI\u017fS"}, {Email: "Kiss1@x.example"}, {Email: "\u212aISS1"}} {
		if !search.Match(f, e) {
			t.Errorf("%+v does not find %+v", f, e)
		}
	}
}
