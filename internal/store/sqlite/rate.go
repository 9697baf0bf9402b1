package sqlite

import (
	"context"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// RateTake takes quota of a credential's window. The window before is kept, for a
// replica whose clock is late; older ones are forgotten when a new one begins.
func (s *Store) RateTake(ctx context.Context, app id.App, take store.RateTake) (grant store.RateGrant, err error) {
	err = s.write(ctx, app, func(t *tx) error {
		grant = store.RateGrant{}
		known := false
		err := t.each(`
			SELECT taken
			FROM rate_window
			WHERE app_id = ?
				AND credential_id = ?
				AND minute = ?`,
			[]any{string(app), string(take.Credential), take.Window}, func(r *rows) error {
				known = true
				return r.scan(&grant.Taken)
			})
		if err != nil {
			return err
		}
		grant.Granted = max(0, min(take.Want, take.Limit-grant.Taken))
		if grant.Granted == 0 {
			return nil
		}
		grant.Taken += grant.Granted
		if !known {
			if err := t.rateForget(take); err != nil {
				return err
			}
		}
		_, err = t.exec(`
			INSERT INTO rate_window (
				app_id,
				credential_id,
				minute,
				taken
			) VALUES (?, ?, ?, ?)
			ON CONFLICT (app_id, credential_id, minute) DO UPDATE
			SET taken = excluded.taken`,
			string(app), string(take.Credential), take.Window, grant.Taken)
		return err
	})
	if err != nil {
		return store.RateGrant{}, err
	}
	return grant, nil
}

func (t *tx) rateForget(take store.RateTake) error {
	_, err := t.exec(`
		DELETE FROM rate_window
		WHERE app_id = ?
			AND credential_id = ?
			AND minute < ?`, string(t.app), string(take.Credential), take.Window-1)
	return err
}
