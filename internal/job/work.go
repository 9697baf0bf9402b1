package job

import (
	"context"
	"errors"
	"sync"
	"time"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/safe"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/sleep"
	"custodex.dev/internal/store"
)

// doing is a job in the hands of this replica.
type doing struct {
	*Runner
	app  id.App
	row  store.JobRow // as the last transaction left it
	job  Job
	work Work
	size int
	wait time.Duration // before the step that failed is tried again

	yields bool   // the job is to be given up, so that others have their turn
	code   string // of the failure because of which it is; "": none
}

// do does a job that was taken, until it ends, is lost, gives way to others, or ctx ends. It keeps
// the lease as long as the work goes on, and no longer.
func (r *Runner) do(ctx context.Context, app id.App, row store.JobRow) error {
	alive, stop := context.WithCancelCause(ctx)
	var renewal sync.WaitGroup
	renewal.Go(func() {
		if err := safe.Call(func() error { r.keep(alive, app, &row, stop); return nil }); err != nil {
			r.cfg.Log.WarnContext(ctx, "the lease of a job is not renewed", "job", row.ID, "cause", err)
		}
	})
	d := &doing{Runner: r, app: app, row: row, size: firstSize, wait: r.turns.retry(row.ID, r.cfg.Retry)}
	err := safe.Call(func() error { d.run(alive); return nil })
	stop(nil)
	renewal.Wait()
	if err != nil {
		d.giveWay(fault.Of(err).Code)
	}
	if d.yields || ctx.Err() != nil {
		r.turns.note(app, row.ID, d.wait, d.code != "")
		r.release(ctx, app, &row, d.code)
	} else {
		r.turns.forget(row.ID)
	}
	return err
}

const (
	firstSize = 25
	leastSize = 10
	maxSize   = 4000

	// longest is how long a step should hold the application's writers up. With a Share of
	// 100 nobody is expected to wait, and larger steps make less of everything else.
	longest         = 5 * time.Millisecond
	longestUnshared = 250 * time.Millisecond

	maxRetry = 15 * time.Second
)

// run does steps. Each time it either gets ahead, or waits and looks what the database has.
func (d *doing) run(ctx context.Context) {
	begun := time.Now()
	for {
		ended, err := d.next(ctx)
		switch {
		case ended || ctx.Err() != nil || errors.Is(err, errLost) || errors.Is(err, fault.NotFound) && d.gone(ctx):
			return
		case err == nil:
			d.count.steps.Add(1)
			d.wait = d.cfg.Retry
			if time.Since(begun) < d.cfg.Slice {
				continue
			}
			if begun = time.Now(); d.othersWait(ctx) {
				d.giveWay("")
				return
			}
			continue
		}
		d.count.failures.Add(1)
		code := fault.Of(err).Code
		d.cfg.Log.WarnContext(ctx, "a step of a job failed", "app", d.app, "job", d.row.ID, "kind", d.row.Kind, "code", code, "cause", err)
		if !errors.Is(err, fault.Unavailable) {
			err = d.end(ctx, store.JobFailed, code)
			if err == nil || errors.Is(err, errLost) {
				return
			}
			if !errors.Is(err, fault.Unavailable) { // not even that can be recorded: the application's key does not open
				d.giveWay(code)
				return
			}
		}
		if d.othersWait(ctx) {
			d.giveWay(code)
			return
		}
		if !d.lookAgain(ctx, code) {
			return
		}
	}
}

// giveWay has the job given up. One that failed rests for the time that the next attempt waits.
func (d *doing) giveWay(code string) { d.yields, d.code = true, code }

// lookAgain waits and reads the row, until the database tells what it has, and reports whether the
// job is still this replica's.
func (d *doing) lookAgain(ctx context.Context, code string) bool {
	for {
		if sleep.For(ctx, d.wait) != nil {
			return false
		}
		d.wait = longer(d.wait)
		row, err := d.renew(ctx, d.app, d.row.ID, d.row.Generation, func(row *store.JobRow) { row.Error = code })
		if errors.Is(err, errLost) || errors.Is(err, fault.NotFound) {
			return false
		}
		if err == nil {
			d.row = row
			return true
		}
	}
}

// gone reports whether the job itself is not there any more, as after a restore.
func (d *doing) gone(ctx context.Context) bool {
	_, err := d.cfg.Store.JobGet(ctx, d.app, d.row.ID)
	return errors.Is(err, fault.NotFound)
}

