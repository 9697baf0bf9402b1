package devdraft

import (
	"net/http"

	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/wire"
)

// The headers of the credentials. All pages require both; other schemes that some
// pages print are not accepted (doc/divergences-devdraft.md, "Credentials").
const (
	headerKey    = "x-client-key"
	headerSecret = "x-client-secret"
)

// authenticated checks credentials and quota before h runs. parameters
// are those that h knows of a query.
func (a *api) authenticated(h wire.Handler, parameters ...string) web.Handler {
	return a.tagged(wire.Untagged(h), parameters...)
}

// tagged is authenticated for the routes of one customer, which have entity tags.
func (a *api) tagged(h wire.Handler, parameters ...string) web.Handler {
	return wire.Authenticated(h, a.admit, parameters...)
}

// admit checks the credentials, and then consumes one request of their quota. Absent
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
	origin, err := web.Origin(r)
	if err != nil {
		return tenant.Caller{}, err
	}
	caller, perMinute, err := a.Records.Authenticate(r.Context(), records.Login{
		Kind: tenant.Devdraft, PublicKey: key, Secret: secret, Origin: origin,
	})
	if err != nil {
		return tenant.Caller{}, err
	}
	return caller, wire.Admit(w, r, a.Limiter, caller, perMinute)
}
