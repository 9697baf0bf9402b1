package search_test

import (
	"context"
	"strings"
	"testing"
	"unicode"

	"custodex.dev/internal/page"
	"custodex.dev/internal/search"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	maria := search.Entry{Position: page.Position{CreatedAt: 1000, Seq: 7}, First: "María José", Last: "O’Neill-Großmann",
		Email: "maria_50%@Example.com", Status: 1, Type: 2, Group: 3}
	one, two, three, four := uint8(1), uint8(2), int64(3), int64(4)
	for _, c := range []struct {
		f    search.Filter
		want bool
	}{
		{search.Filter{}, true},
		{search.Filter{Name: "maria"}, true},
		{search.Filter{Name: "  MARÍA   jose "}, true},
		{search.Filter{Name: "josé o'neill"}, true}, // across first and last
		{search.Filter{Name: "josé  o"}, true},
		{search.Filter{Name: "joséo"}, false},        // but not without the space
		{search.Filter{Name: "o'neill maria"}, true}, // in any order
		{search.Filter{Name: "jose GROSS oneill"}, true},
		{search.Filter{Name: "neill maria"}, false}, // but each from the beginning of a word
		{search.Filter{Name: "maria jones"}, false},
		{search.Filter{Name: "grossmann"}, true},
		{search.Filter{Name: "rossman"}, true},
		{search.Filter{Name: "example"}, false}, // an address is no name
		{search.Filter{Email: "example.COM"}, true},
		{search.Filter{Email: "maria_5"}, true},
		{search.Filter{Email: "maria%5"}, false}, // no wildcards
		{search.Filter{Email: "maria.5"}, false},
		{search.Filter{Email: "50%@"}, true},
		{search.Filter{Email: "jose"}, false},
		{search.Filter{Email: "maria 50"}, false},
		{search.Filter{Name: "maria", Email: "nobody"}, false},
		{search.Filter{Name: " \u00a0\t"}, true},  // white space: no condition
		{search.Filter{Name: " \u0301 \t"}, true}, // an accent by itself, which is left out as the apostrophe is
		{search.Filter{Email: "\u200d"}, false},
		{search.Filter{Status: &one, Type: &two, Group: &three}, true},
		{search.Filter{Status: &two}, false},
		{search.Filter{Type: &one}, false},
		{search.Filter{Group: &four}, false},
		{search.Filter{CreatedFrom: 1000, CreatedTo: 1001}, true},
		{search.Filter{CreatedFrom: 1001}, false},
		{search.Filter{CreatedTo: 1000}, false},
	} {
		if got := search.Match(c.f, maria); got != c.want {
			t.Errorf("Match(%+v) = %v, want %v", c.f, got, c.want)
		}
	}
	// An empty name leaves no space behind.
	for _, e := range []search.Entry{{First: "Ann"}, {Last: "Ann"}, {First: " ", Last: "Ann"}} {
		if !search.Match(search.Filter{Name: " ann "}, e) {
			t.Errorf("%+v does not match its only name", e)
		}
	}
}

// A term of nothing but accents or invisible characters finds the texts that have some by themselves,
// and no others: whoever has the very term in the name is among them.
func TestMatchOfInvisibleTerms(t *testing.T) {
	t.Parallel()
	for r := rune(0); r <= unicode.MaxRune; r++ {
		s := string(r)
		if search.Fold(s) != "" || unicode.IsSpace(r) && r != '\u0085' {
			continue
		}
		for _, e := range []search.Entry{{First: s}, {Last: s}, {First: "a" + s + "b", Last: "c"}, {First: "a", Last: "b" + s}} {
			e.Email = e.Last
			if !search.Match(search.Filter{Name: s}, e) || e.Last != "c" && e.Last != "" && !search.Match(search.Filter{Email: s}, e) {
				t.Errorf("%U is not found in %+q, %+q", r, e.First, e.Last)
			}
		}
		plain := search.Entry{First: "José", Last: "van der Berg", Email: "a\x01b@localhost"}
		if search.Match(search.Filter{Name: s}, plain) || search.Match(search.Filter{Email: s}, plain) {
			t.Errorf("%U finds somebody who has no such character", r)
		}
	}
}

// An index of one customer agrees with Match, and Match finds everyone by their own names.
func FuzzMatch(f *testing.F) {
	f.Add("María", "García", "m@example.com", "a g")
	f.Add("", "王", "", "王")
	f.Add("x", "", "yz", "x")
	f.Add("\u1100", "\u1161", "\xff", "\x00")
	f.Add("Jose\u0301", "B", "a\u200db@x", "\u0301\u200b")
	f.Add("a\x01", "\u00a8", "\x01", "\x01")
	f.Fuzz(func(t *testing.T, first, last, mail, term string) {
		e := search.Entry{Position: page.Position{CreatedAt: 1, Seq: 1}, First: first, Last: last, Email: mail}
		b := search.NewBuilder(nil, 1)
		b.Add(e)
		a := b.Finish(1)
		for _, filter := range []search.Filter{{Name: term}, {Email: term}, {Name: last, Email: term}} {
			p, err := a.Search(context.Background(), search.Query{Filter: filter, Take: 2})
			if want := search.Match(filter, e); err != nil || (len(p.Hits) == 1) != want {
				t.Errorf("Search(%+v) = %v, %v, Match %v", filter, p.Hits, err, want)
			}
		}
		for _, own := range []search.Filter{{Name: first}, {Name: last}, {Name: first + " " + last}, {Email: mail}} {
			if !search.Match(own, e) {
				t.Errorf("%+v does not match %+q, %+q, %+q", own, first, last, mail)
			}
		}
		want := strings.Contains(search.Fold(first+" "+last), search.Fold(term))
		if search.Fold(term) == "" && vanish(term) {
			want = vanish(first + last)
		}
		if want && !search.Match(search.Filter{Name: term}, e) {
			t.Errorf("name %+q does not match", term)
		}
		// The promise of the published contract: a part of a name, as it is stored, finds it.
		if (strings.Contains(first, term) || strings.Contains(last, term)) && search.Fold(term) == "" && !search.Match(search.Filter{Name: term}, e) {
			t.Errorf("%+q does not find %+q, %+q, which has it", term, first, last)
		}
	})
}

// vanish reports whether s has a character that folding leaves out.
func vanish(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return search.Fold(string(r)) == "" && (!unicode.IsSpace(r) || r == '\u0085')
	})
}