// next begins the work, unless that was done, and does one step when it is this job's turn. It leaves
// time to requests after it. If nothing is left it ends the job.
func (d *doing) next(ctx context.Context) (ended bool, err error) {
	if err := d.begin(ctx); err != nil {
		return false, err
	}
	select {
	case d.turn <- struct{}{}:
		defer func() { <-d.turn }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	begun := time.Now()
	step, err := d.prepare(ctx)
	if err != nil {
		return false, err
	}
	if step == nil {
		err := d.end(ctx, store.JobSucceeded, "")
		return err == nil, err
	}
	if err := d.commit(ctx, step); err != nil {
		return false, err
	}
	return false, d.pause(ctx, time.Since(begun))
}

// prepare asks the work for its next step.
func (d *doing) prepare(ctx context.Context) (step Step, err error) {
	err = safe.Call(func() error {
		step, err = d.work.Step(ctx, d.row.Cursor, d.size)
		return err
	})
	return step, err
}

// begin makes the work, unless it is there. How long that takes counts as no step, and the steps of other
// jobs do not wait for it: a kind that has much to read before its first one pauses by itself.
func (d *doing) begin(ctx context.Context) error {
	if d.work != nil {
		return nil
	}
	return safe.Call(func() error {
		key, err := d.cfg.Keys.Key(ctx, d.app)
		if err != nil {
			return err
		}
		if d.job = Read(d.app, key, &d.row); d.job.Damaged {
			return seal.ErrOpen
		}
		d.work, err = d.cfg.Kinds[d.row.Kind].Begin(ctx, &d.job, key)
		return err
	})
}

// commit runs a step in its transaction, in which the cursor moves with the work.
func (d *doing) commit(ctx context.Context, step Step) error {
	var after store.JobRow
	var took time.Duration
	err := d.record(ctx, func(tx store.Tx) (Effect, error) {
		row, err := d.mine(tx)
		if err != nil {
			return Effect{}, err
		}
		begun := time.Now() // after mine, which may have waited for what others do in the same transaction
		effect, err := step(tx)
		if err != nil {
			return Effect{}, err
		}
		row.Cursor, row.Done, row.Total, row.Error = effect.Cursor, effect.Done, effect.Total, ""
		after, took = row, time.Since(begun)
		return recorded(effect, tx.JobUpdate(row, d.cfg.Lease))
	})
	if err != nil {
		return err
	}
	d.row = after
	d.resize(took)
	return nil
}

// record runs do in a transaction with its audit entry. A panic is a failure like any other.
func (d *doing) record(ctx context.Context, do Step) error {
	return safe.Call(func() error { return d.cfg.Commit(ctx, &d.job, do) })
}

// recorded gives what a step has done, or the failure of the job's row to say so.
func recorded(effect Effect, err error) (Effect, error) {
	if err != nil {
		return Effect{}, err
	}
	return effect, nil
}

// mine gives the job's row, or errLost.
func (d *doing) mine(tx store.Tx) (store.JobRow, error) {
	row, err := tx.JobGet(d.row.ID)
	if err != nil {
		return store.JobRow{}, err
	}
	if err := d.holds(&row, d.row.Generation); err != nil {
		return store.JobRow{}, err
	}
	return row, nil
}

// resize makes the next step about as long as a step should be.
func (d *doing) resize(took time.Duration) {
	want := longest
	if d.cfg.Share >= 100 {
		want = longestUnshared
	}
	next := int(float64(d.size) * want.Seconds() / max(took.Seconds(), 1e-6))
	d.size = max(min(next, 2*d.size, maxSize), leastSize)
}

// end ends the job, with the entry that says so.
func (d *doing) end(ctx context.Context, state store.JobState, code string) error {
	if d.job.ID == "" { // it could not be read
		d.job = Job{App: d.app, ID: d.row.ID, Kind: d.row.Kind, StartedBy: d.row.Actor}
	}
	err := d.record(ctx, func(tx store.Tx) (Effect, error) {
		row, err := d.mine(tx)
		if err != nil {
			return Effect{}, err
		}
		row.State, row.Error, row.EndedAt = state, code, d.cfg.Now().UnixMilli()
		effect := Effect{Action: authz.JobEnd, Outcome: audit.Done, Fields: []string{"kind:" + row.Kind, "state:" + string(state)}}
		if code != "" {
			effect.Outcome, effect.Code = audit.Refused, code
		}
		return recorded(effect, tx.JobUpdate(row, 0))
	})
	if err != nil {
		return err
	}
	if state == store.JobFailed {
		d.count.failed.Add(1)
	} else {
		d.count.succeeded.Add(1)
	}
	return nil
}
