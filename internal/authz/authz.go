// Package authz is the policy: which scope an action needs. It is pure, does no
// I/O, and knows nothing of HTTP. Every use case of records names its Action
// here; an action without a scope is allowed to nobody.
package authz

import (
	"fmt"
	"slices"
	"strings"
)

// Action is something a caller may do. The text is what the audit log shows.
type Action string

// The actions.
const (
	Authenticate   Action = "authenticate" // only ever audited as a failure
	CustomerCreate Action = "customer.create"
	CustomerFetch  Action = "customer.fetch"
	CustomerList   Action = "customer.list"
	CustomerUpdate Action = "customer.update"
	CustomerDelete Action = "customer.delete"
	CustomerImport Action = "customer.import"

	CustomerValidate Action = "customer.validate"

	CustomerGetOrCreate Action = "customer.get_or_create"
	CustomerKYC         Action = "customer.kyc"
	CustomerKYCSubmit   Action = "customer.kyc_submit"

	GroupCreate Action = "group.create"
	GroupFetch  Action = "group.fetch"
	GroupList   Action = "group.list"
	GroupUpdate Action = "group.update"
	GroupDelete Action = "group.delete"

	TransactionCreate Action = "transaction.create"
	TransactionList   Action = "transaction.list"

	AddressCreate Action = "liquidation_address.create"
	AddressFetch  Action = "liquidation_address.fetch"
	AddressList   Action = "liquidation_address.list"

	AppCreate  Action = "app.create"
	AppList    Action = "app.list"
	AppFetch   Action = "app.fetch"
	KeyCreate  Action = "key.create"
	KeyList    Action = "key.list"
	KeyRevoke  Action = "key.revoke"
	KeyRotate  Action = "key.rotate"
	AuditList  Action = "audit.list"
	AuditCheck Action = "audit.export"
)

// Scope is a permission that a credential carries, for example customers:read.
type Scope string

// The scopes. Manage is held by operators alone and cannot be given to an
// application's credential.
const (
	CustomersRead   Scope = "customers:read"
	CustomersWrite  Scope = "customers:write"
	CustomersDelete Scope = "customers:delete"
	Manage          Scope = "manage"
)

var needs = map[Action]Scope{
	CustomerCreate: CustomersWrite,
	CustomerFetch:  CustomersRead,
	CustomerList:   CustomersRead,
	CustomerUpdate: CustomersWrite,
	CustomerDelete: CustomersDelete,
	CustomerImport: CustomersWrite,

	CustomerGetOrCreate: CustomersWrite,
	CustomerValidate:    CustomersWrite,
	CustomerKYC:         Manage,
	CustomerKYCSubmit:   CustomersWrite,

	GroupCreate: CustomersWrite, GroupUpdate: CustomersWrite, GroupDelete: CustomersWrite,
	GroupFetch: CustomersRead, GroupList: CustomersRead,
	TransactionCreate: CustomersWrite, TransactionList: CustomersRead,
	AddressCreate: CustomersWrite, AddressFetch: CustomersRead, AddressList: CustomersRead,

	AppCreate: Manage, AppList: Manage, AppFetch: Manage,
	KeyCreate: Manage, KeyList: Manage, KeyRevoke: Manage, KeyRotate: Manage,
	AuditList: Manage, AuditCheck: Manage,
}

// Scopes is a set of scopes in the order they were given.
type Scopes []Scope

// DefaultScopes is what a credential gets when nobody chose: read and write.
var DefaultScopes = Scopes{CustomersRead, CustomersWrite}

// OfApplications lists the scopes that an application's credential may carry.
func OfApplications() Scopes { return Scopes{CustomersRead, CustomersWrite, CustomersDelete} }

// Allow reports whether a caller with these scopes may do the action.
func Allow(have Scopes, do Action) bool {
	need, ok := needs[do]
	return ok && slices.Contains(have, need)
}

// Needs gives the scope of an action, "" for one that nobody may do.
func Needs(do Action) Scope { return needs[do] }

// ParseScopes reads scopes that an application's credential may carry. An empty
// list is refused: a credential that may do nothing is a mistake.
func ParseScopes(names []string) (Scopes, error) {
	var out Scopes
	for _, n := range names {
		s := Scope(strings.TrimSpace(n))
		if !slices.Contains(OfApplications(), s) {
			return nil, fmt.Errorf("unknown scope; use %s, %s or %s", CustomersRead, CustomersWrite, CustomersDelete)
		}
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("name at least one scope: %s, %s or %s", CustomersRead, CustomersWrite, CustomersDelete)
	}
	return out, nil
}

// String joins the scopes with commas, as they are stored.
func (s Scopes) String() string {
	parts := make([]string, len(s))
	for i, v := range s {
		parts[i] = string(v)
	}
	return strings.Join(parts, ",")
}

// Strings gives the scopes as text.
func (s Scopes) Strings() []string {
	parts := make([]string, len(s))
	for i, v := range s {
		parts[i] = string(v)
	}
	return parts
}
