package records

import (
	"context"
	"strconv"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/index"
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
	Total     int    // if ListRequest.Count was set: how many match
}

// ListCustomers lists the caller's customers, newest first; but if the e-mail filter is
// a customer's whole address, that one comes before all others. Without a filter, or
// by status alone, the page comes from an index of the store; otherwise from the
// search index. Either sees every change that was acknowledged before the call,
// on any replica. A customer that cannot be decrypted is left out of the page
// and fails nobody. Faults: Forbidden, Invalid (fields, bad_cursor), Unavailable
// (search_saturated, search_preparing, search_unsettled).
func (s *Service) ListCustomers(ctx context.Context, caller tenant.Caller, in ListRequest) (ListResponse, error) {
	o, err := s.authorize(ctx, caller, authz.CustomerList)
	if err != nil {
		return ListResponse{}, err
	}
	find, problems := in.Input.Parse(s.cfg.MaxSkip)
	if len(problems) > 0 {
		return ListResponse{}, fault.Validation(problems...)
	}
	w, err := o.follow(in, &find)
	if err != nil {
		return ListResponse{}, err
	}
	l, total, err := o.list(ctx, find, &w, in.Count)
	if err != nil {
		return ListResponse{}, err
	}
	found := ListResponse{Customers: l.Customers, Take: find.Take, Total: total}
	if l.more {
		found.Next = o.sealCursor(page.Cursor{At: l.end.CreatedAt, Seq: l.end.Seq, Lead: w.lead, Filter: find.Filter.AppendBinary(nil)})
	}
	targets := make([]id.Customer, len(found.Customers))
	for i := range targets {
		targets[i] = found.Customers[i].ID
	}
	return recorded(ctx, o, o.entry(audit.Done, targets, shape(find.Filter)...), found)
}

// list finds a page, and with counted how many there are on all pages. What needs
// a search index needs a permit.
func (o *operation) list(ctx context.Context, find customer.ListQuery, w *walk, counted bool) (l listing, total int, err error) {
	var p *index.Permit
	if !indexed(find.Filter) || counted && find.Filter != (customer.Filter{}) {
		if p, err = o.s.indexes.Acquire(o.caller.App); err != nil {
			return l, 0, err
		}
		defer p.Release()
	}
	var lead customer.Customer
	if w.after == nil || counted {
		if lead, err = o.lead(ctx, find.Filter); err != nil {
			return l, 0, err
		}
	}
	if indexed(find.Filter) {
		l, err = o.browse(ctx, find, w.after)
	} else {
		l, err = searchLed(find, w, lead, func(find customer.ListQuery) (listing, error) {
			return o.search(ctx, p, find, w)
		})
	}
	if err == nil && counted {
		total, err = o.count(ctx, p, find.Filter, lead)
	}
	return l, total, err
}

// count gives the number of customers that match, the lead among them. One that cannot be
// decrypted counts by what is stored in clear.
func (o *operation) count(ctx context.Context, p *index.Permit, f customer.Filter, lead customer.Customer) (int, error) {
	if (f == customer.Filter{}) {
		head, err := o.s.store.Head(ctx, o.caller.App)
		return int(head.Customers), err
	}
	filter := indexFilter(f)
	filter.Except = lead.Seq
	n, err := o.s.indexes.Count(ctx, p, decoder(o.key), filter)
	if lead.Seq != 0 {
		n++
	}
	return n, err
}

// indexed reports whether an index of the store gives the pages of a filter.
func indexed(f customer.Filter) bool { return f == customer.Filter{Status: f.Status} }

// browse reads a page from the store's index. It asks for one row more than the
// page, to know whether there is a next one, and for twice as many more as cannot
// be shown.
func (o *operation) browse(ctx context.Context, find customer.ListQuery, after *page.Position) (l listing, err error) {
	for undecryptable := 0; ; undecryptable = l.undecryptable {
		asked := find.Take + 2*undecryptable + 1
		rows, err := o.s.store.CustomerList(ctx, o.caller.App, store.CustomerList{
			Status: uint8(find.Status), After: after, Skip: find.Skip, Take: asked,
		})
		if err != nil {
			return listing{}, err
		}
		l = cut(len(rows), find.Take, len(rows) == asked, func(i int) listEntry { return o.decode(ctx, &rows[i]) })
		if !l.refill() {
			return l, nil
		}
	}
}

// listing is a page of customers.
type listing struct {
	Customers []customer.Customer
	more      bool          // customers come after it
	end       page.Position // where it ended, if more is set

	// undecryptable is 0 if the page is full or the list's last. Otherwise so many of
	// its places are of customers that cannot be shown.
	undecryptable int
}

// maxUndecryptable is how many that cannot be shown a page is filled up for. Where
// more stand together the page is short, and the walk goes on behind them.
const maxUndecryptable = 1000

// refill reports whether the page should be looked for once more, among more places.
func (l *listing) refill() bool { return 0 < l.undecryptable && l.undecryptable < maxUndecryptable }

// cut makes a page of take customers of the first n places of a list, which decode
// gives and after which there are more. It decodes no more of them than it needs.
func cut(n, take int, more bool, decode func(i int) listEntry) listing {
	l := listing{Customers: make([]customer.Customer, 0, min(n, take))}
	undecryptable := 0
	for i := range n {
		e := decode(i)
		l.end = e.position()
		if e.undecryptable {
			undecryptable++
			continue
		}
		if l.Customers = append(l.Customers, e.Customer); len(l.Customers) == take {
			l.more = more || i+1 < n
			return l
		}
	}
	if l.more = more; more {
		l.undecryptable = undecryptable
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
func (o *operation) follow(in ListRequest, find *customer.ListQuery) (walk, error) {
	if in.Cursor == "" {
		return walk{}, nil
	}
	c, err := o.openCursor(in.Cursor)
	if err != nil {
		return walk{}, err
	}
	filter, err := customer.ParseFilter(c.Filter)
	if err != nil || find.Filter != (customer.Filter{}) && filter != find.Filter {
		return walk{}, page.ErrCursor
	}
	find.Filter = filter
	return walk{after: &page.Position{CreatedAt: c.At, Seq: c.Seq}, lead: c.Lead}, nil
}
