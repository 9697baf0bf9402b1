package sqlite

import (
	"context"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// HistoryScan gives states of all customers.
func (s *Store) HistoryScan(ctx context.Context, app id.App, after store.HistoryPlace, limit int) (page []store.HistoryRow, err error) {
	err = s.bounded(ctx, limit, func(ctx context.Context, c *conn) error {
		return c.each(ctx, `
			SELECT`+historyColumns+`
			FROM customer_history
			WHERE app_id = ?
				AND (customer_seq, at) > (?, ?)
			ORDER BY
				customer_seq,
				at
			LIMIT 0 + ?`, []any{string(app), after.Customer, after.At, int64(max(limit, 0))}, appendTo(&page, scanHistory))
	})
	if err != nil {
		return nil, err
	}
	return page, nil
}

// IdempotencyScan gives kept answers.
func (s *Store) IdempotencyScan(ctx context.Context, app id.App, after []byte, limit int) (page []store.IdempotencyRow, err error) {
	err = s.bounded(ctx, limit, func(ctx context.Context, c *conn) error {
		return c.each(ctx, `
			SELECT
				scope,
				fingerprint,
				customer_id,
				reply
			FROM idempotency
			WHERE app_id = ?
				AND scope > ?
			ORDER BY scope
			LIMIT 0 + ?`, []any{string(app), bytesOf(after), int64(max(limit, 0))}, appendTo(&page, scanAnswer))
	})
	if err != nil {
		return nil, err
	}
	return page, nil
}

func scanAnswer(r *rows, row *store.IdempotencyRow) error {
	return r.scan(
		&row.Scope,
		&row.Fingerprint,
		(*[16]byte)(&row.Customer),
		&row.Reply,
	)
}

// ItemScan gives items of all customers.
func (s *Store) ItemScan(ctx context.Context, app id.App, after store.ItemPlace, limit int) (page []store.OwnedItem, err error) {
	err = s.bounded(ctx, limit, func(ctx context.Context, c *conn) error {
		return c.each(ctx, `
			SELECT`+itemColumns+`,
				i.customer_seq,
				COALESCE(c.customer_id, zeroblob(16))
			FROM customer_item AS i
			LEFT JOIN customer AS c
				ON c.app_id = i.app_id
				AND c.seq = i.customer_seq
			WHERE i.app_id = ?
				AND (i.customer_seq, i.kind, i.item_id) > (?, ?, ?)
			ORDER BY
				i.customer_seq,
				i.kind,
				i.item_id
			LIMIT 0 + ?`,
			[]any{string(app), after.Customer, int64(after.Kind), after.ID[:], int64(max(limit, 0))}, appendTo(&page, scanOwnedItem))
	})
	if err != nil {
		return nil, err
	}
	return page, nil
}

func scanOwnedItem(r *rows, row *store.OwnedItem) error {
	return r.scan(
		(*[16]byte)(&row.ID),
		(*uint8)(&row.Kind),
		&row.At,
		&row.CreatedAt,
		&row.Sealed,
		&row.Sum,
		&row.Seq,
		(*[16]byte)(&row.Customer),
	)
}

// NumbersGiven gives the greatest numbers that customers and groups were given.
func (s *Store) NumbersGiven(ctx context.Context, app id.App) (n store.Numbers, err error) {
	err = s.read(ctx, func(ctx context.Context, c *conn) error {
		return c.one(ctx, store.NotFound("application"), `
			SELECT
				last_customer,
				last_group
			FROM head
			WHERE app_id = ?`, []any{string(app)}, scanTo(&n.Customer, &n.Group))
	})
	if err != nil {
		return store.Numbers{}, err
	}
	return n, nil
}
