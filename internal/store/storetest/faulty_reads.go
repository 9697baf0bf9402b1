package storetest

import (
	"context"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// The reads of Faulty. For a read, Fail and Apply differ only in whether the store
// was asked.

func (f *Faulty) AppGet(ctx context.Context, app id.App) (store.AppRow, error) {
	return spoil(f, "AppGet", func() (store.AppRow, error) { return f.Store.AppGet(ctx, app) })
}

func (f *Faulty) AppList(ctx context.Context, after id.App, limit int) ([]store.AppRow, error) {
	return spoil(f, "AppList", func() ([]store.AppRow, error) { return f.Store.AppList(ctx, after, limit) })
}

func (f *Faulty) CredentialByKey(ctx context.Context, app id.App, publicKey string) (store.CredentialRow, error) {
	return spoil(f, "CredentialByKey", func() (store.CredentialRow, error) {
		return f.Store.CredentialByKey(ctx, app, publicKey)
	})
}

func (f *Faulty) CredentialGet(ctx context.Context, app id.App, c id.Credential) (store.CredentialRow, error) {
	return spoil(f, "CredentialGet", func() (store.CredentialRow, error) { return f.Store.CredentialGet(ctx, app, c) })
}

func (f *Faulty) CredentialList(ctx context.Context, app id.App) ([]store.CredentialRow, error) {
	return spoil(f, "CredentialList", func() ([]store.CredentialRow, error) { return f.Store.CredentialList(ctx, app) })
}

func (f *Faulty) Head(ctx context.Context, app id.App) (store.Head, error) {
	return spoil(f, "Head", func() (store.Head, error) { return f.Store.Head(ctx, app) })
}

func (f *Faulty) CustomerGet(ctx context.Context, app id.App, c id.Customer) (store.CustomerRow, error) {
	return spoil(f, "CustomerGet", func() (store.CustomerRow, error) { return f.Store.CustomerGet(ctx, app, c) })
}

func (f *Faulty) CustomerElsewhere(ctx context.Context, app id.App, c id.Customer) (bool, error) {
	return spoil(f, "CustomerElsewhere", func() (bool, error) { return f.Store.CustomerElsewhere(ctx, app, c) })
}

func (f *Faulty) CustomerList(ctx context.Context, app id.App, list store.CustomerList) ([]store.CustomerRow, error) {
	return spoil(f, "CustomerList", func() ([]store.CustomerRow, error) { return f.Store.CustomerList(ctx, app, list) })
}

func (f *Faulty) CustomerBySeq(ctx context.Context, app id.App, seqs []int64) ([]store.CustomerRow, error) {
	return spoil(f, "CustomerBySeq", func() ([]store.CustomerRow, error) { return f.Store.CustomerBySeq(ctx, app, seqs) })
}

func (f *Faulty) CustomerScan(ctx context.Context, app id.App, from, to int64, fn func(*store.CustomerRow) error) error {
	return spoilDo(f, "CustomerScan", func() error { return f.Store.CustomerScan(ctx, app, from, to, fn) })
}

func (f *Faulty) CustomerChanges(ctx context.Context, app id.App, after store.ChangePoint, limit int) ([]store.CustomerRow, error) {
	return spoil(f, "CustomerChanges", func() ([]store.CustomerRow, error) {
		return f.Store.CustomerChanges(ctx, app, after, limit)
	})
}

func (f *Faulty) CustomerRange(ctx context.Context, app id.App) (store.CustomerRange, error) {
	return spoil(f, "CustomerRange", func() (store.CustomerRange, error) { return f.Store.CustomerRange(ctx, app) })
}

func (f *Faulty) AuditList(ctx context.Context, app id.App, list store.AuditList, limit int) ([]store.AuditRow, error) {
	return spoil(f, "AuditList", func() ([]store.AuditRow, error) { return f.Store.AuditList(ctx, app, list, limit) })
}

func (f *Faulty) AuditRange(ctx context.Context, app id.App, from int64, limit int) ([]store.AuditRow, error) {
	return spoil(f, "AuditRange", func() ([]store.AuditRow, error) { return f.Store.AuditRange(ctx, app, from, limit) })
}

func (f *Faulty) TreeGet(ctx context.Context, app id.App) (store.TreeRow, error) {
	return spoil(f, "TreeGet", func() (store.TreeRow, error) { return f.Store.TreeGet(ctx, app) })
}

func (f *Faulty) TileGet(ctx context.Context, app id.App, tiles []store.TileID) ([]store.TileRow, error) {
	return spoil(f, "TileGet", func() ([]store.TileRow, error) { return f.Store.TileGet(ctx, app, tiles) })
}
