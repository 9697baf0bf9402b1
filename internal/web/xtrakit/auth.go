package xtrakit

import (
	"net/http"
	"strings"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/body"
)

// keyedHandler is a handler that works for a caller whose API key is checked.
type keyedHandler func(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error

// authenticated checks the API key and its quota before h runs.
func (a *api) authenticated(h keyedHandler) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		caller, err := a.admit(w, r)
		if err != nil {
			return err
		}
		return h(w, r, caller)
	}
}

var errNoToken = fault.New(fault.Unauthenticated, "missing_bearer_token", "Unauthorized: Missing Bearer Token")

// admit checks the API key, and then spends one request of its quota. A request
// without one takes the same way as one with a wrong one, so that it costs and leaves
// the same, but is told what is missing, as the page has it.
func (a *api) admit(w http.ResponseWriter, r *http.Request) (tenant.Caller, error) {
	header, _, err := web.OneHeader(r, "Authorization")
	if err != nil {
		return tenant.Caller{}, err
	}
	token := bearerToken(header)
	public, secret, _ := strings.Cut(token, ".")
	caller, perMinute, err := a.Records.Authenticate(r.Context(), records.Login{
		Kind: tenant.Xtrakit, PublicKey: public, Secret: secret, Origin: web.Origin(r),
	})
	switch {
	case err != nil && token == "" && fault.KindOf(err) == fault.Unauthenticated:
		return tenant.Caller{}, errNoToken
	case err != nil:
		return tenant.Caller{}, err
	}
	e := web.EventOf(r.Context())
	e.App, e.Credential = caller.App, caller.Credential
	return caller, web.ConsumeQuota(r.Context(), w, a.Limiter, caller, perMinute)
}

// bearerToken gives the token of "Bearer TOKEN", "" if the header is something else.
func bearerToken(header string) string {
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// authenticateUser: Xtrakit, "Introduction", where a sample checks an API key so. Its
// answer is not published.
func (a *api) authenticateUser(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	if err := body.None(r); err != nil {
		return err
	}
	web.JSON(w, http.StatusOK, encodeUser(accountOf(caller.App)))
	return nil
}
