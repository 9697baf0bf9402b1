package job

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"custodex.dev/internal/id"
	"custodex.dev/internal/safe"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/sleep"
	"custodex.dev/internal/store"
)

// Store is what a runner needs of store.Store.
type Store interface {
	store.JobReader
	Update(ctx context.Context, app id.App, fn func(tx store.Tx) error) error
}

// Keys opens the keys of applications.
type Keys interface {
	Key(ctx context.Context, app id.App) (*seal.App, error)
}

// Config says how a Runner works. Store, Keys and Commit must be set; a zero value of any other
// field means its default.
type Config struct {
	Store Store
	Keys  Keys
	Kinds Kinds

	// Commit runs do in a transaction of the job's application, together with the audit entry
	// of its effect.
	Commit func(ctx context.Context, job *Job, do Step) error

	// Share is how much of the time steps may take, in percent, so that requests have the rest.
	// At 100 they follow each other and are as large as serves them best. Default 10.
	Share int

	Workers int           // jobs at a time. Default 2
	Slice   time.Duration // after which a job gives way to others that wait. Default 1 s
	Lease   time.Duration // after which another replica may take over. Default 30 s
	Poll    time.Duration // how often to look for jobs that nobody announced. Default 2 s
	Retry   time.Duration // the first wait after fault.Unavailable. Default 250 ms

	Now func() time.Time // as it is stored. Default time.Now, in UTC
	Log *slog.Logger     // default: nothing is logged
}

// Runner does jobs. Make one with NewRunner, and call Run once.
type Runner struct {
	cfg   Config
	name  string        // of this replica, in leases
	wake  chan struct{} // somebody added or resumed a job
	turn  chan struct{} // held by the worker that does a step
	turns turns
	count counters
}

// counters are of this process.
type counters struct{ running, steps, failures, succeeded, failed atomic.Int64 }

// Counts are what a runner has done since it was made.
type Counts struct {
	Running           int64 // jobs that it has now
	Steps, Failures   int64 // steps that were committed, and those that were not
	Succeeded, Failed int64 // jobs that it has ended
}

// Counts gives the counts.
func (r *Runner) Counts() Counts {
	c := &r.count
	return Counts{c.running.Load(), c.steps.Load(), c.failures.Load(), c.succeeded.Load(), c.failed.Load()}
}

// NewRunner makes a runner that does nothing yet.
func NewRunner(cfg Config) *Runner {
	cfg.Share = min(cmp.Or(cfg.Share, 10), 100)
	cfg.Workers = cmp.Or(cfg.Workers, 2)
	cfg.Slice = cmp.Or(cfg.Slice, time.Second)
	cfg.Lease = cmp.Or(cfg.Lease, 30*time.Second)
	cfg.Poll = cmp.Or(cfg.Poll, 2*time.Second)
	cfg.Retry = cmp.Or(cfg.Retry, 250*time.Millisecond)
	cfg.Log = cmp.Or(cfg.Log, slog.New(slog.DiscardHandler))
	if cfg.Now == nil {
		cfg.Now = func() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }
	}
	return &Runner{cfg: cfg, name: rand.Text(), wake: make(chan struct{}, cfg.Workers), turn: make(chan struct{}, 1)}
}

// Wake has the runner look for jobs at once.
func (r *Runner) Wake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Run does jobs until ctx ends, and gives up its leases then, so that others go on at once.
func (r *Runner) Run(ctx context.Context) {
	if len(r.cfg.Kinds) == 0 {
		return
	}
	var group sync.WaitGroup
	for range r.cfg.Workers {
		group.Go(func() { r.loop(ctx) })
	}
	group.Wait()
}

func (r *Runner) loop(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	failing := false
	for ctx.Err() == nil {
		found := false
		err := safe.Call(func() (err error) {
			found, err = r.round(ctx)
			return err
		})
		if failed := err != nil && ctx.Err() == nil; failed != failing {
			failing = failed
			r.cfg.Log.WarnContext(ctx, "looking for jobs", "failing", failing, "cause", err)
		}
		if found {
			continue
		}
		timer.Reset(r.cfg.Poll)
		select {
		case <-ctx.Done():
		case <-r.wake:
		case <-timer.C:
		}
	}
}

// round takes the job whose turn it is, if there is one, and does it until it ends or others have
// theirs.
func (r *Runner) round(ctx context.Context) (found bool, err error) {
	err = r.eachWaiting(ctx, func(app id.App, row store.JobRow) (bool, error) {
		row, err := r.take(ctx, app, row.ID)
		if errors.Is(err, errLost) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		found = true
		r.count.running.Add(1)
		defer r.count.running.Add(-1)
		return false, r.do(ctx, app, row)
	})
	return found, err
}

// waits reports whether a replica may take the job.
func waits(row *store.JobRow) bool {
	return row.State == store.JobQueued || row.State == store.JobRunning && !row.Leased
}

// pause leaves the rest of the time to requests after a step that took so long.
func (r *Runner) pause(ctx context.Context, took time.Duration) error {
	if rest := restAfter(took, r.cfg.Share); rest > 0 {
		return sleep.For(ctx, rest)
	}
	return ctx.Err()
}

// restAfter gives how long requests have the time after a step that took so long, if steps may take
// share percent of it. It is as long as that is: the lease is kept meanwhile.
func restAfter(took time.Duration, share int) time.Duration {
	return took * time.Duration(100-share) / time.Duration(share)
}
