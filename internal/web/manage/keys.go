package manage

import (
	"cmp"
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

// newKeyOf reads the description of a key. One of id.System has no rate limit unless one is
// named.
func newKeyOf(m *input, app id.App) records.NewKey {
	rate := records.DefaultRateLimit
	if app == id.System {
		rate = 0
	}
	in := records.NewKey{Name: m.requiredText("name"), Owner: m.text("owner"), Kind: tenant.Kind(m.text("kind"))}
	in.Scopes = scopesOf(m, func(scopes authz.Scopes) tenant.Kind { return cmp.Or(in.Kind, tenant.DefaultKind(app, scopes)) })
	in.RateLimit = int(m.integer("rate_limit", int64(rate)))
	if strict := strictOf(m); strict != nil {
		in.Strict = *strict
	}
	in.ExpiresAt = m.time("expires_at")
	return in
}

// strictOf reads handling; nil if it is absent.
func strictOf(m *input) *bool {
	text, ok := m.textIfSent("handling")
	if !ok {
		return nil
	}
	if text != "strict" && text != "lenient" {
		m.bad("handling", "invalid", "handling must be strict or lenient")
	}
	strict := text == "strict"
	return &strict
}

// scopesOf reads the list of scopes; nil if it is absent. What is wrong with them for the kind of
// the key is said beside the other problems of the body.
func scopesOf(m *input, kind func(authz.Scopes) tenant.Kind) authz.Scopes {
	names := m.texts("scopes")
	if names == nil {
		return nil
	}
	scopes := append(authz.Scopes{}, authz.ParseScopes(names)...)
	if problem := kind(scopes).ScopesProblem(scopes); problem != "" {
		m.bad("scopes", "invalid", problem)
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

func (a *api) updateKey(w http.ResponseWriter, r *http.Request, caller tenant.Caller) error {
	m, err := readMembers(r)
	if err != nil {
		return err
	}
	in := keyChangeOf(m)
	if err := m.done(); err != nil {
		return err
	}
	key, err := parseKey(r)
	if err != nil {
		return err
	}
	changed, err := a.records.UpdateKey(r.Context(), caller, key, in)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, keyOf(changed))
}

// keyChangeOf reads what to change of a key. The scopes that it may have depend on its kind, which
// is not known here.
func keyChangeOf(m *input) (in records.KeyChange) {
	if name, ok := m.textIfSent("name"); ok {
		in.Name = &name
	}
	if owner, ok := m.textIfSent("owner"); ok {
		in.Owner = &owner
	}
	if names := m.texts("scopes"); names != nil {
		in.Scopes = append(authz.Scopes{}, authz.ParseScopes(names)...)
	}
	if m.has("rate_limit") {
		rate := int(m.integer("rate_limit", 0))
		in.RateLimit = &rate
	}
	in.Strict = strictOf(m)
	return in
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
