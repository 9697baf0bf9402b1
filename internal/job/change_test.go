package job_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/job"
	"custodex.dev/internal/store"
	"custodex.dev/internal/testkit"
)

func newSQLite(t *testing.T) *env {
	t.Helper()
	return newEnv(t, testkit.NewStore(t, "sqlite"))
}

// A job is paused and resumed before each of its steps is prepared, and while each is prepared. It
// then does everything once.
func TestPauseAndResumeAtEveryPoint(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, e *env) {
		const numbers = 30
		j := e.add(t, numbers)
		seen := make(chan int64)
		_, end := run(e.config(e.Store, &counting{prepare: func(cursor int64) error { seen <- cursor; seen <- cursor; return nil }}))
		defer end()
		for paused := int64(-1); ; {
			cursor := <-seen // the step is being prepared
			pause := cursor > paused
			if pause {
				paused = cursor
				e.change(t, j, job.Pause)
			}
			<-seen
			if pause {
				if row := e.row(t, j); row.State != store.JobPaused || row.Done != cursor {
					t.Errorf("paused at %d the job is %s at %d", cursor, row.State, row.Done)
				}
				e.change(t, j, job.Resume)
			}
			if cursor == numbers && !pause {
				break
			}
		}
		e.untilState(t, j, store.JobSucceeded)
		e.wantNumbers(t, j, numbers)
	})
}

// A job that is cancelled while a step is prepared does not do that step.
func TestCancelAtEveryPoint(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, e *env) {
		for _, at := range []int64{0, 3, 6} {
			e := newEnv(t, e.Store)
			j := e.add(t, 6)
			r, end := run(e.config(e.Store, &counting{prepare: func(cursor int64) error {
				if cursor == at {
					e.change(t, j, job.Cancel)
				}
				return nil
			}}))
			e.untilState(t, j, store.JobCancelled)
			for r.Counts().Running > 0 {
				time.Sleep(time.Millisecond)
			}
			end()
			e.wantNumbers(t, j, at)
			if row := e.row(t, j); row.EndedAt == 0 || row.Leased {
				t.Errorf("the cancelled job is %+v", row)
			}
		}
	})
}

func TestEndedJobsDoNotChange(t *testing.T) {
	t.Parallel()
	e := newSQLite(t)
	j := e.add(t, 6)
	e.change(t, j, job.Resume) // it is not paused, so nothing changes
	if row := e.row(t, j); row.State != store.JobQueued {
		t.Errorf("the job is %s, want queued", row.State)
	}
	e.change(t, j, job.Cancel)
	for name, change := range map[string]job.Change{"Pause": job.Pause, "Resume": job.Resume, "Cancel": job.Cancel} {
		err := e.Update(context.Background(), e.app, func(tx store.Tx) error {
			_, err := job.Apply(tx, j, change, e.now)
			return err
		})
		if !errors.Is(err, job.ErrEnded) {
			t.Errorf("%s of an ended job = %v, want %v", name, err, job.ErrEnded)
		}
	}
}

// The jobs of an application are bounded: those that wait, and those that have ended.
func TestLimits(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, e *env) {
		first := e.add(t, 1)
		for range 19 {
			e.add(t, 1)
		}
		err := e.Update(context.Background(), e.app, func(tx store.Tx) error { return job.Insert(tx, e.key, job.New(e.app, "count", nil)) })
		if !errors.Is(err, job.ErrTooMany) {
			t.Errorf("Insert of one more = %v, want %v", err, job.ErrTooMany)
		}
		e.update(t, func(tx store.Tx) error {
			for i := range int64(210) {
				row := store.JobRow{ID: id.NewJob(), State: store.JobFailed, CreatedAt: i, EndedAt: i}
				if err := tx.JobInsert(row); err != nil {
					return err
				}
			}
			return nil
		})
		e.change(t, first, job.Cancel)
		e.add(t, 1)
		rows, err := e.JobList(context.Background(), e.app, 1000)
		if err != nil || len(rows) != job.MaxListed {
			t.Errorf("there are %d jobs, %v, want %d", len(rows), err, job.MaxListed)
		}
	})
}

// What is unavailable is tried again; anything else fails the job with its code.
func TestFailures(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, e *env) {
		away := 0
		flaky := &counting{prepare: func(cursor int64) error {
			if away++; cursor == 3 && away < 5 {
				return fault.New(fault.Unavailable, "away", "Away")
			}
			return nil
		}}
		j := e.add(t, 9)
		_, end := run(e.config(e.Store, flaky))
		row := e.untilState(t, j, store.JobSucceeded)
		end()
		if e.wantNumbers(t, j, 9); row.Error != "" || away < 5 {
			t.Errorf("after %d attempts the job has the error %q", away, row.Error)
		}
		for _, c := range []struct {
			code   string
			inside func(tx store.Tx, cursor int64) error
		}{
			{"taken", func(store.Tx, int64) error { return fault.New(fault.Conflict, "taken", "Taken") }},
			{"internal", func(store.Tx, int64) error { panic("at the disco") }},
			{"application_removed", func(tx store.Tx, _ int64) error { _, err := tx.GroupInsert(store.GroupRow{}); return err }},
		} {
			e := newEnv(t, e.Store)
			j := e.add(t, 9)
			e.update(t, func(tx store.Tx) error {
				return tx.AppUpdate(store.AppRow{Name: "Shop", RemovedAt: 1}) // only the last case minds
			})
			_, end := run(e.config(e.Store, &counting{inside: c.inside}))
			row := e.untilState(t, j, store.JobFailed)
			end()
			if e.wantNumbers(t, j, 0); row.Error != c.code || row.EndedAt == 0 || row.Leased {
				t.Errorf("the job is %+v, want the error %s", row, c.code)
			}
		}
	})
}
