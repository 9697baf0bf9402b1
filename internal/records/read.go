package records

import (
	"context"
	"errors"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/sequencer"
	"custodex.dev/internal/store"
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
	made := false
	err = s.store.Disclose(ctx, caller.App, target.ref(), func(row *store.CustomerRow) (store.AuditRow, error) {
		made = false // of a row before this one, perhaps
		if c, g, err = o.disclose(ctx, row, target, withGroup); err != nil {
			return store.AuditRow{}, err
		}
		made = true
		return sequencer.NewRow(o.key, o.entry(audit.Done, []id.Customer{c.ID})), nil
	})
	switch {
	case err == nil:
		return c, g, nil
	case made && !errors.Is(err, fault.NotFound):
		err = unrecorded(err, nil)
	default:
		err = o.recordCustomerFailure(ctx, err, target)
	}
	return customer.Customer{}, nil, err
}

// disclose makes of a row what a fetch of the target shows.
func (o *operation) disclose(ctx context.Context, row *store.CustomerRow, target Target, withGroup bool) (c customer.Customer, g *customer.Group, err error) {
	if _, err = o.inState(*row, nil, target); err == nil {
		c, _, err = o.open(ctx, row)
	}
	if err == nil && !target.at.IsZero() {
		c, err = o.past().At(ctx, *row, c, target.at)
	} else if err == nil {
		c.Revision = o.revision(row)
	}
	if err == nil && withGroup && c.Group != 0 {
		group, failed := o.group(ctx, c.Group)
		switch {
		case failed == nil:
			g = &group
		case !errors.Is(failed, fault.NotFound): // deleted since the customer was read
			err = failed
		}
	}
	if err != nil {
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
