package sqlite

import (
	"sync"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// rowCache keeps customers that were read lately, sealed as they are stored: after
// every commit SQLite forgets the pages that a reader has seen, so a fetch would
// read its eight pages anew each time. It is exact because this process alone
// writes the file, and because a row that a batch changes is dropped before the
// commit and not taken in again until after it: what is here is as it is stored.
//
// Rows are in two generations. One that is asked for moves to the young one; when
// that is full it becomes the old one, and what was old and not asked for goes.
type rowCache struct {
	mu         sync.Mutex
	most       int // bytes of a generation
	size       int // of the young one
	young, old generation

	changes uint64 // grows when a batch begins and when it ends to change rows
	closed  bool   // such a batch is being committed
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

// rowOverhead is what a row takes beside its bytes: itself and its places in maps.
const rowOverhead = 500

func newRowCache(bytes int) *rowCache {
	return &rowCache{most: bytes / 2, young: newGeneration(), old: newGeneration()}
}

func newGeneration() generation {
	return generation{make(map[customerKey]*store.CustomerRow), make(map[numberKey]id.Customer)}
}

// get gives a row, which must not be altered. changes is for put, if there is none.
func (c *rowCache) get(key customerKey) (row store.CustomerRow, found bool, changes uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.find(key); r != nil {
		return *r, true, c.changes
	}
	return row, false, c.changes
}

// getBySeq is get by sequence number.
func (c *rowCache) getBySeq(key numberKey) (row store.CustomerRow, found bool, changes uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.findBySeq(key); r != nil {
		return *r, true, c.changes
	}
	return row, false, c.changes
}

// now gives changes without asking for a row.
func (c *rowCache) now() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changes
}

// page gives the rows with these numbers if all are here, else nil. If no row has
// begun to change since now gave changes, they are as an index showed them since.
func (c *rowCache) page(app id.App, seqs []int64, changes uint64) []store.CustomerRow {
	c.mu.Lock()
	defer c.mu.Unlock()
	if changes != c.changes {
		return nil
	}
	rows := make([]store.CustomerRow, len(seqs))
	for i, seq := range seqs {
		r := c.findBySeq(numberKey{app, seq})
		if r == nil {
			return nil
		}
		rows[i] = *r
	}
	return rows
}

func (c *rowCache) find(key customerKey) *store.CustomerRow {
	if r := c.young.rows[key]; r != nil {
		return r
	}
	r := c.old.rows[key]
	if r != nil {
		c.add(key, r)
	}
	return r
}

func (c *rowCache) findBySeq(key numberKey) *store.CustomerRow {
	cust, known := c.young.ids[key]
	if !known {
		if cust, known = c.old.ids[key]; !known {
			return nil
		}
	}
	return c.find(customerKey{key.app, cust})
}

// put takes in rows that were read from the file after now or get gave changes. If
// a batch has begun to change rows since, they may be of before: they are not kept.
func (c *rowCache) put(app id.App, rows []store.CustomerRow, changes uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if changes != c.changes || c.closed {
		return
	}
	for i := range rows {
		row := rows[i]
		c.add(customerKey{app, row.ID}, &row)
	}
}

func (c *rowCache) add(key customerKey, row *store.CustomerRow) {
	size := rowOverhead + len(row.EmailHash) + len(row.Sealed) + len(row.Key) + len(row.Sum)
	if c.size += size; c.size > c.most {
		c.old, c.young, c.size = c.young, newGeneration(), size
	}
	c.young.rows[key] = row
	c.young.ids[numberKey{key.app, row.Seq}] = key.id
}

// drop drops the rows that a batch is about to change, or all of them. Nothing is
// taken in until reopen.
func (c *rowCache) drop(changed []customerKey, all bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changes++
	c.closed = true
	if all {
		c.young, c.old, c.size = newGeneration(), newGeneration(), 0
	}
	for _, key := range changed {
		delete(c.young.rows, key)
		delete(c.old.rows, key)
	}
}

// reopen is called after the commit or the rollback.
func (c *rowCache) reopen() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changes++ // what was read while it was closed may be of before
	c.closed = false
}
