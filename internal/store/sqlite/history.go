package sqlite

import (
	"context"
	"math"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

const historyColumns = `
	customer_seq,
	at,
	version,
	sealed`

func scanHistory(r *rows, row *store.HistoryRow) error {
	return r.scan(
		&row.Customer,
		&row.At,
		&row.Version,
		&row.Sealed,
	)
}

// HistoryAppend keeps what a customer was before a change.
func (t *tx) HistoryAppend(row store.HistoryRow) error {
	_, err := t.exec(`
		INSERT INTO customer_history (
			app_id,
			customer_seq,
			at,
			version,
			sealed
		)
		SELECT
			?1,
			?2,
			max(?3, coalesce(1 + (
				SELECT max(at)
				FROM customer_history
				WHERE app_id = ?1
					AND customer_seq = ?2
			), ?3)),
			?4,
			?5`,
		string(t.app), row.Customer, row.At, row.Version, row.Sealed)
	return err
}

// HistoryList gives the states of a customer that have ended, newest first.
func (s *Store) HistoryList(ctx context.Context, app id.App, seq int64, list store.HistoryList) (page []store.HistoryRow, err error) {
	if list.Take <= 0 {
		return nil, ctx.Err()
	}
	before := list.Before
	if before == 0 {
		before = math.MaxInt64
	}
	err = s.bounded(ctx, list.Take, func(ctx context.Context, c *conn) error {
		return c.each(ctx, `
			SELECT`+historyColumns+`
			FROM customer_history
			WHERE app_id = ?
				AND customer_seq = ?
				AND at < ?
			ORDER BY at DESC
			LIMIT 0 + ?`, []any{string(app), seq, before, int64(list.Take)}, appendTo(&page, scanHistory))
	})
	return page, err
}

// HistoryNext gives the first state of a customer that ended after at.
func (s *Store) HistoryNext(ctx context.Context, app id.App, seq, at int64) (row store.HistoryRow, err error) {
	err = s.read(ctx, func(ctx context.Context, c *conn) error {
		return c.one(ctx, store.NotFound("history"), `
			SELECT`+historyColumns+`
			FROM customer_history
			WHERE app_id = ?
				AND customer_seq = ?
				AND at > ?
			ORDER BY at
			LIMIT 1`, []any{string(app), seq, at}, func(r *rows) error {
			return scanHistory(r, &row)
		})
	})
	return row, err
}
