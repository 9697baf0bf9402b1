package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// try is one transaction of a batch.
type try struct {
	*batch
	ctx      context.Context // of this try; here because the methods of store.Tx take none
	conn     *pgxpool.Conn
	pending  pgx.Batch // statements that wait for one that matters
	head     head
	changed  bool          // customers were
	touched  []id.Customer // of them those that others may know
	entries  []store.AuditRow
	events   []store.EventRow
	look     *look // for changes of customers in the cache; nil: none yet
	outcomes []error
	claims   map[claim]*tx // of the works that run side by side
}

const lockHead = `
	SELECT
		version,
		entries,
		customers,
		events,
		recent,
		removed,
		last_customer,
		last_group,
		` + lineageColumns + `
	FROM head AS h
	WHERE app_id = $1
	FOR UPDATE`

func (t *try) begin() error {
	t.pending.Queue("BEGIN ISOLATION LEVEL READ COMMITTED")
	t.pending.Queue(t.store.beginWrite, string(t.app))
	lock := &step{sql: lockHead, args: []any{string(t.app)}, rows: func(rows pgx.Rows) error {
		if !rows.Next() {
			return rows.Err()
		}
		t.head.found = true
		h := &t.head
		return rows.Scan(&h.version, &h.entries, &h.customers, &h.events, &h.recent, &h.removed,
			&h.lastCustomer, &h.lastGroup, &h.lineage.Server, &h.lineage.Table)
	}}
	if err := t.sendAll(append([]*step{lock}, t.lookAtOnce()...)); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	return nil
}

// perform runs a work alone, from its beginning or from where it had to stop. Its outcome goes to
// t.outcomes; an error is about the whole transaction.
func (t *try) perform(item *tx) error {
	head, changed := t.head, t.changed
	if item.together {
		item.together = false
		item.next() // to its end
	} else {
		item.run()
	}
	err := item.outcome()
	switch {
	case item.again:
		t.head, t.changed = head, changed
		if item.saved {
			t.pending.Queue("ROLLBACK TO SAVEPOINT item")
			t.pending.Queue("RELEASE SAVEPOINT item")
		}
		return t.perform(&tx{try: t, place: item.place})
	case item.lost != nil:
		return t.blame(item.place, item.lost)
	case err == nil && !t.head.found:
		err = store.NotFound("application")
	case err != nil && item.wrote:
		return errSerial
	}
	if err == nil {
		if item.saved {
			t.pending.Queue("RELEASE SAVEPOINT item")
		}
		item.keep()
		return nil
	}
	t.outcomes[item.place] = err
	t.head, t.changed = head, changed
	switch {
	case item.failed != nil:
		// On its own: the server prepares no statement in a failed transaction.
		return t.exec(t.ctx, "ROLLBACK TO SAVEPOINT item; RELEASE SAVEPOINT item")
	case item.saved:
		t.pending.Queue("ROLLBACK TO SAVEPOINT item")
		t.pending.Queue("RELEASE SAVEPOINT item")
	}
	return nil
}

// blame notes that the transaction was lost in a work's fn. One that has it happen
// twice is given up, so that it cannot keep the others from committing.
func (t *try) blame(i int, err error) error {
	if !lost(err) {
		return err
	}
	t.suspects[i]++
	if t.suspects[i] < 2 || len(t.works) == 1 {
		return err
	}
	t.verdicts[i] = verdict(err)
	return errBlamed
}

const writeHead = `
	UPDATE head
	SET
		version = $2,
		entries = $3,
		customers = $4,
		events = $5,
		recent = $6,
		last_customer = $7,
		last_group = $8
	WHERE app_id = $1`

// commit sends everything that is left, in one round trip.
func (t *try) commit() error {
	from, first := t.point(), t.head.entries
	t.head.entries += int64(len(t.entries))
	if t.changed {
		t.head.version++
	}
	if len(t.entries) > 0 {
		t.pending.Queue(insertEntries, entryArgs(t.app, first, t.entries)...)
	}
	if len(t.events) > 0 {
		t.pending.Queue(insertEvents, eventArgs(t.app, &t.head, t.events)...)
		t.head.events += int64(len(t.events))
	}
	mark := rand.Int64()
	h := t.head
	t.pending.Queue(writeHead, string(t.app), h.version, h.entries, h.customers, h.events,
		h.recent.with(t.store.writer, mark), h.lastCustomer, h.lastGroup)
	done, err := t.sendCommit()
	if err == nil || done {
		t.store.cache.committed(t.app, from, point{lineage: h.lineage, version: h.version, mark: mark}, t.touched)
		return nil
	}
	if answered(err) {
		return fmt.Errorf("commit: %w", err)
	}
	t.store.cache.lose(t.app)
	t.doubtful = append(t.doubtful, doubtful{time.Now(), mark, t.outcomes})
	if !lost(err) {
		t.refusals = append(t.refusals, err)
	}
	return fmt.Errorf("commit: %w", err)
}

// sendCommit sends the pending statements and COMMIT. done says that the server has
// confirmed the commit, also if an error follows.
func (t *try) sendCommit() (done bool, err error) {
	n := t.pending.Len()
	t.pending.Queue("COMMIT")
	b := t.pending
	t.pending = pgx.Batch{}
	results := t.conn.SendBatch(t.ctx, &b)
	for range n {
		if _, err := results.Exec(); err != nil {
			return false, errors.Join(err, results.Close())
		}
	}
	tag, err := results.Exec()
	// A transaction that had failed answers COMMIT with ROLLBACK.
	done = err == nil && tag.String() == "COMMIT"
	if err == nil && !done {
		err = fmt.Errorf("commit was answered with %s", tag)
	}
	if closing := results.Close(); err == nil {
		err = closing
	}
	return done, err
}

// exec runs plain statements at once.
func (t *try) exec(ctx context.Context, sql string) error {
	_, err := t.conn.Conn().PgConn().Exec(ctx, sql).ReadAll()
	return err
}

// rollbackIfOpen leaves no transaction behind. A connection that does not take the ROLLBACK is
// closed by the pool.
func (t *try) rollbackIfOpen() {
	if c := t.conn.Conn(); !c.IsClosed() && c.PgConn().TxStatus() != 'I' {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.ctx), time.Second)
		defer cancel()
		_ = t.exec(ctx, "ROLLBACK")
	}
}

// send runs the pending statements and then sql, in one round trip, and hands rows
// what sql returned.
func (t *try) send(sql string, args []any, rows func(pgx.Rows) error) error {
	s := &step{sql: sql, args: args, rows: rows}
	if err := t.sendAll([]*step{s}); err != nil {
		return err
	}
	return s.err
}
