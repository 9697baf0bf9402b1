package search_test

import (
	"cmp"
	"context"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"custodex.dev/internal/page"
	"custodex.dev/internal/search"
)

// model is the index, written so that it is plainly right.
type model map[int64]search.Entry

func (m model) apply(changes []search.Entry) {
	for _, e := range changes {
		if e.Deleted {
			delete(m, e.Seq)
		} else {
			m[e.Seq] = e
		}
	}
}

func (m model) search(q search.Query) (hits []page.Position, more bool) {
	for _, e := range m {
		if search.Match(q.Filter, e) && (q.After == nil || q.After.Before(e.Position)) {
			hits = append(hits, e.Position)
		}
	}
	slices.SortFunc(hits, page.Position.Compare)
	hits = hits[min(max(q.Skip, 0), len(hits)):]
	take := min(max(q.Take, 0), len(hits))
	return hits[:take:take], len(hits) > take
}

// matching is the part of m that matches f.
func (m model) matching(f search.Filter) model {
	match, found := search.NewMatcher(f), model{}
	for seq, e := range m {
		if match.Match(e) {
			found[seq] = e
		}
	}
	return found
}

// rank is Index.Rank.
func (m model) rank(q search.RankQuery) (hits []search.Rank, more bool) {
	return m.matching(q.Filter).ranked(q)
}

// ranked is rank if all of m match.
func (m model) ranked(q search.RankQuery) (hits []search.Rank, more bool) {
	for _, e := range m {
		if r := rankOf(q.Filter, e); q.After == nil || q.After.Compare(r) < 0 {
			hits = append(hits, r)
		}
	}
	slices.SortFunc(hits, func(x, y search.Rank) int {
		if x.Exact != y.Exact {
			return map[bool]int{true: -1, false: 1}[x.Exact]
		}
		return cmp.Or(-cmp.Compare(x.Bought, y.Bought), -cmp.Compare(x.CreatedAt, y.CreatedAt), -cmp.Compare(x.Seq, y.Seq))
	})
	hits = hits[min(max(q.Skip, 0), len(hits)):]
	take := min(max(q.Take, 0), len(hits))
	return hits[:take:take], len(hits) > take
}

func rankOf(f search.Filter, e search.Entry) search.Rank {
	term := search.Fold(f.Query)
	return search.Rank{
		Exact: term != "" && (term == search.Fold(e.First) || term == search.Fold(e.Last) || term == search.Fold(e.First+" "+e.Last)) ||
			f.Phone != "" && f.Phone == e.Phone,
		Bought: e.Bought, Position: e.Position,
	}
}

// The pieces that names, addresses and terms are made of. They have few letters, so that terms match
// often and nearly match more often still.
var (
	pieces = []string{"a", "an", "na", "ana", "nan", "b", "A", "AN", "é", "e\u0301", "É", "ß", "SS", "ss", "ẞ", "i", "I", "İ", "ı",
		"σ", "ς", "Σ", "ł", "ø", "æ", "ae", "王", "小明", "山田", "محمد", "مُحَمَّد", "עם", "👩🏽‍🚀", "❤️", "❤", "ガ", "カ", "ｶﾞ", "가", "각",
		"кий", "Ё", "ё", "'", "’", "%", "_", "*", "\\", "\"", ".", "-", " ", "  ", "\t", "o'", "\u0301", "\u200d", "maria ", "garcia", "z",
		"ü", "ue", "ö", "ə", "ŋ", "`", "״", ",", "-a", "太郎 ", " 山田", "・", "علی", "على", "ة", "ه", "ء", "٣", "3", "ɓ",
		"か", "J. ", " R.", "j r ", "JR", "·", "—", "ם"}
	firsts = []string{"Müller", "Mueller", "太郎", "山田", "Lee", "Ann-Marie", "علي كريم", "Əli", "Ana", "Anna Maria", "José", "Josè", "Zoë", "İbrahim", "Işıl", "Jürgen", "Strauß", "王", "王小明", "محمد", "👩🏽‍🚀", "50%", "", " "}
	mails  = []string{"", "ana@gmail.com", "a.na@gmail.com", "ANA@GMAIL.COM", "straße@example.de", "nan_ana@x.org", "josé@exämple.com"}
)

