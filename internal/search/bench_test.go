package search_test

import (
	"context"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"custodex.dev/internal/search"
)

// benchSize is 1,000,000 customers, or what CUSTODEX_BENCH_CUSTOMERS says.
func benchSize() int {
	if n, err := strconv.Atoi(os.Getenv("CUSTODEX_BENCH_CUSTOMERS")); err == nil {
		return n
	}
	return 1_000_000
}

var benchIndex = sync.OnceValue(func() *search.Index {
	n := benchSize()
	b := search.NewBuilder(nil, n)
	var wg sync.WaitGroup
	for shard := range 4 {
		wg.Go(func() {
			p := newPeople(uint64(shard))
			batch := make([]search.Entry, 0, 4096)
			for i := int64(shard); i < int64(n); i += 4 {
				if batch = append(batch, p.entry(i, 1000*i)); len(batch) == cap(batch) {
					b.AddBatch(batch)
					batch = batch[:0]
				}
			}
			b.AddBatch(batch)
		})
	}
	wg.Wait()
	return b.Finish(1)
})

var benchQueries = []struct {
	kind string
	q    search.Query
}{
	{"common", search.Query{Filter: search.Filter{Name: "maria"}}},
	{"one-character", search.Query{Filter: search.Filter{Name: "a"}}},
	{"one-character-rare", search.Query{Filter: search.Filter{Name: "ÿ"}}},
	{"two-characters-rare", search.Query{Filter: search.Filter{Name: "qx"}}},
	{"three-characters-absent", search.Query{Filter: search.Filter{Name: "uio"}}},
	{"rare", search.Query{Filter: search.Filter{Name: "stonehamford z"}}},
	{"absent", search.Query{Filter: search.Filter{Name: "zzyzx"}}},
	{"absent-common-pairs", search.Query{Filter: search.Filter{Name: "anananan"}}},
	{"absent-common-pieces", search.Query{Filter: search.Filter{Name: "marianderson"}}},
	{"full-name", search.Query{Filter: search.Filter{Name: "María García"}}},
	{"full-name-rare", search.Query{Filter: search.Filter{Name: "ulysses mcdonald"}}},
	{"full-name-absent", search.Query{Filter: search.Filter{Name: "maria kowalski"}}},
	{"chinese", search.Query{Filter: search.Filter{Name: "王伟"}}},
	{"cyrillic", search.Query{Filter: search.Filter{Name: "смирнова"}}},
	{"mail-fragment", search.Query{Filter: search.Filter{Email: "@gmail.com"}}},
	{"mail-fragment-deep", search.Query{Filter: search.Filter{Email: "@gmail.com"}, Skip: 10_000}},
	{"mail-digits-deep", search.Query{Filter: search.Filter{Email: "198"}, Skip: 10_000}},
	{"mail-rare", search.Query{Filter: search.Filter{Email: "ulysses.mcdonald@pro"}}},
	{"mail-absent", search.Query{Filter: search.Filter{Email: "anna.nanna@gmail.com"}}},
	{"common-deep", search.Query{Filter: search.Filter{Name: "a"}, Skip: 10_000}},
	{"common-and-rare-status", search.Query{Filter: search.Filter{Name: "a", Status: status(3)}, Skip: 1_000}},
	{"middling-deep", search.Query{Filter: search.Filter{Name: "garcia"}, Skip: 10_000}},
}

func status(s uint8) *uint8 { return &s }

// Searches by eight goroutines at once; p50 and p99 of the time that each took.
func BenchmarkSearch(b *testing.B) {
	a := benchIndex()
	for _, c := range benchQueries {
		b.Run(c.kind, func(b *testing.B) {
			c.q.Take = 10
			measure(b, 8, func() {
				if _, err := a.Search(context.Background(), c.q); err != nil {
					b.Error(err)
				}
			})
			p, _ := a.Search(context.Background(), c.q)
			b.ReportMetric(float64(p.Stats.Blocks-p.Stats.Skipped), "scanned-blocks")
		})
	}
	b.Run("mixed", func(b *testing.B) {
		var n atomic.Int64
		measure(b, 8, func() {
			q := benchQueries[int(n.Add(1))%len(benchQueries)].q
			q.Take = 10
			a.Search(context.Background(), q)
		})
	})
	b.Run("alone/absent-common-pieces", func(b *testing.B) {
		measure(b, 1, func() { a.Search(context.Background(), search.Query{Filter: search.Filter{Name: "maria kowalski"}}) })
	})
}

