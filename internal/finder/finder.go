// Package finder finds pages of the customers of an application: in the order of the store, or by
// fragments of names and addresses in its search index. A page is exact. It shows no customer that
// does not match as it is stored now, and misses none that was acknowledged before. A customer that
// cannot be decrypted is left out and fails nobody.
//
// It must never be reached by a request that nobody authorized, and records nothing: both are for
// its caller. Start from Finder.Find.
package finder

import (
	"context"
	"errors"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/index"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/search"
	"custodex.dev/internal/store"
)

// Store is what a Finder reads; see [store.Reader] for its contract.
type Store interface {
	// Head says how many customers there are.
	Head(ctx context.Context, app id.App) (store.Head, error)

	// CustomerList reads a page in the order of the store.
	CustomerList(ctx context.Context, app id.App, list store.CustomerList) ([]store.CustomerRow, error)

	// CustomerBySeq reads what the search index found.
	CustomerBySeq(ctx context.Context, app id.App, seqs []int64) ([]store.CustomerRow, error)

	// CustomerGetByEmail reads the customer that has a whole address.
	CustomerGetByEmail(ctx context.Context, app id.App, hash []byte) (store.CustomerRow, error)

	// GroupGet says whether there is a group.
	GroupGet(ctx context.Context, app id.App, seq int64) (store.GroupRow, error)
}

// Config is what a Finder works with. All fields must be set.
type Config struct {
	Store   Store
	Indexes *index.Cache
	Corrupt *index.CorruptTracker // gets the rows that cannot be decrypted
}

// Finder finds customers. It is safe for concurrent use.
type Finder struct{ cfg Config }

// New makes a Finder.
func New(cfg Config) *Finder { return &Finder{cfg} }

// Query says what to find.
type Query struct {
	customer.ListQuery
	From  Place
	Count bool // how many match on all pages, too
}

// Place is where a list goes on. The zero value is its beginning.
type Place struct {
	After *search.Rank // what is not of its order is not looked at
	Lead  int64        // Seq of the customer that came before all others; 0: none
}

// Page is a page of customers, newest first or by relevance to the query. But if the e-mail filter
// or the query is the whole address of a customer, that one comes before all others.
type Page struct {
	Customers []customer.Customer
	Next      *Place // of the next page; nil when this is the last
	Total     int    // if Query.Count was set
}

// lookup is one call of Find.
type lookup struct {
	*Finder
	app id.App
	key *seal.App
}

// Find finds a page of an application's customers; key must be the application's. Faults:
// Unavailable (search_saturated, search_preparing, search_unsettled).
func (f *Finder) Find(ctx context.Context, app id.App, key *seal.App, q Query) (Page, error) {
	l := lookup{f, app, key}
	var permit *index.Permit // for what needs a search index
	if !indexed(q.Filter) || q.Count && q.Filter != (customer.Filter{}) {
		var err error
		if permit, err = f.cfg.Indexes.Acquire(app); err != nil {
			return Page{}, err
		}
		defer permit.Release()
	}
	var lead customer.Customer
	if q.From.After == nil || q.Count {
		var err error
		if lead, err = l.lead(ctx, q.Filter); err != nil {
			return Page{}, err
		}
	}
	found, err := l.page(ctx, permit, &q, lead)
	if err != nil {
		return Page{}, err
	}
	out := Page{Customers: found.Customers}
	if found.more {
		out.Next = &Place{After: &found.end, Lead: q.From.Lead}
	}
	if q.Count {
		if out.Total, err = l.count(ctx, permit, q.Filter, lead); err != nil {
			return Page{}, err
		}
	}
	if gone, err := l.groupGone(ctx, q.Filter.Group); gone || err != nil { // last: also if it was deleted meanwhile
		return Page{}, err
	}
	return out, nil
}

// page finds the page. In a query that begins it sets the lead of the walk.
func (l *lookup) page(ctx context.Context, p *index.Permit, q *Query, lead customer.Customer) (listing, error) {
	if indexed(q.Filter) {
		return l.listByStatus(ctx, *q)
	}
	in := &searchQuery{Filter: indexFilter(q.Filter), after: q.From.After, skip: q.Skip, take: q.Take, ranked: q.Order == customer.Relevance}
	if q.From.After == nil && lead.Seq != 0 {
		q.From.Lead = lead.Seq
		return l.behind(ctx, p, in, lead)
	}
	in.Except = q.From.Lead
	return l.search(ctx, p, in)
}

// groupGone reports whether seq is the number of a group that is not there. It has no customers,
// whatever an index remembers: a group that is deleted leaves its number with its customers, and no
// change of a customer tells the index.
func (l *lookup) groupGone(ctx context.Context, seq int64) (bool, error) {
	if seq == 0 {
		return false, nil
	}
	_, err := l.cfg.Store.GroupGet(ctx, l.app, seq)
	if errors.Is(err, fault.NotFound) {
		return true, nil
	}
	return false, err
}

// indexed reports whether an index of the store gives the pages of a filter.
func indexed(f customer.Filter) bool { return f == customer.Filter{Status: f.Status} }

// listByStatus reads a page from the store's index. It asks for one row more than the
// page, to know whether there is a next one, and for twice as many more as cannot
// be shown.
func (l *lookup) listByStatus(ctx context.Context, q Query) (found listing, err error) {
	for undecryptable := 0; ; undecryptable = found.undecryptable {
		asked := q.Take + 2*undecryptable + 1
		rows, err := l.cfg.Store.CustomerList(ctx, l.app, store.CustomerList{
			Status: uint8(q.Status), After: positionOf(q.From.After), Skip: q.Skip, Take: asked,
		})
		if err != nil {
			return listing{}, err
		}
		found = cut(len(rows), q.Take, len(rows) == asked, func(i int) listEntry { return l.decode(ctx, &rows[i]) })
		if !found.refill() {
			return found, nil
		}
	}
}

// count gives the number of customers that match, the lead among them. One that cannot be
// decrypted counts by what is stored in clear.
func (l *lookup) count(ctx context.Context, p *index.Permit, f customer.Filter, lead customer.Customer) (int, error) {
	if (f == customer.Filter{}) {
		head, err := l.cfg.Store.Head(ctx, l.app)
		if err != nil {
			return 0, err
		}
		return int(head.Customers), nil
	}
	filter := indexFilter(f)
	filter.Except = lead.Seq
	n, err := l.cfg.Indexes.Count(ctx, p, decoder(l.key), filter)
	if err != nil {
		return 0, err
	}
	if lead.Seq != 0 {
		n++
	}
	return n, nil
}
