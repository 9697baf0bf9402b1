package storetest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

func testJobs(t *testing.T, s store.Store) {
	t.Run("JobInsert", func(t *testing.T) {
		t.Parallel()
		t.Run("IsReadBack", func(t *testing.T) { jobIsReadBack(t, newEnv(t, s)) })
		t.Run("OfATakenIdIsConflict", func(t *testing.T) {
			e := newEnv(t, s)
			row := e.addJob(t, newJob(now))
			wantKind(t, "JobInsert", e.insertJob(row), fault.Conflict)
		})
		t.Run("InARemovedApplicationIsConflict", func(t *testing.T) {
			e := newEnv(t, s)
			e.mustUpdate(t, func(tx store.Tx) error { return tx.AppUpdate(store.AppRow{Name: "gone", RemovedAt: now}) })
			if err := e.insertJob(newJob(now)); !errors.Is(err, store.ErrAppRemoved) {
				t.Errorf("JobInsert = %v, want %v", err, store.ErrAppRemoved)
			}
		})
		t.Run("InAnAbsentApplicationIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			e.app = id.NewApp()
			wantKind(t, "JobInsert", e.insertJob(newJob(now)), fault.NotFound)
		})
		t.Run("FailedUpdateLeavesNone", func(t *testing.T) {
			e := newEnv(t, s)
			err := e.Update(e.ctx, e.app, func(tx store.Tx) error { return errors.Join(tx.JobInsert(newJob(now)), errOurs) })
			if !errors.Is(err, errOurs) {
				t.Errorf("Update = %v, want %v", err, errOurs)
			}
			e.wantJobs(t)
		})
	})
	t.Run("JobUpdate", func(t *testing.T) {
		t.Parallel()
		t.Run("ReplacesWhatChanges", func(t *testing.T) { jobUpdateReplaces(t, newEnv(t, s)) })
		t.Run("OfAnAbsentJobIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			wantKind(t, "JobUpdate", e.updateJob(newJob(now), 0), fault.NotFound)
		})
		t.Run("LeaseEndsByTheClockOfTheDatabase", func(t *testing.T) { jobLease(t, newEnv(t, s)) })
		t.Run("OfManyAtOnceOneTakesTheLease", func(t *testing.T) { jobRace(t, newEnv(t, s)) })
	})
	t.Run("JobList", func(t *testing.T) {
		t.Run("IsNewestFirst", func(t *testing.T) {
			e := newEnv(t, s)
			first, second, third := e.addJob(t, newJob(now)), e.addJob(t, newJob(now+1)), e.addJob(t, newJob(now+1))
			if second.ID < third.ID {
				second, third = third, second
			}
			e.wantJobs(t, second, third, first)
			if got, err := e.JobList(e.ctx, e.app, 1); err != nil || len(got) != 1 || got[0].ID != second.ID {
				t.Errorf("JobList of one = %+v, %v", got, err)
			}
		})
	})
	t.Run("JobPrune", func(t *testing.T) {
		t.Run("DeletesTheOldestThatHaveEnded", func(t *testing.T) { jobPrune(t, newEnv(t, s)) })
	})
	t.Run("OtherApplicationHasItsOwn", func(t *testing.T) { jobsOfAnother(t, newEnv(t, s)) })
}

func newJob(createdAt int64) store.JobRow {
	return store.JobRow{
		ID: id.NewJob(), Kind: "test", State: store.JobQueued, Actor: "cred_abcdefghijkmnpqr",
		Sealed: secret(80), Cursor: []byte{}, Total: 7, CreatedAt: createdAt,
	}
}

func (e env) insertJob(row store.JobRow) error {
	return e.Update(e.ctx, e.app, func(tx store.Tx) error { return tx.JobInsert(row) })
}

func (e env) updateJob(row store.JobRow, lease time.Duration) error {
	return e.Update(e.ctx, e.app, func(tx store.Tx) error { return tx.JobUpdate(row, lease) })
}

func (e env) addJob(t *testing.T, row store.JobRow) store.JobRow {
	t.Helper()
	noError(t, "JobInsert", e.insertJob(row))
	return row
}

func (e env) wantJobs(t *testing.T, want ...store.JobRow) {
	t.Helper()
	got, err := e.JobList(e.ctx, e.app, 100)
	noError(t, "JobList", err)
	same(t, "JobList", got, want)
	for _, row := range want {
		got, err := e.JobGet(e.ctx, e.app, row.ID)
		noError(t, "JobGet", err)
		same(t, "JobGet", got, row)
	}
}

func (e env) wantJobApp(t *testing.T, want bool) {
	t.Helper()
	apps, err := e.JobApps(e.ctx, 1000)
	noError(t, "JobApps", err)
	if got := slices.Contains(apps, e.app); got != want || !slices.IsSorted(apps) {
		t.Errorf("JobApps has the application: %t, want %t (%v)", got, want, apps)
	}
}

