package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// CodedError is a driver's error with a result code.
type CodedError int

func (e CodedError) Error() string { return fmt.Sprintf("injected result code %d", int(e)) }

// Code is what sqlite.Error has too.
func (e CodedError) Code() int { return int(e) }

// TryDisk replaces what finds out whether a full disk has space again.
func (s *Store) TryDisk(try func() error) { s.tryDisk = try }

// Spoil has hook asked before every statement of the writer: an error of it is the
// statement's, and the statement is not run.
func (s *Store) Spoil(hook func(query string) error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	for _, st := range s.writer.stmts {
		_ = st.Close()
	}
	clear(s.writer.stmts)
	if spoiled, ok := s.writer.raw.(spoiledConn); ok {
		s.writer.raw = spoiled.Conn
	}
	if hook != nil {
		s.writer.raw = spoiledConn{s.writer.raw, hook}
	}
}

type spoiledConn struct {
	driver.Conn
	hook func(string) error
}

func (c spoiledConn) Prepare(query string) (driver.Stmt, error) {
	st, err := c.Conn.Prepare(query)
	if err != nil {
		return nil, err
	}
	return spoiledStmt{st.(statement), query, c.hook}, nil
}

type spoiledStmt struct {
	statement
	query string
	hook  func(string) error
}

func (s spoiledStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	if err := s.hook(s.query); err != nil {
		return nil, err
	}
	return s.statement.ExecContext(ctx, args)
}

func (s spoiledStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	if err := s.hook(s.query); err != nil {
		return nil, err
	}
	return s.statement.QueryContext(ctx, args)
}

// Together runs functions as the items of one batch.
func (s *Store) Together(app id.App, fns ...func(store.Tx) error) []error {
	works := make([]*work, len(fns))
	for i, fn := range fns {
		works[i] = &work{app: app, fn: func(t *tx) error { return fn(t) }}
	}
	return s.flush(context.Background(), struct{}{}, works)
}

// Pragma asks every connection of a store that nobody has written to for a setting.
func (s *Store) Pragma(ctx context.Context, pragma string) (values []string, err error) {
	ask := func(c *conn) error {
		return c.each(ctx, "PRAGMA "+pragma, nil, func(r *rows) error {
			values = append(values, fmt.Sprint(r.values[0]))
			return nil
		})
	}
	// The checkpointer uses its own after some commits, and not before.
	err = errors.Join(ask(s.checkpoint.conn), s.onEvery(ask))
	return values, err
}

// LimitPages lets the database grow to so many pages and no more.
func (s *Store) LimitPages(n int) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	_, err := s.writer.exec(context.Background(), fmt.Sprintf("PRAGMA max_page_count = %d", n))
	return err
}

// Plans explains every statement that the store has prepared so far.
func (s *Store) Plans(ctx context.Context) (plans map[string][]string, err error) {
	plans = make(map[string][]string)
	err = s.onEvery(func(c *conn) error {
		var queries []string
		for query := range c.stmts {
			queries = append(queries, query)
		}
		for _, query := range queries {
			var steps []string
			// As many nothings as a statement may have parameters.
			err := c.each(ctx, "EXPLAIN QUERY PLAN "+query, make([]any, 16), func(r *rows) error {
				var id, parent, unused int64
				var step string
				err := r.scan(&id, &parent, &unused, &step)
				steps = append(steps, step)
				return err
			})
			if err != nil {
				return fmt.Errorf("explain %s: %w", query, err)
			}
			plans[query] = steps
		}
		return nil
	})
	return plans, err
}

// onEvery runs fn on the writer and the readers, with all of them idle.
func (s *Store) onEvery(fn func(*conn) error) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	all := []*conn{s.writer}
	for range s.readers.size {
		c := <-s.readers.idle
		defer func() { s.readers.idle <- c }()
		all = append(all, c)
	}
	for _, c := range all {
		if err := fn(c); err != nil {
			return err
		}
	}
	return nil
}

// TakeReaders takes every connection that reads, until giveBack is called.
func (s *Store) TakeReaders() (giveBack func()) {
	var taken []*conn
	for range s.readers.size {
		taken = append(taken, <-s.readers.idle)
	}
	return func() {
		for _, c := range taken {
			s.readers.idle <- c
		}
	}
}

// DropKey deletes a customer's key as by hand, with the store stopped: the row leaves
// the cache.
func (s *Store) DropKey(ctx context.Context, app id.App, seq int64) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	_, err := s.writer.exec(ctx, "DELETE FROM customer_key WHERE app_id = ? AND seq = ?", string(app), seq)
	s.cache.drop(nil, true)
	s.cache.reopen()
	return err
}

// Cached counts the customers in memory; some may be counted twice.
func (s *Store) Cached() int {
	s.cache.mu.Lock()
	defer s.cache.mu.Unlock()
	return s.cache.rows.Len()
}

// Scan reads a row of these values.
func Scan(values []driver.Value, into ...any) error { return (&rows{values}).scan(into...) }

// Checkpoint copies the log into the file, as after some commits.
func (s *Store) Checkpoint(t interface{ Errorf(string, ...any) }) {
	if _, err := s.checkpoint.copy("PRAGMA wal_checkpoint(PASSIVE)"); err != nil {
		t.Errorf("checkpoint: %v", err)
	}
}

// Restart is Checkpoint with writers paused, after which the log begins anew.
func (s *Store) Restart() { s.checkpoint.restart() }
