// Package rowcache keeps customers that were read lately, sealed as they are stored. It knows
// nothing of when a row is out of date: an adapter does, which drops it then and guards the rows
// with a mutex.
package rowcache

import (
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// Rows are in two generations. One that is asked for moves to the young one; when
// that is full it becomes the old one, and what was old and not asked for goes.
// Rows must not be altered. Make Rows with New.
type Rows struct {
	most       int // bytes of a generation
	size       int // of the young one
	young, old generation
}

type generation struct {
	rows map[customerKey]*store.CustomerRow
	ids  map[numberKey]id.Customer // a number never changes its customer
}

type customerKey struct {
	app id.App
	id  id.Customer
}

type numberKey struct {
	app id.App
	seq int64
}

// overhead is what a row takes beside its bytes: itself and its places in maps.
const overhead = 500

// New makes room for so many bytes of rows.
func New(bytes int) *Rows {
	return &Rows{most: bytes / 2, young: newGeneration(), old: newGeneration()}
}

func newGeneration() generation {
	return generation{make(map[customerKey]*store.CustomerRow), make(map[numberKey]id.Customer)}
}

// Get gives a row, or nil.
func (c *Rows) Get(app id.App, cust id.Customer) *store.CustomerRow {
	key := customerKey{app, cust}
	if r := c.young.rows[key]; r != nil {
		return r
	}
	r := c.old.rows[key]
	if r != nil {
		c.Add(app, r)
	}
	return r
}

// GetBySeq is Get by sequence number.
func (c *Rows) GetBySeq(app id.App, seq int64) *store.CustomerRow {
	key := numberKey{app, seq}
	cust, known := c.young.ids[key]
	if !known {
		if cust, known = c.old.ids[key]; !known {
			return nil
		}
	}
	r := c.Get(app, cust)
	if r != nil && r.Seq != seq {
		return nil // it was deleted, and another was made with its id
	}
	return r
}

// Add takes in a row, in place of an older one of the customer.
func (c *Rows) Add(app id.App, row *store.CustomerRow) {
	size := overhead + len(row.EmailHash) + len(row.Sealed) + len(row.Key) + len(row.Sum)
	if c.size += size; c.size > c.most {
		c.old, c.young, c.size = c.young, newGeneration(), size
	}
	c.young.rows[customerKey{app, row.ID}] = row
	c.young.ids[numberKey{app, row.Seq}] = row.ID
}

// Drop drops a row, if it is there.
func (c *Rows) Drop(app id.App, cust id.Customer) {
	delete(c.young.rows, customerKey{app, cust})
	delete(c.old.rows, customerKey{app, cust})
}

// DropApp drops the rows of an application.
func (c *Rows) DropApp(app id.App) {
	for _, g := range []generation{c.young, c.old} {
		for key := range g.rows {
			if key.app == app {
				delete(g.rows, key)
			}
		}
		for key := range g.ids {
			if key.app == app {
				delete(g.ids, key)
			}
		}
	}
}

// DropAll drops all rows.
func (c *Rows) DropAll() { c.young, c.old, c.size = newGeneration(), newGeneration(), 0 }

// Len is how many rows are kept. One that is in both generations counts twice.
func (c *Rows) Len() int { return len(c.young.rows) + len(c.old.rows) }
