package records

import (
	"context"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/finder"
	"custodex.dev/internal/id"
	"custodex.dev/internal/page"
	"custodex.dev/internal/search"
	"custodex.dev/internal/tenant"
)

// ListRequest is a list request.
type ListRequest struct {
	Input customer.ListInput

	// Cursor is where an earlier page ended; "" is from the beginning. It carries the
	// filter and the order of its walk. Those that are sent beside it must be the same.
	Cursor string

	// Count asks for the number of all customers that match, on whatever page.
	Count bool
}

// ListResponse is a page of customers, in the order that was asked for.
type ListResponse struct {
	Customers []customer.Customer
	Next      string // cursor of the next page; "" when this is the last
	Take      int    // how many a page holds, as asked or by default
	Total     int    // if ListRequest.Count was set: how many match
}

// ListCustomers lists the caller's customers, newest first or by relevance to the query; but
// if the e-mail filter or the query is a customer's whole address, that one comes before all
// others. Without a filter, or by status alone, the page comes from an index of the store;
// otherwise from the search index. Either sees every change that was acknowledged before the call,
// on any replica. A customer that cannot be decrypted is left out of the page
// and fails nobody. Faults: Forbidden, Invalid (fields, bad_cursor), Unavailable
// (search_saturated, search_preparing, search_unsettled).
func (s *Service) ListCustomers(ctx context.Context, caller tenant.Caller, in ListRequest) (ListResponse, error) {
	o, err := s.authorize(ctx, caller, authz.CustomerList)
	if err != nil {
		return ListResponse{}, err
	}
	query, problems := in.Input.Parse(s.cfg.MaxSkip)
	if len(problems) > 0 {
		return ListResponse{}, fault.Validation(problems...)
	}
	from, err := o.follow(in, &query)
	if err != nil {
		return ListResponse{}, err
	}
	found, err := s.finder.Find(ctx, caller.App, o.key, finder.Query{ListQuery: query, From: from, Count: in.Count})
	if err != nil {
		return ListResponse{}, err
	}
	list := ListResponse{Customers: found.Customers, Take: query.Take, Total: found.Total}
	if next := found.Next; next != nil {
		list.Next = o.sealCursor(cursorOf(next, &query))
	}
	targets := make([]id.Customer, len(list.Customers))
	for i := range targets {
		targets[i] = list.Customers[i].ID
	}
	return recorded(ctx, o, o.entry(audit.Done, targets, query.Shape()...), list)
}

// follow reads the request's cursor, if it has one: it gives the place to go on
// from and puts the filter of the walk into the query.
func (o *operation) follow(in ListRequest, query *customer.ListQuery) (finder.Place, error) {
	if in.Cursor == "" {
		return finder.Place{}, relevantTo(query)
	}
	c, err := o.openCursor(in.Cursor)
	if err != nil {
		return finder.Place{}, err
	}
	filter, err := customer.ParseFilter(c.Filter)
	if err != nil || query.Filter != (customer.Filter{}) && filter != query.Filter {
		return finder.Place{}, page.ErrCursor
	}
	order, after := customer.Newest, search.Rank{Position: page.Position{CreatedAt: c.At, Seq: c.Seq}}
	if c.Rank != nil {
		order, after.Exact, after.Bought = customer.Relevance, c.Rank.Exact, c.Rank.Bought
	}
	if query.Order != 0 && query.Order != order {
		return finder.Place{}, page.ErrCursor
	}
	query.Filter, query.Order = filter, order
	return finder.Place{After: &after, Lead: c.Lead}, relevantTo(query)
}

// relevantTo refuses an order by relevance to nothing.
func relevantTo(query *customer.ListQuery) error {
	if query.Order == customer.Relevance && query.Query == "" {
		return fault.Validation(fault.Field{Path: customer.PathOrder, Code: customer.CodeNoQuery})
	}
	return nil
}

// cursorOf is the cursor of the page at a place in the list that query asks for.
func cursorOf(at *finder.Place, query *customer.ListQuery) page.Cursor {
	c := page.Cursor{At: at.After.CreatedAt, Seq: at.After.Seq, Lead: at.Lead, Filter: query.Filter.AppendBinary(nil)}
	if query.Order == customer.Relevance {
		c.Rank = &page.Rank{Exact: at.After.Exact, Bought: at.After.Bought}
	}
	return c
}
