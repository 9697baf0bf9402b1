package finder

import (
	"context"
	"errors"
	"math"
	"strings"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/index"
	"custodex.dev/internal/page"
	"custodex.dev/internal/search"
)

// lead finds the customer that has the e-mail filter as its whole address, in canonical form, and
// meets the other conditions. It is listed before all others, because whoever asks for an address
// means the customer that has it, and not the newest whose address contains it. Its Seq is 0 if
// there is none, or if it cannot be decrypted.
func (l *lookup) lead(ctx context.Context, f customer.Filter) (customer.Customer, error) {
	if at := strings.LastIndexByte(f.Email, '@'); at < 1 || at == len(f.Email)-1 {
		return customer.Customer{}, nil
	}
	row, err := l.cfg.Store.CustomerGetByEmail(ctx, l.app, l.key.EmailHash(customer.CanonicalEmail(f.Email)))
	switch {
	case errors.Is(err, fault.NotFound):
		return customer.Customer{}, nil
	case err != nil:
		return customer.Customer{}, err
	}
	e := l.decode(ctx, &row)
	f.Email = ""
	if e.undecryptable || !search.Match(indexFilter(f), indexEntry(&e.Customer)) {
		return customer.Customer{}, nil
	}
	return e.Customer, nil
}

// newest is before every customer.
var newest = page.Position{CreatedAt: math.MaxInt64, Seq: math.MaxInt64}

// behind is search with the lead at the front of the list.
func (l *lookup) behind(ctx context.Context, p *index.Permit, q search.Query, lead customer.Customer) (listing, error) {
	q.Except = lead.Seq
	if q.Skip > 0 {
		q.Skip--
		return l.search(ctx, p, q)
	}
	q.Take--
	found, err := l.search(ctx, p, q)
	if err != nil {
		return listing{}, err
	}
	if len(found.Customers) == 0 && found.undecryptable == 0 {
		found.end = newest
	}
	found.Customers = append([]customer.Customer{lead}, found.Customers...)
	return found, nil
}
