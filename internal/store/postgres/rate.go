package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// RateTake takes quota of a credential in a window. One statement decides, with the
// window's row locked, so grants never add up to more than the limit. When a try's
// answer is lost its grant is lost too: nobody uses it.
func (s *Store) RateTake(ctx context.Context, app id.App, take store.RateTake) (store.RateGrant, error) {
	var g store.RateGrant
	err := s.do(ctx, app, `
		INSERT INTO rate_window AS w (
			app_id,
			credential_id,
			minute,
			taken,
			granted
		)
		VALUES (
			$1,
			$2,
			$3,
			GREATEST(LEAST($4::bigint, $5::bigint), 0),
			GREATEST(LEAST($4::bigint, $5::bigint), 0)
		)
		ON CONFLICT (app_id, credential_id, minute) DO UPDATE
		SET
			taken = w.taken + GREATEST(LEAST($4::bigint, $5::bigint - w.taken), 0),
			granted = GREATEST(LEAST($4::bigint, $5::bigint - w.taken), 0)
		RETURNING
			granted,
			taken`,
		[]any{string(app), string(take.Credential), take.Window, take.Want, take.Limit},
		one("answer", func(r pgx.Row) error { return r.Scan(&g.Granted, &g.Taken) }))
	if err != nil {
		return store.RateGrant{}, err
	}
	if g.Granted == g.Taken && g.Granted > 0 {
		// The first of a window forgets the ones before the last: a replica whose clock
		// is behind may still ask for that. The grant stands whatever becomes of this.
		_ = s.forgetWindows(ctx, app, take)
	}
	return g, nil
}

func (s *Store) forgetWindows(ctx context.Context, app id.App, take store.RateTake) error {
	return s.do(ctx, app, `
		DELETE FROM rate_window
		WHERE app_id = $1
		AND credential_id = $2
		AND minute < $3`,
		[]any{string(app), string(take.Credential), take.Window - 1},
		func(rows pgx.Rows) error { rows.Close(); return rows.Err() })
}
