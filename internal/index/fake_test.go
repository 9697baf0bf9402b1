package index_test

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/index"
	"custodex.dev/internal/page"
	"custodex.dev/internal/search"
	"custodex.dev/internal/store"
)

const (
	app   = id.App("app-1")
	other = id.App("app-2")
)

// memoryStore holds rows whose sealed text is a name in clear.
type memoryStore struct {
	mu      sync.Mutex
	rows    map[id.App][]store.CustomerRow // by Seq; deleted ones stay as changes
	version map[id.App]int64
	lineage int64
	scans   int
	scan    func(ctx context.Context) error // if set, runs before each scan
}

func newMemoryStore() *memoryStore {
	return &memoryStore{rows: make(map[id.App][]store.CustomerRow), version: make(map[id.App]int64)}
}

// put adds a customer, or with the number of one that exists replaces it.
func (m *memoryStore) put(app id.App, seq int64, name string) {
	m.set(app, store.CustomerRow{Seq: seq, Status: 1, CreatedAt: seq / 2, Sealed: []byte(name)})
}

func (m *memoryStore) delete(app id.App, seq int64) {
	m.set(app, store.CustomerRow{Seq: seq, Deleted: true})
}

func (m *memoryStore) set(app id.App, row store.CustomerRow) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.version[app]++
	row.Version = m.version[app]
	rows := slices.DeleteFunc(slices.Clone(m.rows[app]), func(r store.CustomerRow) bool { return r.Seq == row.Seq })
	rows = append(rows, row)
	slices.SortFunc(rows, func(x, y store.CustomerRow) int { return cmp.Compare(x.Seq, y.Seq) })
	m.rows[app] = rows
}

// copyOf gives what an application holds, for restore.
func (m *memoryStore) copyOf(app id.App) (rows []store.CustomerRow, version int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.rows[app], m.version[app]
}

// restore puts back a copy, as a failover that loses commits does.
func (m *memoryStore) restore(app id.App, rows []store.CustomerRow, version int64, sameLineage bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rows[app], m.version[app] = rows, version
	if !sameLineage {
		m.lineage++
	}
}

// live gives the rows that are not deleted.
func (m *memoryStore) live(app id.App) (rows []store.CustomerRow) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.rows[app] {
		if !r.Deleted {
			rows = append(rows, r)
		}
	}
	return rows
}

func (m *memoryStore) Head(_ context.Context, app id.App) (store.Head, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return store.Head{Version: m.version[app], Lineage: store.Lineage{Server: m.lineage}}, nil
}

func (m *memoryStore) CustomerRange(_ context.Context, app id.App) (store.CustomerRange, error) {
	rows := m.live(app)
	if len(rows) == 0 {
		return store.CustomerRange{}, nil
	}
	return store.CustomerRange{MinSeq: rows[0].Seq, MaxSeq: rows[len(rows)-1].Seq, Count: int64(len(rows))}, nil
}

func (m *memoryStore) CustomerScan(ctx context.Context, app id.App, from, to int64, fn func(*store.CustomerRow) error) error {
	m.mu.Lock()
	m.scans++
	scan := m.scan
	m.mu.Unlock()
	if scan != nil {
		if err := scan(ctx); err != nil {
			return err
		}
	}
	for _, row := range m.live(app) {
		if from <= row.Seq && row.Seq < to {
			if err := fn(&row); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *memoryStore) CustomerChanges(_ context.Context, app id.App, after store.ChangePoint, limit int) ([]store.CustomerRow, error) {
	m.mu.Lock()
	rows := slices.Clone(m.rows[app])
	m.mu.Unlock()
	rows = slices.DeleteFunc(rows, func(r store.CustomerRow) bool { return r.Version <= after.Version })
	slices.SortFunc(rows, func(x, y store.CustomerRow) int { return cmp.Compare(x.Version, y.Version) })
	return rows[:min(limit, len(rows))], nil
}

func (m *memoryStore) CustomerList(_ context.Context, app id.App, list store.CustomerList) ([]store.CustomerRow, error) {
	rows := m.live(app)
	position := func(r store.CustomerRow) page.Position { return page.Position{CreatedAt: r.CreatedAt, Seq: r.Seq} }
	slices.SortFunc(rows, func(x, y store.CustomerRow) int { return position(x).Compare(position(y)) })
	rows = slices.DeleteFunc(rows, func(r store.CustomerRow) bool {
		return list.After != nil && !list.After.Before(position(r))
	})
	return rows[:min(list.Take, len(rows))], nil
}

var errCorrupt = errors.New("cannot be decrypted")

// decode reads the rows of memoryStore. The names "corrupt" and "erased" cannot be.
func decode(row *store.CustomerRow) (search.Entry, error) {
	e := search.Entry{Position: page.Position{CreatedAt: row.CreatedAt, Seq: row.Seq}, Status: row.Status}
	switch name := string(row.Sealed); name {
	case "corrupt":
		return e, errCorrupt
	case "erased":
		return e, fault.New(fault.NotFound, "not_found", "Not found")
	default:
		e.First = name
		return e, nil
	}
}

// newCache makes a Cache on m with bounds that nothing in a test reaches, unless change sets them.
func newCache(t *testing.T, m *memoryStore, change func(*index.Config)) (*index.Cache, *index.CorruptTracker) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	cfg := index.Config{
		Store: m, Corrupt: index.NewCorruptTracker(log), MaxMemory: 1 << 30,
		MaxScans: 4, MaxSearches: 16, MaxIdle: time.Minute, Now: time.Now, Log: log,
	}
	if change != nil {
		change(&cfg)
	}
	c := index.New(cfg)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		c.Close(ctx)
	})
	return c, cfg.Corrupt
}

// current waits for the build and returns the index, nil if there is none.
func current(t *testing.T, c *index.Cache, app id.App) *search.Index {
	t.Helper()
	p := mustAcquire(t, c, app)
	defer p.Release()
	for {
		ix, build, err := c.Current(t.Context(), p, decode)
		if err != nil {
			t.Fatal(err)
		}
		if build == nil {
			return ix
		}
		if err := p.AwaitBuild(t.Context(), build); err != nil {
			t.Fatal(err)
		}
	}
}

func mustAcquire(t *testing.T, c *index.Cache, app id.App) *index.Permit {
	t.Helper()
	p, err := c.Acquire(app)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
