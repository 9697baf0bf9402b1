package search_test

import (
	"context"
	"strings"
	"testing"

	"custodex.dev/internal/search"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	maria := search.Entry{Position: search.Position{CreatedAt: 1000, Seq: 7}, First: "María José", Last: "O’Neill-Großmann",
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
		{search.Filter{Name: "joséo"}, false}, // but not without the space
		{search.Filter{Name: "neill maria"}, false},
		{search.Filter{Name: "grossmann"}, true},
		{search.Filter{Name: "rossman"}, true},
		{search.Filter{Name: "example"}, false}, // an address is no name
		{search.Filter{Email: "example.COM"}, true},
		{search.Filter{Email: "maria_5"}, true},
		{search.Filter{Email: "maria%5"}, false}, // no wildcards
		{search.Filter{Email: "maria.5"}, false},
		{search.Filter{Email: "50%@"}, true},
		{search.Filter{Email: "jose"}, false},
		{search.Filter{Name: "maria", Email: "nobody"}, false},
		{search.Filter{Name: " \u0301 \t"}, true}, // folds to nothing: no condition
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

// An arena of one customer agrees with Match, and Match finds everyone by their own names.
func FuzzMatch(f *testing.F) {
	f.Add("María", "García", "m@example.com", "a g")
	f.Add("", "王", "", "王")
	f.Add("x", "", "yz", "x")
	f.Add("\u1100", "\u1161", "\xff", "\x00")
	f.Fuzz(func(t *testing.T, first, last, mail, term string) {
		e := search.Entry{Position: search.Position{CreatedAt: 1, Seq: 1}, First: first, Last: last, Email: mail}
		b := search.NewBuilder(1)
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
		if got := search.Match(search.Filter{Name: term}, e); got != want {
			t.Errorf("Match name %+q = %v, want %v", term, got, want)
		}
	})
}
