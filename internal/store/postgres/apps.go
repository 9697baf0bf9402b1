package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

func scanApp(row pgx.Row, into *store.AppRow) error {
	return row.Scan((*string)(&into.ID), &into.Name, &into.Key, &into.CreatedAt, &into.RemovedAt, &into.Summed, &into.Sum)
}

const getApp = `
		SELECT
			app_id,
			name,
			wrapped_key,
			created_at,
			removed_at,
			summed,
			sum
		FROM application
		WHERE app_id = $1`

// AppGet gives one application.
func (s *Store) AppGet(ctx context.Context, app id.App) (store.AppRow, error) {
	var row store.AppRow
	err := s.do(ctx, app, getApp, []any{string(app)},
		one("application", func(r pgx.Row) error { return scanApp(r, &row) }))
	return row, err
}

// AppGet gives the application itself, as this transaction sees it.
func (t *tx) AppGet() (store.AppRow, error) {
	var row store.AppRow
	err := t.query(getApp, []any{string(t.app)},
		one("application", func(r pgx.Row) error { return scanApp(r, &row) }))
	return row, err
}

// AppUpdate replaces the name of the application, whether and when it was removed, whether all of it is
// summed, and the sum.
func (t *tx) AppUpdate(row store.AppRow) error {
	var done bool
	err := t.query(`
		WITH changed AS (
			UPDATE application
			SET
				name = $2,
				removed_at = $3,
				sum = $4,
				summed = $5
			WHERE app_id = $1
		)
		UPDATE head
		SET removed = $3 <> 0
		WHERE app_id = $1
		RETURNING app_id`,
		[]any{string(t.app), row.Name, row.RemovedAt, row.Sum, row.Summed}, found(&done))
	if err == nil && !done {
		err = store.NotFound("application")
	}
	if err == nil {
		t.head.removed = row.RemovedAt != 0
	}
	return err
}

// aloneInUse is inUse for a work that has to run alone: one before it may remove the application.
func (t *tx) aloneInUse() error {
	if err := t.goAlone(); err != nil {
		return err
	}
	return t.inUse()
}

// inUse is ErrAppRemoved for an application that was removed.
func (t *tx) inUse() error {
	switch {
	case !t.head.removed:
		return nil
	case t.saved:
		return t.refuse(store.ErrAppRemoved)
	}
	return store.ErrAppRemoved // the work has done nothing that would have to be undone
}

// CustomerCount counts the customers of the application, as this transaction sees them.
func (t *tx) CustomerCount() (int64, error) {
	if err := t.goAlone(); err != nil {
		return 0, err
	}
	if !t.head.found {
		return 0, store.NotFound("application")
	}
	return t.head.customers, nil
}

// AppList gives applications in ascending order of id.
func (s *Store) AppList(ctx context.Context, after id.App, limit int) ([]store.AppRow, error) {
	return list(ctx, s, "", `
		SELECT
			app_id,
			name,
			wrapped_key,
			created_at,
			removed_at,
			summed,
			sum
		FROM application
		WHERE app_id > $1
		ORDER BY app_id
		LIMIT $2`,
		[]any{string(after), max(limit, 0)}, scanApp)
}

// lineageColumns are the lineage of h, a row of head. Nobody can lose commits of a running server, so
// its start time names a lineage: a standby that is promoted has another one, and so does
// a server after a restore of files. Tables that are restored one by one are new tables.
const lineageColumns = `(extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint,
			h.tableoid::bigint`

// Head gives the application's counters.
func (s *Store) Head(ctx context.Context, app id.App) (store.Head, error) {
	var h store.Head
	err := s.do(ctx, app, `
		SELECT
			version,
			entries,
			customers,
			events,
			`+lineageColumns+`
		FROM head AS h
		WHERE app_id = $1`,
		[]any{string(app)},
		one("application", func(r pgx.Row) error {
			return r.Scan(&h.Version, &h.Entries, &h.Customers, &h.Events, &h.Lineage.Server, &h.Lineage.Table)
		}),
	)
	return h, err
}

// AppInsert makes the application itself.
func (t *tx) AppInsert(row store.AppRow) error {
	if row.ID != t.app {
		return fault.New(fault.Internal, "wrong_application",
			"an application is made in a transaction of its own")
	}
	var made bool
	err := t.queryAnyway(`
		WITH made AS (
			INSERT INTO application (
				app_id,
				name,
				wrapped_key,
				created_at,
				sum,
				summed
			)
			VALUES ($1, $2, $3, $4, $8, $9)
			ON CONFLICT DO NOTHING
			RETURNING app_id
		), tree AS (
			INSERT INTO audit_tree (
				app_id,
				size,
				checkpoint
			)
			SELECT
				app_id,
				0,
				$5::bytea
			FROM made
			WHERE $5::bytea IS NOT NULL
		), wrapped AS (
			INSERT INTO app_wrap_key (
				app_id,
				epoch,
				wrapped_key
			)
			SELECT
				app_id,
				$6,
				$7::bytea
			FROM made
			WHERE $7::bytea IS NOT NULL
		)
		INSERT INTO head (
			app_id,
			version,
			entries,
			customers,
			recent
		)
		SELECT
			app_id,
			0,
			0,
			0,
			'{}'
		FROM made
		RETURNING app_id`,
		[]any{string(row.ID), row.Name, row.Key, row.CreatedAt, row.Tree, row.Epoch, row.WrapKey, row.Sum, row.Summed}, found(&made))
	switch {
	case err != nil:
		return err
	case made:
		t.head.found = true
		return nil
	case !t.head.found:
		// Somebody made it after this batch had looked for its head. The batch must not
		// go on without holding that.
		t.lost = errStale
		return errStale
	}
	return t.refuse(store.ErrExists)
}
