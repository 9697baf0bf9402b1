package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/sleep"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/commit"
)

// A batch is the works of many requests in one transaction on one application:
//
//	BEGIN; name the application; lock and read its head       one round trip
//	the first statement of each Update, the second of each    one for all the first, one for all the second
//	INSERT entries and events of all; write the head; COMMIT  one round trip
//
// How the functions of Updates run side by side, and what is done if they cannot, is in pipeline.go.
// Statements whose results nobody waits for (SAVEPOINT, RELEASE) travel with the
// next one that matters. Works that only audit need no statement of
// their own, so a batch of them is two round trips whatever its size; a fetch whose row is in
// memory may need one more when another store has changed customers (disclose.go).
//
// READ COMMITTED is enough: every transaction that writes customers, keys,
// idempotency rows or entries of the application holds its head row first, and each
// statement here begins after that lock was got and so sees all that the holders
// before have committed.

// Limits of a batch that meets trouble.
const (
	retryLimit   = 2 * time.Second         // for another try when nothing was committed
	resolveLimit = 1500 * time.Millisecond // to find out what became of a COMMIT
	firstWait    = 10 * time.Millisecond
	longestWait  = 500 * time.Millisecond
	maxRefusals  = 2 // of COMMIT that had no effect, before that is taken for the answer
)

// errNoOutcome is the fault of a batch whose COMMIT was not answered in time, or was
// lost with the connection while the database stayed away longer than resolveLimit.
// Nothing goes on looking for the outcome, because nobody who comes later can miss
// it: the transaction holds the head until it has ended, so the next batch of the
// application waits for that, and then sees what it did.
var errNoOutcome = store.ErrCommitUnknown.After(retrySoon)

var (
	// errStale asks for another try: the head appeared after the batch had found none.
	errStale = errors.New("the application appeared meanwhile")

	// errTooLong is a try that took attemptLimit, with the database there all the time.
	errTooLong = errors.New("the transaction took too long")

	// errBlamed asks for another try at once, without the work that was blamed.
	errBlamed = errors.New("a work of the batch was given up")
)

// work is one request's part of a batch: fn of an Update or the entries of a Record or of a Disclose.
type work struct {
	fn        func(store.Tx) error
	entries   []store.AuditRow
	discloses bool
	cached    *store.CustomerRow // what the entry of a Disclose is about, if the cache gave it
}

// head is the application's head row as the batch will write it.
type head struct {
	found     bool
	version   int64
	entries   int64
	customers int64
	events    int64
	recent    marks
	removed   bool // it takes nothing new
	lineage   store.Lineage

	lastCustomer, lastGroup int64 // greatest numbers given
}

// batch is the state over all tries; try is that of one.
type batch struct {
	store    *Store
	app      id.App
	works    []work
	verdicts []error // of works that are out of the game, whatever becomes of the rest
	suspects []int   // how often the connection was lost in a work's fn
	doubtful []doubtful
	refusals []error // in answer to COMMIT, by somebody who may not have known
	serial   bool    // each work runs alone, after something went wrong when they did not
}

// doubtful is a try whose COMMIT was sent and not answered.
type doubtful struct {
	since    time.Time
	mark     int64
	outcomes []error
}

// Update runs fn in a transaction on one application's data.
func (s *Store) Update(ctx context.Context, app id.App, fn func(tx store.Tx) error) error {
	return s.write(ctx, app, work{fn: fn})
}

// Record appends audit entries.
func (s *Store) Record(ctx context.Context, app id.App, entries ...store.AuditRow) error {
	if len(entries) == 0 {
		return ctx.Err()
	}
	return s.write(ctx, app, work{entries: entries})
}

func (s *Store) write(ctx context.Context, app id.App, w work) error {
	err := s.group.Do(ctx, app, w)
	s.noteDisk(err)
	return err
}

// flush commits the works and returns their outcomes.
func (s *Store) flush(ctx context.Context, app id.App, works []work) []error {
	b := &batch{
		store:    s,
		app:      app,
		works:    works,
		verdicts: make([]error, len(works)),
		suspects: make([]int, len(works)),
	}
	return b.runWithRetry(ctx)
}

