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

var errElsewhere = fault.New(fault.Forbidden, "other_application", "Customer does not belong to your application")

// FetchCustomer reads one customer. Faults: NotFound, Forbidden (scope, or code
// other_application unless Conceal is set), Unavailable.
func (s *Service) FetchCustomer(ctx context.Context, caller tenant.Caller, target Target) (customer.Customer, error) {
	c, _, err := s.fetch(ctx, caller, target, false)
	return c, err
}

// FetchWithGroup is FetchCustomer with the customer's group, nil if it has none.
func (s *Service) FetchWithGroup(ctx context.Context, caller tenant.Caller, target Target) (customer.Customer, *customer.Group, error) {
	return s.fetch(ctx, caller, target, true)
}

func (s *Service) fetch(ctx context.Context, caller tenant.Caller, target Target, withGroup bool) (c customer.Customer, g *customer.Group, err error) {
	a, err := s.begin(ctx, caller, authz.CustomerFetch, target.ids()...)
	if err != nil {
		return c, nil, err
	}
	row, err := target.from(ctx, s.store, caller.App)
	if err != nil {
		return c, nil, a.missing(ctx, err, target)
	}
	if c, _, err = a.open(ctx, &row); err != nil {
		return customer.Customer{}, nil, a.missing(ctx, err, target)
	}
	if withGroup && c.Group != 0 {
		if g, err = a.group(ctx, c.Group); err != nil {
			return customer.Customer{}, nil, err
		}
	}
	if err := a.record(ctx, a.entry(audit.Done, []id.Customer{c.ID}), nil); err != nil {
		return customer.Customer{}, nil, err
	}
	return c, g, nil
}

// missing settles a customer that was not found: it may belong to another
// application, which is a denial and not an absence. It records which, and
// returns the fault. Any other err is settled as fail does.
func (a *operation) missing(ctx context.Context, err error, target Target) error {
	if errors.Is(err, fault.NotFound) && !target.id.IsZero() && !a.s.cfg.Conceal {
		elsewhere, e := a.s.store.CustomerElsewhere(ctx, a.caller.App, target.id)
		switch {
		case e != nil:
			return e
		case elsewhere:
			err = errElsewhere
		}
	}
	return a.fail(ctx, err, target.ids()...)
}
