package records

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/credential"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/redact"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
)

// DefaultRateLimit is requests a minute for a credential when nobody chose
// (Devdraft, "Rate limiting").
const DefaultRateLimit = 100

// NewKey describes a credential to be made.
type NewKey struct {
	Kind      tenant.Kind  // "": tenant.DefaultKind
	Name      string       // what it is for; 1–100 characters
	Owner     string       // who answers for it; up to 100 characters
	Scopes    authz.Scopes // nil: those of the kind by default
	RateLimit int          // requests a minute; 0: unlimited
	ExpiresAt time.Time    // zero: never
}

// Issued is a credential with its secret, which is shown this once.
type Issued struct {
	tenant.Credential
	Secret redact.Secret
}

// CreateKey makes a credential for caller.App. Faults: Forbidden, Invalid,
// NotFound (no such application).
func (s *Service) CreateKey(ctx context.Context, caller tenant.Caller, in NewKey) (Issued, error) {
	o, err := s.authorize(ctx, caller, authz.KeyCreate)
	if err != nil {
		return Issued{}, err
	}
	if in.Kind == "" {
		in.Kind = tenant.DefaultKind(caller.App, in.Scopes)
	}
	if in.Scopes == nil {
		in.Scopes = in.Kind.DefaultScopes()
	}
	if err := s.validKey(in, caller.App); err != nil {
		return Issued{}, err
	}
	issued, row := o.newKey(caller.App, in)
	entry := o.entry(audit.Done, nil)
	entry.Subject = string(issued.ID)
	_, err = o.write(ctx, Target{}, nil, func(tx store.Tx) (answer, store.AuditRow, error) {
		return answer{}, o.row(entry), tx.CredentialInsert(row)
	})
	if err != nil {
		return Issued{}, err
	}
	return issued, nil
}

// newKey makes a credential and its row; nothing is stored yet.
func (o *operation) newKey(app id.App, in NewKey) (Issued, store.CredentialRow) {
	cred, secret, row := credential.Mint(o.key, tenant.Credential{
		App: app, Kind: in.Kind, Name: in.Name, Owner: in.Owner, Scopes: in.Scopes, RateLimit: in.RateLimit,
		CreatedAt: o.s.now(), ExpiresAt: in.ExpiresAt.UTC().Truncate(time.Millisecond),
	})
	return Issued{cred, secret}, row
}

// maxName is how many characters a name or an owner has at most.
const maxName = 100

// badName says what is wrong with the name of an application or key; "" if nothing.
func badName(name string) string {
	switch n := utf8.RuneCountInString(name); {
	case n < 1 || n > maxName:
		return "name must have 1 to 100 characters"
	case strings.ContainsFunc(name, tenant.IsControl):
		return "name must not have control characters"
	}
	return ""
}

func (s *Service) validKey(in NewKey, app id.App) error {
	var problems []fault.Field
	bad := func(path, message string) {
		problems = append(problems, fault.Field{Path: path, Code: "invalid", Message: message})
	}
	if problem := badName(in.Name); problem != "" {
		bad("name", problem)
	}
	switch {
	case utf8.RuneCountInString(in.Owner) > maxName:
		bad("owner", "owner must have at most 100 characters")
	case strings.ContainsFunc(in.Owner, tenant.IsControl):
		bad("owner", "owner must not have control characters")
	}
	if kinds := tenant.KindsOf(app); !slices.Contains(kinds, in.Kind) {
		bad("kind", "kind must be "+oneOf(kinds))
	} else if problem := in.Kind.ScopesProblem(in.Scopes); problem != "" {
		bad("scopes", problem)
	}
	if in.RateLimit < 0 || in.RateLimit > 10_000_000 {
		bad("rate_limit", "rate_limit must be 0 (unlimited) to 10000000 requests a minute")
	}
	if !in.ExpiresAt.IsZero() && !in.ExpiresAt.After(s.now()) {
		bad("expires_at", "expires_at must be in the future")
	}
	if len(problems) > 0 {
		return fault.Validation(problems...)
	}
	return nil
}

// oneOf lists kinds for a sentence.
func oneOf(kinds []tenant.Kind) string {
	var names []string
	for _, k := range kinds {
		names = append(names, string(k))
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// ListKeys gives the credentials of caller.App, oldest first, revoked ones too.
func (s *Service) ListKeys(ctx context.Context, caller tenant.Caller) ([]tenant.Credential, error) {
	o, err := s.authorize(ctx, caller, authz.KeyList)
	if err != nil {
		return nil, err
	}
	rows, err := s.store.CredentialList(ctx, caller.App)
	if err != nil {
		return nil, err
	}
	list := make([]tenant.Credential, 0, len(rows))
	for _, row := range rows {
		c, err := credential.ReadRow(caller.App, o.key, row)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return recorded(ctx, o, o.entry(audit.Done, nil), list)
}

// RevokeKey ends a credential for good. Replicas refuse it within CredentialTTL.
// Revoking a revoked one changes nothing and succeeds.
func (s *Service) RevokeKey(ctx context.Context, caller tenant.Caller, cred id.Credential) (tenant.Credential, error) {
	return s.changeKey(ctx, caller, authz.KeyRevoke, cred, func(_ *operation, row *store.CredentialRow) error {
		if row.RevokedAt == 0 {
			row.RevokedAt = s.now().UnixMilli()
		}
		return nil
	})
}

// maxKeep bounds how long two secrets of one credential work.
const maxKeep = 90 * 24 * time.Hour

// ErrRevoked is the fault of rotating a revoked credential.
var ErrRevoked = fault.New(fault.Conflict, "key_revoked", "This key is revoked; create a new one")

// RotateKey gives a credential a new secret. The old one keeps working for the
// time keep; a still older one stops at once.
func (s *Service) RotateKey(ctx context.Context, caller tenant.Caller, cred id.Credential, keep time.Duration) (Issued, error) {
	var secret redact.Secret
	c, err := s.changeKey(ctx, caller, authz.KeyRotate, cred, func(o *operation, row *store.CredentialRow) error {
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
		return nil
	})
	if err != nil {
		return Issued{}, err
	}
	return Issued{c, secret}, nil
}

func (s *Service) changeKey(ctx context.Context, caller tenant.Caller, action authz.Action, cred id.Credential,
	change func(*operation, *store.CredentialRow) error,
) (tenant.Credential, error) {
	o, err := s.authorize(ctx, caller, action)
	if err != nil {
		return tenant.Credential{}, err
	}
	entry := o.entry(audit.Done, nil)
	entry.Subject = string(cred)
	var row store.CredentialRow
	_, err = o.write(ctx, Target{}, nil, func(tx store.Tx) (answer, store.AuditRow, error) {
		var err error
		if row, err = tx.CredentialGet(cred); err != nil {
			return answer{}, store.AuditRow{}, err
		}
		if err := change(o, &row); err != nil {
			return answer{}, store.AuditRow{}, err
		}
		return answer{}, o.row(entry), tx.CredentialUpdate(row)
	})
	if err != nil {
		return tenant.Credential{}, err
	}
	s.credentials.Forget(row.PublicKey)
	return credential.ReadRow(caller.App, o.key, row)
}
