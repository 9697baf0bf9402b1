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

// ListRequest is a list request.
type ListRequest struct {
	Input customer.ListInput

	// Cursor is where an earlier page ended; "" is from the newest. It carries the
	// filter of its walk. Filters that are sent beside it must be the same.
	Cursor string

	// Count asks for the number of all customers that match, on whatever page.
	Count bool
}

// ListResponse is a page of customers, newest first.
type ListResponse struct {
	Customers []customer.Customer
	Next      string // cursor of the next page; "" when this is the last
	Take      int    // how many a page holds, as asked or by default
	Total     int    // if Find.Count was set: how many match
}

// ListCustomers lists the caller's customers, newest first. Without a filter, or
// by status alone, the page comes from an index of the store; otherwise from the
// search arena. Either sees every change that was acknowledged before the call,
// on any replica. A customer that cannot be opened is left out of the page and
// fails nobody. Faults: Forbidden, Invalid (fields, bad_cursor), Unavailable
// (search_saturated, search_preparing).
func (s *Service) ListCustomers(ctx context.Context, caller tenant.Caller, in ListRequest) (ListResponse, error) {
	a, err := s.authorize(ctx, caller, authz.CustomerList)
	if err != nil {
		return ListResponse{}, err
	}
	find, problems := in.Input.Parse(s.cfg.MaxSkip)
	if len(problems) > 0 {
		return ListResponse{}, fault.Validation(problems...)
	}
	after, err := a.follow(in, &find)
	if err != nil {
		return ListResponse{}, err
	}
	l, total, err := a.list(ctx, find, after, in.Count)
	if err != nil {
		return ListResponse{}, err
	}
	found := ListResponse{Customers: l.Customers, Take: find.Take, Total: total}
	if l.more {
		found.Next = a.sealCursor(page.Cursor{At: l.end.CreatedAt, Seq: l.end.Seq, Filter: find.Filter.AppendBinary(nil)})
	}
	targets := make([]id.Customer, len(found.Customers))
	for i := range targets {
		targets[i] = found.Customers[i].ID
	}
	if err := a.record(ctx, a.entry(audit.Done, targets, shape(find.Filter)...), nil); err != nil {
		return ListResponse{}, err
	}
	return found, nil
}

// list finds a page, and with counted how many there are on all pages. What needs
// an arena is let in first.
func (a *operation) list(ctx context.Context, find customer.ListQuery, after *page.Position, counted bool) (l listing, total int, err error) {
	var v *visit
	if !indexed(find.Filter) || counted && find.Filter != (customer.Filter{}) {
		if v, err = a.s.arenas.admit(a.caller.App); err != nil {
			return l, 0, err
		}
		defer v.leave()
	}
	if indexed(find.Filter) {
		l, err = a.browse(ctx, find, after)
	} else {
		l, err = a.search(ctx, v, find, after)
	}
	if err == nil && counted {
		total, err = a.count(ctx, v, find.Filter)
	}
	return l, total, err
}

// indexed reports whether an index of the store gives the pages of a filter.
func indexed(f customer.Filter) bool { return f == customer.Filter{Status: f.Status} }

// browse reads a page from the store's index. It asks for one row more than the
// page, to know whether there is a next one, and for twice as many more as cannot
// be shown.
func (a *operation) browse(ctx context.Context, find customer.ListQuery, after *page.Position) (l listing, err error) {
	for {
		asked := find.Take + 2*l.hidden + 1
		rows, err := a.s.store.CustomerList(ctx, a.caller.App, store.CustomerList{
			Status: uint8(find.Status), After: after, Skip: find.Skip, Take: asked,
		})
		if err != nil {
			return listing{}, err
		}
		l = cut(len(rows), find.Take, len(rows) == asked, func(i int) sight { return a.see(ctx, &rows[i]) })
		if !l.lacks() {
			return l, nil
		}
	}
}

// listing is a page of customers.
type listing struct {
	Customers []customer.Customer
	more      bool          // customers come after it
	end       page.Position // where it ended, if more is set
	hidden    int           // because of so many that cannot be shown it is not full, though more come
}

// mostHidden is how many that cannot be shown a page is filled up for. Where more
// stand together the page is short, and the walk goes on behind them.
const mostHidden = 1000

// lacks reports whether the page should be looked for once more, among more places.
func (l *listing) lacks() bool { return 0 < l.hidden && l.hidden < mostHidden }

// cut makes a page of take customers of the first n places of a list, which see
// gives and after which there are more. It sees no more of them than it needs.
func cut(n, take int, more bool, see func(i int) sight) listing {
	l := listing{Customers: make([]customer.Customer, 0, min(n, take))}
	hidden := 0
	for i := range n {
		s := see(i)
		l.end = s.at()
		if s.hidden {
			hidden++
			continue
		}
		if l.Customers = append(l.Customers, s.Customer); len(l.Customers) == take {
			l.more = more || i+1 < n
			return l
		}
	}
	if l.more = more; more {
		l.hidden = hidden
	}
	return l
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
func (a *operation) follow(in ListRequest, find *customer.ListQuery) (*page.Position, error) {
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
	return &page.Position{CreatedAt: c.At, Seq: c.Seq}, nil
}
