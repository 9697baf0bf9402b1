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
func (x *tx) query(sql string, args []any, rows func(pgx.Rows) error) error {
	if !x.head.found {
		return store.NotFound("application")
	}
	return x.queryAnyway(sql, args, rows)
}

// queryAnyway is query for an application that may not exist yet.
func (x *tx) queryAnyway(sql string, args []any, rows func(pgx.Rows) error) error {
	switch {
	case x.over:
		return errOver
	case x.lost != nil:
		return verdict(x.lost)
	case x.failed != nil:
		return x.failed
	}
	if !x.saved {
		x.pending.Queue("SAVEPOINT item")
		x.saved = true
	}
	err := x.send(sql, args, rows)
	if err == nil || isAnswer(err) {
		return err
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if ok && !broken(pg) && !clashed(err) && !errors.Is(err, errTorn) {
		x.failed = verdict(err)
		return x.failed
	}
	x.lost = err
	return verdict(err)
}

// refuse ends a work with a conflict that spoilt nothing: its function cannot make
// up for it, as it could not after a violation of an index.
func (x *tx) refuse(err error) error {
	x.failed = err
	return err
}

// found makes rows out of a statement that is run only for whether it gives a row.
func found(answer *bool) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		*answer = rows.Next()
		return rows.Err()
	}
}
