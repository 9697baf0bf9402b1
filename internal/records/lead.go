package records

import (
	"context"
	"errors"
	"math"
	"strings"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/page"
	"custodex.dev/internal/search"
)

// lead finds the customer that has the e-mail filter as its whole address, in canonical form, and
// meets the other conditions. It is listed before all others, because whoever asks for an address
// means the customer that has it, and not the newest whose address contains it. ok is false if there
// is none, or if it cannot be decrypted.
func (o *operation) lead(ctx context.Context, f customer.Filter) (c customer.Customer, ok bool, err error) {
	if at := strings.LastIndexByte(f.Email, '@'); at < 1 || at == len(f.Email)-1 {
		return c, false, nil
	}
	row, err := o.s.store.CustomerGetByEmail(ctx, o.caller.App, o.key.EmailHash(customer.CanonicalEmail(f.Email)))
	switch {
	case errors.Is(err, fault.NotFound):
		return c, false, nil
	case err != nil:
		return c, false, err
	}
	e := o.decode(ctx, &row)
	f.Email = ""
	return e.Customer, !e.undecryptable && search.Match(indexFilter(f), indexEntry(&e.Customer)), nil
}

// walk is where a list goes on.
type walk struct {
	after *page.Position // nil: it begins
	lead  int64          // Seq of the customer that came before all others, 0: none
}

// newest is before every customer.
var newest = page.Position{CreatedAt: math.MaxInt64, Seq: math.MaxInt64}

// searchLed is search with the lead at the front of the list. It changes the walk to one that has it.
func (o *operation) searchLed(ctx context.Context, find customer.ListQuery, w *walk, search func(customer.ListQuery) (listing, error)) (listing, error) {
	if w.after != nil {
		return search(find)
	}
	lead, ok, err := o.lead(ctx, find.Filter)
	if err != nil {
		return listing{}, err
	}
	if !ok {
		return search(find)
	}
	w.lead = lead.Seq
	if find.Skip > 0 {
		find.Skip--
		return search(find)
	}
	find.Take--
	l, err := search(find)
	if err != nil {
		return listing{}, err
	}
	if len(l.Customers) == 0 && l.undecryptable == 0 {
		l.end = newest
	}
	l.Customers = append([]customer.Customer{lead}, l.Customers...)
	return l, nil
}
