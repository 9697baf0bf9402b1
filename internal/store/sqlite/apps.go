package sqlite

import (
	"context"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// AppInsert makes the application and its head.
func (t *tx) AppInsert(row store.AppRow) error {
	_, err := t.exec(`
		INSERT INTO application (
			app_id,
			name,
			wrapped_key,
			created_at,
			summed,
			sum
		) VALUES (?, ?, ?, ?, ?, ?)`,
		string(t.app), row.Name, row.Key, row.CreatedAt, row.Summed, row.Sum)
	if err != nil {
		return err
	}
	_, err = t.exec(`
		INSERT INTO head (
			app_id,
			version,
			entries,
			customers
		) VALUES (?, 0, 0, 0)`, string(t.app))
	if err != nil {
		return err
	}
	if err := t.insertWrapKey(row); err != nil {
		return err
	}
	t.made = new(head)
	if row.Tree == nil {
		return nil
	}
	_, err = t.exec(`
		INSERT INTO audit_tree (
			app_id,
			size,
			checkpoint
		) VALUES (?, 0, ?)`, string(t.app), row.Tree)
	return err
}

func appGet(ctx context.Context, c *conn, app id.App) (row store.AppRow, err error) {
	err = c.one(ctx, store.NotFound("application"), `
		SELECT
			app_id,
			name,
			wrapped_key,
			created_at,
			removed_at,
			summed,
			sum
		FROM application
		WHERE app_id = ?`, []any{string(app)}, func(r *rows) error { return scanApp(r, &row) })
	return row, err
}

// AppGet gives one application.
func (s *Store) AppGet(ctx context.Context, app id.App) (row store.AppRow, err error) {
	err = s.read(ctx, func(ctx context.Context, c *conn) error {
		row, err = appGet(ctx, c, app)
		return err
	})
	return row, err
}

// AppGet gives the application itself, as this transaction sees it.
func (t *tx) AppGet() (store.AppRow, error) { return appGet(t.ctx, t.batch.conn, t.app) }

// AppUpdate replaces the name of the application, whether and when it was removed, whether all of it is
// summed, and the sum.
func (t *tx) AppUpdate(row store.AppRow) error {
	if _, err := t.head(); err != nil {
		return err
	}
	_, err := t.exec(`
		UPDATE application
		SET
			name = ?,
			removed_at = ?,
			summed = ?,
			sum = ?
		WHERE app_id = ?`, row.Name, row.RemovedAt, row.Summed, row.Sum, string(t.app))
	if err != nil {
		return err
	}
	removed := row.RemovedAt != 0
	t.removed = &removed
	_, err = t.exec("UPDATE head SET removed = ? WHERE app_id = ?", removed, string(t.app))
	return err
}

// inUse is ErrAppRemoved for an application that was removed, and fault.NotFound for none.
func (t *tx) inUse() error {
	h, err := t.head()
	if err == nil && (t.removed == nil && h.removed || t.removed != nil && *t.removed) {
		err = store.ErrAppRemoved
	}
	if err != nil && t.failed == nil {
		t.failed = err
	}
	return err
}

// CustomerCount counts the customers of the application, as this transaction sees them.
func (t *tx) CustomerCount() (int64, error) {
	h, err := t.head()
	if err != nil {
		return 0, err
	}
	return h.Customers + t.added, nil
}

// AppList gives applications in ascending order of id.
func (s *Store) AppList(ctx context.Context, after id.App, limit int) (list []store.AppRow, err error) {
	err = s.withReader(ctx, func(ctx context.Context, c *conn) error {
		return c.each(ctx, `
			SELECT
				app_id,
				name,
				wrapped_key,
				created_at,
				removed_at,
				summed,
				sum
			FROM application
			WHERE app_id > ?
			ORDER BY app_id
			LIMIT 0 + ?`, []any{string(after), int64(max(limit, 0))}, appendTo(&list, scanApp))
	})
	return list, err
}

func scanApp(r *rows, row *store.AppRow) error {
	return r.scan(
		(*string)(&row.ID),
		&row.Name,
		&row.Key,
		&row.CreatedAt,
		&row.RemovedAt,
		&row.Summed,
		&row.Sum,
	)
}

// Head gives the application's counters. The lineage is read last: the commit that made a
// new one may be among what the statement saw.
func (s *Store) Head(ctx context.Context, app id.App) (h store.Head, err error) {
	err = s.read(ctx, func(ctx context.Context, c *conn) error {
		return c.one(ctx, store.NotFound("application"), `
			SELECT
				version,
				entries,
				customers,
				events
			FROM head
			WHERE app_id = ?`, []any{string(app)}, scanTo(&h.Version, &h.Entries, &h.Customers, &h.Events))
	})
	h.Lineage.Server = s.lineage.Load()
	return h, err
}
