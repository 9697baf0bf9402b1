package sqlite

import (
	"context"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

const blockColumns = `
	n,
	first_at,
	last_at,
	filter,
	sum`

func scanBlock(r *rows, row *store.BlockRow) error {
	return r.scan(
		&row.N,
		&row.FirstAt,
		&row.LastAt,
		&row.Filter,
		&row.Sum,
	)
}

// BlockPut adds a block of the application's audit log, or replaces it.
func (s *Store) BlockPut(ctx context.Context, app id.App, row store.BlockRow) error {
	return s.write(ctx, app, func(t *tx) error {
		if _, err := t.head(); err != nil {
			return err
		}
		_, err := t.exec(`
			INSERT INTO audit_block (
				app_id,`+blockColumns+`
			) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (app_id, n) DO UPDATE
			SET
				first_at = excluded.first_at,
				last_at = excluded.last_at,
				filter = excluded.filter,
				sum = excluded.sum`,
			string(app), row.N, row.FirstAt, row.LastAt, bytesOf(row.Filter), bytesOf(row.Sum))
		return err
	})
}

// BlockList gives the blocks with from <= N < to that are there, ascending.
func (s *Store) BlockList(ctx context.Context, app id.App, from, to int64) (list []store.BlockRow, err error) {
	err = s.withReader(ctx, func(ctx context.Context, c *conn) error {
		return c.each(ctx, `
			SELECT`+blockColumns+`
			FROM audit_block
			WHERE app_id = ?
				AND n >= ?
				AND n < ?
			ORDER BY n`, []any{string(app), from, to}, appendTo(&list, scanBlock))
	})
	return list, err
}
