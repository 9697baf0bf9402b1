package records

import (
	"context"
	"errors"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/tenant"
)

// FetchCustomer reads one customer. Faults: NotFound, Forbidden (scope, or code
// other_application unless Conceal is set), Unavailable. Of a target AsOf a time it is NotFound
// before the customer was made, and the Customer has no Revision.
func (s *Service) FetchCustomer(ctx context.Context, caller tenant.Caller, target Target) (customer.Customer, error) {
	c, _, err := s.fetch(ctx, caller, target, false)
	return c, err
}

// FetchWithGroup is FetchCustomer with the customer's group, nil if it has none.
func (s *Service) FetchWithGroup(ctx context.Context, caller tenant.Caller, target Target) (customer.Customer, *customer.Group, error) {
	return s.fetch(ctx, caller, target, true)
}

func (s *Service) fetch(ctx context.Context, caller tenant.Caller, target Target, withGroup bool) (c customer.Customer, g *customer.Group, err error) {
	action := authz.CustomerFetch
	if !target.at.IsZero() {
		action = authz.CustomerHistory
	}
	o, err := s.authorize(ctx, caller, action, target.ids()...)
	if err != nil {
		return c, nil, err
	}
	row, err := o.readRow(ctx, target)
	if err != nil {
		return c, nil, o.recordCustomerFailure(ctx, err, target)
	}
	if c, _, err = o.open(ctx, &row); err != nil {
		return customer.Customer{}, nil, o.recordCustomerFailure(ctx, err, target)
	}
	if target.at.IsZero() {
		c.Revision = o.revision(&row)
	} else if c, err = o.past().At(ctx, row, target.at); err != nil {
		return customer.Customer{}, nil, o.recordCustomerFailure(ctx, err, target)
	}
	if withGroup && c.Group != 0 {
		group, err := o.group(ctx, c.Group)
		switch {
		case err == nil:
			g = &group
		case !errors.Is(err, fault.NotFound): // deleted since the customer was read
			return customer.Customer{}, nil, err
		}
	}
	if err := o.record(ctx, o.entry(audit.Done, []id.Customer{c.ID}), nil); err != nil {
		return customer.Customer{}, nil, err
	}
	return c, g, nil
}

// recordCustomerFailure is recordFailure for a use case about one customer. If the customer was
// not found it finds out whether another application has it, which is a denial and not
// an absence.
func (o *operation) recordCustomerFailure(ctx context.Context, err error, target Target) error {
	if errors.Is(err, fault.NotFound) && !target.id.IsZero() && !o.s.cfg.Conceal {
		elsewhere, e := o.s.store.CustomerElsewhere(ctx, o.caller.App, target.id)
		switch {
		case e != nil:
			return e
		case elsewhere:
			err = ErrOtherApplication
		}
	}
	return o.recordFailure(ctx, err, target.ids()...)
}