func (e env) wantJobCount(t *testing.T, want int) {
	t.Helper()
	e.mustUpdate(t, func(tx store.Tx) error {
		if got, err := tx.JobCount(); got != want || err != nil {
			t.Errorf("JobCount = %d, %v, want %d", got, err, want)
		}
		return nil
	})
}

func jobIsReadBack(t *testing.T, e env) {
	row := e.addJob(t, newJob(now))
	e.wantJobs(t, row)
	e.wantJobApp(t, true)
	e.mustUpdate(t, func(tx store.Tx) error {
		got, err := tx.JobGet(row.ID)
		same(t, "Tx.JobGet", got, row)
		return err
	})
	_, err := e.JobGet(e.ctx, e.app, id.NewJob())
	wantKind(t, "JobGet of none", err, fault.NotFound)
}

func jobUpdateReplaces(t *testing.T, e env) {
	row := e.addJob(t, newJob(now))
	changed := row
	changed.State, changed.Cursor, changed.Done, changed.Total, changed.Error = store.JobFailed, secret(9), 4, 9, "some_code"
	changed.StartedAt, changed.EndedAt, changed.Holder, changed.Generation = now+1, now+2, "replica", 3
	kept := changed
	kept.Kind, kept.Actor, kept.Sealed, kept.CreatedAt = "other", "cred_other", secret(3), now+9
	noError(t, "JobUpdate", e.updateJob(kept, 0))
	e.wantJobs(t, changed)
	e.wantJobApp(t, false)
	e.wantJobCount(t, 0)
}

func jobLease(t *testing.T, e env) {
	row := e.addJob(t, newJob(now))
	row.State = store.JobRunning
	noError(t, "JobUpdate", e.updateJob(row, time.Hour))
	e.wantJobApp(t, false)
	row.Leased = true
	e.wantJobs(t, row)
	noError(t, "JobUpdate", e.updateJob(row, -time.Hour))
	e.wantJobApp(t, true)
	row.Leased = false
	e.wantJobs(t, row)
	row.State = store.JobPaused
	noError(t, "JobUpdate", e.updateJob(row, 0))
	e.wantJobApp(t, false)
	e.wantJobCount(t, 1)
}

// jobRace has replicas take one job, each if it finds it free.
func jobRace(t *testing.T, e env) {
	row := e.addJob(t, newJob(now))
	wantOneWinner(t, race(16, func(i int) error {
		return e.Update(e.ctx, e.app, func(tx store.Tx) error {
			mine, err := tx.JobGet(row.ID)
			if err != nil {
				return err
			}
			if mine.Leased {
				return errOurs
			}
			mine.State, mine.Generation = store.JobRunning, mine.Generation+1
			return tx.JobUpdate(mine, time.Hour)
		})
	}), errOurs)
	if got, err := e.JobGet(e.ctx, e.app, row.ID); err != nil || got.Generation != 1 {
		t.Errorf("JobGet = generation %d, %v, want 1", got.Generation, err)
	}
}

func jobPrune(t *testing.T, e env) {
	var ended []store.JobRow
	for i, state := range []store.JobState{store.JobSucceeded, store.JobFailed, store.JobCancelled, store.JobSucceeded} {
		row := newJob(now + int64(i))
		row.State, row.EndedAt = state, now+9
		ended = append(ended, e.addJob(t, row))
	}
	active := e.addJob(t, newJob(now-1))
	e.wantJobCount(t, 1)
	for _, keep := range []int{5, 4, 2} {
		e.mustUpdate(t, func(tx store.Tx) error { return tx.JobPrune(keep) })
	}
	e.wantJobs(t, ended[3], ended[2], active)
	e.mustUpdate(t, func(tx store.Tx) error { return tx.JobPrune(0) })
	e.wantJobs(t, active)
}

func jobsOfAnother(t *testing.T, e env) {
	row := e.addJob(t, newJob(now))
	o := e.other(t)
	o.wantJobs(t)
	o.wantJobApp(t, false)
	o.wantJobCount(t, 0)
	_, err := o.JobGet(o.ctx, o.app, row.ID)
	wantKind(t, "JobGet of another's", err, fault.NotFound)
	wantKind(t, "JobUpdate of another's", o.updateJob(row, time.Hour), fault.NotFound)
	o.mustUpdate(t, func(tx store.Tx) error {
		_, err := tx.JobGet(row.ID)
		wantKind(t, "Tx.JobGet of another's", err, fault.NotFound)
		return tx.JobPrune(0)
	})
	twin := row
	twin.Total = 8
	o.addJob(t, twin) // the same id is another job there
	e.wantJobs(t, row)
	o.wantJobs(t, twin)
}
