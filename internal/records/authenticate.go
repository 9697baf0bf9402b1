package records

import (
	"context"

	"custodex.dev/internal/authz"
	"custodex.dev/internal/credential"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/tenant"
)

// Login is a credential as a caller presents it.
type Login = credential.Login

// TokenTTL is how long a bearer token lives.
const TokenTTL = credential.TokenTTL

var (
	// ErrCredentials is the fault of every failed authentication, whatever was wrong.
	ErrCredentials = fault.New(fault.Unauthenticated, "invalid_credentials", "Invalid API credentials")
	// ErrGuessing is the fault of a failed authentication past the bucket of its address.
	ErrGuessing = fault.New(fault.TooMany, "too_many_failed_logins", "Too many failed authentications from this address")
)

// Authenticate checks a credential. A failure is recorded: with the application
// that the key names, else with id.System. Every failure is ErrCredentials; past the
// address's bucket it is ErrGuessing, unrecorded. RateLimit is the credential's limit a
// minute.
func (s *Service) Authenticate(ctx context.Context, in Login) (caller tenant.Caller, rateLimit int, err error) {
	who, ok, err := s.credentials.Verify(ctx, in)
	if err != nil {
		return tenant.Caller{}, 0, err
	}
	if !ok {
		return tenant.Caller{}, 0, s.refuse(ctx, who.Caller)
	}
	return who.Caller, who.RateLimit, nil
}

// refuse records a failed authentication, within the address's bucket.
func (s *Service) refuse(ctx context.Context, caller tenant.Caller) error {
	if ok, retry := s.failures.Consume(caller.Origin.Address); !ok {
		return ErrGuessing.After(retry)
	}
	key, err := s.keys.Key(ctx, caller.App)
	if err != nil {
		return err
	}
	o := &operation{s: s, key: key, action: authz.Authenticate, caller: caller}
	return o.recordFailure(ctx, ErrCredentials)
}

// IssueToken exchanges a credential for a bearer token. Failures are those of
// Authenticate.
func (s *Service) IssueToken(ctx context.Context, in Login) (token string, caller tenant.Caller, rateLimit int, err error) {
	caller, rateLimit, err = s.Authenticate(ctx, in)
	if err != nil {
		return "", tenant.Caller{}, 0, err
	}
	token, err = s.credentials.IssueToken(ctx, caller.App, in)
	if err != nil {
		return "", tenant.Caller{}, 0, err
	}
	return token, caller, rateLimit, nil
}

// RefreshToken gives a new token for the subject of one that AuthenticateToken has
// just checked. It goes back to the same secret, and ends with it.
func (s *Service) RefreshToken(ctx context.Context, caller tenant.Caller, subject string) (string, error) {
	return s.credentials.RefreshToken(ctx, caller.App, subject)
}

// AuthenticateToken checks a bearer token made by IssueToken, that its credential
// is still live and that the secret it was issued for still works. Failures are as
// for Authenticate. subject is for RefreshToken.
func (s *Service) AuthenticateToken(ctx context.Context, token string, origin tenant.Origin) (caller tenant.Caller, rateLimit int, subject string, err error) {
	who, ok, err := s.credentials.VerifyToken(ctx, token, origin)
	if err != nil {
		return tenant.Caller{}, 0, "", err
	}
	if !ok {
		return tenant.Caller{}, 0, "", s.refuse(ctx, who.Caller)
	}
	return who.Caller, who.RateLimit, who.Subject, nil
}

// AuthenticateBoth is for a request that carries a credential and a bearer token: both
// must be good, and of one credential. A request that names two callers is refused as
// one with a wrong credential is, and the attempt is recorded once, with the application
// of the credential if that is the one at fault. Failures are as for Authenticate.
func (s *Service) AuthenticateBoth(ctx context.Context, in Login, token string) (caller tenant.Caller, rateLimit int, subject string, err error) {
	who, ok, err := s.credentials.Verify(ctx, in)
	if err != nil {
		return tenant.Caller{}, 0, "", err
	}
	bearer, good, err := s.credentials.VerifyToken(ctx, token, in.Origin)
	switch {
	case err != nil:
		return tenant.Caller{}, 0, "", err
	case !ok:
		return tenant.Caller{}, 0, "", s.refuse(ctx, who.Caller)
	case !good, bearer.Caller.Credential != who.Caller.Credential:
		return tenant.Caller{}, 0, "", s.refuse(ctx, bearer.Caller)
	}
	return bearer.Caller, bearer.RateLimit, bearer.Subject, nil
}
