package job_test

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"custodex.dev/internal/authz"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/job"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/storetest"
	"custodex.dev/internal/testkit"
)

// env is a store with one application, whose jobs write their numbers into its log.
type env struct {
	store.Store
	app id.App
	key *seal.App
	now time.Time
}

func onBoth(t *testing.T, fn func(t *testing.T, e *env)) {
	t.Helper()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			fn(t, newEnv(t, testkit.NewStore(t, engine)))
		})
	}
}

func newEnv(t *testing.T, st store.Store) *env {
	t.Helper()
	e := &env{Store: st, app: id.NewApp(), now: time.UnixMilli(1_790_000_000_123).UTC()}
	raw := seal.NewAppKey()
	e.update(t, func(tx store.Tx) error {
		return tx.AppInsert(store.AppRow{ID: e.app, Name: "Shop", Key: raw, CreatedAt: 1})
	})
	var err error
	if e.key, err = seal.OpenApp(e.app, raw); err != nil {
		t.Fatal(err)
	}
	return e
}

// Key makes env the keys of a runner.
func (e *env) Key(context.Context, id.App) (*seal.App, error) { return e.key, nil }

func (e *env) update(t *testing.T, fn func(tx store.Tx) error) {
	t.Helper()
	if err := e.Update(context.Background(), e.app, fn); err != nil {
		t.Fatalf("Update = %v", err)
	}
}

// add adds a job of the kind "count" that writes the numbers from 0 to total-1.
func (e *env) add(t *testing.T, total int64) id.Job {
	t.Helper()
	j := job.New(e.app, "count", binary.AppendVarint(nil, total))
	j.StartedBy, j.Owner, j.Reason, j.CreatedAt = "cred_abcdefghijkmnpqr", "Ada Owner", "a reason", e.now
	e.update(t, func(tx store.Tx) error { return job.Insert(tx, e.key, j) })
	return j.ID
}

func (e *env) change(t *testing.T, j id.Job, change job.Change) {
	t.Helper()
	e.update(t, func(tx store.Tx) error {
		_, err := job.Apply(tx, j, change, e.now)
		return err
	})
}

// expire lets the lease of a job run out.
func (e *env) expire(t *testing.T, j id.Job) {
	t.Helper()
	e.update(t, func(tx store.Tx) error {
		row, err := tx.JobGet(j)
		if err != nil || row.State != store.JobRunning {
			return err
		}
		return tx.JobUpdate(row, -time.Hour)
	})
}

func (e *env) row(t *testing.T, j id.Job) store.JobRow {
	t.Helper()
	row, err := e.JobGet(context.Background(), e.app, j)
	if err != nil {
		t.Fatalf("JobGet = %v", err)
	}
	return row
}

// config is that of a replica over st, with the kind "count".
func (e *env) config(st store.Store, kind *counting) job.Config {
	return job.Config{
		Store: st, Keys: e, Kinds: job.Kinds{"count": kind}, Share: 100, Poll: time.Millisecond, Retry: time.Millisecond,
		Lease: time.Hour, Now: func() time.Time { return e.now },
		Commit: func(ctx context.Context, j *job.Job, do job.Step) error {
			return st.Update(ctx, j.App, func(tx store.Tx) error {
				effect, err := do(tx)
				if err == nil {
					tx.AuditAppend(store.AuditRow{Action: string(effect.Action), Detail: []byte(effect.Code), MAC: make([]byte, 32)})
				}
				return err
			})
		},
	}
}

// run starts a replica. end stops it and waits for it.
func run(cfg job.Config) (r *job.Runner, end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	r = job.NewRunner(cfg)
	done := make(chan struct{})
	go func() { defer close(done); r.Run(ctx) }()
	return r, func() { cancel(); <-done }
}

// until waits for a state of a job.
func (e *env) until(t *testing.T, j id.Job, what string, is func(store.JobRow) bool) store.JobRow {
	t.Helper()
	for begun := time.Now(); ; time.Sleep(time.Millisecond) {
		if row := e.row(t, j); is(row) {
			return row
		} else if time.Since(begun) > 2*time.Minute {
			t.Fatalf("the job is not %s: %+v", what, row)
		}
	}
}

