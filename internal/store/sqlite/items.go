package sqlite

import (
	"context"

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

func scanItem(r *rows, row *store.ItemRow) error {
	return r.scan(
		(*[16]byte)(&row.ID),
		(*uint8)(&row.Kind),
		&row.At,
		&row.CreatedAt,
		&row.Sealed,
		&row.Sum,
	)
}

// ItemGet gives one item of a customer.
func (s *Store) ItemGet(ctx context.Context, app id.App, cust id.Customer, kind store.ItemKind, item id.Item) (row store.ItemRow, err error) {
	err = s.read(ctx, func(ctx context.Context, c *conn) error {
		return c.one(ctx, store.NotFound("item"), `
			SELECT`+itemColumns+`
			FROM customer AS c
			CROSS JOIN customer_item AS i
			WHERE c.app_id = ?1
				AND c.customer_id = ?2
				AND i.app_id = ?1
				AND i.customer_seq = c.seq
				AND i.kind = ?3
				AND i.item_id = ?4`,
			[]any{string(app), cust[:], int64(kind), item[:]}, func(r *rows) error {
				return scanItem(r, &row)
			})
	})
	return row, err
}

const listItemsAfter = `
					AND (at, item_id) < (?6, ?7)`

// ItemList gives a customer's items of one kind newest first. As in CustomerList, a
// skipped item costs an index entry.
func (s *Store) ItemList(ctx context.Context, app id.App, cust id.Customer, list store.ItemList) (page []store.ItemRow, err error) {
	if list.Take <= 0 {
		return nil, ctx.Err()
	}
	skip, after := max(list.Skip, 0), ""
	args := []any{string(app), cust[:], int64(list.Kind), int64(list.Take), int64(skip)}
	if list.After != nil {
		args, after = append(args, list.After.At, list.After.ID[:]), listItemsAfter
	}
	err = s.bounded(ctx, list.Take+skip, func(ctx context.Context, c *conn) error {
		return c.each(ctx, `
			SELECT`+itemColumns+`
			FROM (
				SELECT
					customer_seq,
					item_id
				FROM customer_item
				WHERE app_id = ?1
					AND customer_seq = (
						SELECT seq
						FROM customer
						WHERE app_id = ?1
							AND customer_id = ?2
					)
					AND kind = ?3`+after+`
				ORDER BY
					at DESC,
					item_id DESC
				LIMIT 0 + ?4 OFFSET ?5
			) AS p
			CROSS JOIN customer_item AS i
			WHERE i.app_id = ?1
				AND i.customer_seq = p.customer_seq
				AND i.kind = ?3
				AND i.item_id = p.item_id
			ORDER BY
				i.at DESC,
				i.item_id DESC`, args, appendTo(&page, scanItem))
	})
	return page, err
}

// ItemCount counts a customer's items of one kind in their index.
func (s *Store) ItemCount(ctx context.Context, app id.App, cust id.Customer, kind store.ItemKind) (n int, err error) {
	err = s.withReader(ctx, func(ctx context.Context, c *conn) error {
		return c.each(ctx, `
			SELECT count(*)
			FROM customer_item
			WHERE app_id = ?1
				AND customer_seq = (
					SELECT seq
					FROM customer
					WHERE app_id = ?1
						AND customer_id = ?2
				)
				AND kind = ?3`, []any{string(app), cust[:], int64(kind)}, scanTo(&n))
	})
	return n, err
}

// ItemInsert adds an item of the customer.
func (t *tx) ItemInsert(cust id.Customer, row store.ItemRow) error {
	seq, err := t.seqOf(cust)
	if err != nil {
		return err
	}
	_, err = t.exec(`
		INSERT INTO customer_item (
			app_id,
			customer_seq,
			kind,
			item_id,
			at,
			created_at,
			sealed,
			sum
		) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		string(t.app), seq, int64(row.Kind), row.ID[:], row.At, row.CreatedAt, row.Sealed, row.Sum)
	return err
}

// seqOf gives the number of a customer.
func (t *tx) seqOf(cust id.Customer) (seq int64, err error) {
	err = t.batch.conn.one(t.ctx, store.NotFound("customer"), `
		SELECT seq
		FROM customer
		WHERE app_id = ?
			AND customer_id = ?`, []any{string(t.app), cust[:]}, scanTo(&seq))
	return seq, err
}
