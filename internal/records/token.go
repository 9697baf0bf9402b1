package records

import (
	"context"
	"errors"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"custodex.dev/internal/id"
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
	token, err = s.sign(ctx, caller.App, in.PublicKey)
	return token, caller, rateLimit, err
}

// RefreshToken gives a new token for one that is still good.
func (s *Service) RefreshToken(ctx context.Context, caller tenant.Caller, publicKey string) (string, error) {
	return s.sign(ctx, caller.App, publicKey)
}

func (s *Service) sign(ctx context.Context, app id.App, publicKey string) (string, error) {
	opened, err := s.keys.get(ctx, app)
	if err != nil {
		return "", err
	}
	now := s.now()
	claims := jwt.RegisteredClaims{
		Subject: publicKey, IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(TokenTTL)), ID: randomText(8),
	}
	return jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(opened.key.TokenKey())
}

// AuthenticateToken checks a bearer token made by IssueToken, and that its
// credential is still live. Failures are as for Authenticate. subject is the
// credential's public key, for RefreshToken.
func (s *Service) AuthenticateToken(ctx context.Context, token string, origin tenant.Origin) (caller tenant.Caller, rateLimit int, subject string, err error) {
	var claims jwt.RegisteredClaims
	var known *checked
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"HS256"}), jwt.WithExpirationRequired(), jwt.WithTimeFunc(s.now))
	_, err = parser.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) {
		var err error
		if known, err = s.credential(ctx, claims.Subject); err != nil {
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
	if err != nil || !known.live(now) || known.Kind != tenant.Yativo {
		return tenant.Caller{}, 0, "", s.refuse(ctx, known, origin)
	}
	s.creds.used(known.Credential, now)
	return known.caller(origin), known.RateLimit, claims.Subject, nil
}

// errStore carries a failure of ours through the token library.
type errStore struct{ error }
