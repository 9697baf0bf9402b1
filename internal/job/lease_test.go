package job_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"custodex.dev/internal/job"
	"custodex.dev/internal/store"
)

// A replica that was thought dead wakes up in the middle of a step, after another has gone on. Its
// step commits nothing.
func TestOvertakenReplicaCommitsNothing(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, e *env) {
		const numbers = 30
		j := e.add(t, numbers)
		stuck, wake := make(chan struct{}), make(chan struct{})
		release := sync.OnceFunc(func() { close(wake) })
		slow := &counting{prepare: func(cursor int64) error {
			if cursor == 9 {
				close(stuck)
				<-wake
			}
			return nil
		}}
		cfg := e.config(e.Store, slow)
		cfg.Workers = 1 // else its other worker may take the job again
		first, endFirst := run(cfg)
		defer endFirst()
		defer release()
		<-stuck
		e.expire(t, j)
		_, endSecond := run(e.config(e.Store, &counting{}))
		defer endSecond()
		e.untilState(t, j, store.JobSucceeded)
		release()
		endFirst()
		e.wantNumbers(t, j, numbers)
		if row, c := e.row(t, j), first.Counts(); row.Generation != 2 || c.Steps != 3 || c.Succeeded != 0 {
			t.Errorf("generation %d, the first replica did %+v; want 2, and three steps", row.Generation, c)
		}
	})
}

// Replicas fight for one job: every lease runs out again and again while steps are done.
func TestReplicasFightForLeases(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, e *env) {
		const numbers = 150
		j := e.add(t, numbers)
		kind := &counting{}
		for i := range 3 {
			cfg := e.config(e.Store, kind)
			// The clocks of the machines are hours apart; leases go by the database's.
			skew := time.Duration(i-1) * 5 * time.Hour
			cfg.Now = func() time.Time { return e.now.Add(skew) }
			_, end := run(cfg)
			defer end()
		}
		// A lease that ran out at each look would leave no time for a step where those are slow.
		done := int64(-1)
		for looks := 1; ; looks++ {
			row := e.row(t, j)
			if row.State == store.JobSucceeded {
				break
			}
			if row.Done > done || looks%20 == 0 {
				done = row.Done
				e.expire(t, j)
			}
			time.Sleep(time.Millisecond)
		}
		e.wantNumbers(t, j, numbers)
	})
}

// A lease that is held is respected, whatever the clock of a machine says.
func TestHeldLeaseIsRespected(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, e *env) {
		held, free := e.add(t, 30), e.add(t, 3)
		e.update(t, func(tx store.Tx) error {
			row, err := tx.JobGet(held)
			row.State, row.Holder, row.Generation = store.JobRunning, "somebody", 1
			if err != nil {
				return err
			}
			return tx.JobUpdate(row, time.Hour)
		})
		cfg := e.config(e.Store, &counting{})
		cfg.Now = func() time.Time { return e.now.Add(1000 * time.Hour) }
		_, end := run(cfg)
		defer end()
		e.untilState(t, free, store.JobSucceeded) // it looked at both
		if row := e.row(t, held); row.Generation != 1 || row.Done != 0 {
			t.Errorf("the job of another replica was taken: %+v", row)
		}
		e.expire(t, held)
		e.untilState(t, held, store.JobSucceeded)
	})
}

// A step that takes longer than a lease keeps it.
func TestLongStepKeepsItsLease(t *testing.T) {
	t.Parallel()
	e := newSQLite(t)
	j := e.add(t, 3)
	renewed := make(chan struct{})
	cfg := e.config(e.Store, &counting{prepare: func(cursor int64) error {
		if cursor == 0 {
			<-renewed
		}
		return nil
	}})
	cfg.Lease = 300 * time.Millisecond
	_, end := run(cfg)
	defer end()
	e.untilState(t, j, store.JobRunning)
	for begun := time.Now(); time.Since(begun) < 2*cfg.Lease; time.Sleep(5 * time.Millisecond) {
		e.row(t, j)
	}
	if apps, err := e.JobApps(context.Background(), 1000); err != nil || len(apps) != 0 {
		t.Errorf("JobApps = %v, %v: the lease ran out", apps, err)
	}
	close(renewed)
	if row := e.untilState(t, j, store.JobSucceeded); row.Generation != 1 {
		t.Errorf("the job was leased %d times, want once", row.Generation)
	}
}

// A replica that ends in order gives its lease up at once.
func TestShutdownGivesUpTheLease(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, e *env) {
		j := e.add(t, 300)
		begun := make(chan struct{}, 1000)
		_, end := run(e.config(e.Store, &counting{prepare: func(int64) error { begun <- struct{}{}; return nil }}))
		<-begun
		<-begun
		end()
		row := e.row(t, j)
		if row.State != store.JobQueued || row.Leased || row.Done == 0 {
			t.Errorf("after the end of the replica the job is %+v, want it queued with what was done", row)
		}
		_, end = run(e.config(e.Store, &counting{}))
		defer end()
		e.untilState(t, j, store.JobSucceeded)
		e.wantNumbers(t, j, 300)
	})
}

// A replica leaves jobs of a kind that it does not know, as of a later release.
func TestUnknownKindIsLeft(t *testing.T) {
	t.Parallel()
	e := newSQLite(t)
	other := job.New(e.app, "later", nil)
	other.CreatedAt = e.now.Add(-time.Hour)
	e.update(t, func(tx store.Tx) error { return job.Insert(tx, e.key, other) })
	known := e.add(t, 6)
	_, end := run(e.config(e.Store, &counting{}))
	defer end()
	e.untilState(t, known, store.JobSucceeded)
	if row := e.row(t, other.ID); row.State != store.JobQueued || row.Generation != 0 {
		t.Errorf("a job of an unknown kind is %+v, want it queued", row)
	}
}

// What is encrypted belongs to its job.
func TestParametersOfAnotherJobAreRefused(t *testing.T) {
	t.Parallel()
	e := newSQLite(t)
	a, b := e.row(t, e.add(t, 6)), e.row(t, e.add(t, 9))
	if got := job.Read(e.app, e.key, &a); got.Damaged || got.Owner != "Ada Owner" || got.Reason != "a reason" {
		t.Errorf("Read = %+v", got)
	}
	for what, sealed := range map[string][]byte{"another's": b.Sealed, "no": nil} {
		a.Sealed = sealed
		if got := job.Read(e.app, e.key, &a); !got.Damaged || got.ID != a.ID || got.Owner != "" || got.Parameters != nil {
			t.Errorf("Read of a row with %s parameters = %+v", what, got)
		}
	}
}
