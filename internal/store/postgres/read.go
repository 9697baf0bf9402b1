package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"custodex.dev/internal/id"
	"custodex.dev/internal/sleep"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/commit"
)

// setApp names the application for row-level security until the transaction ends.
const setApp = `SELECT set_config('custodex.app', $1, true)`

// nowMS is the database's clock in unix milliseconds.
const nowMS = `(extract(epoch FROM statement_timestamp()) * 1000)::bigint`

const (
	tries     = 3 // of a statement that may be repeated
	retryWait = 50 * time.Millisecond
)

// one makes rows out of a function for a statement that gives one row; noun is what
// is missing if it gives none. scan may run more than once.
func one(noun string, scan func(row pgx.Row) error) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		if !rows.Next() {
			if err := rows.Err(); err != nil {
				return err
			}
			return store.NotFound(noun)
		}
		return scan(rows)
	}
}

// do runs sql in a transaction of its own and hands rows what it returned. The
// setting and the statement travel together and nothing else is sent. It is tried
// again when the connection is lost (but not after a silence, which took the time
// for that) or another transaction was in the way: sql must bear being applied
// twice, and rows begins with empty hands.
func (s *Store) do(ctx context.Context, app id.App, sql string, args []any, rows func(pgx.Rows) error) error {
	return s.repeat(ctx, app, sql, args, rows, func() {})
}

// repeat is do that calls again before each try but the first.
func (s *Store) repeat(ctx context.Context, app id.App, sql string, args []any, rows func(pgx.Rows) error, again func()) error {
	for try := 1; ; try++ {
		err := s.try(ctx, app, sql, args, rows)
		if err == nil {
			return nil
		}
		if try == tries || ctx.Err() != nil || silent(err) || !(lost(err) || clashed(err)) {
			err = translate(ctx, err)
			s.noteDisk(err)
			return err
		}
		if err := sleep.For(ctx, retryWait); err != nil {
			return err
		}
		again()
	}
}

func (s *Store) try(ctx context.Context, app id.App, sql string, args []any, rows func(pgx.Rows) error) (err error) {
	if s.closed.Load() {
		return commit.ErrClosed
	}
	conn, err := acquire(ctx, s.reads)
	if err != nil {
		return err
	}
	defer conn.Release()
	limited, cancel := context.WithTimeout(ctx, rowsLimit)
	defer cancel()
	var b pgx.Batch
	b.Queue(s.beginRead, string(app))
	b.Queue(sql, args...)
	results := conn.SendBatch(limited, &b)
	// Close reads the end of the transaction: without it nothing was committed.
	defer func() {
		if closing := results.Close(); err == nil {
			err = closing
		}
	}()
	if _, err := results.Exec(); err != nil {
		return err
	}
	got, err := results.Query()
	if err != nil {
		return err
	}
	defer got.Close()
	if err := rows(got); err != nil {
		// A failure of the statement itself says more than what came of it.
		if failed := got.Err(); failed != nil && !errors.Is(failed, err) {
			return failed
		}
		return err
	}
	got.Close()
	return got.Err()
}

// list runs q and gathers what scan makes of each row.
func list[T any](ctx context.Context, s *Store, app id.App, sql string, args []any,
	scan func(row pgx.Row, into *T) error) ([]T, error) {
	var all []T
	if err := s.do(ctx, app, sql, args, gatherTo(&all, scan)); err != nil {
		return nil, err
	}
	return all, nil
}

// gatherTo makes rows that are scanned one by one, instead of what is in all. It may run more than once.
func gatherTo[T any](all *[]T, scan func(row pgx.Row, into *T) error) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		*all = nil
		for rows.Next() {
			var row T
			if err := scan(rows, &row); err != nil {
				return err
			}
			*all = append(*all, row)
		}
		return rows.Err()
	}
}
