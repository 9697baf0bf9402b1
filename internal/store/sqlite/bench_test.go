package sqlite_test

import (
	"crypto/rand"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/sqlite"
)

// The benchmarks run what one request asks of the store, 32 at a time, with
// everything that a request writes on disk when it returns.

const parallel = 32

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

func benchCustomer() store.CustomerRow {
	return store.CustomerRow{
		ID: id.NewCustomer(), Status: 1, Type: 1, EmailHash: random(32), EmailForm: 1,
		CreatedAt: time.Now().UnixMilli(), UpdatedAt: time.Now().UnixMilli(),
		Sealed: random(400), Key: random(60),
	}
}

func benchEntry(c id.Customer) store.AuditRow {
	return store.AuditRow{
		At: time.Now().UnixMilli(), Actor: "cred_abcdefghijkmnpqr", Action: "customers.read", Outcome: 1,
		Targets: c[:], Detail: []byte("devdraft abcdefghijklmnopqrst"), Personal: random(120), MAC: random(32),
	}
}

// populated opens a store with an application of n customers.
func populated(b *testing.B, n int) (*sqlite.Store, id.App, []id.Customer) {
	b.Helper()
	s, app := open(b), id.NewApp()
	ids := make([]id.Customer, n)
	err := s.Update(b.Context(), app, func(tx store.Tx) error {
		return tx.AppInsert(store.AppRow{ID: app, Name: "Bench", Key: random(60), CreatedAt: 1})
	})
	for from := 0; from < n && err == nil; from += 1000 {
		err = s.Update(b.Context(), app, func(tx store.Tx) error {
			for i := from; i < min(n, from+1000); i++ {
				row := benchCustomer()
				ids[i] = row.ID
				if _, err := tx.CustomerInsert(row); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil {
		b.Fatal(err)
	}
	return s, app, ids
}

func inParallel(b *testing.B, fn func(i int64) error) {
	b.Helper()
	b.ReportAllocs()
	b.SetParallelism(max(1, parallel/runtime.GOMAXPROCS(0)))
	took := make([]time.Duration, b.N)
	var n atomic.Int64
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := n.Add(1) - 1
			start := time.Now()
			if err := fn(i); err != nil {
				b.Error(err)
				return
			}
			took[i] = time.Since(start)
		}
	})
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
	b.ReportMetric(took[len(took)*99/100].Seconds()*1000, "p99-ms")
	b.ReportMetric(took[len(took)-1].Seconds()*1000, "max-ms")
}

// BenchmarkFetch is a fetch by id with its audit entry.
func BenchmarkFetch(b *testing.B) {
	s, app, ids := populated(b, 20_000)
	inParallel(b, func(i int64) error {
		c := ids[(i*7919)%int64(len(ids))]
		if _, err := s.CustomerGet(b.Context(), app, c); err != nil {
			return err
		}
		return s.Record(b.Context(), app, benchEntry(c))
	})
}

// BenchmarkGet is a fetch without its entry, for comparison.
func BenchmarkGet(b *testing.B) {
	s, app, ids := populated(b, 20_000)
	inParallel(b, func(i int64) error {
		_, err := s.CustomerGet(b.Context(), app, ids[(i*7919)%int64(len(ids))])
		return err
	})
}

// BenchmarkCreate is a create with its idempotency row and audit entry.
func BenchmarkCreate(b *testing.B) {
	s, app, _ := populated(b, 20_000)
	inParallel(b, func(int64) error {
		row := benchCustomer()
		key := store.IdempotencyRow{Scope: random(32), Fingerprint: random(32), Customer: row.ID, Reply: random(450)}
		return s.Update(b.Context(), app, func(tx store.Tx) error {
			if _, err := tx.IdempotencyGet(key.Scope); err == nil {
				return nil
			}
			if _, err := tx.CustomerInsert(row); err != nil {
				return err
			}
			tx.AuditAppend(benchEntry(row.ID))
			return tx.IdempotencyPut(key, 24*time.Hour)
		})
	})
}

// BenchmarkList is a page of ten, newest first, with its entry.
func BenchmarkList(b *testing.B) {
	s, app, _ := populated(b, 20_000)
	inParallel(b, func(int64) error {
		page, err := s.CustomerList(b.Context(), app, store.CustomerList{Take: 10})
		if err != nil {
			return err
		}
		return s.Record(b.Context(), app, benchEntry(page[0].ID))
	})
}

// BenchmarkSkip is a page far behind the newest: it must cost index entries only.
func BenchmarkSkip(b *testing.B) {
	s, app, _ := populated(b, 20_000)
	b.ResetTimer()
	for b.Loop() {
		if _, err := s.CustomerList(b.Context(), app, store.CustomerList{Skip: 19_000, Take: 10}); err != nil {
			b.Fatal(err)
		}
	}
}
