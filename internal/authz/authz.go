// Package authz is the policy: which scope an action needs. It is pure, does no
// I/O, and knows nothing of HTTP. Every use case of records names its Action
// here; an action without a scope is allowed to nobody.
package authz

import (
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

	CustomerHistory Action = "customer.history" // what a customer was

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
	AppUpdate  Action = "app.update"
	AppRemove  Action = "app.remove"
	KeyCreate  Action = "key.create"
	KeyList    Action = "key.list"
	KeyUpdate  Action = "key.update"
	KeyRevoke  Action = "key.revoke"
	KeyRotate  Action = "key.rotate"
	AuditList  Action = "audit.list"
	AuditCheck Action = "audit.export"

	JobList   Action = "job.list"
	JobFetch  Action = "job.fetch"
	JobStart  Action = "job.start" // who may do what the job does may start it
	JobPause  Action = "job.pause"
	JobResume Action = "job.resume"
	JobCancel Action = "job.cancel"
	JobEnd    Action = "job.end" // only ever recorded, by the server itself
	EventList Action = "event.list"

	CustomerSum Action = "customer.checksum" // only ever recorded, by the server itself

	AlarmClose Action = "alarm.acknowledge"
	AlarmRaise Action = "alarm.raise" // only ever recorded, by the server itself
)

// Scope is a permission that a credential carries, for example customers:read.
type Scope string

// The scopes. Manage is held by operators alone, and AuditRead by auditors alone: neither can
// be given to a credential that opens an API of the application.
const (
	CustomersRead   Scope = "customers:read"
	CustomersWrite  Scope = "customers:write"
	CustomersDelete Scope = "customers:delete"

	CustomersHistory Scope = "customers:history"
	AuditRead        Scope = "audit:read"
	Manage           Scope = "manage" // includes AuditRead
)

var needs = map[Action]Scope{
	CustomerCreate: CustomersWrite,
	CustomerFetch:  CustomersRead,
	CustomerList:   CustomersRead,
	CustomerUpdate: CustomersWrite,
	CustomerDelete: CustomersDelete,
	CustomerImport: CustomersWrite,

	CustomerHistory: CustomersHistory,

	CustomerGetOrCreate: CustomersWrite,
	CustomerValidate:    CustomersWrite,
	CustomerKYC:         Manage,
	CustomerKYCSubmit:   CustomersWrite,

	GroupCreate: CustomersWrite, GroupUpdate: CustomersWrite, GroupDelete: CustomersWrite,
	GroupFetch: CustomersRead, GroupList: CustomersRead,
	TransactionCreate: CustomersWrite, TransactionList: CustomersRead,
	AddressCreate: CustomersWrite, AddressFetch: CustomersRead, AddressList: CustomersRead,

	AppCreate: Manage, AppList: Manage, AppFetch: Manage, AppUpdate: Manage, AppRemove: Manage,
	KeyCreate: Manage, KeyList: Manage, KeyUpdate: Manage, KeyRevoke: Manage, KeyRotate: Manage,
	AuditList: AuditRead, AuditCheck: AuditRead,
	EventList:  Manage,
	AlarmClose: Manage,
	JobList:    Manage, JobFetch: Manage, JobPause: Manage, JobResume: Manage, JobCancel: Manage,
}

// Scopes is a set of scopes in the order they were given.
type Scopes []Scope

// DefaultScopes is what a credential gets when nobody chose: read and write.
var DefaultScopes = Scopes{CustomersRead, CustomersWrite}

// OfApplications lists the scopes of credentials that open an API of their application.
func OfApplications() Scopes {
	return Scopes{CustomersRead, CustomersWrite, CustomersDelete, CustomersHistory}
}

// Allow reports whether a caller with these scopes may do the action.
func Allow(have Scopes, do Action) bool {
	need, ok := needs[do]
	return ok && (slices.Contains(have, need) || need == AuditRead && slices.Contains(have, Manage))
}

// OnlyRecorded reports whether the action has no scope of its own: it is only ever in the log.
func OnlyRecorded(do Action) bool {
	return do == Authenticate || do == AlarmRaise || do == JobStart || do == JobEnd || do == CustomerSum
}

// Needs gives the scope of an action, "" for one that nobody may do.
func Needs(do Action) Scope { return needs[do] }

// ParseScopes makes scopes out of their names, each once. It takes every name: which of them a
// credential may carry depends on its kind.
func ParseScopes(names []string) Scopes {
	var out Scopes
	for _, n := range names {
		if s := Scope(strings.TrimSpace(n)); !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
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
