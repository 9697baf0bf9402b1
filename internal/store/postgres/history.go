package postgres

import (
	"context"
	"math"

	"github.com/jackc/pgx/v5"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

const historyColumns = `
			customer_seq,
			at,
			version,
			sealed`

func scanHistory(row pgx.Row, into *store.HistoryRow) error {
	return row.Scan(
		&into.Customer,
		&into.At,
		&into.Version,
		&into.Sealed,
	)
}

const insertHistory = `
		INSERT INTO customer_history (
			app_id,
			customer_seq,
			at,
			version,
			sealed
		)
		SELECT
			$1,
			$2,
			greatest($3::bigint, 1 + (
				SELECT max(at)
				FROM customer_history
				WHERE app_id = $1
				AND customer_seq = $2
			)),
			$4,
			$5`

// HistoryAppend keeps what a customer was before a change. Nobody waits for the result, so it
// travels with the next statement.
func (t *tx) HistoryAppend(row store.HistoryRow) error {
	switch {
	case t.over:
		return errOver
	case t.lost != nil:
		return verdict(t.lost)
	case t.failed != nil:
		return t.failed
	}
	if !t.together {
		t.save()
	}
	t.noteWrite(true)
	t.pending.Queue(insertHistory, string(t.app), row.Customer, row.At, row.Version, row.Sealed)
	return nil
}

const listHistory = `
		SELECT` + historyColumns + `
		FROM customer_history
		WHERE app_id = $1
		AND customer_seq = $2
		AND at < $3
		ORDER BY at DESC
		LIMIT $4`

// HistoryList gives the states of a customer that have ended, newest first.
func (s *Store) HistoryList(ctx context.Context, app id.App, seq int64, l store.HistoryList) ([]store.HistoryRow, error) {
	before := l.Before
	if before == 0 {
		before = math.MaxInt64
	}
	return list(ctx, s, app, listHistory, []any{string(app), seq, before, max(l.Take, 0)}, scanHistory)
}

const nextHistory = `
		SELECT` + historyColumns + `
		FROM customer_history
		WHERE app_id = $1
		AND customer_seq = $2
		AND at > $3
		ORDER BY at
		LIMIT 1`

// HistoryNext gives the first state of a customer that ended after at.
func (s *Store) HistoryNext(ctx context.Context, app id.App, seq, at int64) (store.HistoryRow, error) {
	var row store.HistoryRow
	err := s.do(ctx, app, nextHistory, []any{string(app), seq, at},
		one("history", func(r pgx.Row) error { return scanHistory(r, &row) }))
	return row, err
}