func text(fixed []string) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		if rapid.Bool().Draw(t, "fixed") {
			return rapid.SampledFrom(fixed).Draw(t, "text")
		}
		s := ""
		for _, p := range rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 6).Draw(t, "pieces") {
			s += p
		}
		return s
	})
}

var anEntry = rapid.Custom(func(t *rapid.T) search.Entry {
	e := search.Entry{
		Position: page.Position{CreatedAt: rapid.Int64Range(0, 30).Draw(t, "created"), Seq: rapid.Int64Range(1, 60).Draw(t, "seq")},
		Deleted:  rapid.IntRange(0, 4).Draw(t, "kind") == 0,
	}
	if e.Deleted {
		if rapid.Bool().Draw(t, "bare") {
			e.CreatedAt = 0
		}
		return e
	}
	e.First, e.Last = text(firsts).Draw(t, "first"), text(firsts).Draw(t, "last")
	e.Email = text(mails).Draw(t, "mail")
	e.Status, e.Type = uint8(rapid.IntRange(0, 9).Draw(t, "status")/4), uint8(rapid.IntRange(0, 9).Draw(t, "type")/8)
	e.Group = rapid.SampledFrom([]int64{0, 0, 0, 1, 2}).Draw(t, "group")
	e.Phone = rapid.SampledFrom([]string{"", "4930", "49301", "12345", "2345"}).Draw(t, "phone")
	e.Bought = rapid.SampledFrom([]int64{0, 0, 0, -5, 7, 8, 9}).Draw(t, "bought")
	return e
})

// aName is what a name is searched by.
var aName = text([]string{"a", "an", "ana", "anan", "aria g", "lee ana", "ana, lee", "müller", "mueller", "mü m", "ü", "ə", "山田太郎", "ann marie", "marie ann", "کریم علی", "-", "'", "garcia", "ss", "i", "王", "%", " ", "j.r.", "jr", "j r a", "か", "\u0301", "\u200d", "\u200d\u0301 \u200d"})

var aFilter = rapid.Custom(func(t *rapid.T) (f search.Filter) {
	if rapid.IntRange(0, 3).Draw(t, "by name") > 0 {
		f.Name = aName.Draw(t, "name")
	}
	if rapid.IntRange(0, 3).Draw(t, "by mail") == 0 {
		f.Email = text([]string{"@", "@gmail.com", "a", "ss", "zz", ".", "\u0301"}).Draw(t, "email")
	}
	if rapid.IntRange(0, 3).Draw(t, "by query") == 0 {
		f = aQuery.Draw(t, "query")
	}
	if rapid.IntRange(0, 3).Draw(t, "by status") == 0 {
		f.Status = new(uint8)
		*f.Status = rapid.Uint8Range(0, 3).Draw(t, "status")
	}
	if rapid.IntRange(0, 3).Draw(t, "by type") == 0 {
		f.Type = new(uint8)
		*f.Type = rapid.Uint8Range(0, 2).Draw(t, "type")
	}
	if rapid.IntRange(0, 5).Draw(t, "by group") == 0 {
		f.Group = new(int64)
		*f.Group = rapid.Int64Range(0, 3).Draw(t, "group")
	}
	if rapid.IntRange(0, 3).Draw(t, "by time") == 0 {
		f.CreatedFrom, f.CreatedTo = rapid.Int64Range(0, 30).Draw(t, "from"), rapid.Int64Range(0, 32).Draw(t, "to")
	}
	return f
})

// aQuery is a filter by a query and, now and then, by a name or an address too.
var aQuery = rapid.Custom(func(t *rapid.T) (f search.Filter) {
	f.Query = rapid.OneOf(aName, text(firsts), text(mails)).Draw(t, "any")
	f.Phone = rapid.SampledFrom([]string{"", "", "4930", "34", "2345"}).Draw(t, "phone")
	if rapid.IntRange(0, 9).Draw(t, "by another") == 0 {
		f.Name, f.Email = aName.Draw(t, "name"), text(mails).Draw(t, "email")
	}
	return f
})

