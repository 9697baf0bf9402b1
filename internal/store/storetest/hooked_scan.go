package storetest

import (
	"context"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

func (w *wrapped) HistoryScan(ctx context.Context, app id.App, after store.HistoryPlace, limit int) ([]store.HistoryRow, error) {
	return get(ctx, w.hooks.Load(), "HistoryScan", app, func() ([]store.HistoryRow, error) {
		return w.Store.HistoryScan(ctx, app, after, limit)
	})
}

func (w *wrapped) IdempotencyScan(ctx context.Context, app id.App, after []byte, limit int) ([]store.IdempotencyRow, error) {
	return get(ctx, w.hooks.Load(), "IdempotencyScan", app, func() ([]store.IdempotencyRow, error) {
		return w.Store.IdempotencyScan(ctx, app, after, limit)
	})
}

func (w *wrapped) ItemScan(ctx context.Context, app id.App, after store.ItemPlace, limit int) ([]store.OwnedItem, error) {
	return get(ctx, w.hooks.Load(), "ItemScan", app, func() ([]store.OwnedItem, error) {
		return w.Store.ItemScan(ctx, app, after, limit)
	})
}

func (w *wrapped) NumbersGiven(ctx context.Context, app id.App) (store.Numbers, error) {
	return get(ctx, w.hooks.Load(), "NumbersGiven", app, func() (store.Numbers, error) {
		return w.Store.NumbersGiven(ctx, app)
	})
}
