package search_test

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"sync"
	"testing"

	"custodex.dev/internal/page"
	"custodex.dev/internal/safe"
	"custodex.dev/internal/search"
)

// Searches beside edits, deletions and compaction each see one version: the two customers of a pair
// change their status in one Apply, so that one of them has status 1 at every moment.
func TestSearchBesideApply(t *testing.T) {
	t.Parallel()
	const pairs, rounds, writers = 40, 150, 2
	b := search.NewSmallBuilder()
	entry := func(seq int64, round int, on bool) search.Entry {
		e := search.Entry{Position: page.Position{CreatedAt: seq * 7 % 50, Seq: seq}, First: "Pair", Last: "No" + strconv.FormatInt(seq/2, 10),
			Email: "r" + strconv.Itoa(round) + "@example.com"}
		if on {
			e.Status = 1
		}
		return e
	}
	for i := range int64(2 * pairs) {
		b.Add(entry(i, 0, i%2 == 0))
	}
	a := b.Finish(0)
	on := uint8(1)
	ctx := context.Background()
	var versions sync.Mutex // as the store orders writes
	var writing, reading sync.WaitGroup
	done := make(chan struct{})
	for w := range writers {
		writing.Go(func() {
			for r := 1; r <= rounds; r++ {
				pair := int64((r*writers + w) % pairs)
				extra := entry(int64(1000+w), r, false)
				extra.First, extra.Deleted = "Extra", r%3 == 0
				first := r%2 == 0
				versions.Lock()
				v := a.Version() + 1
				a.Apply([]search.Entry{entry(2*pair, r, first), entry(2*pair+1, r, !first), extra}, v)
				versions.Unlock()
				p, err := a.Search(ctx, search.Query{Filter: search.Filter{Name: "extra"}, Take: writers})
				found := false
				for _, h := range p.Hits {
					found = found || h.Seq == extra.Seq
				}
				if err != nil || found == extra.Deleted {
					t.Errorf("after Apply: extra found %v, deleted %v, %v", found, extra.Deleted, err)
				}
			}
		})
	}
	for range 3 {
		reading.Go(func() {
			for {
				n, err := a.Count(ctx, search.Filter{Name: "pair", Status: &on})
				p, err2 := a.Search(ctx, search.Query{Filter: search.Filter{Name: "pair no", Email: "@example"}, Skip: 5, Take: 3 * pairs})
				if n != pairs || len(p.Hits) != 2*pairs-5 || p.More || err != nil || err2 != nil {
					t.Errorf("Count, hits = %d, %d, %v, %v; want %d, %d", n, len(p.Hits), err, err2, pairs, 2*pairs-5)
					return
				}
				select {
				case <-done:
					return
				default:
					runtime.Gosched()
				}
			}
		})
	}
	writing.Wait()
	close(done)
	reading.Wait()
	a.Settle()
	if msg := a.Check(); msg != "" {
		t.Error(msg)
	}
}

// Several goroutines may fill a builder, with any mixture of Add and AddBatch.
func TestBuilderFilledByMany(t *testing.T) {
	t.Parallel()
	const each, goroutines = 5_000, 4
	b := search.NewBuilder(nil, 0)
	var wg sync.WaitGroup
	for g := range int64(goroutines) {
		wg.Go(func() {
			p := newPeople(uint64(g))
			var batch []search.Entry
			for i := range int64(each) {
				e := p.entry(i*goroutines+g, p.r.Int64N(1000))
				if i%2 == 0 {
					b.Add(e)
				} else if batch = append(batch, e); len(batch) == 100 {
					b.AddBatch(batch)
					batch = batch[:0]
				}
			}
			b.AddBatch(batch)
		})
	}
	wg.Wait()
	a := b.Finish(3)
	if n, _ := a.Count(context.Background(), search.Filter{}); n != each*goroutines || a.Len() != n || a.Version() != 3 {
		t.Errorf("Count, Len, Version = %d, %d, %d; want %d twice, 3", n, a.Len(), a.Version(), each*goroutines)
	}
	if msg := a.Check(); msg != "" {
		t.Error(msg)
	}
}

// A customer added twice while the store was read in pages counts once, as it was last.
func TestBuilderDropsRepeats(t *testing.T) {
	t.Parallel()
	b := search.NewBuilder(nil, 0)
	at := page.Position{CreatedAt: 5, Seq: 1}
	b.Add(search.Entry{Position: at, First: "Old"})
	b.Add(search.Entry{Position: page.Position{CreatedAt: 4, Seq: 2}, First: "Other"})
	b.Add(search.Entry{Position: at, First: "New"})
	a := b.Finish(1)
	for name, want := range map[string]int{"old": 0, "new": 1, "other": 1, "": 2} {
		if n, _ := a.Count(context.Background(), search.Filter{Name: name}); n != want {
			t.Errorf("Count(%q) = %d, want %d", name, n, want)
		}
	}
}

