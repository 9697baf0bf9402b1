// Package sumfill gives the customers, items and groups of an application of an earlier release their
// checksums, and wraps the keys of customers in the newest epoch. It is a job. At its end the application
// is marked: from then on a row without a checksum is damage.
//
// A row gets a checksum only if it decrypts and is what the log says of it, as far as that says anything.
// One that is not is reported and left as it is, so that it is damaged once the application is marked.
// What a newcomer gets wrong: the checksum vouches for the columns as they were at that moment. Nothing
// tells whether somebody altered a clear column of a row of release 0.1.0 before. Rows are compared with
// the log once, before the first is filled: of one that is altered after that and loses its checksum, the
// job vouches for what it then finds, whatever the log says.
//
// Nothing of a customer changes: neither its version nor its history, and there is no event.
// Start from New.
package sumfill

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/check"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/integrity"
	"custodex.dev/internal/job"
	"custodex.dev/internal/rowsum"
	"custodex.dev/internal/safe"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/sequencer"
	"custodex.dev/internal/store"
)

// Name is the kind of the job.
const Name = "checksums"

// Config says what to fill. All fields must be set.
type Config struct {
	Store store.Store
	Keys  job.Keys

	// Report gets the rows that get no checksum.
	Report func(ctx context.Context, app id.App, found []check.Finding, tables ...string)

	// Now is the clock: UTC, whole milliseconds.
	Now func() time.Time

	Log *slog.Logger
}

// Filler is the kind of the job, and adds a job for each application that needs one. It is safe for
// concurrent use.
type Filler struct {
	cfg  Config
	lost chan struct{} // the database has lost changes

	mu   sync.Mutex
	seen map[id.App]known // of jobs that have not ended
}

// known is what was found out at the beginning of a job.
type known struct {
	job   id.Job
	wrong wrong
}

// wrong are the rows that get no checksum, by table and id as a finding has them.
type wrong map[string]bool

func (w wrong) add(f check.Finding)        { w[f.Table+" "+f.ID] = true }
func (w wrong) has(table, row string) bool { return w[table+" "+row] }

// New makes a Filler.
func New(cfg Config) *Filler {
	return &Filler{cfg: cfg, lost: make(chan struct{}, 1), seen: make(map[id.App]known)}
}

// Action is what nobody is allowed: only the server itself starts such a job.
func (f *Filler) Action() authz.Action { return authz.CustomerSum }

// Begin compares all rows of the application with the log, once in each process.
func (f *Filler) Begin(ctx context.Context, j *job.Job, key *seal.App) (job.Work, error) {
	f.mu.Lock()
	seen := f.seen[j.App]
	f.mu.Unlock()
	if seen.job != j.ID {
		found, err := f.compare(ctx, j.App)
		if err != nil {
			return nil, err
		}
		seen = known{j.ID, found}
		f.mu.Lock()
		f.seen[j.App] = seen // and no more of one before, which was cancelled
		f.mu.Unlock()
	}
	return &work{Filler: f, app: j.App, job: j.ID, key: key, wrong: seen.wrong}, nil
}

// forget drops what was found out at the beginning of a job.
func (f *Filler) forget(app id.App, j id.Job) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.seen[app].job == j {
		delete(f.seen, app)
	}
}

// compareRate is how many rows a second are read, so that reading a large database leaves room for others.
const compareRate = 20_000

// tables are those whose rows get a checksum.
var tables = []string{customerTable, integrity.Groups, integrity.Items}

const customerTable = "customer"

// compare finds the rows that are not what the log says, and reports them.
func (f *Filler) compare(ctx context.Context, app id.App) (wrong, error) {
	w := make(wrong)
	var found []check.Finding
	err := check.FindDamage(ctx, check.Config{Store: f.cfg.Store, Keys: f.cfg.Keys, Rate: compareRate, Found: func(one check.Finding) {
		if slices.Contains(tables, one.Table) {
			w.add(one)
			found = append(found, one)
		}
	}}, app)
	if err != nil {
		return nil, err
	}
	if len(found) > 0 {
		f.cfg.Report(ctx, app, found)
	}
	return w, nil
}

// With gives the kinds of jobs and this one.
func (f *Filler) With(kinds job.Kinds) job.Kinds {
	all := maps.Clone(kinds)
	if all == nil {
		all = make(job.Kinds)
	}
	all[Name] = f
	return all
}

// Forget has Run look at all applications again, after the database has lost changes.
func (f *Filler) Forget() {
	select {
	case f.lost <- struct{}{}:
	default:
	}
}

// starts are the applications that Run has seen to.
type starts struct {
	begun  map[id.App]bool
	failed map[id.App]bool // and it was logged
}

