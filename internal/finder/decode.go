package finder

import (
	"context"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/customerrow"
	"custodex.dev/internal/index"
	"custodex.dev/internal/page"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/search"
	"custodex.dev/internal/store"
)

// listEntry is a customer at its place in a list. One that cannot be decrypted has
// only what is stored in clear: it matches conditions on that, and is not shown.
type listEntry struct {
	Customer      customer.Customer
	undecryptable bool
	at            search.Rank
}

// decode decrypts a row for a list or a search, which must not fail for all because
// of one.
func (l *lookup) decode(ctx context.Context, row *store.CustomerRow) listEntry {
	c, _, err := customerrow.Decrypt(l.key, row)
	l.cfg.Corrupt.Note(ctx, l.app, row, err)
	if err != nil {
		c = customerrow.Clear(row)
	}
	return listEntry{Customer: c, undecryptable: err != nil, at: search.Rank{Position: position(&c)}}
}

// decoder decrypts the rows of an application for its search index.
func decoder(key *seal.App) index.Decode {
	return func(row *store.CustomerRow) (search.Entry, error) {
		c, _, err := customerrow.Decrypt(key, row)
		if err != nil {
			c = customerrow.Clear(row)
		}
		return indexEntry(&c), err
	}
}

func position(c *customer.Customer) page.Position {
	return page.Position{CreatedAt: c.CreatedAt.UnixMilli(), Seq: c.Seq}
}

// indexEntry is what of a customer is searched.
func indexEntry(c *customer.Customer) search.Entry {
	e := search.Entry{
		Position: position(c),
		First:    c.Given.Reveal(),
		Last:     c.Family.Reveal(),
		Email:    c.Email.Reveal(),
		Phone:    customer.PhoneDigits(c.Phone.Reveal()),
		Status:   uint8(c.Status),
		Type:     uint8(c.Type),
		Group:    c.Group,
	}
	if !c.LastPurchase.IsZero() {
		e.Bought = c.LastPurchase.UnixMilli()
	}
	return e
}

// indexFilter is the filter of a list for the search index.
func indexFilter(f customer.Filter) search.Filter {
	out := search.Filter{Name: f.Name, Email: f.Email, Query: f.Query, Phone: customer.PhoneFragment(f.Query)}
	if f.Status != 0 {
		out.Status = new(uint8(f.Status))
	}
	if f.Group != 0 {
		out.Group = new(f.Group)
	}
	if f.Type != 0 {
		out.Type = new(uint8(f.Type))
	}
	if !f.CreatedFrom.IsZero() {
		out.CreatedFrom = f.CreatedFrom.UnixMilli()
	}
	if !f.CreatedTo.IsZero() {
		out.CreatedTo = f.CreatedTo.UnixMilli()
	}
	return out
}