// The index answers as the model does, through edits, deletions, moves and compaction.
func TestIndexEqualsModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m, version := model{}, int64(1)
		b := search.NewSmallBuilder()
		batch := rapid.SliceOfNDistinct(anEntry, 0, 50, func(e search.Entry) int64 { return e.Seq }).Draw(t, "built")
		for i, e := range batch {
			e.Deleted = false
			batch[i] = e
		}
		m.apply(batch)
		b.AddBatch(batch[:len(batch)/2])
		for _, e := range batch[len(batch)/2:] {
			b.Add(e)
		}
		a := b.Finish(version)
		t.Repeat(map[string]func(*rapid.T){
			"apply": func(t *rapid.T) {
				changes := rapid.SliceOfN(anEntry, 0, 8).Draw(t, "changes")
				version += rapid.Int64Range(0, 2).Draw(t, "step")
				m.apply(changes)
				a.Apply(changes, version)
				if rapid.Bool().Draw(t, "twice") {
					a.Apply(changes, version)
				}
				a.Apply([]search.Entry{{Position: page.Position{CreatedAt: 99, Seq: 999}}}, version-1)
			},
			"bulk load": func(t *rapid.T) {
				changes := rapid.SliceOfN(anEntry, 20, 60).Draw(t, "changes")
				version++
				m.apply(changes)
				a.Apply(changes, version)
			},
			"settle": func(t *rapid.T) { a.Settle() },
			"settle beside changes": func(t *rapid.T) {
				changes := rapid.SliceOfN(anEntry, 0, 8).Draw(t, "changes")
				version++
				m.apply(changes)
				a.SettleBeside(func() { a.Apply(changes, version) })
			},
			"search": func(t *rapid.T) {
				q := search.Query{Filter: aFilter.Draw(t, "filter"), Skip: rapid.IntRange(-1, 12).Draw(t, "skip"), Take: rapid.IntRange(-1, 12).Draw(t, "take")}
				if rapid.IntRange(0, 2).Draw(t, "cursor") == 0 {
					q.After = &page.Position{CreatedAt: rapid.Int64Range(0, 30).Draw(t, "after"), Seq: rapid.Int64Range(0, 61).Draw(t, "after seq")}
				}
				hits, more := m.search(q)
				p, err := a.Search(context.Background(), q)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(p.Hits, hits) || p.More != more {
					t.Fatalf("Search(%+v) = %v, more %v; want %v, more %v", q, p.Hits, p.More, hits, more)
				}
				q.After, q.Skip, q.Take = nil, 0, 1000
				hits, _ = m.search(q)
				if n, err := a.Count(context.Background(), q.Filter); err != nil || n != len(hits) {
					t.Fatalf("Count(%+v) = %d, %v; want %d", q.Filter, n, err, len(hits))
				}
			},
			"rank": func(t *rapid.T) {
				q := search.RankQuery{Filter: aFilter.Draw(t, "filter"), Skip: rapid.IntRange(-1, 12).Draw(t, "skip"), Take: rapid.IntRange(-1, 12).Draw(t, "take")}
				if q.Query == "" {
					any := aQuery.Draw(t, "query")
					q.Query, q.Phone = any.Query, any.Phone
				}
				if rapid.IntRange(0, 2).Draw(t, "cursor") == 0 {
					q.After = &search.Rank{Exact: rapid.Bool().Draw(t, "after exact"), Bought: rapid.SampledFrom([]int64{-5, 0, 8}).Draw(t, "after bought"),
						Position: page.Position{CreatedAt: rapid.Int64Range(0, 30).Draw(t, "after"), Seq: rapid.Int64Range(0, 61).Draw(t, "after seq")}}
				}
				hits, more := m.rank(q)
				p, err := a.Rank(context.Background(), q)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(p.Hits, hits) || p.More != more {
					t.Fatalf("Rank(%+v) = %v, more %v; want %v, more %v", q, p.Hits, p.More, hits, more)
				}
				for _, e := range m {
					if got, want := search.NewMatcher(q.Filter).Rank(e), rankOf(q.Filter, e); got != want {
						t.Fatalf("Rank(%+v) by %+v = %+v, want %+v", e, q.Filter, got, want)
					}
				}
			},
			"": func(t *rapid.T) {
				if msg := a.Check(); msg != "" {
					t.Fatal(msg)
				}
				if a.Len() != len(m) || a.Version() != version {
					t.Fatalf("Len, Version = %d, %d; want %d, %d", a.Len(), a.Version(), len(m), version)
				}
			},
		})
	})
}