// Run adds a job for each application that needs one, until ctx ends. added is called after each.
func (f *Filler) Run(ctx context.Context, added func()) {
	s := starts{make(map[id.App]bool), make(map[id.App]bool)}
	wait := startAgain
	for ctx.Err() == nil {
		again := true
		if err := safe.Call(func() error { again = f.startAll(ctx, s, added); return nil }); err != nil {
			f.cfg.Log.WarnContext(ctx, "background work failed; it will be tried again", "work", "checksums of earlier rows", "cause", err)
		}
		var timer <-chan time.Time
		if again {
			timer = time.After(wait)
			wait = min(2*wait, startAgainMost)
		}
		select {
		case <-ctx.Done():
		case <-timer:
		case <-f.lost:
			clear(s.begun)
			wait = startAgain
		}
	}
}

// startAgain is how long Run waits at first for applications that have no checksum of their own yet,
// or whose job could not be added. Each time it waits twice as long, up to startAgainMost.
const (
	startAgain     = 2 * time.Second
	startAgainMost = time.Minute
)

// startAll adds the jobs that are missing. It reports whether there may be more to do.
func (f *Filler) startAll(ctx context.Context, s starts, added func()) (again bool) {
	err := store.EachApp(ctx, f.cfg.Store, func(row store.AppRow) error {
		if row.Summed || row.RemovedAt != 0 || s.begun[row.ID] {
			return ctx.Err()
		}
		if row.Sum == nil { // it waits for the checksum of its row, or is damaged
			again = true
			return ctx.Err()
		}
		if err := f.add(ctx, row.ID); err != nil {
			again = true
			if !s.failed[row.ID] {
				f.cfg.Log.WarnContext(ctx, "background work failed; it will be tried again", "work", "checksums of earlier rows", "app", row.ID, "cause", err)
			}
			s.failed[row.ID] = true
			return ctx.Err()
		}
		s.begun[row.ID] = true
		delete(s.failed, row.ID)
		added()
		return ctx.Err()
	})
	return again || err != nil
}

// errAdded says that another process added a job meanwhile.
var errAdded = errors.New("another process added a job")

// add adds the job of an application unless it has one that has not ended, or needs none any more.
func (f *Filler) add(ctx context.Context, app id.App) error {
	key, err := f.cfg.Keys.Key(ctx, app)
	if err != nil {
		return err
	}
	for {
		rows, err := f.cfg.Store.JobList(ctx, app, job.MaxListed)
		if err != nil {
			return err
		}
		rows = slices.DeleteFunc(rows, func(row store.JobRow) bool { return row.State.Ended() })
		if slices.ContainsFunc(rows, func(row store.JobRow) bool { return row.Kind == Name }) {
			return nil
		}
		if err := f.addBeside(ctx, app, key, rows); !errors.Is(err, errAdded) {
			return err
		}
	}
}

// addBeside adds the job of an application, or fails with errAdded unless these are all that have not
// ended.
func (f *Filler) addBeside(ctx context.Context, app id.App, key *seal.App, others []store.JobRow) error {
	j := job.New(app, Name, nil)
	j.CreatedAt, j.Reason = f.cfg.Now(), "checksums of rows of an earlier release"
	entry := f.entry(app, key, authz.JobStart, "kind:"+Name)
	entry.Subject = string(j.ID)
	return f.cfg.Store.Update(ctx, app, func(tx store.Tx) error {
		if row, err := tx.AppGet(); err != nil || row.Summed {
			return err
		}
		more, err := tx.JobCount()
		if err != nil {
			return err
		}
		for i := range others {
			row, err := tx.JobGet(others[i].ID)
			if err != nil && !missing(err) {
				return err
			}
			if err == nil && !row.State.Ended() {
				more--
			}
		}
		if more > 0 {
			return errAdded
		}
		tx.AuditAppend(sequencer.NewRow(key, entry))
		return job.Insert(tx, key, j)
	})
}

// entry begins an audit entry of the server itself.
func (f *Filler) entry(app id.App, key *seal.App, action authz.Action, fields ...string) audit.Entry {
	return audit.Entry{
		Time: f.cfg.Now(), App: app, Action: action, Outcome: audit.Done, Dialect: "upgrade", Request: id.NewRequest(),
		Fields: fields, Personal: sequencer.SealOrigin(key, audit.Origin{}),
	}
}

// mark says that all rows of the application have a checksum.
func (w *work) mark(tx store.Tx) error {
	row, err := tx.AppGet()
	if err != nil || row.Summed {
		return err
	}
	if row.Sum == nil {
		return integrity.ErrPending
	}
	if err := rowsum.Check(row.Sum, rowsum.App(w.key, &row)); err != nil {
		return err
	}
	row.Summed = true
	row.Sum = rowsum.App(w.key, &row)
	entry := w.entry(w.app, w.key, authz.AppUpdate, "checksums")
	entry.Subject, entry.Sums = string(w.app), [][]byte{row.Sum}
	tx.AuditAppend(sequencer.NewRow(w.key, entry))
	return tx.AppUpdate(row)
}

// missing reports whether err only says that a row is gone.
func missing(err error) bool { return errors.Is(err, fault.NotFound) }
