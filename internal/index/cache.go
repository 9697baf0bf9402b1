package index

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"custodex.dev/internal/id"
	"custodex.dev/internal/search"
	"custodex.dev/internal/store"
)

// Store is what a Cache reads; see [store.Reader] for its contract.
type Store interface {
	// Head tells which version an index has to be brought up to.
	Head(ctx context.Context, app id.App) (store.Head, error)

	// CustomerRange tells how large an index would be, and what its builders share.
	CustomerRange(ctx context.Context, app id.App) (store.CustomerRange, error)

	// CustomerScan reads the customers of an index that is built, or of a count.
	CustomerScan(ctx context.Context, app id.App, from, to int64, fn func(*store.CustomerRow) error) error

	// CustomerChanges reads what an index does not have yet.
	CustomerChanges(ctx context.Context, app id.App, after store.ChangePoint, limit int) ([]store.CustomerRow, error)

	// CustomerList reads customers for a search without an index.
	CustomerList(ctx context.Context, app id.App, list store.CustomerList) ([]store.CustomerRow, error)
}

// Decode turns a row of its application into what is searched. For a row that cannot be decrypted
// it returns the fields that are stored in clear and the reason, which is fault.NotFound if the
// customer was erased. It is called by several goroutines, also after the search that brought it.
type Decode func(row *store.CustomerRow) (search.Entry, error)

// Config says how a Cache works. All fields must be set.
type Config struct {
	Store   Store
	Corrupt *CorruptTracker // gets the rows that cannot be decrypted

	MaxMemory   int64         // bytes of all indexes together
	MaxScans    int           // scans of indexes at once
	MaxSearches int           // searches and counts at once, those that wait included
	MaxIdle     time.Duration // an index that was not used for longer is dropped by Sweep

	Now func() time.Time
	Log *slog.Logger // gets builds that failed
}

// Cache holds the search indexes of all applications that were searched lately. It is safe for
// concurrent use. Close ends its work.
type Cache struct {
	cfg     Config
	limiter *limiter
	pool    *search.Pool
	builds  *semaphore.Weighted // one build at a time: each uses all cores, and its room is made before

	life    context.Context // of builds, which outlive the searches that start them; ends with Close
	stop    context.CancelFunc
	workers sync.WaitGroup

	mu      sync.Mutex
	entries map[id.App]*entry
	closed  bool
}

// New makes a Cache without an index.
func New(cfg Config) *Cache {
	c := &Cache{
		cfg: cfg,
		// More readers would delay the indexes, and with them the searches that wait for one, by
		// more than they find; and they would slow down all others.
		limiter: newLimiter(cfg.MaxSearches, cfg.MaxScans, max(runtime.GOMAXPROCS(0)/2, 1)),
		pool:    search.NewPool(),
		builds:  semaphore.NewWeighted(1),
		entries: make(map[id.App]*entry),
	}
	c.life, c.stop = context.WithCancel(context.Background())
	return c
}

// Close ends the builds and waits for them, but no longer than ctx: a build that is stuck, for
// example in a database driver, is then left behind, which the error says. Searches that come later
// find no index.
func (c *Cache) Close(ctx context.Context) error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.stop()
	done := make(chan struct{})
	go func() {
		c.workers.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the build of a search index has not ended: %w", ctx.Err())
	}
}

// Sweep drops the indexes that were idle for too long and, because indexes grow with every customer,
// those used least recently until the others fit into memory. It is to be called about once a minute.
func (c *Cache) Sweep() {
	c.dropIdle(c.cfg.Now().Add(-c.cfg.MaxIdle))
	c.makeRoom(c.cfg.MaxMemory)
}

// Drop drops every index, as if none had been used for long.
func (c *Cache) Drop() { c.dropIdle(c.cfg.Now().Add(time.Minute)) }

// Memory returns how many bytes the indexes hold now, and how many there are.
func (c *Cache) Memory() (bytes int64, count int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.entries {
		if e.ready() {
			bytes += e.index.Bytes()
			count++
		}
	}
	return bytes, count
}

// makeRoom drops the indexes used least recently until the others fit into maxBytes.
func (c *Cache) makeRoom(maxBytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		total, oldest := int64(0), id.App("")
		for app, e := range c.entries {
			if !e.ready() {
				continue
			}
			total += e.index.Bytes()
			if oldest == "" || e.used.Load() < c.entries[oldest].used.Load() {
				oldest = app
			}
		}
		if total <= maxBytes || oldest == "" {
			return
		}
		delete(c.entries, oldest)
	}
}

// dropIdle drops the indexes that were last used before the time given, and what is known of
// applications that have none.
func (c *Cache) dropIdle(before time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for app, e := range c.entries {
		if e.build.ended() && e.used.Load() < before.UnixMilli() {
			delete(c.entries, app)
		}
	}
}