// runWithRetry tries until there is an outcome for every work.
func (b *batch) runWithRetry(ctx context.Context) []error {
	begun, wait := time.Now(), firstWait
	for tries := 1; ; tries++ {
		outcomes, err := b.try(ctx)
		since := time.Since(begun)
		switch {
		case err == nil:
			return outcomes
		case len(b.doubtful) > 0:
			// It may not be said that nothing was done before that is known.
			if ctx.Err() != nil || silent(err) || time.Since(b.doubtful[0].since) > resolveLimit ||
				since > retryLimit+resolveLimit {
				b.refuseQueued(err)
				return b.all(errNoOutcome)
			}
		case ctx.Err() != nil:
			return b.all(commit.ErrClosed)
		case errors.Is(err, errBlamed) || errors.Is(err, errSerial):
			continue
		case silent(err):
			b.refuseQueued(err)
			return b.all(verdict(err))
		case lost(err) || errors.Is(err, errStale) || clashed(err):
			if since > retryLimit {
				if tries > 1 { // else a long batch has lost its one connection
					b.refuseQueued(err)
				}
				return b.all(verdict(err))
			}
		case len(b.works) > 1 && !errors.Is(verdict(err), fault.Unavailable):
			return b.oneByOne(ctx)
		default:
			b.refuseQueued(err)
			return b.all(verdict(err))
		}
		if sleep.For(ctx, wait) == nil {
			wait = min(2*wait, longestWait)
		}
	}
}

// refuseQueued tells works that wait what this batch has run into, if they would run into it
// as well: an outage is everybody's, a lock that somebody holds the application's.
func (b *batch) refuseQueued(err error) {
	switch {
	case silent(err) || lost(err):
		b.store.group.Refuse(errAway)
	case lockHeld(err):
		b.store.group.RefuseBehind(b.app, verdict(err))
	}
}

// verdict is the fault that a request is told. The limits on a batch are ours, not
// the request's.
func verdict(err error) error { return translate(context.Background(), err) }

// all gives every work that has no verdict yet the same outcome.
func (b *batch) all(err error) []error {
	out := slices.Clone(b.verdicts)
	for i := range out {
		if out[i] == nil {
			out[i] = err
		}
	}
	return out
}

// oneByOne gives each work a batch of its own, after the database refused what they
// have in common, such as a row of one of them: the others must not suffer.
func (b *batch) oneByOne(ctx context.Context) []error {
	out := slices.Clone(b.verdicts)
	for i := range out {
		if out[i] == nil {
			out[i] = b.store.flush(ctx, b.app, b.works[i:i+1])[0]
		}
	}
	return out
}

// try makes one transaction. An error means that it was not committed, or, if the
// try was added to b.doubtful, that this is not known.
func (b *batch) try(ctx context.Context) (outcomes []error, err error) {
	ctx, cancel := context.WithTimeout(ctx, attemptLimit)
	defer cancel()
	conn, err := acquire(ctx, b.store.writes)
	if err != nil {
		return nil, err
	}
	t := &try{batch: b, ctx: ctx, conn: conn, outcomes: slices.Clone(b.verdicts)}
	defer func() {
		if err != nil && ctx.Err() != nil {
			err = fmt.Errorf("%w: %w", errTooLong, err)
		}
		t.rollbackIfOpen()
		conn.Release()
	}()
	if err := t.begin(); err != nil {
		return nil, err
	}
	if outcomes, known := b.resolve(t.head); known {
		return outcomes, nil
	}
	if n := len(b.refusals); n >= maxRefusals && len(b.doubtful) == 0 {
		return nil, b.refusals[n-1]
	}
	if err := t.checkRows(); err != nil {
		return nil, err
	}
	if err := t.performAll(); err != nil {
		return nil, err
	}
	if !slices.Contains(t.outcomes, nil) {
		return t.outcomes, nil
	}
	if err := t.commit(); err != nil {
		return nil, err
	}
	return t.outcomes, nil
}

// resolve says what became of the tries that were lost in COMMIT. It is asked with
// the head locked, so none of them is still under way, and a committed one has left
// its mark there.
func (b *batch) resolve(h head) (outcomes []error, known bool) {
	if len(b.doubtful) == 0 || !h.found {
		return nil, false
	}
	mark, known := h.recent.last(b.store.writer)
	if !known {
		return b.all(errNoOutcome), true
	}
	for _, d := range b.doubtful {
		if d.mark == mark {
			return d.outcomes, true
		}
	}
	b.doubtful = nil // not applied, and never will be
	return nil, false
}
