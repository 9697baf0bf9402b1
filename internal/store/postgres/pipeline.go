package postgres

import (
	"errors"
	"iter"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"custodex.dev/internal/safe"
	"custodex.dev/internal/store"
)

// The works of a batch run side by side as coroutines. Each stops at its next statement; when all have
// stopped, their statements travel together. So a batch takes as many round trips as the longest of its
// works has statements, and not as all of them together, and it needs no savepoints.
//
// They are in one transaction, so each sees what others have written. Nothing may come of that:
//
//   - A work names what it decides on (claim): a customer, an e-mail hash, an idempotency key. If another
//     work has named it before, it waits until all others are done, and goes on alone.
//   - So does a work that does anything rarer than what has a claim (goAlone).
//   - What a work has read may have changed when its turn comes to be alone: then it begins again.
//   - A work that fails has written nothing, or the whole transaction is given up and tried once more with
//     each work alone from its beginning, in a savepoint. The same holds for a statement that fails.
//
// Those that are alone run one after the other, in the same transaction, and see all that came before.

// errSerial asks for another try, in which every work runs alone.
var errSerial = errors.New("the works cannot run side by side")

// step is a statement of a work that runs side by side with others.
type step struct {
	sql  string
	args []any
	rows func(pgx.Rows) error
	err  error
}

// performAll runs the works that have no outcome yet, and sets the outcomes of those that fail. An error
// is about the whole transaction.
func (t *try) performAll() error {
	if t.serial || !t.head.found { // a work may make the application, for those behind it
		for i := range t.works {
			if err := t.performOne(i); err != nil {
				return err
			}
		}
		return nil
	}
	var functions []int
	for i, w := range t.works {
		switch {
		case t.outcomes[i] != nil:
		case w.fn != nil:
			functions = append(functions, i)
		default:
			t.entries = append(t.entries, w.entries...)
		}
	}
	err := t.performTogether(functions)
	if err == nil {
		return nil
	}
	t.serial = true // from now on, whatever becomes of this
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && !broken(pg) && !clashed(err) {
		return errSerial // a statement failed, and which work must suffer is found out
	}
	return err
}

// performOne runs a work from its beginning, alone.
func (t *try) performOne(i int) error {
	switch w := t.works[i]; {
	case t.outcomes[i] != nil:
	case w.fn != nil:
		return t.perform(&tx{try: t, place: i})
	case !t.head.found:
		t.outcomes[i] = store.NotFound("application")
	default:
		t.entries = append(t.entries, w.entries...)
	}
	return nil
}

// performTogether runs the functions of works side by side. An error is about the whole transaction.
func (t *try) performTogether(works []int) error {
	t.claims = make(map[claim]*tx)
	ready := make([]*tx, len(works))
	for n, i := range works {
		item := &tx{try: t, place: i, together: true}
		item.next, item.stop = iter.Pull(func(yield func(*step) bool) {
			item.yield = yield
			item.run()
		})
		defer item.stop()
		ready[n] = item
	}
	var alone []*tx
	for len(ready) > 0 {
		var steps []*step
		var waiting []*tx
		for _, item := range ready {
			switch s, more := item.next(); {
			case !more && item.again:
				alone = append(alone, &tx{try: t, place: item.place})
			case !more:
				if err := t.finish(item); err != nil {
					return err
				}
			case s == nil:
				alone = append(alone, item)
			default:
				steps, waiting = append(steps, s), append(waiting, item)
			}
		}
		if err := t.sendAll(steps); err != nil {
			for _, item := range waiting {
				if lost(err) { // any of them may have broken it
					t.suspects[item.place]++
				}
			}
			return err
		}
		ready = waiting
	}
	for _, item := range alone {
		if err := t.perform(item); err != nil {
			return err
		}
	}
	return nil
}

// finish takes the outcome of a work that was never alone.
func (t *try) finish(item *tx) error {
	if item.number != 0 && item.number == t.head.lastCustomer {
		t.head.lastCustomer-- // nobody has got it
	}
	switch err := item.outcome(); {
	case err == nil:
		item.keep()
	case item.wrote:
		return errSerial
	default:
		t.outcomes[item.place] = err
	}
	return nil
}

// errTorn is a transaction in which a statement that opens or ends a savepoint failed.
var errTorn = errors.New("the transaction is torn")

// sendAll runs the pending statements and then steps, in one round trip. What a step made of its rows goes
// to its err; any other failure is an error.
func (t *try) sendAll(steps []*step) (err error) {
	if len(steps) == 0 {
		return nil
	}
	n := t.pending.Len()
	for _, s := range steps {
		t.pending.Queue(s.sql, s.args...)
	}
	b := t.pending
	t.pending = pgx.Batch{}
	results := t.conn.SendBatch(t.ctx, &b)
	defer func() {
		if closing := results.Close(); err == nil {
			err = closing
		}
	}()
	for range n {
		if _, err := results.Exec(); err != nil {
			// What waited hardly ever fails by itself, so it was not even prepared, and which
			// savepoints there are is anybody's guess.
			return errors.Join(errTorn, err)
		}
	}
	for _, s := range steps {
		if s.err = read(results, s.rows); s.err != nil && !isAnswer(s.err) {
			return s.err
		}
	}
	return nil
}

// read hands rows what the next statement returned.
func read(results pgx.BatchResults, rows func(pgx.Rows) error) error {
	got, err := results.Query()
	if err != nil {
		return err
	}
	defer got.Close()
	if err := rows(got); err != nil {
		return err
	}
	got.Close()
	return got.Err()
}

// claim is what a work decides on and no other of its batch may.
type claim struct {
	kind claimKind
	name string
}

type claimKind byte

const (
	customerClaim claimKind = iota + 1
	emailClaim
	scopeClaim
)

// claim names what the work decides on. If another work has, this one goes on alone, and waited says so.
func (t *tx) claim(kind claimKind, name []byte) (waited bool, err error) {
	if !t.together || len(name) == 0 {
		return false, nil
	}
	c := claim{kind, string(name)}
	if other := t.claims[c]; other != nil && other != t {
		return true, t.goAlone()
	}
	t.claims[c] = t
	return false, nil
}

// goAlone stops a work that runs side by side with others until they are done. If it has read anything,
// that may have changed by then, and it has to begin again.
func (t *tx) goAlone() error {
	switch {
	case !t.together || t.failed != nil:
	case t.informed:
		t.again, t.failed = !t.wrote, errSerial
	case !t.yield(nil):
		t.failed = errSerial // the try was given up
	}
	return t.failed
}

// run calls the function of the work.
func (t *tx) run() {
	t.result = safe.Call(func() error { return t.works[t.place].fn(t) })
	t.over = true
}

// outcome is what became of the function: an error of the transaction counts, whatever the function
// made of it.
func (t *tx) outcome() error {
	if t.result == nil {
		return t.failed
	}
	return t.result
}

// keep adds what the work leaves to be written with the commit.
func (t *tx) keep() {
	t.try.entries = append(t.try.entries, t.entries...)
	t.try.events = append(t.try.events, t.events...)
}
