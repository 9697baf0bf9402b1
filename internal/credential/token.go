package credential

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"custodex.dev/internal/id"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/tenant"
)

// TokenTTL is how long a bearer token lives (Yativo, "Authentication").
const TokenTTL = 10 * time.Minute

// IssueToken gives a bearer token for a credential of the application that Verify found
// good: a JWT (RFC 7519) signed with HMAC-SHA-256 under a key of the application.
func (v *Verifier) IssueToken(ctx context.Context, app id.App, in Login) (string, error) {
	key, err := v.cfg.Keys.Key(ctx, app)
	if err != nil {
		return "", err
	}
	return v.RefreshToken(ctx, app, in.PublicKey+"."+tokenMark(key, key.SecretHash(in.Secret)))
}

// RefreshToken gives a new token for the subject of one that VerifyToken found good. It
// goes back to the same secret, and ends with it.
func (v *Verifier) RefreshToken(ctx context.Context, app id.App, subject string) (string, error) {
	key, err := v.cfg.Keys.Key(ctx, app)
	if err != nil {
		return "", err
	}
	now := v.cfg.Now()
	claims := jwt.RegisteredClaims{
		Subject: subject, IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(TokenTTL)), ID: randomText(8),
	}
	return jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(key.TokenKey())
}

// tokenMark names the secret that a token was issued for. Tokens can be refreshed for
// ever, so they must end when a rotation ends their secret.
func tokenMark(key *seal.App, secretHash []byte) string {
	return hex.EncodeToString(key.ReplayHash("token", string(secretHash))[:8])
}

// backs reports whether the secret with this mark works at the time now.
func (k *known) backs(mark string, now time.Time) bool {
	return mark == tokenMark(k.key, k.row.Secret) ||
		now.UnixMilli() < k.row.OldUntil && mark == tokenMark(k.key, k.row.OldSecret)
}

// VerifyToken checks a bearer token made by IssueToken or RefreshToken, that its
// credential is still live and that the secret it was issued for still works. Results
// are as for Verify.
func (v *Verifier) VerifyToken(ctx context.Context, token string, origin tenant.Origin) (who Identity, ok bool, err error) {
	k, subject, ok, err := v.parse(ctx, token)
	if err != nil {
		return Identity{}, false, err
	}
	now := v.cfg.Now()
	_, mark, _ := strings.Cut(subject, ".")
	if !ok || !k.live(now) || k.Kind != tenant.Yativo || !k.backs(mark, now) {
		return k.suspect(origin), false, nil
	}
	v.used.add(k.Credential, now)
	who = k.identity(origin)
	who.Subject = subject
	return who, true, nil
}

// parse checks the signature and the times of a token and gives the credential that it
// names.
func (v *Verifier) parse(ctx context.Context, token string) (k *known, subject string, ok bool, err error) {
	var claims jwt.RegisteredClaims
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"HS256"}), jwt.WithExpirationRequired(),
		jwt.WithStrictDecoding(), // else the last character of a signature has several spellings
		jwt.WithTimeFunc(v.cfg.Now))
	_, bad := parser.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) {
		publicKey, mark, _ := strings.Cut(claims.Subject, ".")
		var err error
		k, _, err = v.find(ctx, publicKey, func(k *known) bool { return k.backs(mark, v.cfg.Now()) && k.ID != "" })
		if err != nil {
			return nil, ourFailure{err}
		}
		return k.key.TokenKey(), nil
	})
	if failure, found := errors.AsType[ourFailure](bad); found {
		return nil, "", false, failure.error
	}
	if k == nil { // it names no credential
		k, err = v.nobody(ctx, "")
		return k, "", false, err
	}
	return k, claims.Subject, bad == nil, nil
}

// ourFailure carries a failure of ours through the token library.
type ourFailure struct{ error }
