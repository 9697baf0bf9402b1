package job

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// turns says whose turn it is: of the application whose jobs had theirs the longest ago, and in it
// of the job that had. Each replica has its own.
type turns struct {
	mu  sync.Mutex
	n   int64
	had map[id.Job]turn
}

// turn is the last one of a job that this replica gave up.
type turn struct {
	app   id.App
	n     int64         // the larger, the later
	wait  time.Duration // before the next attempt after one that failed; 0: it did not
	until time.Time     // of the rest after a failure
}

// longer is how long to wait for an attempt after one that waited so long.
func longer(wait time.Duration) time.Duration { return min(2*wait, maxRetry) }

// note says that a job had its turn, and waits for the next one. One that failed also rests.
func (t *turns) note(app id.App, job id.Job, wait time.Duration, failed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.had == nil {
		t.had = map[id.Job]turn{}
	}
	t.n++
	had := turn{app: app, n: t.n}
	if failed {
		had.wait, had.until = longer(wait), time.Now().Add(wait)
	}
	t.had[job] = had
}

// forget says that a job waits for no turn of this replica.
func (t *turns) forget(job id.Job) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.had, job)
}

// retry gives how long to wait after the next failure, which is at least first.
func (t *turns) retry(job id.Job, first time.Duration) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return max(t.had[job].wait, first)
}

// order puts applications in the order of their turns, those at random that had none, and forgets
// jobs of others.
func (t *turns) order(apps []id.App) {
	t.mu.Lock()
	defer t.mu.Unlock()
	last := make(map[id.App]int64, len(apps))
	for _, app := range apps {
		last[app] = 0
	}
	for job, had := range t.had {
		if n, ok := last[had.app]; ok {
			last[had.app] = max(n, had.n)
		} else {
			delete(t.had, job)
		}
	}
	rand.Shuffle(len(apps), func(i, j int) { apps[i], apps[j] = apps[j], apps[i] })
	slices.SortStableFunc(apps, func(a, b id.App) int { return cmp.Compare(last[a], last[b]) })
}

// orderJobs leaves those jobs that do not rest, and puts them in the order of their turns, the
// oldest first that had none.
func (t *turns) orderJobs(rows []store.JobRow) []store.JobRow {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	rows = slices.DeleteFunc(rows, func(row store.JobRow) bool { return t.had[row.ID].until.After(now) })
	slices.Reverse(rows)
	slices.SortStableFunc(rows, func(a, b store.JobRow) int { return cmp.Compare(t.had[a.ID].n, t.had[b.ID].n) })
	return rows
}

// eachWaiting calls fn with the jobs that this replica may take, in the order of their turns, until
// fn wants no more.
func (r *Runner) eachWaiting(ctx context.Context, fn func(app id.App, row store.JobRow) (more bool, err error)) error {
	apps, err := r.waitingApps(ctx)
	if err != nil {
		return err
	}
	r.turns.order(apps)
	for _, app := range apps {
		rows, err := r.cfg.Store.JobList(ctx, app, MaxListed)
		if err != nil {
			return err
		}
		for _, row := range r.turns.orderJobs(rows) {
			if !waits(&row) || r.cfg.Kinds[row.Kind] == nil {
				continue
			}
			if more, err := fn(app, row); err != nil || !more {
				return err
			}
		}
	}
	return nil
}

// someApps is how many applications are asked for at first.
const someApps = 1000

// waitingApps gives all applications with a job that waits.
func (r *Runner) waitingApps(ctx context.Context) ([]id.App, error) {
	for limit := someApps; ; limit *= 10 {
		apps, err := r.cfg.Store.JobApps(ctx, limit)
		if err != nil {
			return nil, err
		}
		if len(apps) < limit {
			return apps, nil
		}
	}
}

// othersWait reports whether a job waits that this replica may take. If that cannot be told, none
// does.
func (d *doing) othersWait(ctx context.Context) bool {
	found := false
	err := d.eachWaiting(ctx, func(id.App, store.JobRow) (bool, error) {
		found = true
		return false, nil
	})
	return err == nil && found
}
