package bench

import (
	"context"
	"encoding/json"
	"time"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/importer"
	"custodex.dev/internal/job"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
)

// loadKind is the kind of job that makes invented customers. No server has it but the one that this
// package starts.
const loadKind = "load"

// loadParameters are those of a job. Equal ones make equal people.
type loadParameters struct {
	Seed  uint64 `json:"seed"`
	From  int    `json:"from"`  // number of the first
	Count int    `json:"count"` // how many are made
}

// loadCursor is where a step begins.
type loadCursor struct {
	Next int `json:"next"` // number of the next person
	Made int `json:"made"`
	Idle int `json:"idle"` // how many right before Next were there already
}

// maxIdle is how many persons in a row may be there already.
const maxIdle = 200_000

// errRefused ends a load that makes no progress any more.
var errRefused = fault.New(fault.Conflict, "customers_are_there", "The database takes no more customers: all are there already")

// loader makes the work of jobs.
type loader struct{}

// Action is that of every import.
func (loader) Action() authz.Action { return authz.CustomerImport }

// Begin reads the parameters.
func (loader) Begin(_ context.Context, j *job.Job, key *seal.App) (job.Work, error) {
	w := &loading{importer: importer.Importer{Key: key, Now: func() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }}}
	if err := json.Unmarshal(j.Parameters, &w.loadParameters); err != nil {
		return nil, err
	}
	w.people = NewPeople(w.Seed)
	return w, nil
}

// loading is one load in the hands of this process.
type loading struct {
	loadParameters
	people   People
	importer importer.Importer
	ahead    *prepared
}

// prepared are people from a number on who are being validated and encrypted.
type prepared struct {
	from, n int
	ready   <-chan importer.Preparation
}

// overlap is the least size of a step while which the next one is prepared. Small steps leave the
// processors to requests.
const overlap = 500

// Step stores the people from the cursor on.
func (l *loading) Step(ctx context.Context, cursor []byte, size int) (job.Step, error) {
	at := loadCursor{Next: l.From}
	if len(cursor) > 0 {
		if err := json.Unmarshal(cursor, &at); err != nil {
			return nil, err
		}
	}
	switch {
	case at.Made >= l.Count:
		return nil, nil
	case at.Idle >= maxIdle:
		return nil, errRefused
	}
	p := l.ahead
	if l.ahead = nil; p == nil || p.from != at.Next {
		p = l.prepare(at.Next, min(size, l.Count-at.Made))
	}
	var now importer.Preparation
	select {
	case now = <-p.ready:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if now.Err != nil {
		return nil, now.Err
	}
	if left := l.Count - at.Made - p.n; left > 0 && size >= overlap {
		l.ahead = l.prepare(p.from+p.n, min(size, left))
	}
	return func(tx store.Tx) (job.Effect, error) { return l.store(tx, at, p.n, &now.Batch) }, nil
}

// prepare begins to prepare n people.
func (l *loading) prepare(from, n int) *prepared {
	inputs := make([]customer.Input, n)
	for i := range inputs {
		inputs[i] = l.people.Person(uint64(from + i)).Input()
	}
	return &prepared{from, n, l.importer.Prepare(inputs)}
}

// store stores n people. One who is there already is left out.
func (l *loading) store(tx store.Tx, at loadCursor, n int, batch *importer.Batch) (job.Effect, error) {
	stored, err := batch.Store(tx, func(store.Tx, customer.Change) error { return nil }) // nobody is in a group
	if err != nil {
		return job.Effect{}, err
	}
	at.Next += n
	at.Made += len(stored.Customers)
	if at.Idle += n; len(stored.Customers) > 0 {
		at.Idle = 0
	}
	cursor, err := json.Marshal(at)
	if err != nil {
		return job.Effect{}, err
	}
	effect := job.Effect{
		Cursor: cursor, Done: int64(at.Made), Total: int64(l.Count),
		Action: authz.CustomerImport, Outcome: audit.Done, Targets: stored.Customers, Fields: stored.Fields,
	}
	if len(stored.Customers) < stored.Tried {
		effect.Code = store.ErrEmailTaken.Code
	}
	if len(stored.Customers) == 0 {
		effect.Outcome = audit.Refused
	}
	return effect, nil
}
