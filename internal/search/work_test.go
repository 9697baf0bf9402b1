package search_test

import (
	"context"
	"runtime"
	"sync"
	"testing"

	"custodex.dev/internal/search"
)

// These tests count work, not time, so that they fail on any machine when a search begins to do
// more than it has to.

const guarded = 200_000

var guardedIndex = sync.OnceValue(func() *search.Index {
	a, _ := filled(guarded)
	return a
})

func TestSearchWork(t *testing.T) {
	t.Parallel()
	a := guardedIndex()
	blocks, _ := a.Blocks(nil)
	for _, c := range []struct {
		kind string
		q    search.Query
		max  float64 // of all blocks
	}{
		{"absent", search.Query{Filter: search.Filter{Name: "zzyzx"}}, 0.01},
		{"absent, common pairs", search.Query{Filter: search.Filter{Name: "anananan"}}, 0.10},
		{"absent, common pieces", search.Query{Filter: search.Filter{Name: "marianderson"}}, 0.02},
		{"absent, two characters", search.Query{Filter: search.Filter{Name: "qx"}}, 0},
		{"absent, three characters", search.Query{Filter: search.Filter{Name: "uio"}}, 0.10},
		{"absent, three characters of three texts", search.Query{Filter: search.Filter{Query: "uio"}}, 0.12},
		{"nearly absent, five digits", search.Query{Filter: search.Filter{Query: "49301", Phone: "49301"}}, 0.22},
		{"absent address", search.Query{Filter: search.Filter{Email: "anna.nanna@gmail.com"}}, 0.02},
		{"absent end of address", search.Query{Filter: search.Filter{Email: "@gman"}}, 0.25},
		{"absent, several words", search.Query{Filter: search.Filter{Name: "zzyzx maria"}}, 0.01},
		{"common", search.Query{Filter: search.Filter{Name: "maria"}}, 2. / 98},
		{"one character", search.Query{Filter: search.Filter{Name: "a"}}, 1. / 98},
		{"common address", search.Query{Filter: search.Filter{Email: "@gmail.com"}}, 1. / 98},
		{"deep, common address", search.Query{Filter: search.Filter{Email: "@gmail.com"}, Skip: 10_000}, 0.30},
		{"deep, unfiltered", search.Query{Skip: 100_000}, 1. / 98},
		{"deep, status only", search.Query{Filter: search.Filter{Status: status(2)}, Skip: 10_000}, 1. / 98},
		{"absent status", search.Query{Filter: search.Filter{Name: "a", Status: status(9)}}, 0},
		{"absent group", search.Query{Filter: search.Filter{Name: "a", Group: new(int64(5))}}, 0},
		{"old", search.Query{Filter: search.Filter{Name: "a", CreatedTo: 20_000}}, 1. / 98},
	} {
		c.q.Take = 10
		p, err := a.Search(context.Background(), c.q)
		if err != nil {
			t.Fatal(err)
		}
		scanned := float64(p.Stats.Blocks-p.Stats.Skipped) / float64(len(blocks))
		if scanned > c.max+1e-9 {
			t.Errorf("%s: %+v, that is %.3f of %d blocks scanned, want at most %.3f", c.kind, p.Stats, scanned, len(blocks), c.max)
		}
	}
	// Words in any order are not looked for by way of the text of one.
	p, _ := a.Search(context.Background(), search.Query{Filter: search.Filter{Name: "maria zoe"}, Take: 1_000})
	if p.Stats.Verified > guarded/50 {
		t.Errorf("two words: %d looked at", p.Stats.Verified)
	}
	// A rare status is not looked for by way of a common term.
	p, _ = a.Search(context.Background(), search.Query{Filter: search.Filter{Name: "a", Status: status(3)}, Take: 1_000})
	if p.Stats.Verified > 3_000 {
		t.Errorf("1,000 customers of a rare status: %d looked at", p.Stats.Verified)
	}
}

