package records

import (
	"context"
	"fmt"
	"strings"
	"time"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/credential"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/redact"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
)

// KeyChange says what to change of a credential. What is nil stays.
type KeyChange struct {
	Name, Owner *string
	Scopes      authz.Scopes
	RateLimit   *int
	Strict      *bool
}

// UpdateKey changes what a credential is called and what it may do. Its secret stays. Every
// replica goes by the change within CredentialTTL. The entry names what changed, with the scopes,
// limit and strictness before and after; a name or owner is stored encrypted, and is only named.
// Faults: Forbidden, Invalid, NotFound, ErrRevoked.
func (s *Service) UpdateKey(ctx context.Context, caller tenant.Caller, cred id.Credential, in KeyChange) (tenant.Credential, error) {
	return s.changeKey(ctx, caller, authz.KeyUpdate, cred, func(o *operation, tx store.Tx, row *store.CredentialRow, entry *audit.Entry) error {
		problems := labelProblems(in.Name, in.Owner)
		if in.Scopes != nil {
			if problem := tenant.Kind(row.Kind).ScopesProblem(in.Scopes); problem != "" {
				problems = append(problems, invalid("scopes", problem))
			}
		}
		if in.RateLimit != nil {
			problems = append(problems, rateProblems(*in.RateLimit)...)
		}
		if len(problems) > 0 {
			return fault.Validation(problems...)
		}
		if row.RevokedAt != 0 {
			return ErrRevoked
		}
		before, err := credential.ReadRow(caller.App, o.key, *row)
		if err != nil {
			return err
		}
		after := in.apply(before)
		credential.Change(o.key, row, after)
		entry.Fields = differences(before, after)
		return tx.CredentialChange(*row)
	})
}

// apply gives the credential as it is after the change.
func (in KeyChange) apply(c tenant.Credential) tenant.Credential {
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

// differences are the fields of the audit entry of a change.
func differences(before, after tenant.Credential) (fields []string) {
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

// RevokeKey ends a credential for good. Replicas refuse it within CredentialTTL.
// Revoking a revoked one changes nothing and succeeds.
func (s *Service) RevokeKey(ctx context.Context, caller tenant.Caller, cred id.Credential) (tenant.Credential, error) {
	return s.changeKey(ctx, caller, authz.KeyRevoke, cred, func(_ *operation, tx store.Tx, row *store.CredentialRow, _ *audit.Entry) error {
		if row.RevokedAt == 0 {
			row.RevokedAt = s.now().UnixMilli()
		}
		return tx.CredentialUpdate(*row)
	})
}

// maxKeep bounds how long two secrets of one credential work.
const maxKeep = 90 * 24 * time.Hour

// ErrRevoked is the fault of changing a revoked credential.
var ErrRevoked = fault.New(fault.Conflict, "key_revoked", "This key is revoked; create a new one")

// RotateKey gives a credential a new secret. The old one keeps working for the
// time keep; a still older one stops at once.
func (s *Service) RotateKey(ctx context.Context, caller tenant.Caller, cred id.Credential, keep time.Duration) (Issued, error) {
	var secret redact.Secret
	c, err := s.changeKey(ctx, caller, authz.KeyRotate, cred, func(o *operation, tx store.Tx, row *store.CredentialRow, _ *audit.Entry) error {
		if keep < 0 || keep > maxKeep {
			return fault.Validation(fault.Field{Path: "keep_old", Code: "invalid", Message: "keep_old must be 0 to 90 days"})
		}
		if row.RevokedAt != 0 {
			return ErrRevoked
		}
		// Checked here because nobody would get the secret of one that cannot be read.
		if _, err := credential.ReadRow(caller.App, o.key, *row); err != nil {
			return err
		}
		secret = credential.Rotate(o.key, row, s.now(), keep)
		return tx.CredentialUpdate(*row)
	})
	if err != nil {
		return Issued{}, err
	}
	return Issued{c, secret}, nil
}

// changeKey runs a change of a credential, which must write the row, with its entry.
func (s *Service) changeKey(ctx context.Context, caller tenant.Caller, action authz.Action, cred id.Credential,
	change func(*operation, store.Tx, *store.CredentialRow, *audit.Entry) error,
) (tenant.Credential, error) {
	o, err := s.authorize(ctx, caller, action)
	if err != nil {
		return tenant.Credential{}, err
	}
	var row store.CredentialRow
	_, err = o.write(ctx, Target{}, nil, func(tx store.Tx) (answer, store.AuditRow, error) {
		entry := o.entry(audit.Done, nil)
		entry.Subject = string(cred)
		var err error
		if row, err = tx.CredentialGet(cred); err != nil {
			return answer{}, store.AuditRow{}, err
		}
		if err := change(o, tx, &row, &entry); err != nil {
			return answer{}, store.AuditRow{}, err
		}
		return answer{}, o.row(entry), nil
	})
	if err != nil {
		return tenant.Credential{}, err
	}
	s.credentials.Forget(row.PublicKey)
	return credential.ReadRow(caller.App, o.key, row)
}
