package dialect

import (
	"context"

	"custodex.dev/internal/authz"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/history"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
)

// FakeApp is the application that every caller of a FakeRecords has.
const FakeApp = id.App("app_fakefakefakefake")

// FakeRecords is a domain service that takes every credential, does nothing, keeps
// what came and answers what it is told. Every dialect's Records is part of it. A test
// uses one for one request at a time.
type FakeRecords struct {
	// What it answers with.
	Hangs        bool  // authentication answers when nobody waits any more
	AuthErr, Err error // of authentication, of all the rest
	Reply        records.Reply
	Problems     []fault.Field // of a validation
	Fetched      customer.Customer
	Listed       records.ListResponse
	Group        *customer.Group // of a fetched customer, and fetched; nil: none
	Groups       []customer.Group
	Addresses    []customer.LiquidationAddress
	Transactions []customer.Transaction
	Next         string // of a page of these three
	Total        int    // likewise

	// What came.
	Calls           int // authentication is none
	Login           records.Login
	Write           records.Write
	EncodeExisting  func(c *customer.Customer, created bool) []byte
	List            records.ListRequest
	Submission      records.Submission
	GroupWrite      records.GroupWrite
	GroupSeq        int64
	ListedGroups    records.ListGroupsRequest
	Customer        id.Customer
	Page            records.PageRequest
	Key             string // idempotency key of an address or a transaction
	Address         customer.LiquidationInput
	AddressID       id.Item
	EncodeAddress   func(*customer.LiquidationAddress) []byte
	Transaction     customer.TransactionInput
	EncodePurchased func(*customer.Transaction) []byte
}

func caller(o tenant.Origin) tenant.Caller {
	return tenant.Caller{
		App: FakeApp, AppName: "Fake", Credential: "cred_fake", Owner: "Edward", Scopes: authz.DefaultScopes, Origin: o,
	}
}

func (f *FakeRecords) reply() (records.Reply, error) {
	f.Calls++
	return f.Reply, f.Err
}

func pageOf[T any](f *FakeRecords, list []T) (records.ItemPage[T], error) {
	return records.ItemPage[T]{List: list, Next: f.Next, Total: f.Total}, f.Err
}

// RateTake gives all that is asked for.
func (f *FakeRecords) RateTake(_ context.Context, _ id.App, take store.RateTake) (store.RateGrant, error) {
	return store.RateGrant{Granted: take.Want, Taken: take.Want}, nil
}

// Authenticate keeps Login.
func (f *FakeRecords) Authenticate(ctx context.Context, in records.Login) (tenant.Caller, int, error) {
	f.Login = in
	if f.Hangs {
		<-ctx.Done()
		return tenant.Caller{}, 0, ctx.Err()
	}
	if f.AuthErr != nil {
		return tenant.Caller{}, 0, f.AuthErr
	}
	return caller(in.Origin), 100, nil
}

// AuthenticateToken takes every token.
func (f *FakeRecords) AuthenticateToken(_ context.Context, _ string, o tenant.Origin) (tenant.Caller, int, string, error) {
	return caller(o), 100, "ya_fake", nil
}

// AuthenticateBoth takes every credential with every token.
func (f *FakeRecords) AuthenticateBoth(_ context.Context, in records.Login, _ string) (tenant.Caller, int, string, error) {
	f.Login = in
	return caller(in.Origin), 100, "ya_fake", nil
}

// IssueToken gives one token to everybody, or Err.
func (f *FakeRecords) IssueToken(_ context.Context, in records.Login) (string, tenant.Caller, int, error) {
	return "token", caller(in.Origin), 100, f.Err
}

// RefreshToken gives that token again, or Err.
func (f *FakeRecords) RefreshToken(context.Context, tenant.Caller, string) (string, error) {
	return "token", f.Err
}

// CreateCustomer keeps Write.
func (f *FakeRecords) CreateCustomer(_ context.Context, _ tenant.Caller, w records.Write) (records.Reply, error) {
	f.Write = w
	return f.reply()
}

// UpdateCustomer keeps Write.
func (f *FakeRecords) UpdateCustomer(_ context.Context, _ tenant.Caller, _ records.Target, w records.Write) (records.Reply, error) {
	f.Write = w
	return f.reply()
}

// ValidateCustomer keeps the input in Write and gives Problems.
func (f *FakeRecords) ValidateCustomer(_ context.Context, _ tenant.Caller, in customer.Input) ([]fault.Field, error) {
	f.Write = records.Write{Input: in}
	f.Calls++
	return f.Problems, f.Err
}

// GetOrCreateCustomer keeps Write and EncodeExisting.
func (f *FakeRecords) GetOrCreateCustomer(_ context.Context, _ tenant.Caller, w records.Write,
	encode func(*customer.Customer, bool) []byte,
) (records.Reply, error) {
	f.Write, f.EncodeExisting = w, encode
	return f.reply()
}

