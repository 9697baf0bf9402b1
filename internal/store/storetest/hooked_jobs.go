package storetest

import (
	"context"
	"time"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

func (w *wrapped) JobApps(ctx context.Context, limit int) ([]id.App, error) {
	return get(ctx, w.hooks.Load(), "JobApps", "", func() ([]id.App, error) { return w.Store.JobApps(ctx, limit) })
}

func (w *wrapped) JobGet(ctx context.Context, app id.App, job id.Job) (store.JobRow, error) {
	return get(ctx, w.hooks.Load(), "JobGet", app, func() (store.JobRow, error) { return w.Store.JobGet(ctx, app, job) })
}

func (w *wrapped) JobList(ctx context.Context, app id.App, limit int) ([]store.JobRow, error) {
	return get(ctx, w.hooks.Load(), "JobList", app, func() ([]store.JobRow, error) { return w.Store.JobList(ctx, app, limit) })
}

func (t *wrappedTx) JobCount() (int, error) {
	return get(t.ctx, t.hooks, "Tx.JobCount", t.app, t.Tx.JobCount)
}

func (t *wrappedTx) JobGet(job id.Job) (store.JobRow, error) {
	return get(t.ctx, t.hooks, "Tx.JobGet", t.app, func() (store.JobRow, error) { return t.Tx.JobGet(job) })
}

func (t *wrappedTx) JobInsert(row store.JobRow) error {
	return run(t.ctx, t.hooks, "Tx.JobInsert", t.app, func() error { return t.Tx.JobInsert(row) })
}

func (t *wrappedTx) JobPrune(keep int) error {
	return run(t.ctx, t.hooks, "Tx.JobPrune", t.app, func() error { return t.Tx.JobPrune(keep) })
}

func (t *wrappedTx) JobUpdate(row store.JobRow, lease time.Duration) error {
	return run(t.ctx, t.hooks, "Tx.JobUpdate", t.app, func() error { return t.Tx.JobUpdate(row, lease) })
}
