package records

import (
	"context"
	"errors"
	"slices"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
)

// ValidateCustomer gives all problems of the input for which CreateCustomer would refuse it, none
// if it would make a customer. It changes nothing. It needs the same scope and is recorded, because
// it tells whether an e-mail address is taken: that is a problem of the e-mail with the code of
// ErrEmailTaken, and the last. Faults: Forbidden, Unavailable.
func (s *Service) ValidateCustomer(ctx context.Context, caller tenant.Caller, in customer.Input) ([]fault.Field, error) {
	o, err := s.authorize(ctx, caller, authz.CustomerValidate)
	if err != nil {
		return nil, err
	}
	change, invalid := in.Create()
	var problems []fault.Field
	_, err = o.commit(ctx, nil, func(tx store.Tx) (answer, audit.Entry, error) {
		problems = slices.Clone(invalid)
		if err := groupExists(tx, change); err != nil {
			f := fault.Of(err)
			if f.Kind != fault.Invalid {
				return answer{}, audit.Entry{}, err
			}
			problems = append(problems, f.Fields...)
		}
		entry := o.entry(audit.Done, nil)
		if len(problems) > 0 {
			entry.Code = "invalid"
		}
		if change.Email != nil && *change.Email != "" {
			row, err := tx.CustomerGetByEmail(o.key.EmailHash(customer.CanonicalEmail(change.Email.Reveal())))
			switch {
			case err == nil:
				problems = append(problems, fault.Field{Path: customer.PathEmail, Code: ErrEmailTaken.Code, Message: ErrEmailTaken.Message})
				entry.Code, entry.Targets = ErrEmailTaken.Code, []id.Customer{row.ID}
			case !errors.Is(err, fault.NotFound):
				return answer{}, audit.Entry{}, err
			}
		}
		return answer{}, entry, nil
	})
	if err != nil {
		return nil, err
	}
	return problems, nil
}
