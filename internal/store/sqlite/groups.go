package sqlite

import (
	"context"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

const groupColumns = `
	seq,
	created_at,
	updated_at,
	sealed,
	sum`

func scanGroup(r *rows, row *store.GroupRow) error {
	return r.scan(
		&row.Seq,
		&row.CreatedAt,
		&row.UpdatedAt,
		&row.Sealed,
		&row.Sum,
	)
}

func groupGet(ctx context.Context, c *conn, app id.App, seq int64) (row store.GroupRow, err error) {
	err = c.one(ctx, store.NotFound("group"), `
		SELECT`+groupColumns+`
		FROM customer_group
		WHERE app_id = ?
			AND seq = ?`, []any{string(app), seq}, func(r *rows) error { return scanGroup(r, &row) })
	return row, err
}

// GroupGet gives one group.
func (s *Store) GroupGet(ctx context.Context, app id.App, seq int64) (row store.GroupRow, err error) {
	err = s.read(ctx, func(ctx context.Context, c *conn) error {
		row, err = groupGet(ctx, c, app, seq)
		return err
	})
	return row, err
}

// GroupList gives groups newest first. As in CustomerList, a skipped group costs an
// index entry.
func (s *Store) GroupList(ctx context.Context, app id.App, list store.GroupList) (page []store.GroupRow, err error) {
	if list.Take <= 0 {
		return nil, ctx.Err()
	}
	before, skip := list.Before(), max(list.Skip, 0)
	err = s.bounded(ctx, list.Take+skip, func(ctx context.Context, c *conn) error {
		return c.each(ctx, `
			SELECT`+groupColumns+`
			FROM (
				SELECT seq AS listed
				FROM customer_group
				WHERE app_id = ?1
					AND created_at >= ?2
					AND (created_at, seq) < (?3, ?4)
				ORDER BY
					created_at DESC,
					seq DESC
				LIMIT 0 + ?5 OFFSET ?6
			) AS p
			CROSS JOIN customer_group
			WHERE app_id = ?1
				AND seq = p.listed
			ORDER BY
				created_at DESC,
				seq DESC`,
			[]any{string(app), list.From, before.CreatedAt, before.Seq, int64(list.Take), int64(skip)}, appendTo(&page, scanGroup))
	})
	return page, err
}

// GroupCount counts groups in their index.
func (s *Store) GroupCount(ctx context.Context, app id.App, from, to int64) (n int, err error) {
	before := store.GroupList{To: to}.Before()
	err = s.withReader(ctx, func(ctx context.Context, c *conn) error {
		return c.each(ctx, `
			SELECT count(*)
			FROM customer_group
			WHERE app_id = ?
				AND created_at >= ?
				AND (created_at, seq) < (?, ?)`, []any{string(app), from, before.CreatedAt, before.Seq}, scanTo(&n))
	})
	return n, err
}

// GroupGet gives one group as this transaction sees it.
func (t *tx) GroupGet(seq int64) (store.GroupRow, error) {
	return groupGet(t.ctx, t.batch.conn, t.app, seq)
}

// GroupNext gives the number that the next group will get.
func (t *tx) GroupNext() (int64, error) {
	h, err := t.head()
	if err != nil {
		return 0, err
	}
	return h.lastGroup + t.groups + 1, nil
}

// GroupInsert adds a group and returns its number.
func (t *tx) GroupInsert(row store.GroupRow) (seq int64, err error) {
	if err := t.inUse(); err != nil {
		return 0, err
	}
	if seq, err = t.GroupNext(); err != nil {
		return 0, err
	}
	_, err = t.exec(`
		INSERT INTO customer_group (
			app_id,`+groupColumns+`
		) VALUES (?, ?, ?, ?, ?, ?)`,
		string(t.app), seq, row.CreatedAt, row.UpdatedAt, row.Sealed, row.Sum)
	if err != nil {
		return 0, err
	}
	t.groups++
	return seq, nil
}

// GroupUpdate replaces what may change of a group.
func (t *tx) GroupUpdate(row store.GroupRow) error {
	n, err := t.exec(`
		UPDATE customer_group
		SET
			updated_at = ?,
			sealed = ?,
			sum = ?
		WHERE app_id = ?
			AND seq = ?`, row.UpdatedAt, row.Sealed, row.Sum, string(t.app), row.Seq)
	if err == nil && n == 0 {
		return store.NotFound("group")
	}
	return err
}

// GroupDelete removes a group. Its customers keep its number, which no other group gets, and are
// read as in no group from now on.
func (t *tx) GroupDelete(seq int64) error {
	n, err := t.exec(`
		DELETE FROM customer_group
		WHERE app_id = ?
			AND seq = ?`, string(t.app), seq)
	if err == nil && n == 0 {
		err = store.NotFound("group")
	}
	if err != nil {
		return err
	}
	t.batch.touchedAll = true // whoever is in it
	return nil
}