// DeleteCustomer answers with Err.
func (f *FakeRecords) DeleteCustomer(context.Context, tenant.Caller, records.Target) error {
	f.Calls++
	return f.Err
}

// FetchCustomer answers with Fetched.
func (f *FakeRecords) FetchCustomer(context.Context, tenant.Caller, records.Target) (customer.Customer, error) {
	f.Calls++
	return f.Fetched, f.Err
}

// FetchWithGroup answers with Fetched and Group.
func (f *FakeRecords) FetchWithGroup(context.Context, tenant.Caller, records.Target) (customer.Customer, *customer.Group, error) {
	f.Calls++
	return f.Fetched, f.Group, f.Err
}

// ListHistory keeps Page and gives nothing.
func (f *FakeRecords) ListHistory(_ context.Context, _ tenant.Caller, _ records.Target, in records.PageRequest) (records.ItemPage[history.State], error) {
	f.Calls++
	f.Page = in
	return records.ItemPage[history.State]{}, f.Err
}

// ListCustomers keeps List.
func (f *FakeRecords) ListCustomers(_ context.Context, _ tenant.Caller, in records.ListRequest) (records.ListResponse, error) {
	f.Calls++
	f.List = in
	return f.Listed, f.Err
}

// SubmitKYC keeps Submission.
func (f *FakeRecords) SubmitKYC(_ context.Context, _ tenant.Caller, _ records.Target, in records.Submission) (records.Reply, error) {
	f.Submission = in
	return f.reply()
}

// CreateGroup keeps GroupWrite.
func (f *FakeRecords) CreateGroup(_ context.Context, _ tenant.Caller, w records.GroupWrite) (records.Reply, error) {
	f.GroupWrite = w
	return f.reply()
}

// UpdateGroup keeps GroupSeq and GroupWrite.
func (f *FakeRecords) UpdateGroup(_ context.Context, _ tenant.Caller, seq int64, w records.GroupWrite) (records.Reply, error) {
	f.GroupSeq, f.GroupWrite = seq, w
	return f.reply()
}

// DeleteGroup keeps GroupSeq.
func (f *FakeRecords) DeleteGroup(_ context.Context, _ tenant.Caller, seq int64) error {
	f.Calls++
	f.GroupSeq = seq
	return f.Err
}

// FetchGroup keeps GroupSeq.
func (f *FakeRecords) FetchGroup(_ context.Context, _ tenant.Caller, seq int64) (customer.Group, error) {
	f.Calls++
	f.GroupSeq = seq
	if f.Group == nil || f.Err != nil {
		return customer.Group{}, f.Err
	}
	return *f.Group, nil
}

// ListGroups keeps ListedGroups and Page.
func (f *FakeRecords) ListGroups(_ context.Context, _ tenant.Caller, in records.ListGroupsRequest) (records.ItemPage[customer.Group], error) {
	f.Calls++
	f.ListedGroups, f.Page = in, in.PageRequest
	return pageOf(f, f.Groups)
}

// CreateLiquidationAddress keeps Customer, Address, Key and EncodeAddress.
func (f *FakeRecords) CreateLiquidationAddress(_ context.Context, _ tenant.Caller, target id.Customer, in customer.LiquidationInput,
	key string, encode func(*customer.LiquidationAddress) []byte,
) (records.Reply, error) {
	f.Customer, f.Address, f.Key, f.EncodeAddress = target, in, key, encode
	return f.reply()
}

// ListLiquidationAddresses keeps Customer and Page.
func (f *FakeRecords) ListLiquidationAddresses(_ context.Context, _ tenant.Caller, target id.Customer,
	in records.PageRequest,
) (records.ItemPage[customer.LiquidationAddress], error) {
	f.Calls++
	f.Customer, f.Page = target, in
	return pageOf(f, f.Addresses)
}

// FetchLiquidationAddress keeps Customer and AddressID.
func (f *FakeRecords) FetchLiquidationAddress(_ context.Context, _ tenant.Caller, target id.Customer,
	address id.Item,
) (customer.LiquidationAddress, error) {
	f.Calls++
	f.Customer, f.AddressID = target, address
	if f.Err != nil {
		return customer.LiquidationAddress{}, f.Err
	}
	return f.Addresses[0], nil
}

// RecordTransaction keeps Customer, Transaction, Key and EncodePurchased.
func (f *FakeRecords) RecordTransaction(_ context.Context, _ tenant.Caller, target id.Customer, in customer.TransactionInput,
	key string, encode func(*customer.Transaction) []byte,
) (records.Reply, error) {
	f.Customer, f.Transaction, f.Key, f.EncodePurchased = target, in, key, encode
	return f.reply()
}

// ListTransactions keeps Customer and Page.
func (f *FakeRecords) ListTransactions(_ context.Context, _ tenant.Caller, target id.Customer,
	in records.PageRequest,
) (records.ItemPage[customer.Transaction], error) {
	f.Calls++
	f.Customer, f.Page = target, in
	return pageOf(f, f.Transactions)
}
