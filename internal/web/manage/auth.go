package manage

import (
	"net/http"
	"strings"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/wire"
)

// authenticated checks the operator or auditor, finds the application that the path names
// and runs the operation.
func (a *api) authenticated(rt route) web.Handler {
	do := wire.Handler(rt.do)
	if rt.path != pathKYC {
		do = wire.UntaggedAfterScope(do)
	}
	return func(w http.ResponseWriter, r *http.Request) error {
		event := web.EventOf(r.Context())
		event.Route = rt.path
		caller, perMinute, err := a.login(r)
		if err != nil {
			return err
		}
		event.App, event.Credential = caller.App, caller.Credential
		if err := web.Enter(r.Context(), caller.App); err != nil {
			return err
		}
		if a.limiter != nil {
			if err := web.ConsumeQuota(r.Context(), w, a.limiter, caller, perMinute); err != nil {
				return err
			}
		}
		if err := web.IgnoreBody(r); err != nil {
			return err
		}
		if name := r.PathValue("app"); name != "" {
			app, err := parseApp(name)
			if err != nil {
				return err
			}
			caller = caller.ScopedTo(app)
			event.App = caller.App
		}
		return do(w, r, caller)
	}
}

// login reads "Authorization: Bearer op_….custodex_ops_…", or an auditor's "au_….custodex_aus_…". What is missing or malformed
// fails like a wrong secret, in the same place, and is recorded there.
func (a *api) login(r *http.Request) (tenant.Caller, int, error) {
	token, err := wire.BearerToken(r)
	if err != nil {
		return tenant.Caller{}, 0, err
	}
	origin, err := web.Origin(r)
	if err != nil {
		return tenant.Caller{}, 0, err
	}
	public, secret, _ := strings.Cut(token, ".")
	return a.records.Authenticate(r.Context(), records.Login{
		Kind: tenant.Operator, PublicKey: public, Secret: secret, Origin: origin,
	})
}

func parseApp(name string) (id.App, error) {
	if id.App(name) == id.System {
		return id.System, nil
	}
	app, err := id.ParseApp(name)
	if err != nil {
		return "", fault.Wrap(err, fault.NotFound, "application_not_found", "application not found")
	}
	return app, nil
}
