package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// EpochInsert adds an epoch of keys. A repetition finds its own row, which is a conflict to the
// caller like somebody else's: either way there is one to be read.
func (s *Store) EpochInsert(ctx context.Context, row store.EpochRow) error {
	var made bool
	err := s.do(ctx, "", `
		INSERT INTO key_epoch (
			epoch,
			provider,
			provider_version,
			wrapped_key,
			state,
			created_at,
			destroy_after
		)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT DO NOTHING
		RETURNING epoch`,
		[]any{row.Epoch, row.Provider, row.ProviderVersion, row.Wrapped, row.State, row.CreatedAt, row.DestroyAfter}, found(&made))
	if err == nil && !made {
		err = store.ErrExists
	}
	return err
}

// EpochList gives every epoch of keys, the oldest first.
func (s *Store) EpochList(ctx context.Context) ([]store.EpochRow, error) {
	return list(ctx, s, "", `
		SELECT
			epoch,
			provider,
			provider_version,
			wrapped_key,
			state,
			created_at,
			destroy_after
		FROM key_epoch
		ORDER BY epoch`, nil, func(r pgx.Row, row *store.EpochRow) error {
		return r.Scan(&row.Epoch, &row.Provider, &row.ProviderVersion, &row.Wrapped, &row.State, &row.CreatedAt, &row.DestroyAfter)
	})
}

// WrapKeyList gives the application's wrap keys, that of the oldest epoch first.
func (s *Store) WrapKeyList(ctx context.Context, app id.App) ([]store.WrapKeyRow, error) {
	return list(ctx, s, app, `
		SELECT
			epoch,
			wrapped_key
		FROM app_wrap_key
		WHERE app_id = $1
		ORDER BY epoch`, []any{string(app)}, func(r pgx.Row, row *store.WrapKeyRow) error {
		return r.Scan(&row.Epoch, &row.Wrapped)
	})
}

// AppRekey replaces the key and the sum of the application, and adds its wrap key.
func (t *tx) AppRekey(row store.AppRow) error {
	var done bool
	err := t.query(`
		WITH wrapped AS (
			INSERT INTO app_wrap_key (
				app_id,
				epoch,
				wrapped_key
			)
			SELECT
				$1,
				$3,
				$4
			WHERE $4::bytea IS NOT NULL
		)
		UPDATE application
		SET
			wrapped_key = $2,
			sum = $5
		WHERE app_id = $1
		RETURNING app_id`,
		[]any{string(t.app), row.Key, row.Epoch, row.WrapKey, row.Sum}, found(&done))
	if err == nil && !done {
		err = store.NotFound("application")
	}
	return err
}
