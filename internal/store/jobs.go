package store

import (
	"context"
	"time"

	"custodex.dev/internal/id"
)

// JobState says how far a job is. The text is stored.
type JobState string

// The states. A job begins queued and ends succeeded, failed or cancelled.
const (
	JobQueued    JobState = "queued"
	JobRunning   JobState = "running"
	JobPaused    JobState = "paused"
	JobSucceeded JobState = "succeeded"
	JobFailed    JobState = "failed"
	JobCancelled JobState = "cancelled"
)

// Ended reports whether the job does nothing any more, for good.
func (s JobState) Ended() bool { return s == JobSucceeded || s == JobFailed || s == JobCancelled }

// JobRow is one job: long work on one application that a replica does in steps.
type JobRow struct {
	ID        id.Job
	Kind      string
	State     JobState
	Actor     id.Credential // who started it
	Sealed    []byte        // its parameters and why it was started
	Cursor    []byte        // where the next step begins: the kind's, without personal data; empty: at the beginning
	Done      int64         // progress
	Total     int64         // what Done will be at the end; 0: not known
	Error     string        // code of the last failure; "": none since the last step
	CreatedAt int64
	StartedAt int64 // 0: never
	EndedAt   int64 // 0: it has not ended

	// Holder is the replica that has leased the job last, and Generation how often it
	// has been leased. Leased says that the lease has not ended by the database's clock;
	// only reads set it.
	Holder     string
	Generation int64
	Leased     bool
}

// JobReader reads jobs.
type JobReader interface {
	// JobApps gives the applications that have a job which is queued, or running without
	// a lease, in ascending order, at most limit. It crosses applications, for the runner
	// of every replica, and gives their ids and nothing else.
	JobApps(ctx context.Context, limit int) ([]id.App, error)

	// JobGet gives one job.
	JobGet(ctx context.Context, app id.App, job id.Job) (JobRow, error)

	// JobList gives the application's jobs newest first (CreatedAt, then ID, both
	// descending), at most limit.
	JobList(ctx context.Context, app id.App, limit int) ([]JobRow, error)
}

// JobTx is the part of a Tx that is about jobs.
type JobTx interface {
	// JobCount counts the application's jobs that have not ended.
	JobCount() (int, error)

	// JobGet gives one job, as this transaction sees it.
	JobGet(job id.Job) (JobRow, error)

	// JobInsert adds a job without a lease; ErrExists if its id is taken. It is refused
	// with ErrAppRemoved in a removed application.
	JobInsert(row JobRow) error

	// JobPrune deletes the jobs that have ended, the oldest first, until only keep of
	// them are left.
	JobPrune(keep int) error

	// JobUpdate replaces every column of the job but ID, Kind, Actor, Sealed and
	// CreatedAt. Its lease ends after the time given, by the database's clock; 0: there is
	// none. fault.NotFound if it is gone.
	JobUpdate(row JobRow, lease time.Duration) error
}
