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
	saved  bool  // its savepoint was opened, or waits to be
	over   bool  // fn has returned
	failed error // for good: nothing more is run in its savepoint, and nothing of it kept
	lost   error // of one that spoilt the transaction
}

var _ store.Tx = (*tx)(nil)

var errOver = errors.New("a transaction was used after its function had returned")

// query runs one statement for fn and hands rows what it returned. A fault of rows
// is an answer like any other; an error of the statement spoils the savepoint.
func (t *tx) query(sql string, args []any, rows func(pgx.Rows) error) error {
	if !t.head.found {
		return store.NotFound("application")
	}
	return t.queryAnyway(sql, args, rows)
}

// queryAnyway is query for an application that may not exist yet.
func (t *tx) queryAnyway(sql string, args []any, rows func(pgx.Rows) error) error {
	switch {
	case t.over:
		return errOver
	case t.lost != nil:
		return verdict(t.lost)
	case t.failed != nil:
		return t.failed
	}
	if !t.saved {
		t.pending.Queue("SAVEPOINT item")
		t.saved = true
	}
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