func (e *env) untilState(t *testing.T, j id.Job, state store.JobState) store.JobRow {
	t.Helper()
	return e.until(t, j, string(state), func(row store.JobRow) bool { return row.State == state })
}

// wantNumbers fails unless the log has 0 to n-1, each once and in order, and the job says so.
func (e *env) wantNumbers(t *testing.T, j id.Job, n int64) {
	t.Helper()
	rows, err := e.AuditRange(context.Background(), e.app, 0, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	var got []int64
	for _, row := range rows {
		if row.Action == "number" {
			got = append(got, row.At)
		}
	}
	want := make([]int64, n)
	for i := range want {
		want[i] = int64(i)
	}
	if !slices.Equal(got, want) {
		t.Errorf("the jobs wrote %d numbers %v, want 0 to %d once each", len(got), got, n-1)
	}
	if row := e.row(t, j); row.Done != n {
		t.Errorf("the job says %d of %d, want %d", row.Done, row.Total, n)
	}
}

// wantNumbersOf fails unless jobs wrote so many numbers into the log.
func (e *env) wantNumbersOf(t *testing.T, n int) {
	t.Helper()
	rows, err := e.AuditRange(context.Background(), e.app, 0, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	got := 0
	for _, row := range rows {
		if row.Action == "number" {
			got++
		}
	}
	if got != n {
		t.Errorf("the jobs wrote %d numbers, want %d", got, n)
	}
}

// counting is the kind "count". It writes three numbers a step.
type counting struct {
	begin   func()
	prepare func(cursor int64) error // before a step is given
	sized   func(size int)           // with how many rows a step may change
	inside  func(tx store.Tx, cursor int64) error
	steps   atomic.Int64
}

func (k *counting) Action() authz.Action { return authz.CustomerImport }

func (k *counting) Begin(_ context.Context, j *job.Job, _ *seal.App) (job.Work, error) {
	total, n := binary.Varint(j.Parameters)
	if n <= 0 || j.Owner != "Ada Owner" || j.Reason != "a reason" {
		return nil, errors.New("the parameters are not those of the job")
	}
	if k.begin != nil {
		k.begin()
	}
	return &counted{k, total}, nil
}

type counted struct {
	kind  *counting
	total int64
}

func (c *counted) Step(_ context.Context, cursor []byte, size int) (job.Step, error) {
	from, _ := binary.Varint(cursor)
	if c.kind.sized != nil {
		c.kind.sized(size)
	}
	if c.kind.prepare != nil {
		if err := c.kind.prepare(from); err != nil {
			return nil, err
		}
	}
	if from == c.total {
		return nil, nil
	}
	return func(tx store.Tx) (job.Effect, error) {
		c.kind.steps.Add(1)
		if c.kind.inside != nil {
			if err := c.kind.inside(tx, from); err != nil {
				return job.Effect{}, err
			}
		}
		to := min(from+3, c.total)
		for i := from; i < to; i++ {
			tx.AuditAppend(store.AuditRow{At: i, Action: "number", MAC: make([]byte, 32)})
		}
		return job.Effect{Cursor: binary.AppendVarint(nil, to), Done: to, Total: c.total, Action: "step"}, nil
	}, nil
}

// errDead is what a killed process sees of the database.
var errDead = fault.New(fault.Unavailable, "dead", "This process was killed")

// dying is a store that a process loses at its nth call: before the call, or after it was applied.
func dying(st store.Store, nth int64, applied bool) (dead *atomic.Bool, h *storetest.Hooked) {
	h, dead = storetest.NewHooked(st), new(atomic.Bool)
	var calls atomic.Int64
	die := func() error {
		if dead.Load() {
			return errDead
		}
		if calls.Add(1) == nth {
			dead.Store(true)
			return errDead
		}
		return nil
	}
	hooks := storetest.Hooks{Before: func(context.Context, string, id.App) error {
		if applied && !dead.Load() {
			return nil
		}
		return die()
	}}
	if applied {
		hooks.After = func(context.Context, string, id.App, any) error { return die() }
	}
	h.Set(hooks)
	return dead, h
}