// The text of a deleted customer leaves memory at the next compaction, wherever it was.
func TestDeletedTextLeavesMemory(t *testing.T) {
	t.Parallel()
	a, m := filled(20_000)
	const canary = "Canarybird"
	p := newPeople(3)
	changes := []search.Entry{}
	for i := range int64(50) { // among others in one change, and in a block
		e := p.entry(30_000+i, 60_000+i)
		if i == 25 {
			e.First = canary
		}
		changes = append(changes, e)
	}
	inBlock := m[123]
	inBlock.Last = canary
	a.Apply(changes, 2)
	a.Apply([]search.Entry{inBlock}, 3)
	flush := make([]search.Entry, 300)
	for i := range flush {
		flush[i] = p.entry(40_000+int64(i), 70_000)
	}
	a.Apply(flush, 4)
	a.Settle()
	if !a.Text(search.Fold(canary)) {
		t.Fatal("the canary is not there to begin with")
	}
	again := changes[25] // and once more as a recent change beside others
	again.Email = "other@example.com"
	a.Apply([]search.Entry{again, p.entry(50_000, 1), p.entry(50_001, 2)}, 5)
	a.Apply([]search.Entry{{Position: page.Position{Seq: 123}, Deleted: true}, {Position: again.Position, Deleted: true}}, 6)
	a.Settle()
	if a.Text(search.Fold(canary)) {
		t.Error("a deleted customer's name is still in memory")
	}
	if msg := a.Check(); msg != "" {
		t.Error(msg)
	}
}

// It does so without being asked to, and also if the deletion came while the name was on its way into
// a block.
func TestDeletedTextLeavesMemoryByItself(t *testing.T) {
	t.Parallel()
	a, m := filled(5_000)
	bird := m[100]
	bird.Last = "Canarybird"
	gone := search.Entry{Position: bird.Position, Deleted: true}
	a.Apply([]search.Entry{bird}, 2)
	a.SettleBeside(func() { a.Apply([]search.Entry{gone}, 3) })
	a.Settle()
	if a.Text("canarybird") {
		t.Error("deleted beside compaction: the name is still in memory")
	}
	a.Apply([]search.Entry{bird}, 4)
	a.SettleBeside(func() {})
	a.Wait()
	if !a.Text("canarybird") {
		t.Fatal("the canary is not there to begin with")
	}
	a.Apply([]search.Entry{gone}, 5)
	a.Wait()
	if a.Text("canarybird") {
		t.Error("deleted from a block: the name is still in memory")
	}
}

// cancelAfter is a context that is cancelled once it has been asked n times.
type cancelAfter struct {
	context.Context
	mu sync.Mutex
	n  int
}

func (c *cancelAfter) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n--; c.n < 0 {
		return context.Canceled
	}
	return nil
}

func TestSearchStopsWhenCancelled(t *testing.T) {
	t.Parallel()
	a, _ := filled(200_000)
	for _, n := range []int{0, 1, 10, 40} {
		ctx := &cancelAfter{Context: context.Background(), n: n}
		p, err := a.Search(ctx, search.Query{Filter: search.Filter{Name: "garcia"}, Skip: 1 << 40, Take: 10})
		if !errors.Is(err, context.Canceled) || len(p.Hits) != 0 {
			t.Errorf("cancelled after %d looks: %d hits, %v", n, len(p.Hits), err)
		}
		// Whoever takes note of nothing for a long time has not asked often since.
		if ctx.n < -40 {
			t.Errorf("cancelled after %d looks: %d more", n, -ctx.n)
		}
	}
	if _, err := a.Count(&cancelAfter{Context: context.Background()}, search.Filter{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Count of a cancelled context: %v", err)
	}
}

// A panic of a goroutine that helps a search or a build is one of the caller, who can recover from
// it. In a goroutine of its own it would end the process.
func TestPanicOfAWorkerIsTheCallers(t *testing.T) {
	t.Parallel()
	ix, _ := filled(100_000)
	ix.LoseText(12) // beyond what a search scans alone
	for name, do := range map[string]func(){
		"search": func() {
			ix.Search(t.Context(), search.Query{Filter: search.Filter{Name: "garcia"}, Skip: 1 << 40, Take: 10})
		},
		"build": func() { search.Parallel(8, func(k int) { panic(k) }) },
	} {
		if err := safe.Call(func() error { do(); return nil }); err == nil {
			t.Errorf("%s: no panic", name)
		}
	}
}
