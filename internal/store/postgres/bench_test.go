package postgres_test

import (
	"sync/atomic"
	"testing"
	"time"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// clients is how many requests the benchmarks keep under way.
const clients = 32

// BenchmarkCreate is what a create does in the store: the customer, its idempotency
// row and its audit entry, durable, all into one application.
func BenchmarkCreate(b *testing.B) {
	s := newStore(b)
	app := newApp(b, s)
	spread(b, func() error {
		row, scope, entry := newRow(time.Now().UnixMilli()), random(32), newEntry()
		return s.Update(b.Context(), app, func(tx store.Tx) error {
			if _, err := tx.CustomerInsert(row); err != nil {
				return err
			}
			tx.AuditAppend(entry)
			return tx.IdempotencyPut(store.IdempotencyRow{
				Scope: scope, Fingerprint: scope, Customer: row.ID, Reply: row.Sealed,
			}, time.Hour)
		})
	})
}

// BenchmarkFetch is what a fetch does in the store: the customer and its audit entry, durable. The
// customer is read first, or in memory and checked with the entry, or that with its group.
func BenchmarkFetch(b *testing.B) {
	for _, kind := range []string{"read", "cached", "grouped"} {
		b.Run(kind, func(b *testing.B) {
			s := newStore(b)
			app := newApp(b, s)
			ids := fill(b, s, app, 2000)
			if kind == "grouped" {
				join(b, s, app, ids)
			}
			fetch := func(c id.Customer) error {
				use := func(*store.CustomerRow) (store.AuditRow, error) { return newEntry(c), nil }
				if kind == "read" {
					return store.Disclose(b.Context(), s, app, store.CustomerRef{ID: c}, use)
				}
				return s.Disclose(b.Context(), app, store.CustomerRef{ID: c}, use)
			}
			for _, c := range append(ids[:1:1], ids...) { // the first is kept only once it is known what changes
				if err := fetch(c); err != nil {
					b.Fatal(err)
				}
			}
			var next atomic.Int64
			spread(b, func() error { return fetch(ids[next.Add(1)%int64(len(ids))]) })
		})
	}
}

// join puts the customers into a group.
func join(b *testing.B, s store.Store, app id.App, ids []id.Customer) {
	b.Helper()
	err := s.Update(b.Context(), app, func(tx store.Tx) error {
		group, err := tx.GroupInsert(store.GroupRow{Sealed: []byte("x")})
		for _, c := range ids {
			if err != nil {
				return err
			}
			var row store.CustomerRow
			if row, err = tx.CustomerGet(c); err == nil {
				row.Group = group
				err = tx.CustomerUpdate(row)
			}
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkList is a first page of ten with its audit entry.
func BenchmarkList(b *testing.B) {
	s := newStore(b)
	app := newApp(b, s)
	fill(b, s, app, 2000)
	spread(b, func() error {
		page, err := s.CustomerList(b.Context(), app, store.CustomerList{Take: 10})
		if err != nil {
			return err
		}
		targets := make([]id.Customer, 0, len(page))
		for i := range page {
			targets = append(targets, page[i].ID)
		}
		return s.Record(b.Context(), app, newEntry(targets...))
	})
}

// BenchmarkScan is what a search index is built with, a customer an operation.
func BenchmarkScan(b *testing.B) {
	s := newStore(b)
	app := newApp(b, s)
	fill(b, s, app, 20_000)
	b.ResetTimer()
	for n := 0; n < b.N; {
		err := s.CustomerScan(b.Context(), app, 0, 1<<62, func(*store.CustomerRow) error {
			n++
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// spread runs one over many goroutines, b.N times in all.
func spread(b *testing.B, one func() error) {
	b.Helper()
	var left atomic.Int64
	left.Store(int64(b.N))
	failed := make(chan error, clients)
	b.ResetTimer()
	begun := time.Now()
	for range clients {
		go func() {
			var err error
			for err == nil && left.Add(-1) >= 0 {
				err = one()
			}
			failed <- err
		}()
	}
	for range clients {
		if err := <-failed; err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/time.Since(begun).Seconds(), "ops/s")
}

// fill adds n customers and gives their ids.
func fill(b testing.TB, s store.Store, app id.App, n int) []id.Customer {
	b.Helper()
	ids := make([]id.Customer, 0, n)
	for len(ids) < n {
		rows := make([]store.CustomerRow, min(500, n-len(ids)))
		for i := range rows {
			rows[i] = newRow(int64(len(ids)))
			ids = append(ids, rows[i].ID)
		}
		err := s.Update(b.Context(), app, func(tx store.Tx) error {
			for _, row := range rows {
				if _, err := tx.CustomerInsert(row); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return ids
}
