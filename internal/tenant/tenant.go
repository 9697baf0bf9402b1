// Package tenant holds applications, their credentials, and the Caller that a
// credential becomes once it has been checked. It does no I/O.
package tenant

import (
	"slices"
	"time"

	"custodex.dev/internal/authz"
	"custodex.dev/internal/id"
)

// Application is one tenant: its customers are seen by its credentials alone.
type Application struct {
	ID        id.App
	Name      string // 1–100 characters, shown to its own clients as app_name
	CreatedAt time.Time
	RemovedAt time.Time // zero: in use
}

// Credential is a key of one application. Its secret is never held here.
type Credential struct {
	ID         id.Credential
	App        id.App
	Kind       Kind
	PublicKey  string // what the caller sends in clear to name the credential
	Name       string // what it is for
	Owner      string // who answers for it; shown in the audit log
	Scopes     authz.Scopes
	RateLimit  int       // requests a minute; 0 is unlimited
	Strict     bool      // requests with names that the API does not know are refused
	CreatedAt  time.Time // UTC, milliseconds
	ExpiresAt  time.Time // zero: never
	RevokedAt  time.Time // zero: live
	LastUsedAt time.Time // zero: never; to the minute
	OldUntil   time.Time // the secret before the last rotation works until then; zero: none
}

// Grants gives the scopes of a caller with the credential. In the contracts of Yativo and
// Xtrakit whoever may change a customer may delete it, and there is no other right for it;
// so their credentials delete with customers:write. Deletion through the Devdraft API is
// ours and needs a scope of its own.
func (c Credential) Grants() authz.Scopes {
	if c.Kind != Yativo && c.Kind != Xtrakit || !slices.Contains(c.Scopes, authz.CustomersWrite) ||
		slices.Contains(c.Scopes, authz.CustomersDelete) {
		return c.Scopes
	}
	return append(slices.Clone(c.Scopes), authz.CustomersDelete)
}

// Handling is what happens to names in a request that the API does not know, in the words of the
// preference that overrides it (RFC 7240): "strict" refuses them, "lenient" ignores them.
func (c Credential) Handling() string {
	if c.Strict {
		return "strict"
	}
	return "lenient"
}

// Live reports whether the credential may be used at the time now.
func (c Credential) Live(now time.Time) bool {
	return c.RevokedAt.IsZero() && (c.ExpiresAt.IsZero() || now.Before(c.ExpiresAt))
}

// Origin is where a request came from, for the audit log. All of it but the
// dialect and the request id is personal and sealed.
type Origin struct {
	Dialect    string // "devdraft", "yativo", "xtrakit", "manage"
	Request    id.Request
	Address    string // the client's network address, without port
	UserAgent  string // at most 256 bytes
	ActingUser string // the x-acting-user header: who used the caller's product; at most 128 bytes
	Reason     string // the X-Access-Reason header: why, in words; at most 500 characters
	Purpose    string // the X-Access-Purpose header: why, as a word of the caller's own; at most 100 characters

	// Operator acts in an application that it does not belong to; "" if nobody does.
	Operator id.Credential
}

// Caller is who a use case acts for: a checked credential of one application, or
// an operator. records trusts it; only the authentication of a dialect and the
// management API make one.
type Caller struct {
	App        id.App        // the application it may touch; for an operator, the one the call names
	AppName    string        // that application's name
	Credential id.Credential // an operator's too
	Owner      string        // who answers for the credential
	Scopes     authz.Scopes
	Strict     bool // the credential's
	Origin     Origin

	// PreconditionFault is the fault of a condition of this one request that cannot hold; nil: there is none.
	// Whoever lacks the scope is told that instead.
	PreconditionFault error
}

// ScopedTo gives the caller for a call that names an application. An operator may name any; everybody
// else only its own, and has no scopes for another, so that the attempt is refused and recorded
// with the caller's own application.
func (c Caller) ScopedTo(app id.App) Caller {
	switch {
	case app == c.App:
	case slices.Contains(c.Scopes, authz.Manage):
		c.App = app
		c.Origin.Operator = c.Credential
	default:
		c.Scopes = nil
	}
	return c
}
