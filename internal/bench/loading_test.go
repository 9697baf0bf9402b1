package bench_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/bench"
	"custodex.dev/internal/customerrow"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/job"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/storetest"
	"custodex.dev/internal/testkit"
)

// oneKey is the keys of a store with one application.
type oneKey struct{ key *seal.App }

func (k oneKey) Key(context.Context, id.App) (*seal.App, error) { return k.key, nil }

// A load is killed at one call of the database after another, and gone on with by other processes.
// In the end there is each person of the seed once, in order, and nobody else.
func TestLoadIsResumedExactly(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			const seed, from, count = 7, 100, 400
			st, app := testkit.NewStore(t, engine), id.NewApp()
			epoch, err := seal.OpenEpoch(1, seal.NewEpochKey())
			if err != nil {
				t.Fatal(err)
			}
			key, raw, _ := epoch.NewApp(app)
			j := job.New(app, "load", bench.LoadParameters(seed, from, count))
			err = st.Update(t.Context(), app, func(tx store.Tx) error {
				if err := tx.AppInsert(store.AppRow{ID: app, Name: "Shop", Key: raw, CreatedAt: 1}); err != nil {
					return err
				}
				return job.Insert(tx, key, j)
			})
			if err != nil {
				t.Fatal(err)
			}
			kills := 0
			for ended := false; !ended; kills++ {
				ended = loadUntilKilled(t, st, key, app, j.ID, int64(5+kills%11))
			}
			if kills < 10 {
				t.Errorf("only %d processes were needed: the kills miss the load", kills)
			}
			var got, want []string
			err = st.CustomerScan(t.Context(), app, 0, 1<<62, func(row *store.CustomerRow) error {
				c, _, err := customerrow.Decrypt(key, row)
				got = append(got, c.Given.Reveal()+"|"+c.Family.Reveal()+"|"+c.Email.Reveal())
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			for n := range uint64(count) {
				p := bench.NewPeople(seed).Person(from + n)
				want = append(want, p.Given+"|"+p.Family+"|"+strings.ToLower(p.Email))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("after %d kills the people are (-want +got):\n%s", kills, diff)
			}
		})
	}
}

// loadUntilKilled does the job until the nth call of the database, which this process does not
// survive, and reports whether it has ended.
func loadUntilKilled(t *testing.T, st store.Store, key *seal.App, app id.App, which id.Job, nth int64) (ended bool) {
	t.Helper()
	hooked := storetest.NewHooked(st)
	ctx, kill := context.WithCancel(context.Background())
	defer kill()
	var calls atomic.Int64
	hooked.Set(storetest.Hooks{Before: func(context.Context, string, id.App) error {
		if calls.Add(1) >= nth {
			kill()
			return fault.New(fault.Unavailable, "dead", "This process was killed")
		}
		return nil
	}})
	job.NewRunner(job.Config{
		Store: hooked, Keys: oneKey{key}, Kinds: job.Kinds{"load": bench.Loader}, Share: 100, Workers: 1, Poll: time.Millisecond,
		Commit: func(ctx context.Context, j *job.Job, do job.Step) error {
			return hooked.Update(ctx, j.App, func(tx store.Tx) error { return errOf(do(tx)) })
		},
	}).Run(ctx)
	row, err := st.JobGet(t.Context(), app, which)
	if err != nil {
		t.Fatal(err)
	}
	if row.State == store.JobSucceeded {
		return true
	}
	err = st.Update(t.Context(), app, func(tx store.Tx) error { // its lease runs out
		row, err := tx.JobGet(which)
		if err != nil {
			return err
		}
		return tx.JobUpdate(row, -time.Hour)
	})
	if err != nil {
		t.Fatal(err)
	}
	return false
}

func errOf(_ job.Effect, err error) error { return err }
