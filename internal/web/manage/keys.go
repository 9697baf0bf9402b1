package manage

import (
	"net/http"
	"time"

	"custodex.dev/internal/authz"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
)

// keepOld is how long the secret before a rotation works when nobody says.
const keepOld = 24 * time.Hour

func (a *api) createKey(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	m, err := readMembers(r)
	if err != nil {
		return err
	}
	in := newKeyOf(m, caller.App)
	if err := m.done(); err != nil {
		return err
	}
	issued, err := a.records.CreateKey(r.Context(), caller, in)
	if err != nil {
		return err
	}
	return answer(w, http.StatusCreated, issuedOf(issued))
}

// newKeyOf reads the description of a key. One of id.System is an operator's: it
// has the one scope there is for those, and no rate limit unless one is named.
func newKeyOf(m *input, app id.App) records.NewKey {
	in := records.NewKey{Kind: tenant.Devdraft, Scopes: authz.DefaultScopes}
	rate := records.DefaultRateLimit
	if app == id.System {
		in.Kind, in.Scopes, rate = tenant.Operator, authz.Scopes{authz.Manage}, 0
	}
	in.Name = m.requiredText("name")
	in.Owner = m.text("owner")
	if kind, ok := m.textIfSent("kind"); ok {
		in.Kind = tenant.Kind(kind)
	}
	if names := m.texts("scopes"); names != nil {
		in.Scopes = scopesOf(m, names, in.Scopes)
	}
	in.RateLimit = int(m.integer("rate_limit", int64(rate)))
	in.ExpiresAt = m.time("expires_at")
	return in
}

func scopesOf(m *input, names []string, fixed authz.Scopes) authz.Scopes {
	if len(fixed) == 1 && len(names) == 1 && names[0] == string(fixed[0]) {
		return fixed
	}
	scopes, err := authz.ParseScopes(names)
	if err != nil {
		m.bad("scopes", "invalid", err.Error())
	} else if len(fixed) == 1 {
		m.bad("scopes", "invalid", "an operator's key has the scope "+string(fixed[0])+" and no other")
	}
	return scopes
}

func (a *api) listKeys(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	if err := noParameters(r); err != nil {
		return err
	}
	keys, err := a.records.ListKeys(r.Context(), caller)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, listOf(keys, keyOf, nil))
}

func (a *api) revokeKey(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	m, err := readMembers(r)
	if err != nil {
		return err
	}
	if err := m.done(); err != nil {
		return err
	}
	key, err := parseKey(r)
	if err != nil {
		return err
	}
	revoked, err := a.records.RevokeKey(r.Context(), caller, key)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, keyOf(revoked))
}

func (a *api) rotateKey(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	m, err := readMembers(r)
	if err != nil {
		return err
	}
	keep := m.duration("keep_old", keepOld)
	if err := m.done(); err != nil {
		return err
	}
	key, err := parseKey(r)
	if err != nil {
		return err
	}
	issued, err := a.records.RotateKey(r.Context(), caller, key, keep)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, issuedOf(issued))
}

func parseKey(r *http.Request) (id.Credential, error) {
	key, err := id.ParseCredential(r.PathValue("key"))
	if err != nil {
		return "", fault.Wrap(err, fault.NotFound, "credential_not_found", "credential not found")
	}
	return key, nil
}
