package credential

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"hash/crc32"
	"strings"
	"time"

	"custodex.dev/internal/id"
	"custodex.dev/internal/redact"
	"custodex.dev/internal/rowsum"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
)

// prefixes begin the public keys and the secrets of each kind, so that people and
// secret scanners can tell what they found.
var prefixes = map[tenant.Kind]struct{ public, secret string }{
	tenant.Devdraft: {"ck_", "custodex_cs_"},
	tenant.Yativo:   {"ya_", "custodex_ys_"},
	tenant.Xtrakit:  {"xk_", "custodex_xs_"},
	tenant.Operator: {"op_", "custodex_ops_"},
	tenant.Auditor:  {"au_", "custodex_aus_"},
}

// Mint makes a credential out of what c says of it: its application, kind, name, owner,
// scopes, rate limit, strictness, creation and expiry. It returns the whole credential, the secret,
// which is shown once, and the row to store under the key of the application.
func Mint(key *seal.App, c tenant.Credential) (tenant.Credential, redact.Secret, store.CredentialRow) {
	c.ID = id.NewCredential()
	c.PublicKey = newPublicKey(c.Kind, c.App, randomText(10))
	secret := newSecret(c.Kind)
	row := store.CredentialRow{
		ID: c.ID, Kind: string(c.Kind), PublicKey: c.PublicKey,
		Label:  key.SealLabel(string(c.ID), appendLabel(nil, c.Name, c.Owner)),
		Scopes: c.Scopes.String(), RateLimit: int64(c.RateLimit), Strict: c.Strict,
		Secret: key.SecretHash(secret.Reveal()), CreatedAt: c.CreatedAt.UnixMilli(),
		ExpiresAt: store.Millis(c.ExpiresAt),
	}
	row.Sum = rowsum.Credential(key, &row)
	return c, secret, row
}

// Change puts what may change of a credential without a new secret into its row: name, owner,
// scopes, rate limit and strictness.
func Change(key *seal.App, row *store.CredentialRow, c tenant.Credential) {
	row.Label = key.SealLabel(string(row.ID), appendLabel(nil, c.Name, c.Owner))
	row.Scopes, row.RateLimit, row.Strict = c.Scopes.String(), int64(c.RateLimit), c.Strict
	row.Sum = rowsum.Credential(key, row)
}

// Rotate replaces the secret in the row and returns the new one. The old secret keeps
// working for the time keep after now; a still older one ends at once.
func Rotate(key *seal.App, row *store.CredentialRow, now time.Time, keep time.Duration) redact.Secret {
	secret := newSecret(tenant.Kind(row.Kind))
	row.OldSecret, row.OldUntil = row.Secret, now.Add(keep).UnixMilli()
	if keep == 0 {
		row.OldSecret, row.OldUntil = nil, 0
	}
	row.Secret = key.SecretHash(secret.Reveal())
	row.Sum = rowsum.Credential(key, row)
	return secret
}

// Revoke ends the credential of the row for good. One that was revoked before stays as it is, except
// that its checksum is right afterwards.
func Revoke(key *seal.App, row *store.CredentialRow, now time.Time) {
	if row.RevokedAt == 0 {
		row.RevokedAt = now.UnixMilli()
	}
	row.Sum = rowsum.Credential(key, row)
}

// newSecret joins the prefix of the kind, 256 random bits and a checksum of both. The checksum
// is for those who scan files for leaked secrets, so that they report nothing else; a login does
// not look at it, since secrets that are older than it stay valid. See doc/secret-scanning.md.
func newSecret(kind tenant.Kind) redact.Secret {
	text := prefixes[kind].secret + randomText(32)
	return redact.NewSecret(text + checksum(text))
}

// checksum gives the CRC-32 (IEEE 802.3) of a text: 4 bytes, big-endian, as 7 characters.
func checksum(text string) string {
	return lowerBase32.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(text))))
}

// newPublicKey joins a prefix, the application's id without "app_", and a random part
// by "_": a public key leads to its application without a look-up.
func newPublicKey(kind tenant.Kind, app id.App, random string) string {
	return prefixes[kind].public + strings.TrimPrefix(string(app), "app_") + "_" + random
}

// appOf gives the application that a public key names. It need not exist.
func appOf(publicKey string) (id.App, bool) {
	parts := strings.Split(publicKey, "_")
	if len(parts) != 3 {
		return "", false
	}
	app := id.App("app_" + parts[1])
	if app == id.System {
		return app, true
	}
	app, err := id.ParseApp(string(app))
	return app, err == nil
}

var lowerBase32 = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

func randomText(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b)
	return lowerBase32.EncodeToString(b)
}
