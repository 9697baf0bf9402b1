package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

const scanHistories = `
		SELECT` + historyColumns + `
		FROM customer_history
		WHERE app_id = $1
		AND (customer_seq, at) > ($2, $3)
		ORDER BY customer_seq, at
		LIMIT $4`

// HistoryScan gives states of all customers.
func (s *Store) HistoryScan(ctx context.Context, app id.App, after store.HistoryPlace, limit int) ([]store.HistoryRow, error) {
	return list(ctx, s, app, scanHistories, []any{string(app), after.Customer, after.At, max(limit, 0)}, scanHistory)
}

const answerColumns = `
			scope,
			fingerprint,
			customer_id,
			reply`

const scanAnswers = `
		SELECT` + answerColumns + `
		FROM idempotency
		WHERE app_id = $1
		AND scope > $2
		ORDER BY scope
		LIMIT $3`

// IdempotencyScan gives kept answers.
func (s *Store) IdempotencyScan(ctx context.Context, app id.App, after []byte, limit int) ([]store.IdempotencyRow, error) {
	if after == nil {
		after = []byte{}
	}
	return list(ctx, s, app, scanAnswers, []any{string(app), after, max(limit, 0)}, scanAnswer)
}

func scanAnswer(row pgx.Row, into *store.IdempotencyRow) error {
	return row.Scan(
		&into.Scope,
		&into.Fingerprint,
		(*[16]byte)(&into.Customer),
		&into.Reply,
	)
}

const scanItems = `
		SELECT` + itemColumns + `,
			i.customer_seq,
			COALESCE(c.customer_id, '00000000-0000-0000-0000-000000000000')
		FROM customer_item AS i
		LEFT JOIN customer AS c ON c.app_id = i.app_id AND c.seq = i.customer_seq
		WHERE i.app_id = $1
		AND (i.customer_seq, i.kind, i.item_id) > ($2, $3, $4)
		ORDER BY i.customer_seq, i.kind, i.item_id
		LIMIT $5`

// ItemScan gives items of all customers.
func (s *Store) ItemScan(ctx context.Context, app id.App, after store.ItemPlace, limit int) ([]store.OwnedItem, error) {
	args := []any{string(app), after.Customer, uint8(after.Kind), [16]byte(after.ID), max(limit, 0)}
	return list(ctx, s, app, scanItems, args, scanOwnedItem)
}

func scanOwnedItem(row pgx.Row, into *store.OwnedItem) error {
	return row.Scan(
		(*[16]byte)(&into.ID),
		(*uint8)(&into.Kind),
		&into.At,
		&into.CreatedAt,
		&into.Sealed,
		&into.Sum,
		&into.Seq,
		(*[16]byte)(&into.Customer),
	)
}

const numbersGiven = `
		SELECT
			last_customer,
			last_group
		FROM head
		WHERE app_id = $1`

// NumbersGiven gives the greatest numbers that customers and groups were given.
func (s *Store) NumbersGiven(ctx context.Context, app id.App) (store.Numbers, error) {
	var n store.Numbers
	err := s.do(ctx, app, numbersGiven, []any{string(app)},
		one("application", func(r pgx.Row) error { return r.Scan(&n.Customer, &n.Group) }))
	if err != nil {
		return store.Numbers{}, err
	}
	return n, nil
}
