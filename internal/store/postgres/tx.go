package postgres

import (
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"custodex.dev/internal/store"
)

// tx is what fn of one Update works with. Its methods are in the file of their noun.
// None of them needs to lock a row: the batch holds the application's head.
type tx struct {
	*try
	place   int // of the work in the batch
	entries []store.AuditRow
	events  []store.EventRow
	number  int64 // of the next customer, once it was asked for
	result  error // of fn
	over    bool  // fn has returned
	failed  error // for good: nothing more is run, and nothing of it kept

	// Of one that runs alone.
	saved bool  // its savepoint was opened, or waits to be
	lost  error // what spoilt the transaction

	// Of one that runs side by side with others.
	together bool
	next     func() (*step, bool)
	stop     func()
	yield    func(*step) bool // a statement, or nil to be alone from then on
	wrote    bool             // and not in a savepoint

	informed bool // a statement has told it something
	again    bool // it has to begin again, alone
}

var _ store.Tx = (*tx)(nil)

var errOver = errors.New("a transaction was used after its function had returned")

// query runs one statement for fn and hands rows what it returned, or makes the work run alone. A
// fault of rows is an answer like any other; an error of the statement spoils the savepoint.
func (t *tx) query(sql string, args []any, rows func(pgx.Rows) error) error {
	if !t.head.found {
		return store.NotFound("application")
	}
	return t.queryAnyway(sql, args, rows)
}

// share is query for a statement that may run beside those of other works: the work has claimed what
// it decides on, or does so with what it reads.
func (t *tx) share(sql string, args []any, rows func(pgx.Rows) error) error {
	switch {
	case !t.together:
		return t.query(sql, args, rows)
	case t.over:
		return errOver
	case t.failed != nil:
		return t.failed
	}
	s := &step{sql: sql, args: args, rows: rows}
	if !t.yield(s) {
		t.failed = errSerial // the try was given up
		return t.failed
	}
	t.informed = true
	return s.err
}

// put is share for a statement that gives a row if it has written.
func (t *tx) put(sql string, args []any) (done bool, err error) {
	err = t.share(sql, args, found(&done))
	t.noteWrite(done)
	return done, err
}

// queryAnyway is query for an application that may not exist yet.
func (t *tx) queryAnyway(sql string, args []any, rows func(pgx.Rows) error) error {
	switch {
	case t.over:
		return errOver
	case t.lost != nil:
		return verdict(t.lost)
	}
	if err := t.goAlone(); err != nil {
		return err
	}
	t.save()
	err := t.send(sql, args, rows)
	if err == nil || isAnswer(err) {
		return err
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if ok && !broken(pg) && !clashed(err) && !errors.Is(err, errTorn) {
		t.failed = verdict(err)
		return t.failed
	}
	t.lost = err
	return verdict(err)
}

func (t *tx) noteWrite(done bool) { t.wrote = t.wrote || t.together && done }

// save opens the savepoint of a work that runs alone, with the next statement.
func (t *tx) save() {
	if !t.saved {
		t.pending.Queue("SAVEPOINT item")
		t.saved = true
	}
}

// refuse ends a work with a conflict that spoilt nothing: its function cannot make
// up for it, as it could not after a violation of an index.
func (t *tx) refuse(err error) error {
	t.failed = err
	return err
}

// found makes rows out of a statement that is run only for whether it gives a row.
func found(answer *bool) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		*answer = rows.Next()
		return rows.Err()
	}
}