// By relevance, an exact match is looked for only where one may be, and the best of many matches are found
// without a look at the others.
func TestRankWork(t *testing.T) {
	t.Parallel()
	a := guardedIndex()
	for _, c := range []struct {
		q   search.RankQuery
		max int // customers looked at one by one
	}{
		{search.RankQuery{Filter: search.Filter{Query: "a"}}, guarded / 40},
		{search.RankQuery{Filter: search.Filter{Query: "maria"}}, guarded / 40},
		{search.RankQuery{Filter: search.Filter{Query: "19", Phone: "19"}}, guarded / 40},
		{search.RankQuery{Filter: search.Filter{Query: "王"}}, guarded / 40},
		{search.RankQuery{Filter: search.Filter{Query: "王伟"}}, guarded / 10},
		{search.RankQuery{Filter: search.Filter{Query: "49301", Phone: "49301"}}, guarded / 100},
		{search.RankQuery{Filter: search.Filter{Query: "a"}, Skip: 2_000}, guarded / 10},
	} {
		c.q.Take = 10
		p, err := a.Rank(context.Background(), c.q)
		if err != nil || len(p.Hits) == 0 {
			t.Fatalf("Rank(%+v) = %+v, %v", c.q, p, err)
		}
		if p.Stats.Verified > c.max {
			t.Errorf("Rank(%+v): %d looked at, want at most %d", c.q, p.Stats.Verified, c.max)
		}
	}
}

func TestApplyWork(t *testing.T) {
	t.Parallel()
	a, m := filled(guarded)
	before, _ := a.Blocks(nil)
	p := newPeople(8)
	renamed := m[guarded/2]
	renamed.Last = "Renamed"
	a.Apply([]search.Entry{renamed}, 2)
	a.Apply([]search.Entry{p.entry(guarded, 2*guarded+10)}, 3)
	if _, common := a.Blocks(before); common != len(before) || a.Recent() != 2 {
		t.Errorf("two changes: %d of %d blocks left, %d recent changes, want 2", common, len(before), a.Recent())
	}
	// New customers touch the newest block only.
	for i := range int64(600) {
		a.Apply([]search.Entry{p.entry(guarded+1+i, 2*guarded+11+i)}, 4+i)
	}
	a.Settle()
	if _, common := a.Blocks(before); common < len(before)-2 {
		t.Errorf("600 new customers and one old: %d of %d blocks left", common, len(before))
	}
}

func TestSearchAllocations(t *testing.T) {
	a := guardedIndex()
	for _, f := range []search.Filter{{Name: "maria"}, {Email: "@gmail.com"}, {Name: "zzyzx"}} {
		n := testing.AllocsPerRun(100, func() { a.Search(context.Background(), search.Query{Filter: f, Take: 10}) })
		if n > 20 {
			t.Errorf("Search(%+v): %v allocations, want at most 20", f, n)
		}
	}
}

func TestMemory(t *testing.T) {
	guardedIndex() // so that it is not made between the two readings
	heap := func() int64 {
		var s runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&s)
		return int64(s.HeapAlloc)
	}
	b, p, before, text := search.NewBuilder(nil, 0), newPeople(6), heap(), 0
	for i := range int64(guarded) {
		e := p.entry(i, i)
		e.Group = i % 5
		text += len(search.Fold(e.First)) + len(search.Fold(e.Last)) + len(search.Fold(e.Email)) + len(e.Phone)
		b.Add(e)
	}
	a := b.Finish(1)
	b = nil
	measured := heap() - before
	if got := a.Bytes(); got < measured*95/100 || got > measured*105/100 {
		t.Errorf("Bytes() = %d, but the heap has grown by %d", got, measured)
	}
	if over := float64(a.Bytes()-int64(text)) / guarded; over > 88 {
		t.Errorf("%.1f bytes a customer beyond the text, want at most 88", over)
	}
	t.Logf("%.1f bytes of text a customer, %.1f beyond it", float64(text)/guarded, float64(a.Bytes()-int64(text))/guarded)
	// Steady change does not make it grow.
	size := a.Bytes()
	for i := range int64(20_000) {
		seq := p.r.Int64N(guarded)
		e := p.entry(seq, seq)
		e.Group = seq % 5
		a.Apply([]search.Entry{e}, 2+i)
	}
	a.Settle()
	if got := a.Bytes(); got > size*107/100 {
		t.Errorf("Bytes() = %d after 20,000 changes, %d before", got, size)
	}
	runtime.KeepAlive(a)
}
