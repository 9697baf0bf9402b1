package records

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

// IssueToken exchanges a credential for a bearer token: a JWT (RFC 7519) signed
// with HMAC-SHA-256 under a key of the application. Failures are those of
// Authenticate.
func (s *Service) IssueToken(ctx context.Context, in Login) (token string, caller tenant.Caller, rateLimit int, err error) {
	caller, rateLimit, err = s.Authenticate(ctx, in)
	if err != nil {
		return "", tenant.Caller{}, 0, err
	}
	key, err := s.keys.Key(ctx, caller.App)
	if err != nil {
		return "", tenant.Caller{}, 0, err
	}
	mark := tokenMark(key, key.SecretHash(in.Secret))
	token, err = s.sign(ctx, caller.App, in.PublicKey+"."+mark)
	if err != nil {
		return "", tenant.Caller{}, 0, err
	}
	return token, caller, rateLimit, nil
}

// RefreshToken gives a new token for one that is still good. It goes back to the
// same secret, and ends with it.
func (s *Service) RefreshToken(ctx context.Context, caller tenant.Caller, subject string) (string, error) {
	return s.sign(ctx, caller.App, subject)
}

// tokenMark names the secret that a token was issued for, so that tokens, which can
// be refreshed for ever, end when a rotation ends their secret.
func tokenMark(key *seal.App, secretHash []byte) string {
	return hex.EncodeToString(key.ReplayHash("token", string(secretHash))[:8])
}

// backs reports whether the secret with this mark works at the time now.
func (c *checked) backs(mark string, now time.Time) bool {
	return mark == tokenMark(c.key, c.row.Secret) ||
		now.UnixMilli() < c.row.OldUntil && mark == tokenMark(c.key, c.row.OldSecret)
}

func (s *Service) sign(ctx context.Context, app id.App, subject string) (string, error) {
	key, err := s.keys.Key(ctx, app)
	if err != nil {
		return "", err
	}
	now := s.now()
	claims := jwt.RegisteredClaims{
		Subject: subject, IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(TokenTTL)), ID: randomText(8),
	}
	return jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(key.TokenKey())
}

// AuthenticateToken checks a bearer token made by IssueToken, that its credential
// is still live and that the secret it was issued for still works. Failures are as
// for Authenticate. subject is for RefreshToken.
func (s *Service) AuthenticateToken(ctx context.Context, token string, origin tenant.Origin) (caller tenant.Caller, rateLimit int, subject string, err error) {
	var claims jwt.RegisteredClaims
	var known *checked
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"HS256"}), jwt.WithExpirationRequired(), jwt.WithTimeFunc(s.now))
	_, err = parser.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) {
		publicKey, mark, _ := strings.Cut(claims.Subject, ".")
		var cached bool
		var err error
		known, cached, err = s.credential(ctx, publicKey)
		if err == nil && cached && !known.backs(mark, s.now()) {
			known, err = s.freshCredential(ctx, publicKey) // perhaps it was rotated elsewhere since
		}
		if err != nil {
			return nil, errStore{err}
		}
		return known.key.TokenKey(), nil
	})
	if broken, ok := errors.AsType[errStore](err); ok {
		return tenant.Caller{}, 0, "", broken.error
	}
	if known == nil {
		if known, err = s.nobody(ctx); err != nil {
			return tenant.Caller{}, 0, "", err
		}
		err = errCredentials
	}
	now := s.now()
	_, mark, _ := strings.Cut(claims.Subject, ".")
	if err != nil || !known.live(now) || known.Kind != tenant.Yativo || !known.backs(mark, now) {
		return tenant.Caller{}, 0, "", s.refuse(ctx, known, origin)
	}
	s.creds.used(known.Credential, now)
	return known.caller(origin), known.RateLimit, claims.Subject, nil
}

// errStore carries a failure of ours through the token library.
type errStore struct{ error }
