package sqlite

import (
	"context"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// EpochInsert adds an epoch of keys. The writer's transactions name an application, and its work
// may be in any.
func (s *Store) EpochInsert(ctx context.Context, row store.EpochRow) error {
	return s.write(ctx, id.System, func(t *tx) error {
		_, err := t.exec(`
			INSERT INTO key_epoch (
				epoch,
				provider,
				provider_version,
				wrapped_key,
				state,
				created_at,
				destroy_after
			) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			row.Epoch, row.Provider, row.ProviderVersion, row.Wrapped, int64(row.State), row.CreatedAt, row.DestroyAfter)
		return err
	})
}

// EpochList gives every epoch of keys, the oldest first.
func (s *Store) EpochList(ctx context.Context) (list []store.EpochRow, err error) {
	err = s.withReader(ctx, func(ctx context.Context, c *conn) error {
		return c.each(ctx, `
			SELECT
				epoch,
				provider,
				provider_version,
				wrapped_key,
				state,
				created_at,
				destroy_after
			FROM key_epoch
			ORDER BY epoch`, nil, appendTo(&list, func(r *rows, row *store.EpochRow) error {
			return r.scan(&row.Epoch, &row.Provider, &row.ProviderVersion, &row.Wrapped, (*uint8)(&row.State), &row.CreatedAt, &row.DestroyAfter)
		}))
	})
	return list, err
}

// WrapKeyList gives the application's wrap keys, that of the oldest epoch first.
func (s *Store) WrapKeyList(ctx context.Context, app id.App) (list []store.WrapKeyRow, err error) {
	err = s.withReader(ctx, func(ctx context.Context, c *conn) error {
		return c.each(ctx, `
			SELECT
				epoch,
				wrapped_key
			FROM app_wrap_key
			WHERE app_id = ?
			ORDER BY epoch`, []any{string(app)}, appendTo(&list, func(r *rows, row *store.WrapKeyRow) error {
			return r.scan(&row.Epoch, &row.Wrapped)
		}))
	})
	return list, err
}

// AppRekey replaces the key and the sum of the application, and adds its wrap key.
func (t *tx) AppRekey(row store.AppRow) error {
	if _, err := t.head(); err != nil {
		return err
	}
	_, err := t.exec("UPDATE application SET wrapped_key = ?, sum = ? WHERE app_id = ?", row.Key, row.Sum, string(t.app))
	if err != nil {
		return err
	}
	return t.insertWrapKey(row)
}

// insertWrapKey adds the wrap key of an application, if the row has one.
func (t *tx) insertWrapKey(row store.AppRow) error {
	if row.WrapKey == nil {
		return nil
	}
	_, err := t.exec(`
		INSERT INTO app_wrap_key (
			app_id,
			epoch,
			wrapped_key
		) VALUES (?, ?, ?)`, string(t.app), row.Epoch, row.WrapKey)
	return err
}
