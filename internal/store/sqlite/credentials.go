package sqlite

import (
	"context"

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

func scanCredential(r *rows, row *store.CredentialRow) error {
	return r.scan(
		(*string)(&row.ID),
		&row.Kind,
		&row.PublicKey,
		&row.Label,
		&row.Scopes,
		&row.RateLimit,
		&row.Strict,
		&row.Secret,
		&row.OldSecret,
		&row.OldUntil,
		&row.CreatedAt,
		&row.ExpiresAt,
		&row.RevokedAt,
		&row.LastUsedAt,
		&row.Sum,
	)
}

// CredentialInsert adds a credential.
func (t *tx) CredentialInsert(row store.CredentialRow) error {
	if err := t.inUse(); err != nil {
		return err
	}
	_, err := t.exec(`
		INSERT INTO credential (
			app_id,`+credentialColumns+`
		) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		string(t.app), string(row.ID), row.Kind, row.PublicKey, row.Label, row.Scopes,
		row.RateLimit, row.Strict, row.Secret, row.OldSecret, row.OldUntil, row.CreatedAt,
		row.ExpiresAt, row.RevokedAt, row.LastUsedAt, row.Sum)
	return err
}

// CredentialChange replaces the label, scopes, rate limit, strictness and sum of a credential.
func (t *tx) CredentialChange(row store.CredentialRow) error {
	return t.updateCredential(`
		UPDATE credential
		SET
			label = ?,
			scopes = ?,
			rate_limit = ?,
			strict = ?,
			sum = ?
		WHERE app_id = ?
			AND credential_id = ?`,
		row.Label, row.Scopes, row.RateLimit, row.Strict, row.Sum,
		string(t.app), string(row.ID))
}

// CredentialUpdate replaces the secrets, expiry, revocation and sum of a credential.
func (t *tx) CredentialUpdate(row store.CredentialRow) error {
	return t.updateCredential(`
		UPDATE credential
		SET
			secret = ?,
			old_secret = ?,
			old_until = ?,
			expires_at = ?,
			revoked_at = ?,
			sum = ?
		WHERE app_id = ?
			AND credential_id = ?`,
		row.Secret, row.OldSecret, row.OldUntil, row.ExpiresAt, row.RevokedAt, row.Sum,
		string(t.app), string(row.ID))
}

// updateCredential runs an UPDATE that changes a row if the credential is there.
func (t *tx) updateCredential(query string, args ...any) error {
	n, err := t.exec(query, args...)
	if err == nil && n == 0 {
		return store.NotFound("credential")
	}
	return err
}

// CredentialByKey gives the credential with this public key.
func (s *Store) CredentialByKey(ctx context.Context, app id.App, publicKey string) (row store.CredentialRow, err error) {
	err = s.read(ctx, func(ctx context.Context, c *conn) error {
		return c.one(ctx, store.NotFound("credential"), `
			SELECT`+credentialColumns+`
			FROM credential
			WHERE app_id = ?
				AND public_key = ?`, []any{string(app), publicKey}, func(r *rows) error { return scanCredential(r, &row) })
	})
	return row, err
}

func credentialGet(ctx context.Context, c *conn, app id.App, cred id.Credential) (row store.CredentialRow, err error) {
	err = c.one(ctx, store.NotFound("credential"), `
		SELECT`+credentialColumns+`
		FROM credential
		WHERE app_id = ?
			AND credential_id = ?`, []any{string(app), string(cred)}, func(r *rows) error { return scanCredential(r, &row) })
	return row, err
}

// CredentialGet gives the credential with this id.
func (s *Store) CredentialGet(ctx context.Context, app id.App, cred id.Credential) (row store.CredentialRow, err error) {
	err = s.read(ctx, func(ctx context.Context, c *conn) error {
		row, err = credentialGet(ctx, c, app, cred)
		return err
	})
	return row, err
}

// CredentialGet gives one credential as this transaction sees it.
func (t *tx) CredentialGet(cred id.Credential) (store.CredentialRow, error) {
	return credentialGet(t.ctx, t.batch.conn, t.app, cred)
}

func credentialList(ctx context.Context, c *conn, app id.App) (list []store.CredentialRow, err error) {
	err = c.each(ctx, `
		SELECT`+credentialColumns+`
		FROM credential
		WHERE app_id = ?
		ORDER BY
			created_at,
			credential_id`, []any{string(app)}, appendTo(&list, scanCredential))
	return list, err
}

// CredentialList gives every credential of the application, oldest first.
func (s *Store) CredentialList(ctx context.Context, app id.App) (list []store.CredentialRow, err error) {
	err = s.withReader(ctx, func(ctx context.Context, c *conn) error {
		list, err = credentialList(ctx, c, app)
		return err
	})
	return list, err
}

// CredentialList gives every credential of the application as this transaction sees it.
func (t *tx) CredentialList() ([]store.CredentialRow, error) {
	return credentialList(t.ctx, t.batch.conn, t.app)
}

// CredentialTouch sets the last use of credentials. Absent ones are left out.
func (s *Store) CredentialTouch(ctx context.Context, app id.App, used map[id.Credential]int64) error {
	return s.write(ctx, app, func(t *tx) error {
		for cred, at := range used {
			_, err := t.exec(`
				UPDATE credential
				SET last_used_at = ?1
				WHERE app_id = ?2
					AND credential_id = ?3
					AND last_used_at < ?1`, at, string(app), string(cred))
			if err != nil {
				return err
			}
		}
		return nil
	})
}
