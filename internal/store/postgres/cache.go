package postgres

import (
	"sync"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/rowcache"
)

// cache keeps customers that were read lately, sealed as they are stored. Any process
// may change a customer, so a row from here answers nobody before a batch has found,
// with the head locked, that it is still the newest (disclose.go).
//
// Of each application it is known up to which point its rows are the newest. What has
// changed since is found by its version, which only grows from there: the point is in
// the database's history as long as that has the mark of this store's last batch.
type cache struct {
	mu   sync.Mutex
	rows *rowcache.Rows
	apps map[id.App]point
}

// point is a place in the history of an application's customers.
type point struct {
	lineage store.Lineage
	version int64
	mark    int64 // of this store's last batch before it; 0: the head has none
	others  bool  // other stores changed customers on the last way to it
}

func newCache(bytes int) *cache {
	return &cache{rows: rowcache.New(bytes), apps: make(map[id.App]point)}
}

// get gives a row that was the newest at some time, or nil.
func (c *cache) get(app id.App, ref store.CustomerRef) *store.CustomerRow {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ref.ID.IsZero() {
		return c.rows.GetBySeq(app, ref.Seq)
	}
	return c.rows.Get(app, ref.ID)
}

// has reports whether row is still what get gives.
func (c *cache) has(app id.App, row *store.CustomerRow) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rows.Get(app, row.ID) == row
}

// add takes in a row that was read at a point of the history, unless something may have
// changed it since that would not be looked for any more. It takes none without a checksum: the one that it
// is given does not change its version, and once all rows have one it would count as damaged.
func (c *cache) add(app id.App, row *store.CustomerRow, at point) {
	if len(row.Sum) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	known, ok := c.apps[app]
	if ok && at.lineage == known.lineage && at.version >= known.version {
		c.rows.Add(app, row)
	}
}

// drop drops a row.
func (c *cache) drop(app id.App, row *store.CustomerRow) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rows.Drop(app, row.ID)
}

// reached gives the point up to which the application's rows are the newest, if now, where the head
// is, comes after it. If not, the database has lost commits, and the rows go.
func (c *cache) reached(app id.App, now point) (known point, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known, ok = c.apps[app]
	if ok && (now.lineage != known.lineage || now.version < known.version || now.mark != known.mark) {
		c.forget(app)
		ok = false
	}
	return known, ok
}

// point gives the point up to which the application's rows are the newest, if that is known.
func (c *cache) point(app id.App) (known point, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known, ok = c.apps[app]
	return known, ok
}

// advance says that the application's rows are the newest at a point, but for older ones of customers
// that changed on the way.
func (c *cache) advance(app id.App, to point, changes []store.ChangePoint) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, change := range changes {
		if row := c.rows.GetBySeq(app, change.Seq); row != nil && row.Version != change.Version {
			c.rows.Drop(app, row.ID)
		}
	}
	c.apps[app] = to
}

// begin says that no row of the application is known, and that from a point on it is
// known what changes.
func (c *cache) begin(app id.App, at point) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forget(app)
	c.apps[app] = at
}

// committed says that a batch of this store has led from one point to the next, and
// changed these customers.
func (c *cache) committed(app id.App, from, to point, changed []id.Customer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known, ok := c.apps[app]
	if !ok {
		return
	}
	if known.version == from.version {
		for _, cust := range changed {
			c.rows.Drop(app, cust)
		}
		known.version = to.version
	}
	known.mark = to.mark
	c.apps[app] = known
}

// lose drops all that is known of the application, after a commit whose outcome is not.
func (c *cache) lose(app id.App) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forget(app)
}

func (c *cache) forget(app id.App) {
	if _, known := c.apps[app]; known {
		c.rows.DropApp(app)
		delete(c.apps, app)
	}
}
