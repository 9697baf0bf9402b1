package postgres_test

import (
	"slices"
	"testing"
	"time"

	"custodex.dev/internal/store"
	"custodex.dev/internal/store/postgres"
	"custodex.dev/internal/testkit/scratchpg"
)

// BenchmarkPooler is what a pooler in transaction mode costs one caller: each operation is a call
// over a direct connection and one through the pooler, in turns, so that both meet the same load.
// It reports the medians and the rate through the pooler as a share of the direct one.
func BenchmarkPooler(b *testing.B) {
	address := newDatabase(b)
	direct := openStore(b, address)
	pooled := openStore(b, scratchpg.NewPooler(b, address, scratchpg.PoolTransactions, 8).URL(b, address))
	if !pooled.Pooled() {
		b.Fatal("the pooler was not found")
	}
	app := newApp(b, direct)
	ids := fill(b, direct, app, 500)
	for name, call := range map[string]func(s *postgres.Store, n int) error{
		"read": func(s *postgres.Store, n int) error {
			_, err := s.CustomerGet(b.Context(), app, ids[n%len(ids)])
			return err
		},
		"insert": func(s *postgres.Store, _ int) error {
			row := newRow(time.Now().UnixMilli())
			return s.Update(b.Context(), app, func(tx store.Tx) error {
				tx.AuditAppend(newEntry(row.ID))
				_, err := tx.CustomerInsert(row)
				return err
			})
		},
	} {
		b.Run(name, func(b *testing.B) {
			var took [2][]time.Duration
			for n := range b.N {
				for i, s := range []*postgres.Store{direct, pooled} {
					begun := time.Now()
					if err := call(s, n); err != nil {
						b.Fatal(err)
					}
					took[i] = append(took[i], time.Since(begun))
				}
			}
			var medians [2]time.Duration
			for i := range took {
				slices.Sort(took[i])
				medians[i] = took[i][len(took[i])/2]
			}
			b.ReportMetric(float64(medians[0].Microseconds()), "µs-direct")
			b.ReportMetric(float64(medians[1].Microseconds()), "µs-pooled")
			b.ReportMetric(float64(medians[0])/float64(medians[1]), "ratio")
		})
	}
}
