package yativo

import (
	"net/http"
	"strings"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/body"
)

// errLogin is the one answer to every login that fails, whatever was wrong.
var errLogin = fault.New(fault.Unauthenticated, "invalid_login", "Invalid credentials")

// login: Yativo, "Authentication". It exchanges an account id and app secret for a
// bearer token. It spends a request of the account's quota once they are right.
func (a *api) login(w http.ResponseWriter, r *http.Request) error {
	data, err := web.ReadBody(r)
	if err != nil {
		return err
	}
	object, err := body.Parse(data)
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
		err = a.spend(w, r, caller, perMinute)
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

// keyedHandler is a handler that works for a caller whose token is checked.
type keyedHandler func(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error

// authenticated checks token and quota before h runs.
func (a *api) authenticated(h keyedHandler) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		caller, _, err := a.admit(w, r)
		if err != nil {
			return err
		}
		return h(w, r, caller)
	}
}

// admit checks "Authorization: Bearer …", and then spends one request of the
// quota. What is absent or of another scheme takes the same way as a wrong token,
// so that it gets the same answer and leaves the same trace.
func (a *api) admit(w http.ResponseWriter, r *http.Request) (caller tenant.Caller, subject string, err error) {
	header, _, err := web.OneHeader(r, "Authorization")
	if err != nil {
		return tenant.Caller{}, "", err
	}
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		token = ""
	}
	caller, perMinute, subject, err := a.Records.AuthenticateToken(r.Context(), strings.TrimSpace(token), web.Origin(r))
	if err != nil {
		return tenant.Caller{}, "", err
	}
	return caller, subject, a.spend(w, r, caller, perMinute)
}

// spend notes who asks and takes one request of the quota.
func (a *api) spend(w http.ResponseWriter, r *http.Request, caller tenant.Caller, perMinute int) error {
	e := web.EventOf(r.Context())
	e.App, e.Credential = caller.App, caller.Credential
	return web.ConsumeQuota(r.Context(), w, a.Limiter, caller, perMinute)
}
