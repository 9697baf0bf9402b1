package devdraft_test

import (
	"context"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
)

// sent is what came to the fake beyond customers.
type sent struct {
	existed     func(c *customer.Customer, created bool) []byte
	target      id.Customer
	item        id.Item
	address     customer.LiquidationInput
	showAddress func(*customer.LiquidationAddress) []byte
	transaction customer.TransactionInput
	show        func(*customer.Transaction) []byte
	page        records.PageRequest
	group       records.GroupWrite
	groupSeq    int64
	key         string
}

// held is what the fake answers with beyond customers.
type held struct {
	addresses    []customer.LiquidationAddress
	transactions []customer.Transaction
	groups       []customer.Group
	next         string
	total        int
}

func listedOf[T any](f *fake, list []T) (records.ItemPage[T], error) {
	return records.ItemPage[T]{List: list, Next: f.held.next, Total: f.held.total}, f.err
}

func (f *fake) GetOrCreateCustomer(_ context.Context, _ tenant.Caller, w records.Write, encode func(*customer.Customer, bool) []byte) (records.Reply, error) {
	f.write, f.sent.existed = w, encode
	return f.reply, f.err
}

func (f *fake) CreateLiquidationAddress(_ context.Context, _ tenant.Caller, target id.Customer, in customer.LiquidationInput,
	key string, encode func(*customer.LiquidationAddress) []byte,
) (records.Reply, error) {
	f.sent = sent{target: target, address: in, key: key, showAddress: encode}
	return f.reply, f.err
}

func (f *fake) ListLiquidationAddresses(_ context.Context, _ tenant.Caller, target id.Customer, in records.PageRequest) (records.ItemPage[customer.LiquidationAddress], error) {
	f.sent = sent{target: target, page: in}
	return listedOf(f, f.held.addresses)
}

func (f *fake) FetchLiquidationAddress(_ context.Context, _ tenant.Caller, target id.Customer, address id.Item) (customer.LiquidationAddress, error) {
	f.sent = sent{target: target, item: address}
	if f.err != nil {
		return customer.LiquidationAddress{}, f.err
	}
	return f.held.addresses[0], nil
}

func (f *fake) RecordTransaction(_ context.Context, _ tenant.Caller, target id.Customer, in customer.TransactionInput,
	key string, encode func(*customer.Transaction) []byte,
) (records.Reply, error) {
	f.sent = sent{target: target, transaction: in, key: key, show: encode}
	return f.reply, f.err
}

func (f *fake) ListTransactions(_ context.Context, _ tenant.Caller, target id.Customer, in records.PageRequest) (records.ItemPage[customer.Transaction], error) {
	f.sent = sent{target: target, page: in}
	return listedOf(f, f.held.transactions)
}

func (f *fake) CreateGroup(_ context.Context, _ tenant.Caller, w records.GroupWrite) (records.Reply, error) {
	f.sent = sent{group: w}
	return f.reply, f.err
}

func (f *fake) UpdateGroup(_ context.Context, _ tenant.Caller, seq int64, w records.GroupWrite) (records.Reply, error) {
	f.sent = sent{group: w, groupSeq: seq}
	return f.reply, f.err
}

func (f *fake) DeleteGroup(_ context.Context, _ tenant.Caller, seq int64) error {
	f.sent = sent{groupSeq: seq}
	return f.err
}

func (f *fake) FetchGroup(_ context.Context, _ tenant.Caller, seq int64) (customer.Group, error) {
	f.sent = sent{groupSeq: seq}
	if f.err != nil {
		return customer.Group{}, f.err
	}
	return f.held.groups[0], nil
}

func (f *fake) ListGroups(_ context.Context, _ tenant.Caller, in records.ListGroupsRequest) (records.ItemPage[customer.Group], error) {
	f.sent = sent{page: in.PageRequest}
	return listedOf(f, f.held.groups)
}
