package records

import (
	"context"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/id"
	"custodex.dev/internal/integrity"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
)

// DeleteCustomer removes a customer for good: its record, key, addresses and
// transactions. The e-mail address is free again. It decrypts nothing, so it also
// removes a customer that is damaged and what is left of one whose key is gone.
// Faults: NotFound, Stale, Forbidden, Unavailable.
func (s *Service) DeleteCustomer(ctx context.Context, caller tenant.Caller, target Target) error {
	o, err := s.authorize(ctx, caller, authz.CustomerDelete, target.ids()...)
	if err != nil {
		return err
	}
	var row store.CustomerRow
	_, err = o.write(ctx, target, nil, func(tx store.Tx) (answer, audit.Entry, error) {
		var err error
		if row, err = o.rowForChange(tx, target); err != nil {
			return answer{}, audit.Entry{}, err
		}
		return answer{}, o.entry(audit.Done, []id.Customer{row.ID}), tx.CustomerDelete(row.ID)
	})
	if err != nil {
		return err
	}
	s.corrupt.Forget(caller.App, row.Seq)
	s.guard.Gone(caller.App, integrity.Items, row.ID.String())
	return nil
}
