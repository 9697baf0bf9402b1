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
func (s *Service) FetchCustomer(ctx context.Context, caller tenant.Caller, target id.Customer) (customer.Customer, error) {
	a, err := s.begin(ctx, caller, authz.CustomerFetch, target)
	if err != nil {
		return customer.Customer{}, err
	}
	row, err := s.store.CustomerGet(ctx, caller.App, target)
	if err != nil {
		return customer.Customer{}, a.missing(ctx, err, target)
	}
	c, _, err := open(a.key, &row)
	if err != nil {
		return customer.Customer{}, err
	}
	if err := a.record(ctx, a.entry(audit.Done, []id.Customer{target}), nil); err != nil {
		return customer.Customer{}, err
	}
	return c, nil
}

// missing settles a customer that was not found: it may belong to another
// application, which is a denial and not an absence. It records which, and
// returns the fault. Any other err is settled as fail does.
func (a *act) missing(ctx context.Context, err error, target id.Customer) error {
	if errors.Is(err, fault.NotFound) && !a.s.cfg.Conceal {
		elsewhere, e := a.s.store.CustomerElsewhere(ctx, a.caller.App, target)
		switch {
		case e != nil:
			return e
		case elsewhere:
			err = errElsewhere
		}
	}
	return a.fail(ctx, err, target)
}
