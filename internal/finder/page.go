package finder

import (
	"custodex.dev/internal/customer"
	"custodex.dev/internal/search"
)

// listing is a page of customers.
type listing struct {
	Customers []customer.Customer
	more      bool        // customers come after it
	end       search.Rank // where it ended, if more is set

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
// gives and after which there are more. It decodes no more of them than it needs. A page of
// none, behind a lead that fills it, ends before the first.
func cut(n, take int, more bool, decode func(i int) listEntry) listing {
	if take == 0 {
		return listing{more: more || n > 0}
	}
	l := listing{Customers: make([]customer.Customer, 0, min(n, take))}
	undecryptable := 0
	for i := range n {
		e := decode(i)
		l.end = e.at
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
