package records

import (
	"context"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/history"
	"custodex.dev/internal/id"
	"custodex.dev/internal/page"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
)

// past reads what customers were.
func (o *operation) past() history.Reader {
	return history.Reader{Store: o.s.store, App: o.caller.App, Key: o.key}
}

// ListHistory gives the states of a customer that have ended, newest first, without a count.
// Faults: Forbidden, NotFound, Invalid (bad_cursor), Unavailable.
func (s *Service) ListHistory(ctx context.Context, caller tenant.Caller, target Target, in PageRequest) (ItemPage[history.State], error) {
	o, err := s.authorize(ctx, caller, authz.CustomerHistory, target.ids()...)
	if err != nil {
		return ItemPage[history.State]{}, err
	}
	row, err := o.readRow(ctx, target)
	if err != nil {
		return ItemPage[history.State]{}, o.recordCustomerFailure(ctx, err, target)
	}
	list := store.ItemList{After: &store.ItemPosition{}}
	if err := o.followItems(in.Cursor, row.ID, &list); err != nil {
		return ItemPage[history.State]{}, err
	}
	states, more, err := o.past().Page(ctx, row, list.After.At, in.Take)
	if err != nil {
		return ItemPage[history.State]{}, o.recordCustomerFailure(ctx, err, target)
	}
	found := ItemPage[history.State]{List: states, Total: len(states)}
	if more {
		found.Next = o.sealCursor(page.Cursor{At: store.Millis(states[len(states)-1].Until), Filter: row.ID[:]})
	}
	return recorded(ctx, o, o.entry(audit.Done, []id.Customer{row.ID}), found)
}
