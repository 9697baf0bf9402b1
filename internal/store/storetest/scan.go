package storetest

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// testScan: whole tables, a part at a time, and nothing of another application.
func testScan(t *testing.T, s store.Store) {
	t.Run("Scan", func(t *testing.T) {
		e := newEnv(t, s)
		other := e.other(t)
		var items []store.OwnedItem
		var states []store.HistoryRow
		var kept []store.IdempotencyRow
		for _, to := range []env{other, e} {
			items, states, kept = nil, nil, nil
			for _, c := range to.insert(t, newCustomer(), newCustomer(), newCustomer()) {
				for _, kind := range []store.ItemKind{store.LiquidationAddress, store.Transaction} {
					two := []store.ItemRow{newItem(kind), newItem(kind)}
					slices.SortFunc(two, func(a, b store.ItemRow) int { return bytes.Compare(a.ID[:], b.ID[:]) })
					for _, row := range two {
						items = append(items, store.OwnedItem{ItemRow: to.addItem(t, c.ID, row), Seq: c.Seq, Customer: c.ID})
					}
				}
				states = append(states, to.appendHistory(t, newHistory(c, 5), newHistory(c, 9))...)
				row, ttl := newKey(), time.Hour
				if len(kept) == 0 {
					ttl = expired
				}
				noError(t, "IdempotencyPut", to.putKey(row, ttl))
				kept = append(kept, row)
			}
		}
		numbers, err := e.NumbersGiven(e.ctx, e.app)
		noError(t, "NumbersGiven", err)
		same(t, "NumbersGiven", numbers, store.Numbers{Customer: states[len(states)-1].Customer})
		group := e.addGroup(t, newGroup())
		noError(t, "CustomerDelete", e.delete(e.insert(t, newCustomer())[0].ID))
		numbers, err = e.NumbersGiven(e.ctx, e.app)
		noError(t, "NumbersGiven", err)
		same(t, "NumbersGiven", numbers, store.Numbers{Customer: states[len(states)-1].Customer + 1, Group: group.Seq})
		_, err = e.NumbersGiven(e.ctx, id.NewApp())
		wantKind(t, "NumbersGiven", err, fault.NotFound)
		slices.SortFunc(kept, func(a, b store.IdempotencyRow) int { return bytes.Compare(a.Scope, b.Scope) })
		same(t, "ItemScan", scanned(t, 5, func(last *store.OwnedItem) ([]store.OwnedItem, error) {
			after := store.ItemPlace{}
			if last != nil {
				after = store.ItemPlace{Customer: last.Seq, Kind: last.Kind, ID: last.ID}
			}
			return e.ItemScan(e.ctx, e.app, after, 5)
		}), items)
		same(t, "HistoryScan", scanned(t, 4, func(last *store.HistoryRow) ([]store.HistoryRow, error) {
			after := store.HistoryPlace{}
			if last != nil {
				after = store.HistoryPlace{Customer: last.Customer, At: last.At}
			}
			return e.HistoryScan(e.ctx, e.app, after, 4)
		}), states)
		same(t, "IdempotencyScan", scanned(t, 2, func(last *store.IdempotencyRow) ([]store.IdempotencyRow, error) {
			if last != nil {
				return e.IdempotencyScan(e.ctx, e.app, last.Scope, 2)
			}
			return e.IdempotencyScan(e.ctx, e.app, nil, 2)
		}), kept)
	})
}

// scanned gives all rows of a table that is read so many at a time.
func scanned[T any](t *testing.T, limit int, read func(last *T) ([]T, error)) (all []T) {
	t.Helper()
	var last *T
	for {
		rows, err := read(last)
		noError(t, "a scan", err)
		all = append(all, rows...)
		if len(rows) < limit {
			return all
		}
		last = &rows[len(rows)-1]
	}
}