// Searches by relevance, and newest first, with one term for name, address and phone.
func BenchmarkRank(b *testing.B) {
	a := benchIndex()
	for _, term := range []search.Filter{
		{Query: "maria"}, {Query: "a"}, {Query: "li"}, {Query: "ÿ"}, {Query: "qx"}, {Query: "uio"}, {Query: "garcia"},
		{Query: "stonehamford"}, {Query: "zzyzx"}, {Query: "anananan"}, {Query: "marianderson"}, {Query: "maria garcia"},
		{Query: "maria kowalski"}, {Query: "王伟"}, {Query: "смирнова"}, {Query: "@gmail.com"}, {Query: "198"},
		{Query: "anna.nanna@gmail.com"}, {Query: "49301", Phone: "49301"}, {Query: "0123", Phone: "123"},
		{Query: "+1 555 010 0999", Phone: "15550100999"}, {Query: "a", Status: status(3)}, {Query: "@gman"},
		{Query: "9876", Phone: "9876"}, {Query: "민준"}, {Query: "محمد"}, {Query: "משה לוי"},
	} {
		for _, skip := range []int{0, 10_000} {
			q := search.RankQuery{Filter: term, Skip: skip, Take: 10}
			b.Run("relevance/"+term.Query+"/"+strconv.Itoa(skip), func(b *testing.B) {
				measure(b, 8, func() { a.Rank(context.Background(), q) })
			})
			b.Run("newest/"+term.Query+"/"+strconv.Itoa(skip), func(b *testing.B) {
				measure(b, 8, func() { a.Search(context.Background(), search.Query{Filter: term, Skip: skip, Take: 10}) })
			})
		}
	}
}

func BenchmarkCount(b *testing.B) {
	a := benchIndex()
	for b.Loop() {
		a.Count(context.Background(), search.Filter{Name: "maria"})
	}
}

// measure calls do from several goroutines, b.N times in all. The processor time that a call takes, of
// all processors together, is what tells on a machine that others use too.
func measure(b *testing.B, goroutines int, do func()) {
	took := make([]time.Duration, b.N)
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	before := processorTime(b)
	for range goroutines {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < b.N; i = int(next.Add(1)) - 1 {
				start := time.Now()
				runtime.Gosched() // wait in line, as a request does that comes from the network
				do()
				took[i] = time.Since(start)
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64((processorTime(b)-before).Microseconds())/float64(1000*b.N), "cpu-ms")
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(0, "ns/op")
}

// processorTime is what this process has used so far.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// One new customer, and one changed, each with the search that follows.
func BenchmarkApply(b *testing.B) {
	a, p := benchIndex(), newPeople(1)
	n := int64(benchSize())
	b.Run("create", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			a.Apply([]search.Entry{p.entry(n+int64(i), 1000*n+int64(i))}, a.Version()+1)
		}
	})
	b.Run("change", func(b *testing.B) {
		for b.Loop() {
			seq := p.r.Int64N(n)
			a.Apply([]search.Entry{p.entry(seq, 1000*seq)}, a.Version()+1)
		}
	})
}

// Building from entries at hand, on all processors.
func BenchmarkBuild(b *testing.B) {
	n := min(benchSize(), 1_000_000)
	p, entries := newPeople(3), make([]search.Entry, n)
	for i := range entries {
		entries[i] = p.entry(int64(i), int64(1000*i))
	}
	for b.Loop() {
		bld := search.NewBuilder(nil, n)
		var next atomic.Int64
		var wg sync.WaitGroup
		for range runtime.GOMAXPROCS(0) {
			wg.Go(func() {
				for {
					hi := int(next.Add(1000))
					if hi-1000 >= n {
						return
					}
					bld.AddBatch(entries[hi-1000 : min(hi, n)])
				}
			})
		}
		wg.Wait()
		bld.Finish(1)
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "customers/s")
}
