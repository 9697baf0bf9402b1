package job

import (
	"time"

	"custodex.dev/internal/authz"
	"custodex.dev/internal/id"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
)

// Insert adds a job, and forgets old ones that have ended. Faults: ErrTooMany,
// store.ErrAppRemoved.
func Insert(tx store.Tx, key *seal.App, j Job) error {
	row, err := j.row(key)
	if err != nil {
		return err
	}
	if n, err := tx.JobCount(); err != nil {
		return err
	} else if n >= maxActive {
		return ErrTooMany
	}
	if err := tx.JobInsert(row); err != nil {
		return err
	}
	return tx.JobPrune(keepEnded)
}

// Change is what an operator may do with a job. The zero value is nothing, and allowed to nobody.
type Change uint8

// The changes.
const (
	Pause  Change = iota + 1 // stop after the step that is being committed, until Resume
	Resume                   // go on; a job that is not paused stays as it is
	Cancel                   // end after the step that is being committed; what was done stays done
)

// Action is what the change is called in the log.
func (c Change) Action() authz.Action {
	switch c {
	case Pause:
		return authz.JobPause
	case Resume:
		return authz.JobResume
	case Cancel:
		return authz.JobCancel
	}
	return ""
}

// apply makes the row as it is afterwards.
func (c Change) apply(row *store.JobRow, now time.Time) {
	switch {
	case c == Pause:
		row.State = store.JobPaused
	case c == Resume && row.State == store.JobPaused:
		row.State = store.JobQueued
	case c == Cancel:
		row.State, row.EndedAt = store.JobCancelled, now.UnixMilli()
	}
}

// Apply makes a change of a job that has not ended, and gives its row. The lease ends, except of a
// job that just goes on. Faults: NotFound, ErrEnded.
func Apply(tx store.Tx, job id.Job, change Change, now time.Time) (store.JobRow, error) {
	row, err := tx.JobGet(job)
	if err != nil {
		return store.JobRow{}, err
	}
	if row.State.Ended() {
		return store.JobRow{}, ErrEnded
	}
	before := row.State
	if change.apply(&row, now); row.State == before {
		return row, nil
	}
	row.Leased = false
	if err := tx.JobUpdate(row, 0); err != nil {
		return store.JobRow{}, err
	}
	return row, nil
}
