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

// lead finds the customer that has the e-mail filter or the query as its whole address, in
// canonical form, and meets the other conditions. It is listed before all others, because whoever
// asks for an address means the customer that has it, and not the newest whose address contains it.
// Its Seq is 0 if there is none, or if it cannot be decrypted.
func (l *lookup) lead(ctx context.Context, f customer.Filter) (customer.Customer, error) {
	address := f.Email
	if !wholeAddress(address) {
		address = f.Query
	}
	if !wholeAddress(address) {
		return customer.Customer{}, nil
	}
	canonical := customer.CanonicalEmail(address)
	row, err := l.cfg.Store.CustomerGetByEmail(ctx, l.app, l.key.EmailHash(canonical))
	switch {
	case errors.Is(err, fault.NotFound):
		return customer.Customer{}, nil
	case err != nil:
		return customer.Customer{}, err
	}
	e := l.decode(ctx, &row)
	for _, term := range []*string{&f.Email, &f.Query} {
		if customer.CanonicalEmail(*term) == canonical {
			*term = ""
		}
	}
	if e.undecryptable || !search.Match(indexFilter(f), indexEntry(&e.Customer)) {
		return customer.Customer{}, nil
	}
	return e.Customer, nil
}

// wholeAddress reports whether a term may be a whole address.
func wholeAddress(s string) bool {
	at := strings.LastIndexByte(s, '@')
	return at >= 1 && at < len(s)-1
}

// foremost is before every customer, in either order.
var foremost = search.Rank{Exact: true, Bought: math.MaxInt64, Position: page.Position{CreatedAt: math.MaxInt64, Seq: math.MaxInt64}}

// behind is search with the lead at the front of the list.
func (l *lookup) behind(ctx context.Context, p *index.Permit, q *searchQuery, lead customer.Customer) (listing, error) {
	q.Except = lead.Seq
	if q.skip > 0 {
		q.skip--
		return l.search(ctx, p, q)
	}
	q.take--
	found, err := l.search(ctx, p, q)
	if err != nil {
		return listing{}, err
	}
	if len(found.Customers) == 0 && found.undecryptable == 0 {
		found.end = foremost
	}
	found.Customers = append([]customer.Customer{lead}, found.Customers...)
	return found, nil
}
