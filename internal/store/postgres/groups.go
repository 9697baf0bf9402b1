package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

const groupColumns = `
			seq,
			created_at,
			updated_at,
			sealed,
			sum`

func scanGroup(row pgx.Row, into *store.GroupRow) error {
	return row.Scan(
		&into.Seq,
		&into.CreatedAt,
		&into.UpdatedAt,
		&into.Sealed,
		&into.Sum,
	)
}

const getGroup = `
		SELECT` + groupColumns + `
		FROM customer_group
		WHERE app_id = $1
		AND seq = $2`

// GroupGet gives one group.
func (s *Store) GroupGet(ctx context.Context, app id.App, seq int64) (store.GroupRow, error) {
	var row store.GroupRow
	err := s.do(ctx, app, getGroup, []any{string(app), seq},
		one("group", func(r pgx.Row) error { return scanGroup(r, &row) }))
	return row, err
}

// listGroups is made like the statement of listCustomers: a skipped group costs an
// index entry.
const listGroups = `
		SELECT` + groupColumns + `
		FROM (
			SELECT
				created_at AS made,
				seq AS listed
			FROM customer_group
			WHERE app_id = $1
			AND created_at >= $2
			AND (created_at, seq) < ($3, $4)
			ORDER BY created_at DESC, seq DESC
			OFFSET $5
			LIMIT $6
		) AS p
		JOIN customer_group ON app_id = $1 AND seq = p.listed
		ORDER BY p.made DESC, p.listed DESC`

// GroupList gives groups newest first.
func (s *Store) GroupList(ctx context.Context, app id.App, l store.GroupList) ([]store.GroupRow, error) {
	before := l.Before()
	return list(ctx, s, app, listGroups,
		[]any{string(app), l.From, before.CreatedAt, before.Seq, max(l.Skip, 0), max(l.Take, 0)}, scanGroup)
}

const countGroups = `
		SELECT count(*)
		FROM customer_group
		WHERE app_id = $1
		AND created_at >= $2
		AND (created_at, seq) < ($3, $4)`

// GroupCount counts groups in their index.
func (s *Store) GroupCount(ctx context.Context, app id.App, from, to int64) (n int, err error) {
	before := store.GroupList{To: to}.Before()
	err = s.do(ctx, app, countGroups, []any{string(app), from, before.CreatedAt, before.Seq},
		one("answer", func(r pgx.Row) error { return r.Scan(&n) }))
	return n, err
}

// GroupGet gives one group, as this transaction sees it.
func (t *tx) GroupGet(seq int64) (store.GroupRow, error) {
	var row store.GroupRow
	err := t.share(getGroup, []any{string(t.app), seq},
		one("group", func(r pgx.Row) error { return scanGroup(r, &row) }))
	return row, err
}

// GroupNext gives the Seq that the next group will get.
func (t *tx) GroupNext() (int64, error) {
	if err := t.goAlone(); err != nil {
		return 0, err
	}
	if !t.head.found {
		return 0, store.NotFound("application")
	}
	return t.head.lastGroup + 1, nil
}

// GroupInsert adds a group and returns its Seq.
func (t *tx) GroupInsert(row store.GroupRow) (seq int64, err error) {
	if err := t.aloneInUse(); err != nil {
		return 0, err
	}
	if seq, err = t.GroupNext(); err != nil {
		return 0, err
	}
	var made bool
	err = t.query(`
		INSERT INTO customer_group (
			app_id,
			seq,
			created_at,
			updated_at,
			sealed,
			sum
		)
		VALUES ($1, $2, $3, $4, $5, $6)
		RETURNING seq`,
		[]any{string(t.app), seq, row.CreatedAt, row.UpdatedAt, row.Sealed, row.Sum}, found(&made))
	if err != nil {
		return 0, err
	}
	t.head.lastGroup = seq
	return seq, nil
}

// GroupUpdate replaces what may change of a group.
func (t *tx) GroupUpdate(row store.GroupRow) error {
	var done bool
	err := t.query(`
		UPDATE customer_group
		SET
			updated_at = $3,
			sealed = $4,
			sum = $5
		WHERE app_id = $1
		AND seq = $2
		RETURNING seq`,
		[]any{string(t.app), row.Seq, row.UpdatedAt, row.Sealed, row.Sum}, found(&done))
	if err == nil && !done {
		err = store.NotFound("group")
	}
	return err
}

const deleteGroup = `
		DELETE FROM customer_group
		WHERE app_id = $1
		AND seq = $2
		RETURNING seq`

// GroupDelete removes a group. Its customers keep its number, which no other group gets, and are
// read as in no group from now on.
func (t *tx) GroupDelete(seq int64) error {
	var done bool
	err := t.query(deleteGroup, []any{string(t.app), seq}, found(&done))
	if err == nil && !done {
		err = store.NotFound("group")
	}
	return err
}
