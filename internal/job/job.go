package job

import (
	"context"
	"encoding/json"
	"time"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
)

// Job is one job as it is shown, and as its work gets it.
type Job struct {
	App         id.App
	ID          id.Job
	Kind        string
	State       store.JobState
	Done, Total int64  // progress; a Total of 0 is not known
	Error       string // code of the last failure; "": none since the last step
	StartedBy   id.Credential
	CreatedAt   time.Time
	StartedAt   time.Time // when a replica first took it; zero: none has
	EndedAt     time.Time // zero: it has not ended

	// What is stored encrypted under the application's key.
	Owner      string // who answers for the credential
	Reason     string // why it was started; may be empty
	Parameters []byte // the kind's
	Damaged    bool   // it could not be read, and no work is done for it
}

// Kind makes the work of jobs of one kind.
type Kind interface {
	// Action is what a caller must be allowed to do who starts such a job.
	Action() authz.Action

	// Begin makes the work of a job that this replica has taken. Its faults are those of a
	// step. What it takes is not part of the share of jobs, and the other jobs of the process go on:
	// if it is much, it must pause by itself.
	Begin(ctx context.Context, job *Job, key *seal.App) (Work, error)
}

// Work is one job in the hands of one replica. It is used by one goroutine.
type Work interface {
	// Step prepares the step that begins at cursor, which is empty at the beginning, and
	// returns what the transaction has to do. nil means that nothing is left. size is how
	// many rows the step should change at most. fault.Unavailable makes the runner try again
	// later; any other fault fails the job with its code.
	Step(ctx context.Context, cursor []byte, size int) (Step, error)
}

// Step is the part of a step that runs in the transaction. It may run more than once, and must
// do the same each time.
type Step func(tx store.Tx) (Effect, error)

// Effect is what a step has done, for the job's row and for the audit log.
type Effect struct {
	Cursor      []byte
	Done, Total int64

	Action  authz.Action
	Outcome audit.Outcome
	Code    string
	Targets []id.Customer
	Fields  []string
}

// Kinds are the kinds that a server knows, by name. A replica leaves jobs of other kinds to
// those that know them.
type Kinds map[string]Kind

// New makes a job of a kind that has not begun.
func New(app id.App, kind string, parameters []byte) Job {
	return Job{App: app, ID: id.NewJob(), Kind: kind, State: store.JobQueued, Parameters: parameters}
}

// Limits of an application.
const (
	maxActive = 20  // jobs that have not ended
	keepEnded = 200 // jobs that have ended; older ones are forgotten
	MaxListed = maxActive + keepEnded
)

// The faults of changes.
var (
	ErrTooMany = fault.New(fault.Conflict, "too_many_jobs", "20 jobs of this application have not ended; wait for one of them or cancel it")
	ErrEnded   = fault.New(fault.Conflict, "job_ended", "This job has ended")
)

// hidden is the part of a job that is encrypted.
type hidden struct {
	Owner      string `json:"owner,omitempty"`
	Reason     string `json:"reason,omitempty"`
	Parameters []byte `json:"parameters,omitempty"`
}

// label binds what is encrypted to its job.
func label(job id.Job) string { return "job " + string(job) }

// row makes the row of a new job.
func (j *Job) row(key *seal.App) (store.JobRow, error) {
	plain, err := json.Marshal(hidden{j.Owner, j.Reason, j.Parameters})
	if err != nil {
		return store.JobRow{}, err
	}
	return store.JobRow{
		ID: j.ID, Kind: j.Kind, State: j.State, Actor: j.StartedBy, Sealed: key.SealLabel(label(j.ID), plain),
		Done: j.Done, Total: j.Total, CreatedAt: j.CreatedAt.UnixMilli(),
	}, nil
}

// Read makes a job of its row. If the encrypted part was altered or moved, the job has none and is
// Damaged.
func Read(app id.App, key *seal.App, row *store.JobRow) Job {
	j := Job{
		App: app, ID: row.ID, Kind: row.Kind, State: row.State, Done: row.Done, Total: row.Total, Error: row.Error,
		StartedBy: row.Actor, CreatedAt: store.Instant(row.CreatedAt), StartedAt: instant(row.StartedAt), EndedAt: instant(row.EndedAt),
	}
	var h hidden
	plain, err := key.OpenLabel(label(row.ID), row.Sealed)
	if err != nil || json.Unmarshal(plain, &h) != nil {
		j.Damaged = true
		return j
	}
	j.Owner, j.Reason, j.Parameters = h.Owner, h.Reason, h.Parameters
	return j
}

// ReadAll makes jobs of their rows.
func ReadAll(app id.App, key *seal.App, rows []store.JobRow) []Job {
	list := make([]Job, len(rows))
	for i := range rows {
		list[i] = Read(app, key, &rows[i])
	}
	return list
}

// instant is store.Instant for a time that may be absent.
func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return store.Instant(ms)
}
