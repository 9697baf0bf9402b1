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
// means the customer that has it, and not the newest whose address contains it. Its Seq is 0 if
// there is none, or if it cannot be decrypted.
func (o *operation) lead(ctx context.Context, f customer.Filter) (customer.Customer, error) {
	if at := strings.LastIndexByte(f.Email, '@'); at < 1 || at == len(f.Email)-1 {
		return customer.Customer{}, nil
	}
	row, err := o.s.store.CustomerGetByEmail(ctx, o.caller.App, o.key.EmailHash(customer.CanonicalEmail(f.Email)))
	switch {
	case errors.Is(err, fault.NotFound):
		return customer.Customer{}, nil
	case err != nil:
		return customer.Customer{}, err
	}
	e := o.decode(ctx, &row)
	f.Email = ""
	if e.undecryptable || !search.Match(indexFilter(f), indexEntry(&e.Customer)) {
		return customer.Customer{}, nil
	}
	return e.Customer, nil
}

// walk is where a list goes on.
type walk struct {
	after *page.Position // nil: it begins
	lead  int64          // Seq of the customer that came before all others, 0: none
}

// newest is before every customer.
var newest = page.Position{CreatedAt: math.MaxInt64, Seq: math.MaxInt64}

// searchLed is search with the lead, if there is one, at the front of the list. It changes a walk that
// begins to one that has it.
func searchLed(find customer.ListQuery, w *walk, lead customer.Customer, search func(customer.ListQuery) (listing, error)) (listing, error) {
	if w.after != nil || lead.Seq == 0 {
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
