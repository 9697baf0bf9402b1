package job

import (
	"context"
	"errors"
	"time"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// errLost is a job that this replica does not have any more: it was paused or cancelled, or another
// replica has taken it over.
var errLost = errors.New("the job is not this replica's any more")

// take leases a job that waits, or fails with errLost.
func (r *Runner) take(ctx context.Context, app id.App, job id.Job) (store.JobRow, error) {
	var row store.JobRow
	err := r.cfg.Store.Update(ctx, app, func(tx store.Tx) (err error) {
		if row, err = tx.JobGet(job); err != nil {
			return err
		}
		if !waits(&row) {
			return errLost
		}
		row.State, row.Holder, row.Generation = store.JobRunning, r.name, row.Generation+1
		if row.StartedAt == 0 {
			row.StartedAt = r.cfg.Now().UnixMilli()
		}
		return tx.JobUpdate(row, r.cfg.Lease)
	})
	if err != nil {
		return store.JobRow{}, err
	}
	return row, nil
}

// holds fails with errLost unless the lease under this generation is still this replica's. A lease
// that has run out is, until somebody takes it.
func (r *Runner) holds(now *store.JobRow, generation int64) error {
	if now.State != store.JobRunning || now.Holder != r.name || now.Generation != generation {
		return errLost
	}
	return nil
}

// renew makes the lease last longer and gives the row as it is. After an error it tells what has
// become of the transaction before: the database has decided on that when this one begins.
func (r *Runner) renew(ctx context.Context, app id.App, job id.Job, generation int64, note func(*store.JobRow)) (store.JobRow, error) {
	var row store.JobRow
	err := r.cfg.Store.Update(ctx, app, func(tx store.Tx) (err error) {
		if row, err = tx.JobGet(job); err != nil {
			return err
		}
		if err := r.holds(&row, generation); err != nil {
			return err
		}
		note(&row)
		return tx.JobUpdate(row, r.cfg.Lease)
	})
	if err != nil {
		return store.JobRow{}, err
	}
	return row, nil
}

// keep renews the lease until ctx ends, and ends the work with stop if it was lost.
func (r *Runner) keep(ctx context.Context, app id.App, row *store.JobRow, stop context.CancelCauseFunc) {
	ticker := time.NewTicker(r.cfg.Lease / 3)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			_, err := r.renew(ctx, app, row.ID, row.Generation, func(*store.JobRow) {})
			if errors.Is(err, errLost) {
				stop(errLost)
				return
			}
		}
	}
}

// releaseLimit is how long the end of the process waits for a lease to be given up.
const releaseLimit = 2 * time.Second

// release gives the lease up, so that whoever's turn it is goes on at once. If that fails it runs
// out. code is that of a failure, or empty.
func (r *Runner) release(ctx context.Context, app id.App, row *store.JobRow, code string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseLimit)
	defer cancel()
	err := r.cfg.Store.Update(ctx, app, func(tx store.Tx) error {
		now, err := tx.JobGet(row.ID)
		if err != nil {
			return err
		}
		if err := r.holds(&now, row.Generation); err != nil {
			return err
		}
		if now.State = store.JobQueued; code != "" {
			now.Error = code
		}
		return tx.JobUpdate(now, 0)
	})
	if err != nil && !errors.Is(err, errLost) {
		r.cfg.Log.WarnContext(ctx, "a job could not be given up; its lease will run out", "job", row.ID, "cause", err)
	}
}
