package tenant

import (
	"slices"
	"strings"

	"custodex.dev/internal/authz"
	"custodex.dev/internal/id"
)

// Kind is the sort of a credential: it decides which API it opens.
type Kind string

// The kinds of credential.
const (
	Devdraft Kind = "devdraft" // client key and client secret
	Yativo   Kind = "yativo"   // account id and app secret, exchanged for a bearer token
	Xtrakit  Kind = "xtrakit"  // one API key: public part and secret, joined by "."
	Operator Kind = "operator" // a credential of id.System: manages, and opens no dialect
	Auditor  Kind = "auditor"  // reads the audit log of its application through the management API
)

// Kinds lists the kinds that open an API of an application.
func Kinds() []Kind { return []Kind{Devdraft, Yativo, Xtrakit} }

// KindsOf lists the kinds that a credential of the application may have.
func KindsOf(app id.App) []Kind {
	if app == id.System {
		return []Kind{Operator, Auditor}
	}
	return append(Kinds(), Auditor)
}

// DefaultKind is the kind of a credential when nobody chose one: what its scopes are for, else
// the first of the application's.
func DefaultKind(app id.App, scopes authz.Scopes) Kind {
	if slices.Equal(scopes, authz.Scopes{authz.AuditRead}) {
		return Auditor
	}
	return KindsOf(app)[0]
}

// Opens reports whether a credential of the kind opens the API of the other kind. Operators and
// auditors share one API, in which an auditor may do less.
func (k Kind) Opens(api Kind) bool { return k == api || k == Auditor && api == Operator }

// DefaultScopes gives the scopes of a credential of the kind when nobody chose any.
func (k Kind) DefaultScopes() authz.Scopes {
	switch k {
	case Operator:
		return authz.Scopes{authz.Manage}
	case Auditor:
		return authz.Scopes{authz.AuditRead}
	}
	return slices.Clone(authz.DefaultScopes)
}

// ScopesProblem says what is wrong with the scopes of a credential of the kind; "" if nothing.
func (k Kind) ScopesProblem(scopes authz.Scopes) string {
	switch k {
	case Operator:
		if !slices.Equal(scopes, k.DefaultScopes()) {
			return "an operator's key has the scope manage, which includes audit:read, and no other"
		}
		return ""
	case Auditor:
		if !slices.Equal(scopes, k.DefaultScopes()) {
			return "an auditor's key has the scope audit:read and no other"
		}
		return ""
	}
	may := authz.OfApplications()
	names := strings.Join(may.Strings(), ", ")
	switch {
	case len(scopes) == 0:
		return "name at least one scope of " + names
	case slices.Contains(scopes, authz.Manage):
		return "manage is for operators alone, whose keys belong to app_system; use " + names
	case slices.Contains(scopes, authz.AuditRead):
		return "audit:read needs a key of its own, of the kind auditor and without another scope"
	}
	for _, s := range scopes {
		if !slices.Contains(may, s) {
			return "unknown scope; use " + names
		}
	}
	return ""
}

// OneOf lists kinds for a sentence.
func OneOf(kinds []Kind) string {
	var names []string
	for _, k := range kinds {
		names = append(names, string(k))
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