// Random people in blocks of the usual size: every term kind gives what the model gives, with many
// pages and filters, on several processors.
func TestIndexEqualsModelAtSize(t *testing.T) {
	t.Parallel()
	const n = 40_000
	a, m := filled(n)
	p := newPeople(99)
	var changes []search.Entry
	for i := range int64(3_000) {
		e := p.entry(p.r.Int64N(n+500), i)
		e.CreatedAt = m[e.Seq].CreatedAt
		if e.CreatedAt == 0 || i%7 == 0 {
			e.CreatedAt = p.r.Int64N(2 * n)
		}
		e.Deleted = i%11 == 0
		changes = append(changes, e)
	}
	for c := range slices.Chunk(changes, 100) {
		m.apply(c)
		a.Apply(c, a.Version()+1)
	}
	var entries []search.Entry
	for _, e := range m {
		entries = append(entries, e)
	}
	rare := uint8(3)
	for _, term := range terms {
		for _, q := range []search.Query{
			{Take: 10}, {Skip: 1_000, Take: 20}, {Take: n},
			{Take: 50, Filter: search.Filter{Status: &rare}},
			{Take: 50, Filter: search.Filter{CreatedFrom: 20_000, CreatedTo: 60_000}},
		} {
			q.Name, q.Email = term.Name, term.Email
			match := search.NewMatcher(q.Filter)
			found := model{}
			for _, e := range entries {
				if match.Match(e) {
					found[e.Seq] = e
				}
			}
			hits, more := found.search(q)
			got, err := a.Search(context.Background(), q)
			if err != nil || got.More != more || !slices.Equal(got.Hits, hits) {
				t.Errorf("Search(%+v): more %v, want %v; (-want +got)\n%s", q, got.More, more, gocmp.Diff(hits, got.Hits))
			}
		}
	}
}

// By relevance too: with terms that few, many and nearly all match, by name, address and phone, on pages of
// every depth, in few large blocks and in so many small ones that workers share them.
func TestRankEqualsModelAtSize(t *testing.T) {
	t.Parallel()
	const n = 5_000
	a, m := filled(n)
	small := search.NewSmallBuilder()
	for _, e := range m {
		small.Add(e)
	}
	indexes := []*search.Index{a, small.Finish(1)}
	changed := newPeople(98)
	for i := range int64(40) {
		e := changed.entry(i*37, m[i*37].CreatedAt)
		e.Bought = 1 << 62
		e.Deleted = i%5 == 0
		m.apply([]search.Entry{e})
		for _, ix := range indexes {
			ix.Apply([]search.Entry{e}, ix.Version()+1)
		}
	}
	rare := uint8(3)
	for _, term := range append([]search.Filter{{Name: "li"}, {Name: "伟"}, {Name: "王伟"}, {Name: "伟王"}, {Name: "山田"}, {Name: "García"}, {Phone: "123"}, {Name: "maria", Phone: "49"}, {Phone: m[7].Phone},
		{Name: "ca"}, {Name: "ó"}, {Name: "陈"}, {Name: "민준"}, {Name: "ш"}, {Name: "7", Phone: "7"}, {Name: "19", Phone: "19"}, {Name: "49301", Phone: "49301"}, {Name: "Ana Ana"}}, terms...) {
		f := search.Filter{Query: cmp.Or(term.Name, term.Email, term.Phone), Phone: term.Phone}
		all := m.matching(f)
		for _, q := range []search.RankQuery{
			{Take: 10}, {Skip: 700, Take: 20}, {Take: n}, {Take: 50, Filter: search.Filter{Status: &rare}},
			{Take: 20, Filter: search.Filter{CreatedFrom: 5_000, CreatedTo: 30_000}}, {Take: 30, Filter: search.Filter{Name: "a"}},
		} {
			q.Query, q.Phone = f.Query, f.Phone
			found := all.matching(q.Filter)
			for range 2 {
				hits, more := found.ranked(q)
				for _, ix := range indexes {
					got, err := ix.Rank(context.Background(), q)
					if err != nil || got.More != more || !slices.Equal(got.Hits, hits) {
						t.Fatalf("Rank(%+v): more %v, want %v; (-want +got)\n%s", q, got.More, more, gocmp.Diff(hits, got.Hits))
					}
				}
				if len(hits) == 0 {
					break
				}
				q.Skip, q.After = 0, &hits[len(hits)-1]
			}
		}
	}
}

