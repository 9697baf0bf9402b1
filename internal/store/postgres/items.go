package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

const itemColumns = `
			i.item_id,
			i.kind,
			i.at,
			i.created_at,
			i.sealed,
			i.sum`

func scanItem(row pgx.Row, into *store.ItemRow) error {
	return row.Scan(
		(*[16]byte)(&into.ID),
		(*uint8)(&into.Kind),
		&into.At,
		&into.CreatedAt,
		&into.Sealed,
		&into.Sum,
	)
}

const getItem = `
		SELECT` + itemColumns + `
		FROM customer AS c
		JOIN customer_item AS i ON i.app_id = c.app_id AND i.customer_seq = c.seq
		WHERE c.app_id = $1
		AND c.customer_id = $2
		AND i.kind = $3
		AND i.item_id = $4`

// ItemGet gives one item of a customer.
func (s *Store) ItemGet(ctx context.Context, app id.App, c id.Customer, kind store.ItemKind, item id.Item) (store.ItemRow, error) {
	var row store.ItemRow
	err := s.do(ctx, app, getItem, []any{string(app), [16]byte(c), uint8(kind), [16]byte(item)},
		one("item", func(r pgx.Row) error { return scanItem(r, &row) }))
	return row, err
}

// listItems builds the statement of a page like listCustomers: a skipped item costs
// an index entry.
func listItems(app id.App, c id.Customer, l store.ItemList) (string, []any) {
	args := []any{string(app), [16]byte(c), uint8(l.Kind), max(l.Skip, 0), max(l.Take, 0)}
	after := ""
	if l.After != nil {
		args = append(args, l.After.At, [16]byte(l.After.ID))
		after = `
			AND (at, item_id) < ($6, $7)`
	}
	return `
		SELECT` + itemColumns + `
		FROM (
			SELECT
				customer_seq,
				at,
				item_id
			FROM customer_item
			WHERE app_id = $1
			AND customer_seq = (
				SELECT seq
				FROM customer
				WHERE app_id = $1
				AND customer_id = $2
			)
			AND kind = $3` + after + `
			ORDER BY at DESC, item_id DESC
			OFFSET $4
			LIMIT $5
		) AS p
		JOIN customer_item AS i ON i.app_id = $1
			AND i.customer_seq = p.customer_seq
			AND i.kind = $3
			AND i.item_id = p.item_id
		ORDER BY p.at DESC, p.item_id DESC`, args
}

// ItemList gives a customer's items of one kind newest first.
func (s *Store) ItemList(ctx context.Context, app id.App, c id.Customer, l store.ItemList) ([]store.ItemRow, error) {
	sql, args := listItems(app, c, l)
	return list(ctx, s, app, sql, args, scanItem)
}

const countItems = `
		SELECT count(*)
		FROM customer_item
		WHERE app_id = $1
		AND customer_seq = (
			SELECT seq
			FROM customer
			WHERE app_id = $1
			AND customer_id = $2
		)
		AND kind = $3`

// ItemCount counts a customer's items of one kind in their index.
func (s *Store) ItemCount(ctx context.Context, app id.App, c id.Customer, kind store.ItemKind) (n int, err error) {
	err = s.do(ctx, app, countItems, []any{string(app), [16]byte(c), uint8(kind)},
		one("answer", func(r pgx.Row) error { return r.Scan(&n) }))
	return n, err
}

const insertItem = `
		WITH owner AS (
			SELECT seq
			FROM customer
			WHERE app_id = $1
			AND customer_id = $2
		), made AS (
			INSERT INTO customer_item (
				app_id,
				customer_seq,
				kind,
				item_id,
				at,
				created_at,
				sealed,
				sum
			)
			SELECT
				$1,
				seq,
				$3,
				$4,
				$5,
				$6,
				$7,
				$8
			FROM owner
			ON CONFLICT DO NOTHING
			RETURNING 1
		)
		SELECT
			EXISTS (SELECT FROM owner),
			EXISTS (SELECT FROM made)`

// ItemInsert adds an item of the customer.
func (t *tx) ItemInsert(c id.Customer, row store.ItemRow) error {
	var known, made bool
	err := t.share(insertItem,
		[]any{
			string(t.app),
			[16]byte(c),
			uint8(row.Kind),
			[16]byte(row.ID),
			row.At,
			row.CreatedAt,
			row.Sealed,
			row.Sum,
		},
		one("answer", func(r pgx.Row) error { return r.Scan(&known, &made) }))
	t.noteWrite(made)
	switch {
	case err != nil:
		return err
	case !known:
		return store.NotFound("customer")
	case !made:
		return t.refuse(store.ErrExists)
	}
	return nil
}
