package bench_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"custodex.dev/internal/authz"
	"custodex.dev/internal/bench"
	settings "custodex.dev/internal/config"
	"custodex.dev/internal/id"
	"custodex.dev/internal/job"
	"custodex.dev/internal/records"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
)

// BenchmarkFetchBesideAJob measures what a running load does to fetches of the same application: 16
// clients fetch in turns of three seconds with and without it. It reports the medians of the turns'
// 99th percentiles, in milliseconds, their ratio, and how many rows a second the load made.
func BenchmarkFetchBesideAJob(b *testing.B) {
	for _, engine := range testkit.Engines {
		b.Run(engine, func(b *testing.B) {
			s := testkit.NewServer(b, testkit.Options{Engine: engine, Configure: func(c *settings.Config) {
				c.Jobs = job.Kinds{"load": bench.Loader}
			}})
			caller := tenant.Caller{App: s.App.ID, Credential: s.Key.ID, Scopes: authz.DefaultScopes,
				Origin: tenant.Origin{Dialect: "bench", Request: id.NewRequest()}}
			load := func(from, count int) job.Job {
				j, err := s.Records.StartJob(b.Context(), caller, "load", bench.LoadParameters(7, from, count), "")
				if err != nil {
					b.Fatal(err)
				}
				return j
			}
			fetch := func(which id.Job) job.Job {
				j, err := s.Records.FetchJob(b.Context(), s.OperatorCaller(s.App.ID), which)
				if err != nil {
					b.Fatal(err)
				}
				return j
			}
			first := load(0, 2000)
			for fetch(first.ID).State != store.JobSucceeded {
				time.Sleep(100 * time.Millisecond)
			}
			list, err := s.Records.ListCustomers(b.Context(), caller, records.ListRequest{})
			if err != nil {
				b.Fatal(err)
			}
			turn := func() time.Duration {
				var requests atomic.Int64
				tally, err := bench.Load{Workers: 16, Warm: 300 * time.Millisecond, Length: 3 * time.Second, Rate: 500}.Run(b.Context(), func(int) error {
					c := list.Customers[int(requests.Add(1))%len(list.Customers)]
					_, err := s.Records.FetchCustomer(context.Background(), caller, records.ByID(c.ID))
					return err
				})
				if err != nil || tally.Errors > 0 {
					b.Fatalf("%v, %d errors, the first: %v", err, tally.Errors, tally.First)
				}
				return tally.Quantile(0.99)
			}
			var without, with []time.Duration
			var rows, seconds float64
			for b.Loop() {
				without = append(without, turn())
				j, begun := load((len(with)+1)*1_000_000, 1_000_000), time.Now()
				with = append(with, turn())
				rows, seconds = rows+float64(fetch(j.ID).Done), seconds+time.Since(begun).Seconds()
				if _, err := s.Records.ChangeJob(b.Context(), s.OperatorCaller(s.App.ID), j.ID, job.Cancel); err != nil {
					b.Fatal(err)
				}
			}
			slices.Sort(without)
			slices.Sort(with)
			a, z := without[len(without)/2].Seconds(), with[len(with)/2].Seconds()
			b.ReportMetric(a*1000, "p99-ms-without")
			b.ReportMetric(z*1000, "p99-ms-with")
			b.ReportMetric(z/a, "ratio")
			b.ReportMetric(rows/seconds, "rows/s")
		})
	}
}
