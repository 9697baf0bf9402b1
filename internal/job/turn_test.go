package job_test

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"custodex.dev/internal/id"
	"custodex.dev/internal/job"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
)

// keys are those of several applications. The key of the one that is locked does not open.
type keys struct {
	mu     sync.Mutex
	open   map[id.App]*seal.App
	locked id.App
}

func (k *keys) Key(_ context.Context, app id.App) (*seal.App, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if app == k.locked {
		return nil, seal.ErrOpen
	}
	return k.open[app], nil
}

func (k *keys) unlock() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.locked = ""
}

// A job whose application's key does not open cannot even be failed, since nothing can be recorded.
// It holds no worker, and goes on when the key opens.
func TestJobWithoutAKeyHoldsNoWorker(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, e *env) {
		other := newEnv(t, e.Store)
		stuck := e.add(t, 9)
		k := &keys{open: map[id.App]*seal.App{e.app: e.key, other.app: other.key}, locked: e.app}
		cfg := e.config(e.Store, &counting{})
		commit := cfg.Commit
		cfg.Keys, cfg.Workers = k, 1
		cfg.Commit = func(ctx context.Context, j *job.Job, do job.Step) error {
			if _, err := k.Key(ctx, j.App); err != nil {
				return err
			}
			return commit(ctx, j, do)
		}
		_, end := run(cfg)
		defer end()
		e.until(t, stuck, "given up", func(row store.JobRow) bool {
			return row.State == store.JobQueued && !row.Leased && row.Error == seal.ErrOpen.Code
		})
		for range 3 {
			other.untilState(t, other.add(t, 3), store.JobSucceeded)
		}
		k.unlock()
		e.untilState(t, stuck, store.JobSucceeded)
		e.wantNumbers(t, stuck, 9)
	})
}

// Jobs that wait have their turn, whatever others have left to do: each application in turn, and in
// it each job.
func TestEachJobHasItsTurn(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, e *env) {
		other := newEnv(t, e.Store)
		const numbers = 30 // ten steps each
		long := []id.Job{e.add(t, numbers), e.add(t, numbers), e.add(t, numbers)}
		alone := other.add(t, numbers)
		cfg := e.config(e.Store, &counting{})
		cfg.Keys = &keys{open: map[id.App]*seal.App{e.app: e.key, other.app: other.key}}
		cfg.Workers, cfg.Slice = 1, time.Nanosecond
		var steps []id.Job
		commit := cfg.Commit
		cfg.Commit = func(ctx context.Context, j *job.Job, do job.Step) error {
			steps = append(steps, j.ID)
			return commit(ctx, j, do)
		}
		_, end := run(cfg)
		for _, j := range long {
			e.untilState(t, j, store.JobSucceeded)
		}
		other.untilState(t, alone, store.JobSucceeded)
		end()
		first := slices.Index(steps, alone)
		if first > 1 {
			t.Errorf("the other application's job began after %d steps, want after one at most: %v", first, steps)
		}
		turns := map[id.Job]int{}
		for i, j := range steps[:20] {
			turns[j]++
			if i%2 == 1 && turns[alone] != (i+1)/2 {
				t.Errorf("after %d steps the other application had %d", i+1, turns[alone])
			}
		}
		for _, j := range long {
			if n := turns[j]; n < 3 || n > 4 {
				t.Errorf("of ten steps of its application %s had %d, want 3 or 4", j, n)
			}
		}
		e.wantNumbersOf(t, 3*numbers)
	})
}

// What a step took is left to requests many times over, however long it took.
func TestShareIsKept(t *testing.T) {
	t.Parallel()
	for share, want := range map[int]time.Duration{1: 99 * time.Minute, 10: 9 * time.Minute, 50: time.Minute, 100: 0} {
		if got := job.RestAfter(time.Minute, share); got != want {
			t.Errorf("after a minute at %d percent requests have %v, want %v", share, got, want)
		}
	}
	e := newSQLite(t)
	j := e.add(t, 6)
	const took = 20 * time.Millisecond
	var begun, ended []time.Time
	cfg := e.config(e.Store, &counting{prepare: func(int64) error {
		begun = append(begun, time.Now())
		time.Sleep(took)
		ended = append(ended, time.Now())
		return nil
	}})
	cfg.Share = 10
	_, end := run(cfg)
	e.untilState(t, j, store.JobSucceeded)
	end()
	if len(begun) != 3 {
		t.Fatalf("%d steps, want 3", len(begun))
	}
	for i := 1; i < len(begun); i++ {
		if left := begun[i].Sub(ended[i-1]); left < 9*took {
			t.Errorf("after step %d of at least %v requests had %v, want nine times that", i, took, left)
		}
	}
}

