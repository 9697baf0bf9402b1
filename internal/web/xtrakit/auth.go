package xtrakit

import (
	"net/http"
	"strings"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/wire"
)

// authenticated checks the API key and its quota before h runs. parameters
// are those that h knows of a query.
func (a *api) authenticated(h wire.Handler, parameters ...string) web.Handler {
	return a.tagged(wire.Untagged(h), parameters...)
}

// tagged is authenticated for the routes of one customer, which have entity tags.
func (a *api) tagged(h wire.Handler, parameters ...string) web.Handler {
	return wire.Authenticated(h, a.admit, parameters...)
}

var errNoToken = fault.New(fault.Unauthenticated, "missing_bearer_token", "Unauthorized: Missing Bearer Token")

// admit checks the API key, and then consumes one request of its quota. A request
// without one takes the same way as one with a wrong one, so that it costs and leaves
// the same, but its answer says what is missing, as on the page.
func (a *api) admit(w http.ResponseWriter, r *http.Request) (tenant.Caller, error) {
	token, err := wire.BearerToken(r)
	if err != nil {
		return tenant.Caller{}, err
	}
	origin, err := web.Origin(r)
	if err != nil {
		return tenant.Caller{}, err
	}
	public, secret, _ := strings.Cut(token, ".")
	caller, perMinute, err := a.Records.Authenticate(r.Context(), records.Login{
		Kind: tenant.Xtrakit, PublicKey: public, Secret: secret, Origin: origin,
	})
	switch {
	case err != nil && token == "" && fault.KindOf(err) == fault.Unauthenticated:
		return tenant.Caller{}, errNoToken
	case err != nil:
		return tenant.Caller{}, err
	}
	return caller, wire.Admit(w, r, a.Limiter, caller, perMinute)
}

// authenticateUser: Xtrakit, "Introduction", where a sample checks an API key so. Its
// answer is not published.
func (a *api) authenticateUser(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	web.JSON(w, http.StatusOK, encode(http.StatusOK, "User authenticated", userData{accountOf(caller.App)}))
	return nil
}
