package wire

import (
	"net/http"

	"custodex.dev/internal/limit"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web"
)

// Handler is a handler that works for a caller whose credentials are checked.
type Handler func(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error

// Authenticated runs h for the caller that admit finds. parameters are those that h knows
// of a query. The body of a GET or DELETE is read before, and ignored.
func Authenticated(h Handler, admit func(http.ResponseWriter, *http.Request) (tenant.Caller, error), parameters ...string) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		caller, err := admit(w, r)
		if err != nil {
			return err
		}
		if err := web.IgnoreBody(r); err != nil {
			return err
		}
		if err := KnownParameters(w, r, parameters...); err != nil {
			return err
		}
		return h(w, r, caller)
	}
}

// Admit notes whose request this is, and how its unknown names are handled, waits for a place of the
// application, and consumes one request of the caller's quota.
func Admit(w http.ResponseWriter, r *http.Request, limiter *limit.Limiter, caller tenant.Caller, perMinute int) error {
	e := web.EventOf(r.Context())
	e.App, e.Credential, e.Strict = caller.App, caller.Credential, caller.Strict
	if err := web.Enter(r.Context(), caller.App); err != nil {
		return err
	}
	return web.ConsumeQuota(r.Context(), w, limiter, caller, perMinute)
}
