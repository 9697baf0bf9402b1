package sqlite

import (
	"sync"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/rowcache"
)

// rowCache keeps customers that were read lately, sealed as they are stored: after
// every commit SQLite forgets the pages that a reader has seen, so a fetch would
// read its eight pages anew each time. It is exact because this process alone
// writes the file, and because a row that a batch changes is dropped before the
// commit and not taken in again until after it: what is here is as it is stored.
type rowCache struct {
	mu   sync.Mutex
	rows *rowcache.Rows

	changes uint64 // grows when a batch begins and when it ends to change rows
	closed  bool   // such a batch is being committed
}

type customerKey struct {
	app id.App
	id  id.Customer
}

func newRowCache(bytes int) *rowCache { return &rowCache{rows: rowcache.New(bytes)} }

// get gives a row, which must not be altered. changes is for put, if there is none.
func (c *rowCache) get(app id.App, cust id.Customer) (row store.CustomerRow, found bool, changes uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.rows.Get(app, cust); r != nil {
		return *r, true, c.changes
	}
	return row, false, c.changes
}

// getBySeq is get by sequence number.
func (c *rowCache) getBySeq(app id.App, seq int64) (row store.CustomerRow, found bool, changes uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.rows.GetBySeq(app, seq); r != nil {
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
		r := c.rows.GetBySeq(app, seq)
		if r == nil {
			return nil
		}
		rows[i] = *r
	}
	return rows
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
		c.rows.Add(app, &row)
	}
}

// drop drops the rows that a batch is about to change, or all of them. Nothing is
// taken in until reopen.
func (c *rowCache) drop(changed []customerKey, all bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changes++
	c.closed = true
	if all {
		c.rows.DropAll()
	}
	for _, key := range changed {
		c.rows.Drop(key.app, key.id)
	}
}

// reopen is called after the commit or the rollback.
func (c *rowCache) reopen() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changes++ // what was read while it was closed may be of before
	c.closed = false
}
