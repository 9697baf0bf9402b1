package records

import (
	"context"
	"errors"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
)

// CreateLiquidationAddress adds an address at which funds for a customer arrive.
// Faults: Invalid, Forbidden, NotFound, Conflict of the idempotency key,
// Unavailable.
func (s *Service) CreateLiquidationAddress(ctx context.Context, caller tenant.Caller, target id.Customer, in customer.LiquidationInput,
	idempotencyKey string, encode func(*customer.LiquidationAddress) []byte,
) (Reply, error) {
	o, err := s.authorize(ctx, caller, authz.AddressCreate, ByID(target).ids()...)
	if err != nil {
		return Reply{}, err
	}
	l, problems := in.Address(s.now())
	if len(problems) > 0 {
		return Reply{}, fault.Validation(problems...)
	}
	l.Customer = target
	plain := l.AppendBinary(nil)
	return o.addItem(ctx, target, o.idempotency(idempotencyKey, target.String(), plain), item{
		kind: store.LiquidationAddress, id: l.ID, at: l.CreatedAt, made: l.CreatedAt, plain: plain, body: encode(&l),
	})
}

// ListLiquidationAddresses gives a customer's addresses, newest first. Faults:
// Forbidden, NotFound, Invalid (bad_cursor), Unavailable.
func (s *Service) ListLiquidationAddresses(ctx context.Context, caller tenant.Caller, target id.Customer, in PageRequest) (ItemPage[customer.LiquidationAddress], error) {
	o, err := s.authorize(ctx, caller, authz.AddressList, ByID(target).ids()...)
	if err != nil {
		return ItemPage[customer.LiquidationAddress]{}, err
	}
	return listItems(ctx, o, target, store.LiquidationAddress, in, func(row store.ItemRow, plain []byte) (customer.LiquidationAddress, error) {
		return openAddress(target, row, plain)
	})
}

// ErrNoAddress is the fault of an address that the customer does not have, told
// apart from an absent customer.
var ErrNoAddress = fault.New(fault.NotFound, "liquidation_address_not_found", "Liquidation address not found")

// FetchLiquidationAddress gives one address. Faults: Forbidden, NotFound (the
// customer, or ErrNoAddress), Unavailable.
func (s *Service) FetchLiquidationAddress(ctx context.Context, caller tenant.Caller, target id.Customer, address id.Item) (customer.LiquidationAddress, error) {
	o, err := s.authorize(ctx, caller, authz.AddressFetch, ByID(target).ids()...)
	if err != nil {
		return customer.LiquidationAddress{}, err
	}
	l, err := o.readAddressRecorded(ctx, target, address)
	if err != nil {
		return customer.LiquidationAddress{}, err
	}
	e := o.entry(audit.Done, []id.Customer{target})
	e.Subject = address.String()
	return recorded(ctx, o, e, l)
}

func (o *operation) readAddressRecorded(ctx context.Context, target id.Customer, address id.Item) (customer.LiquidationAddress, error) {
	key, err := o.customerKey(ctx, target)
	if err != nil {
		return customer.LiquidationAddress{}, o.recordCustomerFailure(ctx, err, ByID(target))
	}
	row, err := o.s.store.ItemGet(ctx, o.caller.App, target, store.LiquidationAddress, address)
	if errors.Is(err, fault.NotFound) {
		return customer.LiquidationAddress{}, o.recordFailure(ctx, ErrNoAddress, target)
	}
	if err != nil {
		return customer.LiquidationAddress{}, err
	}
	plain, err := o.openItem(ctx, key, target, &row)
	if err != nil {
		return customer.LiquidationAddress{}, err
	}
	return openAddress(target, row, plain)
}

func openAddress(target id.Customer, row store.ItemRow, plain []byte) (customer.LiquidationAddress, error) {
	l := customer.LiquidationAddress{ID: row.ID, Customer: target, CreatedAt: store.Instant(row.CreatedAt)}
	if err := l.UnmarshalBinary(plain); err != nil {
		return customer.LiquidationAddress{}, err
	}
	return l, nil
}
