package sumfill_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"custodex.dev/internal/id"
	"custodex.dev/internal/job"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/storetest"
	"custodex.dev/internal/sumfill"
)

// addJobs has a new process add what jobs are missing.
func (e *testEnv) addJobs(ctx context.Context, st store.Store) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	f := sumfill.New(sumfill.Config{Store: st, Keys: e.keys, Now: now, Log: slog.New(slog.DiscardHandler), Report: e.report})
	f.Run(ctx, stop)
}

// Two processes that begin at once add one job, also if each has seen that there is none.
func TestProcessesAddOneJob(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	h := storetest.NewHooked(e.store)
	var listed atomic.Bool
	h.Set(storetest.Hooks{After: func(ctx context.Context, method string, _ id.App, _ any) error {
		if method == "JobList" && !listed.Swap(true) {
			e.addJobs(ctx, e.store)
		}
		return nil
	}})
	e.addJobs(t.Context(), h)
	e.addJobs(t.Context(), e.store)
	rows, err := e.store.JobList(t.Context(), e.app, job.MaxListed)
	if err != nil || len(rows) != 1 || rows[0].Kind != sumfill.Name || rows[0].State != store.JobQueued {
		t.Errorf("the jobs are %+v, %v, want one", rows, err)
	}
}

// locked is a store with one application, whose key does not open.
type locked struct {
	store.Store
	looks *int
}

func (l locked) AppList(_ context.Context, after id.App, _ int) ([]store.AppRow, error) {
	if after != "" {
		return nil, nil
	}
	*l.looks++
	return []store.AppRow{{ID: "app_abcdefghijkmnpqr", Sum: []byte{1}}}, nil
}

func (locked) Key(context.Context, id.App) (*seal.App, error) { return nil, seal.ErrOpen }

// An application whose job cannot be added is tried again, about once a minute, and logged once.
func TestApplicationThatFailsIsTriedSeldom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		looks := 0
		var logged bytes.Buffer
		st := locked{looks: &looks}
		f := sumfill.New(sumfill.Config{Store: st, Keys: st, Now: now, Log: slog.New(slog.NewTextHandler(&logged, nil)), Report: nil})
		ctx, stop := context.WithTimeout(t.Context(), time.Hour)
		defer stop()
		f.Run(ctx, func() { t.Error("a job was added") })
		if lines := strings.Count(logged.String(), "app_abcdefghijkmnpqr"); looks < 50 || looks > 70 || lines != 1 {
			t.Errorf("in an hour it was tried %d times and logged %d times", looks, lines)
		}
	})
}

// What was found out at the beginning of a job is kept until it ends, and no more of one that did not end
// when another begins.
func TestEndedJobIsForgotten(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	f := sumfill.New(sumfill.Config{Store: e.store, Keys: e.keys, Now: now, Log: slog.New(slog.DiscardHandler), Report: e.report})
	begin := func() job.Work {
		work, err := f.Begin(t.Context(), &job.Job{App: e.app, ID: id.NewJob()}, e.key)
		if err != nil {
			t.Fatal(err)
		}
		return work
	}
	begin()
	work := begin()
	if n := f.Seen(); n != 1 {
		t.Errorf("%d jobs are remembered, want the last", n)
	}
	var cursor []byte
	for {
		do, err := work.Step(t.Context(), cursor, 100)
		if err != nil {
			t.Fatal(err)
		}
		if do == nil {
			break
		}
		err = e.store.Update(t.Context(), e.app, func(tx store.Tx) error {
			effect, err := do(tx)
			cursor = effect.Cursor
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if n := f.Seen(); n != 0 {
		t.Errorf("%d jobs are remembered after the end", n)
	}
}
