package devdraft

import (
	"net/http"

	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web"
)

// The headers of the credentials. All pages require both; other schemes that some
// pages print are not accepted (doc/divergences-devdraft.md, "Credentials").
const (
	headerKey    = "x-client-key"
	headerSecret = "x-client-secret"
)

// keyedHandler is a handler that works for a caller whose credentials are checked.
type keyedHandler func(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error

// authenticated checks credentials and quota before h runs.
func (a *api) authenticated(h keyedHandler) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		caller, err := a.admit(w, r)
		if err != nil {
			return err
		}
		return h(w, r, caller)
	}
}

// admit checks the credentials, and then spends one request of their quota. Absent
// credentials take the same way as wrong ones, so that they get the same answer
// and leave the same trace.
func (a *api) admit(w http.ResponseWriter, r *http.Request) (tenant.Caller, error) {
	key, _, err := web.OneHeader(r, headerKey)
	if err != nil {
		return tenant.Caller{}, err
	}
	secret, _, err := web.OneHeader(r, headerSecret)
	if err != nil {
		return tenant.Caller{}, err
	}
	caller, perMinute, err := a.Records.Authenticate(r.Context(), records.Login{
		Kind: tenant.Devdraft, PublicKey: key, Secret: secret, Origin: web.Origin(r),
	})
	if err != nil {
		return tenant.Caller{}, err
	}
	e := web.EventOf(r.Context())
	e.App, e.Credential = caller.App, caller.Credential
	return caller, web.ConsumeQuota(r.Context(), w, a.Limiter, caller, perMinute)
}
