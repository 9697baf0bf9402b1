package sqlite

import (
	"context"
	"time"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// nowMilli is the database's clock in SQL.
const nowMilli = "CAST(unixepoch('subsec') * 1000 AS INTEGER)"

// IdempotencyGet gives the row of a scope unless it has expired.
func (t *tx) IdempotencyGet(scope []byte) (row store.IdempotencyRow, err error) {
	err = t.batch.conn.one(t.ctx, store.NotFound("idempotency_key"), `
		SELECT
			scope,
			fingerprint,
			customer_id,
			reply
		FROM idempotency
		WHERE app_id = ?
			AND scope = ?
			AND expires_at > `+nowMilli, []any{string(t.app), scope}, scanTo(
		&row.Scope, &row.Fingerprint, (*[16]byte)(&row.Customer), &row.Reply))
	return row, err
}

// IdempotencyPut stores a row, in place of an expired one if there is one.
func (t *tx) IdempotencyPut(row store.IdempotencyRow, ttl time.Duration) error {
	if _, err := t.head(); err != nil {
		return err
	}
	n, err := t.exec(`
		INSERT INTO idempotency (
			app_id,
			scope,
			fingerprint,
			customer_id,
			reply,
			expires_at
		) VALUES (?, ?, ?, ?, ?, `+nowMilli+` + ?)
		ON CONFLICT (app_id, scope) DO UPDATE
		SET
			fingerprint = excluded.fingerprint,
			customer_id = excluded.customer_id,
			reply = excluded.reply,
			expires_at = excluded.expires_at
		WHERE idempotency.expires_at <= `+nowMilli,
		string(t.app), row.Scope, row.Fingerprint, row.Customer[:], row.Reply, ttl.Milliseconds())
	if err == nil && n == 0 {
		return store.ErrKeyUsed
	}
	return err
}

// IdempotencyPurge deletes expired rows.
func (s *Store) IdempotencyPurge(ctx context.Context, app id.App, limit int) (deleted int, err error) {
	err = s.write(ctx, app, func(t *tx) error {
		n, err := t.exec(`
			DELETE FROM idempotency
			WHERE app_id = ?1
				AND scope IN (
					SELECT scope
					FROM idempotency
					WHERE app_id = ?1
						AND expires_at <= `+nowMilli+`
					ORDER BY expires_at
					LIMIT 0 + ?2
				)`, string(app), int64(max(limit, 0)))
		deleted = int(n)
		return err
	})
	if err != nil {
		return 0, err
	}
	return deleted, nil
}
