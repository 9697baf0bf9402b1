package wire

import (
	"context"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/history"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
)

// Customers is the part of the domain service that every dialect calls. It is an
// interface so that a test can answer in place of *records.Service, where the faults of
// each method are described.
type Customers interface {
	// CreateCustomer makes a customer.
	CreateCustomer(ctx context.Context, caller tenant.Caller, w records.Write) (records.Reply, error)
	// UpdateCustomer changes the fields that were sent.
	UpdateCustomer(ctx context.Context, caller tenant.Caller, target records.Target, w records.Write) (records.Reply, error)
	// DeleteCustomer removes a customer for good.
	DeleteCustomer(ctx context.Context, caller tenant.Caller, target records.Target) error
	// FetchCustomer reads one customer.
	FetchCustomer(ctx context.Context, caller tenant.Caller, target records.Target) (customer.Customer, error)
	// ListHistory gives a page of what a customer was.
	ListHistory(ctx context.Context, caller tenant.Caller, target records.Target, in records.PageRequest) (records.ItemPage[history.State], error)
	// ListCustomers gives a page of customers.
	ListCustomers(ctx context.Context, caller tenant.Caller, in records.ListRequest) (records.ListResponse, error)
}

// Keys checks keys and secrets.
type Keys interface {
	// Authenticate turns a key and its secret into a caller.
	Authenticate(ctx context.Context, in records.Login) (caller tenant.Caller, perMinute int, err error)
}

// Groups is the part that dialects with groups call.
type Groups interface {
	// CreateGroup makes a group.
	CreateGroup(ctx context.Context, caller tenant.Caller, w records.GroupWrite) (records.Reply, error)
	// UpdateGroup changes what was sent of a group.
	UpdateGroup(ctx context.Context, caller tenant.Caller, seq int64, w records.GroupWrite) (records.Reply, error)
	// DeleteGroup removes a group; its customers stay.
	DeleteGroup(ctx context.Context, caller tenant.Caller, seq int64) error
	// FetchGroup reads one group.
	FetchGroup(ctx context.Context, caller tenant.Caller, seq int64) (customer.Group, error)
	// ListGroups gives a page of groups, newest first.
	ListGroups(ctx context.Context, caller tenant.Caller, in records.ListGroupsRequest) (records.ItemPage[customer.Group], error)
}
