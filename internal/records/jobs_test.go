package records_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/importer"
	"custodex.dev/internal/job"
	"custodex.dev/internal/keyring"
	"custodex.dev/internal/records"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
	"custodex.dev/internal/testkit"
)

// waiting is a kind of job that does nothing until the process ends.
type waiting struct{}

func (waiting) Action() authz.Action { return authz.CustomerImport }

func (waiting) Begin(ctx context.Context, _ *job.Job, _ *seal.App) (job.Work, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// crowd gives n inputs that can all be stored.
func crowd(n int) []customer.Input {
	inputs := make([]customer.Input, n)
	for i := range inputs {
		inputs[i] = person(fmt.Sprintf("Given%d", i), "Family", fmt.Sprintf("p%d@example.com", i))
	}
	return inputs
}

// load stores customers past all use cases, many in a transaction.
func (e *testEnv) load(t *testing.T, app id.App, inputs []customer.Input) {
	t.Helper()
	im := importer.Importer{Key: e.key(t, app), Now: func() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }}
	for part := range slices.Chunk(inputs, 4000) {
		p := <-im.Prepare(part)
		if p.Err != nil {
			t.Fatal(p.Err)
		}
		err := e.store.Update(t.Context(), app, func(tx store.Tx) error {
			stored, err := p.Batch.Store(tx, func(store.Tx, customer.Change) error { return nil })
			if err == nil && len(stored.Customers) != len(part) {
				err = fmt.Errorf("%d of %d customers were stored", len(stored.Customers), len(part))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// key opens the key of an application.
func (e *testEnv) key(t *testing.T, app id.App) *seal.App {
	t.Helper()
	key, err := keyring.New(e.store, e.keys, time.Now).Key(t.Context(), app)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// addJob adds a job of a kind that no replica knows, so that it stays queued.
func (e *testEnv) addJob(t *testing.T) id.Job {
	t.Helper()
	j := job.New(e.app.ID, "unknown", nil)
	j.Reason, j.CreatedAt = "a reason", time.UnixMilli(1_790_000_000_123)
	key := e.key(t, e.app.ID)
	if err := e.store.Update(t.Context(), e.app.ID, func(tx store.Tx) error { return job.Insert(tx, key, j) }); err != nil {
		t.Fatal(err)
	}
	return j.ID
}

// crowding is a kind of job that makes one group a step.
type crowding struct{ groups int64 }

func (crowding) Action() authz.Action { return authz.GroupCreate }

func (c crowding) Begin(context.Context, *job.Job, *seal.App) (job.Work, error) { return c, nil }

func (c crowding) Step(_ context.Context, cursor []byte, _ int) (job.Step, error) {
	if int64(len(cursor)) == c.groups {
		return nil, nil
	}
	return func(tx store.Tx) (job.Effect, error) {
		_, err := tx.GroupInsert(store.GroupRow{Sealed: []byte("a group"), Sum: make([]byte, 32)})
		return job.Effect{
			Cursor: append(cursor[:len(cursor):len(cursor)], 'x'), Done: int64(len(cursor)) + 1, Total: c.groups,
			Action: authz.GroupCreate, Outcome: audit.Done, Fields: []string{"name"},
		}, err
	}, nil
}

// A job is done by the service it was started on, and the log tells all of it: who started it, each
// step, and its end.
func TestJobIsDoneAndRecorded(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			env := newEnvOn(t, testkit.NewStore(t, engine), func(c *records.Config) { c.Jobs = job.Kinds{"crowding": crowding{3}} })
			first := env.entries(t, env.app.ID)
			started, err := env.StartJob(t.Context(), env.me, "crowding", []byte("a parameter"), "a reason")
			if err != nil {
				t.Fatal(err)
			}
			var row store.JobRow
			for begun := time.Now(); row.State != store.JobSucceeded; time.Sleep(time.Millisecond) {
				if row, err = env.store.JobGet(t.Context(), env.app.ID, started.ID); err != nil || time.Since(begun) > time.Minute {
					t.Fatalf("the job is %+v, %v", row, err)
				}
			}
			for _, text := range []string{"a parameter", "a reason", env.me.Owner} {
				if strings.Contains(string(row.Sealed)+string(row.Cursor), text) {
					t.Errorf("the row shows %q", text)
				}
			}
			rows, err := env.store.AuditRange(t.Context(), env.app.ID, first, 10)
			if err != nil {
				t.Fatal(err)
			}
			var actions []string
			for _, row := range rows {
				var e audit.Entry
				if err := e.ParseDetail(row.Detail); err != nil || e.Subject != string(started.ID) || row.Actor != string(env.me.Credential) {
					t.Errorf("%s is about %q by %q, %v; want the job, by who started it", row.Action, e.Subject, row.Actor, err)
				}
				actions = append(actions, row.Action)
			}
			want := []string{"job.start", "group.create", "group.create", "group.create", "job.end"}
			if !slices.Equal(actions, want) {
				t.Errorf("the log has %q, want %q", actions, want)
			}
			got, err := env.FetchJob(t.Context(), env.operator(env.app.ID), started.ID)
			if err != nil || got.Done != 3 || got.Total != 3 || got.Reason != "a reason" || got.Owner != "Ada Owner" || got.EndedAt.IsZero() {
				t.Errorf("FetchJob = %+v, %v", got, err)
			}
		})
	}
}

// A job may be started by who may do what it does, and seen and changed by operators.
func TestJobsOfAnother(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	mine := env.addJob(t)
	_, other := env.newApp(t, "Other")
	op := env.operator(other.App)
	if list, err := env.ListJobs(t.Context(), op); err != nil || len(list) != 0 {
		t.Errorf("ListJobs of another application = %v, %v", list, err)
	}
	calls := map[string]func() error{
		"FetchJob":  func() error { return second(env.FetchJob(t.Context(), op, mine)) },
		"ChangeJob": func() error { return second(env.ChangeJob(t.Context(), op, mine, job.Cancel)) },
	}
	for name, call := range calls {
		if err := call(); !errors.Is(err, fault.NotFound) {
			t.Errorf("%s of another application's job = %v, want not found", name, err)
		}
	}
	for _, change := range []job.Change{job.Pause, job.Resume, job.Cancel} {
		if _, err := env.ChangeJob(t.Context(), env.me, mine, change); !errors.Is(err, fault.Forbidden) {
			t.Errorf("ChangeJob (%s) by no operator = %v, want forbidden", change.Action(), err)
		}
	}
	reader := env.me
	reader.Scopes = authz.Scopes{authz.CustomersRead}
	if _, err := env.StartJob(t.Context(), reader, "waiting", nil, ""); !errors.Is(err, fault.Forbidden) {
		t.Errorf("StartJob by who may not import = %v, want forbidden", err)
	}
	if _, err := env.StartJob(t.Context(), env.me, "none", nil, ""); !errors.Is(err, fault.Forbidden) {
		t.Errorf("StartJob of no kind = %v, want forbidden", err)
	}
}