// What a kind takes to begin is no step, after which requests have the time many times over: at one
// percent the first step would be followed by minutes of nothing.
func TestBeginningIsNoStep(t *testing.T) {
	t.Parallel()
	e := newSQLite(t)
	j := e.add(t, 6)
	cfg := e.config(e.Store, &counting{begin: func() { time.Sleep(2 * time.Second) }})
	cfg.Share = 1
	_, end := run(cfg)
	defer end()
	e.untilState(t, j, store.JobSucceeded)
}

// waitingGets is a store whose transactions wait when they read a job, as on PostgreSQL for the others of a batch.
type waitingGets struct{ store.Store }

func (w waitingGets) Update(ctx context.Context, app id.App, fn func(tx store.Tx) error) error {
	return w.Store.Update(ctx, app, func(tx store.Tx) error { return fn(waitingTx{tx}) })
}

type waitingTx struct{ store.Tx }

func (w waitingTx) JobGet(j id.Job) (store.JobRow, error) {
	time.Sleep(300 * time.Millisecond) // longer than a step should take
	return w.Tx.JobGet(j)
}

// A step that waits for others in its transaction is not made smaller for it.
func TestWaitingMakesNoStepSmaller(t *testing.T) {
	t.Parallel()
	e := newSQLite(t)
	j := e.add(t, 60)
	var most atomic.Int64
	_, end := run(e.config(waitingGets{e.Store}, &counting{sized: func(size int) { most.Store(max(most.Load(), int64(size))) }}))
	defer end()
	e.untilState(t, j, store.JobSucceeded)
	if n := most.Load(); n <= 25 {
		t.Errorf("the largest of twenty steps had %d rows, want more than the first, which has 25", n)
	}
}

// A panic where a step is recorded gives the job up: no lease is renewed that nobody works under.
func TestPanicKeepsNoLease(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, e *env) {
		j := e.add(t, 9)
		cfg := e.config(e.Store, &counting{})
		commit, panics := cfg.Commit, 4
		cfg.Commit = func(ctx context.Context, j *job.Job, do job.Step) error {
			if panics--; panics >= 0 {
				panic("at the disco")
			}
			return commit(ctx, j, do)
		}
		cfg.Workers = 1
		_, end := run(cfg)
		defer end()
		e.until(t, j, "given up after a panic", func(row store.JobRow) bool { return row.Generation > 2 || row.State.Ended() })
		e.until(t, j, "ended", func(row store.JobRow) bool { return row.State.Ended() })
	})
}

// crowded is a store in which many applications before all others have jobs that nobody takes.
type crowded struct {
	store.Store
	before []id.App
}

func (c crowded) JobApps(ctx context.Context, limit int) ([]id.App, error) {
	apps, err := c.Store.JobApps(ctx, limit)
	if err != nil {
		return nil, err
	}
	all := slices.Concat(c.before, apps)
	return all[:min(limit, len(all))], nil
}

// No application waits behind others, however many there are.
func TestJobsOfManyApplicationsAreDone(t *testing.T) {
	t.Parallel()
	e := newSQLite(t)
	j := e.add(t, 9)
	before := make([]id.App, 1500)
	for i := range before {
		before[i] = id.NewApp()
	}
	_, end := run(e.config(crowded{e.Store, before}, &counting{}))
	defer end()
	e.untilState(t, j, store.JobSucceeded)
}

// A job that has much to do before its first step holds up no other of the process.
func TestBeginningHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	e := newSQLite(t)
	first, goOn := make(chan struct{}), make(chan struct{})
	var begun atomic.Int64
	cfg := e.config(e.Store, &counting{begin: func() {
		if begun.Add(1) == 1 {
			close(first)
			<-goOn
		}
	}})
	cfg.Workers = 2
	slow := e.add(t, 3)
	_, end := run(cfg)
	defer end()
	defer close(goOn)
	<-first
	quick := e.add(t, 6)
	e.untilState(t, quick, store.JobSucceeded)
	if row := e.row(t, slow); row.State != store.JobRunning || row.Done != 0 {
		t.Errorf("the job that begins is %+v", row)
	}
}