// The ranker looks at the first places of every block, and searches whole blocks whose customers have
// bought lately. It finds nobody twice: here many of one block have, everybody matches, and the sample of
// the newest customers says that few places of each block are enough.
func TestRankFindsNobodyTwice(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]search.Filter{"exact": {Query: "anna"}, "not exact": {Query: "ann"}} {
		b, m := search.NewBuilder(nil, 10_240), model{}
		for i := range int64(10_240) {
			e := search.Entry{Position: page.Position{CreatedAt: i, Seq: i + 1}, First: "Anna", Last: "Ó", Status: 1, Type: 1, Bought: 20_000 - i}
			if i > 5_000 && i < 5_400 {
				e.Bought = 1_000_000 + i
			}
			m[e.Seq] = e
			b.Add(e)
		}
		ix := b.Finish(1)
		all := m.matching(f)
		for _, q := range []search.RankQuery{{Take: 10}, {Take: 300}, {Skip: 390, Take: 20}} {
			q.Filter = f
			hits, more := all.ranked(q)
			got, err := ix.Rank(context.Background(), q)
			if err != nil || got.More != more || !slices.Equal(got.Hits, hits) {
				t.Errorf("%s, %d after %d: more %v, want %v; %v (-want +got)\n%s", name, q.Take, q.Skip, got.More, more, err, gocmp.Diff(hits, got.Hits))
			}
		}
	}
}

// filled returns an index of n people, created about two milliseconds apart, and the same as a model.
func filled(n int) (*search.Index, model) {
	b, m, p := search.NewBuilder(nil, n), model{}, newPeople(5)
	for i := range int64(n) {
		e := p.entry(i, 2*i+p.r.Int64N(4))
		m[e.Seq] = e
		b.Add(e)
	}
	return b.Finish(1), m
}

// terms are what people type, and what they should not.
var terms = []search.Filter{
	{Name: "ana"}, {Name: "Maria"}, {Name: "müller"}, {Name: "a"}, {Name: "王"}, {Name: "ф"}, {Name: "q"}, {Name: "%"},
	{Name: "anananan"}, {Name: "xqzw"}, {Name: "maria garcia"}, {Name: "JOSÉ HERNÁNDEZ"}, {Name: "a g"}, {Name: "иванов"},
	{Name: "أحمد"}, {Name: "o'b"}, {Name: "nosuchname"}, {Name: "garcia, maria"}, {Name: "müller anna"}, {Name: "Mueller"}, {Name: "mc ul"}, {Name: "j m s"}, {Name: "佐藤健太"},
	{Name: "علی حسین"}, {Name: "maria", Email: "garcia"}, {Name: "stonefordham"},
	{Email: "@gmail.com"}, {Email: "@"}, {Email: "maria.garcia"}, {Email: "1987@"}, {Email: "@nowhere.example"}, {Email: "zz"},
	{Name: "ana", Email: "@gmail.com"}, {Name: "maria", Email: "1987"},
}

// A last name that begins within a word, as it stands behind a first name without a space, is an exact
// match too, and so is one behind a first name of several words.
func TestRankOfNamesWithinWords(t *testing.T) {
	t.Parallel()
	b := search.NewBuilder(nil, 0)
	for i := range int64(400) {
		b.Add(search.Entry{Position: page.Position{CreatedAt: i + 10, Seq: i + 10}, First: "山田屋", Last: "x"})
	}
	want := []search.Rank{}
	for i, first := range []string{"太郎", "Jon 太郎", "ü太郎", "Jon", "a b c"} {
		e := search.Entry{Position: page.Position{CreatedAt: int64(9 - i), Seq: int64(9 - i)}, First: first, Last: "山田"}
		b.Add(e)
		want = append(want, search.Rank{Exact: true, Position: e.Position})
	}
	got, err := b.Finish(1).Rank(context.Background(), search.RankQuery{Filter: search.Filter{Query: "山田"}, Take: 5})
	if err != nil || !got.More || !slices.Equal(got.Hits, want) {
		t.Errorf("Rank = %+v, %v, want %+v", got, err, want)
	}
}
