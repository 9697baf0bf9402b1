package yativo

import (
	"net/http"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/body"
	"custodex.dev/internal/web/wire"
)

// errLogin is the one answer to every login that fails, whatever was wrong.
var errLogin = fault.New(fault.Unauthenticated, "invalid_login", "Invalid credentials")

// login: Yativo, "Authentication". It exchanges an account id and app secret for a
// bearer token. It consumes a request of the account's quota once they are right.
func (a *api) login(w http.ResponseWriter, r *http.Request) error {
	object, err := wire.ReadJSON(r)
	if err != nil {
		return err
	}
	in, err := readLogin(object)
	if err != nil {
		return err
	}
	in.Origin = web.Origin(r)
	token, caller, perMinute, err := a.Records.IssueToken(r.Context(), in)
	if err == nil {
		err = wire.Admit(w, r, a.Limiter, caller, perMinute)
	}
	switch {
	case err == nil:
	case fault.KindOf(err) == fault.Unauthenticated: // itself, not a cause of something worse
		return errLogin
	default:
		return err
	}
	web.JSON(w, http.StatusOK, encodeToken("Authentication successful", token))
	return nil
}

// refresh: Yativo, "Authentication". It gives a new token for one that is still good.
func (a *api) refresh(w http.ResponseWriter, r *http.Request) error {
	caller, subject, err := a.admit(w, r)
	if err != nil {
		return err
	}
	if err := body.None(r); err != nil {
		return err
	}
	token, err := a.Records.RefreshToken(r.Context(), caller, subject)
	if err != nil {
		return err
	}
	web.JSON(w, http.StatusOK, encodeToken("Request successful", token))
	return nil
}

// tokenSeconds is what answers say of a token's life.
const tokenSeconds = int64(records.TokenTTL / time.Second)

// authenticated checks token and quota before h runs.
func (a *api) authenticated(h wire.Handler) web.Handler {
	return wire.Authenticated(h, func(w http.ResponseWriter, r *http.Request) (tenant.Caller, error) {
		caller, _, err := a.admit(w, r)
		return caller, err
	})
}

// admit checks "Authorization: Bearer …", and then consumes one request of the
// quota. What is absent or of another scheme takes the same way as a wrong token,
// so that it gets the same answer and leaves the same trace.
func (a *api) admit(w http.ResponseWriter, r *http.Request) (caller tenant.Caller, subject string, err error) {
	token, err := wire.BearerToken(r)
	if err != nil {
		return tenant.Caller{}, "", err
	}
	caller, perMinute, subject, err := a.Records.AuthenticateToken(r.Context(), token, web.Origin(r))
	if err != nil {
		return tenant.Caller{}, "", err
	}
	return caller, subject, wire.Admit(w, r, a.Limiter, caller, perMinute)
}
