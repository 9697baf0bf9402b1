package sequencer_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/id"
	"custodex.dev/internal/sequencer"
	"custodex.dev/internal/store"
	"custodex.dev/internal/testkit"
)

// BenchmarkWhoLooked measures "who looked at X" over a log of CUSTODEX_BENCH_ENTRIES (1,000,000) reads of
// one customer each, of as many customers, on SQLite: with filters, and by a scan as before. X is a
// customer of the log at random; the answer is every entry about it. The filters cover all but the
// first block and the end.
func BenchmarkWhoLooked(b *testing.B) {
	entries := 1_000_000
	if text := os.Getenv("CUSTODEX_BENCH_ENTRIES"); text != "" {
		var err error
		if entries, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	st := testkit.NewStore(b, "sqlite")
	e := newEnv(b, st)
	if err := e.stop(); err != nil {
		b.Fatal(err)
	}
	customers := fillLog(b, e, st, entries)
	lists := map[string]func(list store.AuditList) ([]store.AuditRow, error){
		"filters": func(list store.AuditList) ([]store.AuditRow, error) { return e.List(b.Context(), e.app, list, 1000) },
		"scan": func(list store.AuditList) ([]store.AuditRow, error) {
			return st.AuditList(b.Context(), e.app, list, 1000)
		},
	}
	for _, name := range []string{"filters", "scan"} {
		b.Run(fmt.Sprintf("%s/%d", name, entries), func(b *testing.B) {
			var took []time.Duration
			random := rand.New(rand.NewPCG(1, 2))
			before := processorTime(b)
			for b.Loop() {
				c := customers[random.IntN(len(customers))]
				began := time.Now()
				rows, err := lists[name](store.AuditList{Customer: &c})
				took = append(took, time.Since(began))
				if err != nil || len(rows) == 0 {
					b.Fatalf("%d entries, %v", len(rows), err)
				}
			}
			b.ReportMetric(float64((processorTime(b)-before).Microseconds())/float64(1000*b.N), "cpu-ms")
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
		})
	}
}

// processorTime is what this process has used of all processors, which tells on a busy machine.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// fillLog makes entries with their blocks, and gives some of the customers that they are about.
func fillLog(b *testing.B, e *testEnv, st store.Store, entries int) (some []id.Customer) {
	b.Helper()
	random := rand.New(rand.NewPCG(3, 4))
	customers := make([]id.Customer, entries)
	for i := range customers {
		customers[i] = id.NewCustomer()
	}
	actors := []string{string(id.NewCredential()), string(id.NewCredential()), string(id.NewCredential())}
	personal := sequencer.SealOrigin(e.key, audit.Origin{Owner: "payments team", Address: "192.0.2.7", UserAgent: "client/1.2"})
	rows := make([]store.AuditRow, 0, store.BlockEntries)
	seq := e.entries(b)
	for range entries {
		made := entry(e.app, e.key)
		made.Outcome, made.Code, made.Personal = audit.Done, "", personal
		made.Actor, made.Targets = actors[random.IntN(3)], []id.Customer{customers[random.IntN(entries)]}
		if random.IntN(1000) == 0 {
			some = append(some, made.Targets[0])
		}
		rows = append(rows, sequencer.NewRow(e.key, made))
		if n := seq + int64(len(rows)); n%store.BlockEntries == 0 {
			putBlock(b, e, st, rows, n/store.BlockEntries-1)
			seq, rows = n, rows[:0]
		}
	}
	if err := st.Record(b.Context(), e.app, rows...); err != nil {
		b.Fatal(err)
	}
	return some
}

// putBlock adds entries that end a block, and the block.
func putBlock(b *testing.B, e *testEnv, st store.Store, rows []store.AuditRow, n int64) {
	b.Helper()
	if err := st.Record(b.Context(), e.app, rows...); err != nil {
		b.Fatal(err)
	}
	for i := range rows {
		rows[i].Seq = (n+1)*store.BlockEntries - int64(len(rows)-i)
		rows[i].MAC = rows[i].MACFunc(rows[i].Seq)
	}
	if block, whole := sequencer.NewBlock(e.app, e.key, n, rows); whole {
		if err := st.BlockPut(b.Context(), e.app, block); err != nil {
			b.Fatal(err)
		}
	}
}
