package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
)

// An epoch is a random number in the header of the database (user_version), beside
// the one before it (application_id). Each start gives the file a new one, and so does
// the first commit of each write-ahead log. The file on disk then has an epoch of its log,
// or the one before the log began; any other file is not the log's (checkLog). SQLite itself
// keeps nothing that ties a log to its file.

// pragmas that begin an epoch; the first takes the epoch that ends.
const (
	readEpoch = "PRAGMA user_version"
	keepEpoch = "PRAGMA application_id = %d"
	nextEpoch = "PRAGMA user_version = %d"
)

func randomEpoch() int64 { return 1 + rand.Int64N(1<<31-1) }

// beginEpoch begins an epoch in the transaction of the writer.
func (c *conn) beginEpoch(ctx context.Context) error {
	var last int64
	if err := c.each(ctx, readEpoch, nil, scanTo(&last)); err != nil {
		return err
	}
	if err := c.execOnce(ctx, fmt.Sprintf(keepEpoch, last)); err != nil {
		return err
	}
	return c.execOnce(ctx, fmt.Sprintf(nextEpoch, randomEpoch()))
}

// execOnce runs a statement that is not worth to keep: a pragma takes no parameters, so
// the text of this one is new each time.
func (c *conn) execOnce(ctx context.Context, query string) (err error) {
	prepared, err := c.raw.Prepare(query)
	if err != nil {
		return c.note(err)
	}
	defer func() {
		if cerr := prepared.Close(); err == nil && cerr != nil {
			err = c.note(cerr)
		}
	}()
	st, ok := prepared.(statement)
	if !ok {
		return errors.New("sqlite: the driver's statements take no context")
	}
	if _, err := st.ExecContext(ctx, nil); err != nil {
		return c.note(err)
	}
	return nil
}

// startEpoch begins an epoch through database/sql, which package migrate wants.
func startEpoch(ctx context.Context, db *sql.DB) (err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin an epoch: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("begin an epoch: %w", err), tx.Rollback())
		}
	}()
	var last int64
	if err := tx.QueryRowContext(ctx, readEpoch).Scan(&last); err != nil {
		return err
	}
	for _, query := range []string{
		fmt.Sprintf(keepEpoch, last), fmt.Sprintf(nextEpoch, randomEpoch()),
	} {
		if _, err := tx.ExecContext(ctx, query); err != nil {
			return err
		}
	}
	return tx.Commit()
}
