package records

import (
	"context"
	"time"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/credential"
	"custodex.dev/internal/event"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/redact"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
)

// KeyChange says what to change of a credential.
type KeyChange = tenant.CredentialChange

// UpdateKey changes what a credential is called and what it may do. Its secret stays. Every
// replica goes by the change within CredentialTTL. The entry names what changed, with the scopes,
// limit and strictness before and after; a name or owner is stored encrypted, and is only named.
// Faults: Forbidden, Invalid, NotFound, ErrRevoked.
func (s *Service) UpdateKey(ctx context.Context, caller tenant.Caller, cred id.Credential, in KeyChange) (tenant.Credential, error) {
	return s.changeKey(ctx, caller, authz.KeyUpdate, cred, func(o *operation, tx store.Tx, row *store.CredentialRow, entry *audit.Entry) error {
		problems := tenant.LabelProblems(in.Name, in.Owner)
		if in.Scopes != nil {
			if problem := tenant.Kind(row.Kind).ScopesProblem(in.Scopes); problem != "" {
				problems = append(problems, invalid("scopes", problem))
			}
		}
		if in.RateLimit != nil {
			problems = append(problems, tenant.RateProblems(*in.RateLimit)...)
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
		after := in.Apply(before)
		credential.Change(o.key, row, after)
		entry.Fields = tenant.Differences(before, after)
		return tx.CredentialChange(*row)
	})
}

// RevokeKey ends a credential for good. Replicas refuse it within CredentialTTL.
// Revoking a revoked one changes nothing and succeeds. It is the one change of a credential whose row
// was altered in the database, which ends it.
func (s *Service) RevokeKey(ctx context.Context, caller tenant.Caller, cred id.Credential) (tenant.Credential, error) {
	return s.changeKey(ctx, caller, authz.KeyRevoke, cred, func(o *operation, tx store.Tx, row *store.CredentialRow, entry *audit.Entry) error {
		if row.RevokedAt != 0 {
			entry.Code = event.Unchanged
		}
		credential.Revoke(o.key, row, s.now())
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

// changeKey runs a change of a credential, which must write the row if it changes it, with its entry.
func (s *Service) changeKey(ctx context.Context, caller tenant.Caller, action authz.Action, cred id.Credential,
	change func(*operation, store.Tx, *store.CredentialRow, *audit.Entry) error,
) (tenant.Credential, error) {
	o, err := s.authorize(ctx, caller, action)
	if err != nil {
		return tenant.Credential{}, err
	}
	var row store.CredentialRow
	_, err = o.write(ctx, Target{}, nil, func(tx store.Tx) (answer, audit.Entry, error) {
		entry := o.entry(audit.Done, nil)
		entry.Subject = string(cred)
		var err error
		if row, err = tx.CredentialGet(cred); err != nil {
			return answer{}, audit.Entry{}, err
		}
		app, err := tx.AppGet()
		if err == nil && action != authz.KeyRevoke {
			err = s.guard.Credential(ctx, o.key, &app, &row)
		}
		if err != nil {
			return answer{}, audit.Entry{}, err
		}
		if err := change(o, tx, &row, &entry); err != nil {
			return answer{}, audit.Entry{}, err
		}
		return answer{}, entry, nil
	})
	if err != nil {
		return tenant.Credential{}, err
	}
	s.credentials.Forget(row.PublicKey)
	return credential.ReadRow(caller.App, o.key, row)
}
