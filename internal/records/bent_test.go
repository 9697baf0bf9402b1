package records_test

import (
	"context"
	"slices"
	"sync"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// bent is a store that gives what is in it changed, as someone does who changes
// the database. A nil function changes nothing.
type bent struct {
	store.Store
	mu      sync.Mutex
	entries func([]store.AuditRow) []store.AuditRow
	tree    func(store.TreeRow) store.TreeRow
	tiles   func([]store.TileRow)
	put     func() error
}

// bend sets functions while the store is in use.
func (b *bent) bend(set func(b *bent)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.entries, b.tree, b.tiles, b.put = nil, nil, nil, nil
	set(b)
}

func straight(*bent) {}

func (b *bent) AuditRange(ctx context.Context, app id.App, from int64, limit int) ([]store.AuditRow, error) {
	rows, err := b.Store.AuditRange(ctx, app, from, limit)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.entries != nil && err == nil {
		rows = b.entries(rows)
	}
	return rows, err
}

func (b *bent) AuditList(ctx context.Context, app id.App, list store.AuditList, limit int) ([]store.AuditRow, error) {
	rows, err := b.Store.AuditList(ctx, app, list, limit)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.entries != nil && err == nil {
		rows = b.entries(rows)
	}
	return rows, err
}

func (b *bent) TreeGet(ctx context.Context, app id.App) (store.TreeRow, error) {
	row, err := b.Store.TreeGet(ctx, app)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.tree != nil && err == nil {
		row = b.tree(row)
	}
	return row, err
}

func (b *bent) TileGet(ctx context.Context, app id.App, ids []store.TileID) ([]store.TileRow, error) {
	rows, err := b.Store.TileGet(ctx, app, ids)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.tiles != nil && err == nil {
		b.tiles(rows)
	}
	return rows, err
}

func (b *bent) TreePut(ctx context.Context, app id.App, oldSize int64, tree store.TreeRow, tiles []store.TileRow) error {
	b.mu.Lock()
	put := b.put
	b.mu.Unlock()
	if put != nil {
		if err := put(); err != nil {
			return err
		}
	}
	return b.Store.TreePut(ctx, app, oldSize, tree, tiles)
}

// alterEntry bends the entry with this number.
func alterEntry(seq int64, change func(*store.AuditRow)) func([]store.AuditRow) []store.AuditRow {
	return func(rows []store.AuditRow) []store.AuditRow {
		for i := range rows {
			if rows[i].Seq == seq {
				change(&rows[i])
			}
		}
		return rows
	}
}

// loseEntry leaves the entry with this number out.
func loseEntry(seq int64) func([]store.AuditRow) []store.AuditRow {
	return func(rows []store.AuditRow) []store.AuditRow {
		return slices.DeleteFunc(rows, func(r store.AuditRow) bool { return r.Seq == seq })
	}
}
