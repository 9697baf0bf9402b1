package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

const blockColumns = `
			n,
			first_at,
			last_at,
			filter,
			sum`

func scanBlock(row pgx.Row, into *store.BlockRow) error {
	return row.Scan(
		&into.N,
		&into.FirstAt,
		&into.LastAt,
		&into.Filter,
		&into.Sum,
	)
}

// BlockPut adds a block of the application's audit log, or replaces it.
func (s *Store) BlockPut(ctx context.Context, app id.App, row store.BlockRow) error {
	var done bool
	err := s.repeat(ctx, app, `
		INSERT INTO audit_block (
			app_id,`+blockColumns+`
		)
		SELECT
			$1,
			$2,
			$3,
			$4,
			$5,
			$6
		FROM head
		WHERE app_id = $1
		ON CONFLICT (app_id, n) DO UPDATE
		SET
			first_at = excluded.first_at,
			last_at = excluded.last_at,
			filter = excluded.filter,
			sum = excluded.sum
		RETURNING app_id`,
		[]any{string(app), row.N, row.FirstAt, row.LastAt, bytesOf(row.Filter), bytesOf(row.Sum)},
		found(&done), func() {})
	if err != nil || done {
		return err
	}
	return store.NotFound("application")
}

// BlockList gives the blocks with from <= N < to that are there, ascending.
func (s *Store) BlockList(ctx context.Context, app id.App, from, to int64) ([]store.BlockRow, error) {
	return list(ctx, s, app, `
		SELECT`+blockColumns+`
		FROM audit_block
		WHERE app_id = $1
		AND n >= $2
		AND n < $3
		ORDER BY n`,
		[]any{string(app), from, to}, scanBlock)
}
