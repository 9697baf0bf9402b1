package tenant

import (
	"fmt"
	"strings"

	"custodex.dev/internal/authz"
)

// CredentialChange says what to change of a credential. What is nil stays.
type CredentialChange struct {
	Name, Owner *string
	Scopes      authz.Scopes
	RateLimit   *int
	Strict      *bool
}

// Apply gives the credential as it is after the change.
func (in CredentialChange) Apply(c Credential) Credential {
	if in.Name != nil {
		c.Name = *in.Name
	}
	if in.Owner != nil {
		c.Owner = *in.Owner
	}
	if in.Scopes != nil {
		c.Scopes = in.Scopes
	}
	if in.RateLimit != nil {
		c.RateLimit = *in.RateLimit
	}
	if in.Strict != nil {
		c.Strict = *in.Strict
	}
	return c
}

// Differences are the fields of the audit entry of a change: the names of what changed, with the
// values of what is stored in clear.
func Differences(before, after Credential) (fields []string) {
	if before.Name != after.Name {
		fields = append(fields, "name")
	}
	if before.Owner != after.Owner {
		fields = append(fields, "owner")
	}
	for _, f := range []struct{ name, before, after string }{
		{"scopes", strings.Join(before.Scopes.Strings(), " "), strings.Join(after.Scopes.Strings(), " ")},
		{"rate_limit", fmt.Sprint(before.RateLimit), fmt.Sprint(after.RateLimit)},
		{"handling", before.Handling(), after.Handling()},
	} {
		if f.before != f.after {
			fields = append(fields, f.name+": "+f.before+" -> "+f.after)
		}
	}
	return fields
}
