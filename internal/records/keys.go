package records

import (
	"context"
	"slices"
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
	Strict    bool         // refuse unknown names in its requests
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
	_, err = o.write(ctx, Target{}, nil, func(tx store.Tx) (answer, audit.Entry, error) {
		return answer{}, entry, tx.CredentialInsert(row)
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
		Strict: in.Strict, CreatedAt: o.s.now(), ExpiresAt: in.ExpiresAt.UTC().Truncate(time.Millisecond),
	})
	return Issued{cred, secret}, row
}

func (s *Service) validKey(in NewKey, app id.App) error {
	problems := tenant.LabelProblems(&in.Name, &in.Owner)
	if kinds := tenant.KindsOf(app); !slices.Contains(kinds, in.Kind) {
		problems = append(problems, invalid("kind", "kind must be "+tenant.OneOf(kinds)))
	} else if problem := in.Kind.ScopesProblem(in.Scopes); problem != "" {
		problems = append(problems, invalid("scopes", problem))
	}
	problems = append(problems, tenant.RateProblems(in.RateLimit)...)
	if !in.ExpiresAt.IsZero() && !in.ExpiresAt.After(s.now()) {
		problems = append(problems, invalid("expires_at", "expires_at must be in the future"))
	}
	if len(problems) > 0 {
		return fault.Validation(problems...)
	}
	return nil
}

func invalid(path, message string) fault.Field {
	return fault.Field{Path: path, Code: "invalid", Message: message}
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
