package records

import (
	"context"
	"strconv"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/page"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
)

// Find is a list request.
type Find struct {
	Input customer.FindInput

	// Cursor is where an earlier page ended; "" is from the newest. It carries the
	// filter of its walk. Filters that are sent beside it must be the same.
	Cursor string

	// Count asks for the number of all customers that match, on whatever page.
	Count bool
}

// Found is a page of customers, newest first.
type Found struct {
	Customers []customer.Customer
	Next      string // cursor of the next page; "" when this is the last
	Take      int    // how many a page holds, as asked or by default
	Total     int    // if Find.Count was set: how many match
}

// FindCustomers lists the caller's customers, newest first. Without a filter, or
// by status alone, the page comes from an index of the store; otherwise from the
// search arena. Either sees every change that was acknowledged before the call,
// on any replica. Faults: Forbidden, Invalid (fields, bad_cursor), Unavailable
// (searches are saturated).
func (s *Service) FindCustomers(ctx context.Context, caller tenant.Caller, in Find) (Found, error) {
	a, err := s.begin(ctx, caller, authz.CustomerList)
	if err != nil {
		return Found{}, err
	}
	find, problems := in.Input.Find(s.cfg.MaxSkip)
	if len(problems) > 0 {
		return Found{}, fault.Validation(problems...)
	}
	after, err := a.follow(in, &find)
	if err != nil {
		return Found{}, err
	}
	found := Found{Take: find.Take}
	var more bool
	if indexed(find.Filter) {
		found.Customers, more, err = a.browse(ctx, find, after)
	} else {
		found.Customers, more, err = a.search(ctx, find, after)
	}
	if err == nil && in.Count {
		found.Total, err = a.count(ctx, find.Filter)
	}
	if err != nil {
		return Found{}, err
	}
	if n := len(found.Customers); more && n > 0 {
		last := &found.Customers[n-1]
		found.Next = a.sealCursor(page.Cursor{At: last.CreatedAt.UnixMilli(), Seq: last.Seq, Filter: find.Filter.AppendBinary(nil)})
	}
	targets := make([]id.Customer, len(found.Customers))
	for i := range targets {
		targets[i] = found.Customers[i].ID
	}
	if err := a.record(ctx, a.entry(audit.Done, targets, shape(find.Filter)...), nil); err != nil {
		return Found{}, err
	}
	return found, nil
}

// indexed reports whether an index of the store gives the pages of a filter.
func indexed(f customer.Filter) bool { return f == customer.Filter{Status: f.Status} }

// browse reads a page from the store's index. It asks for one row more than the
// page to know whether there is a next one.
func (a *act) browse(ctx context.Context, find customer.Find, after *store.Position) ([]customer.Customer, bool, error) {
	rows, err := a.s.store.CustomerList(ctx, a.caller.App, store.CustomerList{
		Status: uint8(find.Status), After: after, Skip: find.Skip, Take: find.Take + 1,
	})
	if err != nil {
		return nil, false, err
	}
	more := len(rows) > find.Take
	if more {
		rows = rows[:find.Take]
	}
	list := make([]customer.Customer, len(rows))
	for i := range rows {
		if list[i], _, err = open(a.key, &rows[i]); err != nil {
			return nil, false, err
		}
	}
	return list, more, nil
}

// shape names the filters that were used, for the audit log. The text of a filter
// goes nowhere.
func shape(f customer.Filter) (fields []string) {
	add := func(used bool, name string) {
		if used {
			fields = append(fields, "filter:"+name)
		}
	}
	add(f.Status != 0, "status="+f.Status.String())
	add(f.Type != 0, "type="+f.Type.String())
	add(f.Group != 0, "group="+strconv.FormatInt(f.Group, 10))
	add(f.Name != "", "name")
	add(f.Email != "", "email")
	add(!f.CreatedFrom.IsZero(), "created_from")
	add(!f.CreatedTo.IsZero(), "created_to")
	return fields
}

// follow reads the request's cursor, if it has one: it gives the place to go on
// from and puts the filter of the walk into find.
func (a *act) follow(in Find, find *customer.Find) (*store.Position, error) {
	if in.Cursor == "" {
		return nil, nil
	}
	c, err := a.openCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	filter, err := customer.ParseFilter(c.Filter)
	if err != nil || find.Filter != (customer.Filter{}) && filter != find.Filter {
		return nil, page.ErrCursor
	}
	find.Filter = filter
	return &store.Position{CreatedAt: c.At, Seq: c.Seq}, nil
}
