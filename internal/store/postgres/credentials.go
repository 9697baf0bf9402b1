package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

const credentialColumns = `
			credential_id,
			kind,
			public_key,
			label,
			scopes,
			rate_limit,
			strict,
			secret,
			old_secret,
			old_until,
			created_at,
			expires_at,
			revoked_at,
			last_used_at,
			sum`

func scanCredential(row pgx.Row, into *store.CredentialRow) error {
	return row.Scan(
		(*string)(&into.ID),
		&into.Kind,
		&into.PublicKey,
		&into.Label,
		&into.Scopes,
		&into.RateLimit,
		&into.Strict,
		&into.Secret,
		&into.OldSecret,
		&into.OldUntil,
		&into.CreatedAt,
		&into.ExpiresAt,
		&into.RevokedAt,
		&into.LastUsedAt,
		&into.Sum,
	)
}

const credentialByKey = `
		SELECT` + credentialColumns + `
		FROM credential
		WHERE app_id = $1
		AND public_key = $2`

// CredentialByKey gives the credential with this public key.
func (s *Store) CredentialByKey(ctx context.Context, app id.App, publicKey string) (store.CredentialRow, error) {
	var row store.CredentialRow
	err := s.do(ctx, app, credentialByKey, []any{string(app), publicKey},
		one("credential", func(r pgx.Row) error { return scanCredential(r, &row) }))
	return row, err
}

const getCredential = `
		SELECT` + credentialColumns + `
		FROM credential
		WHERE app_id = $1
		AND credential_id = $2`

// CredentialGet gives the credential with this id.
func (s *Store) CredentialGet(ctx context.Context, app id.App, c id.Credential) (store.CredentialRow, error) {
	var row store.CredentialRow
	err := s.do(ctx, app, getCredential, []any{string(app), string(c)},
		one("credential", func(r pgx.Row) error { return scanCredential(r, &row) }))
	return row, err
}

const listCredentials = `
		SELECT` + credentialColumns + `
		FROM credential
		WHERE app_id = $1
		ORDER BY created_at, credential_id`

// CredentialList gives every credential of the application, oldest first.
func (s *Store) CredentialList(ctx context.Context, app id.App) ([]store.CredentialRow, error) {
	return list(ctx, s, app, listCredentials, []any{string(app)}, scanCredential)
}

// CredentialList gives every credential of the application as this transaction sees it.
func (t *tx) CredentialList() (list []store.CredentialRow, err error) {
	err = t.query(listCredentials, []any{string(t.app)}, func(rows pgx.Rows) error {
		list = nil
		for rows.Next() {
			var row store.CredentialRow
			if err := scanCredential(rows, &row); err != nil {
				return err
			}
			list = append(list, row)
		}
		return rows.Err()
	})
	return list, err
}

// CredentialTouch sets the last use of credentials, never back in time.
func (s *Store) CredentialTouch(ctx context.Context, app id.App, used map[id.Credential]int64) error {
	if len(used) == 0 {
		return ctx.Err()
	}
	ids, times := make([]string, 0, len(used)), make([]int64, 0, len(used))
	for c, at := range used {
		ids, times = append(ids, string(c)), append(times, at)
	}
	return s.do(ctx, app, `
		UPDATE credential AS c
		SET last_used_at = u.at
		FROM unnest($2::text[], $3::bigint[]) AS u (credential_id, at)
		WHERE c.app_id = $1
		AND c.credential_id = u.credential_id
		AND c.last_used_at < u.at`,
		[]any{string(app), ids, times},
		func(rows pgx.Rows) error { rows.Close(); return rows.Err() })
}

// CredentialGet gives one credential, as this transaction sees it.
func (t *tx) CredentialGet(c id.Credential) (store.CredentialRow, error) {
	var row store.CredentialRow
	err := t.query(getCredential, []any{string(t.app), string(c)},
		one("credential", func(r pgx.Row) error { return scanCredential(r, &row) }))
	return row, err
}

// CredentialInsert adds a credential.
func (t *tx) CredentialInsert(row store.CredentialRow) error {
	if err := t.aloneInUse(); err != nil {
		return err
	}
	var made bool
	err := t.query(`
		INSERT INTO credential (
			app_id,
			credential_id,
			kind,
			public_key,
			label,
			scopes,
			rate_limit,
			strict,
			secret,
			old_secret,
			old_until,
			created_at,
			expires_at,
			revoked_at,
			last_used_at,
			sum
		)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
		ON CONFLICT DO NOTHING
		RETURNING credential_id`,
		[]any{
			string(t.app),
			string(row.ID),
			row.Kind,
			row.PublicKey,
			row.Label,
			row.Scopes,
			row.RateLimit,
			row.Strict,
			row.Secret,
			row.OldSecret,
			row.OldUntil,
			row.CreatedAt,
			row.ExpiresAt,
			row.RevokedAt,
			row.LastUsedAt,
			row.Sum,
		},
		found(&made))
	if err == nil && !made {
		err = t.refuse(store.ErrExists)
	}
	return err
}

// CredentialChange replaces the label, scopes, rate limit, strictness and sum of a credential.
func (t *tx) CredentialChange(row store.CredentialRow) error {
	return t.updateCredential(`
		UPDATE credential
		SET
			label = $3,
			scopes = $4,
			rate_limit = $5,
			strict = $6,
			sum = $7
		WHERE app_id = $1
		AND credential_id = $2
		RETURNING credential_id`,
		string(t.app),
		string(row.ID),
		row.Label,
		row.Scopes,
		row.RateLimit,
		row.Strict,
		row.Sum,
	)
}

// CredentialUpdate replaces the secrets, expiry, revocation and sum of a credential.
func (t *tx) CredentialUpdate(row store.CredentialRow) error {
	return t.updateCredential(`
		UPDATE credential
		SET
			secret = $3,
			old_secret = $4,
			old_until = $5,
			expires_at = $6,
			revoked_at = $7,
			sum = $8
		WHERE app_id = $1
		AND credential_id = $2
		RETURNING credential_id`,
		string(t.app),
		string(row.ID),
		row.Secret,
		row.OldSecret,
		row.OldUntil,
		row.ExpiresAt,
		row.RevokedAt,
		row.Sum,
	)
}

// updateCredential runs an UPDATE that returns a row if the credential is there.
func (t *tx) updateCredential(query string, args ...any) error {
	var done bool
	err := t.query(query, args, found(&done))
	if err == nil && !done {
		err = store.NotFound("credential")
	}
	return err
}
