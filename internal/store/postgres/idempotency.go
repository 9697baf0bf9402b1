package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// IdempotencyPurge deletes up to limit expired idempotency rows. Rows that somebody
// else works on are left for the next time.
func (s *Store) IdempotencyPurge(ctx context.Context, app id.App, limit int) (int, error) {
	var n int
	err := s.do(ctx, app, `
		WITH gone AS (
			DELETE FROM idempotency
			WHERE app_id = $1
			AND scope IN (
				SELECT scope
				FROM idempotency
				WHERE app_id = $1
				AND expires_at <= `+nowMS+`
				ORDER BY expires_at
				LIMIT $2
				FOR UPDATE SKIP LOCKED
			)
			RETURNING 1
		)
		SELECT count(*)
		FROM gone`,
		[]any{string(app), max(limit, 0)},
		one("answer", func(r pgx.Row) error { return r.Scan(&n) }))
	return n, err
}

// IdempotencyGet gives the row of a scope unless it has expired.
func (t *tx) IdempotencyGet(scope []byte) (store.IdempotencyRow, error) {
	var row store.IdempotencyRow
	if _, err := t.claim(scopeClaim, scope); err != nil {
		return row, err
	}
	err := t.share(`
		SELECT`+answerColumns+`
		FROM idempotency
		WHERE app_id = $1
		AND scope = $2
		AND expires_at > `+nowMS,
		[]any{string(t.app), scope},
		one("idempotency_key", func(r pgx.Row) error { return scanAnswer(r, &row) }))
	return row, err
}

// IdempotencyPut stores a row that expires after ttl, in place of an expired one.
func (t *tx) IdempotencyPut(row store.IdempotencyRow, ttl time.Duration) error {
	if _, err := t.claim(scopeClaim, row.Scope); err != nil {
		return err
	}
	done, err := t.put(`
		INSERT INTO idempotency AS i (
			app_id,
			scope,
			fingerprint,
			customer_id,
			reply,
			expires_at
		)
		VALUES ($1, $2, $3, $4, $5, `+nowMS+` + $6)
		ON CONFLICT (app_id, scope) DO UPDATE
		SET
			fingerprint = excluded.fingerprint,
			customer_id = excluded.customer_id,
			reply = excluded.reply,
			expires_at = excluded.expires_at
		WHERE i.expires_at <= `+nowMS+`
		RETURNING scope`,
		[]any{
			string(t.app),
			row.Scope,
			row.Fingerprint,
			[16]byte(row.Customer),
			row.Reply,
			ttl.Milliseconds(),
		})
	if err == nil && !done {
		err = store.ErrKeyUsed
	}
	return err
}
