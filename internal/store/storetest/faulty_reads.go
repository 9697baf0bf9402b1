package storetest

import (
	"context"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// The reads of Faulty. For a read, Fail and Apply differ only in whether the store
// was asked.

// AppGet is the store's, unless it is spoiled.
func (f *Faulty) AppGet(ctx context.Context, app id.App) (store.AppRow, error) {
	return spoil(f, "AppGet", func() (store.AppRow, error) { return f.Store.AppGet(ctx, app) })
}

// AppList is the store's, unless it is spoiled.
func (f *Faulty) AppList(ctx context.Context, after id.App, limit int) ([]store.AppRow, error) {
	return spoil(f, "AppList", func() ([]store.AppRow, error) { return f.Store.AppList(ctx, after, limit) })
}

// CredentialByKey is the store's, unless it is spoiled.
func (f *Faulty) CredentialByKey(ctx context.Context, app id.App, publicKey string) (store.CredentialRow, error) {
	return spoil(f, "CredentialByKey", func() (store.CredentialRow, error) {
		return f.Store.CredentialByKey(ctx, app, publicKey)
	})
}

// CredentialGet is the store's, unless it is spoiled.
func (f *Faulty) CredentialGet(ctx context.Context, app id.App, c id.Credential) (store.CredentialRow, error) {
	return spoil(f, "CredentialGet", func() (store.CredentialRow, error) { return f.Store.CredentialGet(ctx, app, c) })
}

// CredentialList is the store's, unless it is spoiled.
func (f *Faulty) CredentialList(ctx context.Context, app id.App) ([]store.CredentialRow, error) {
	return spoil(f, "CredentialList", func() ([]store.CredentialRow, error) { return f.Store.CredentialList(ctx, app) })
}

// Head is the store's, unless it is spoiled.
func (f *Faulty) Head(ctx context.Context, app id.App) (store.Head, error) {
	return spoil(f, "Head", func() (store.Head, error) { return f.Store.Head(ctx, app) })
}

// CustomerGet is the store's, unless it is spoiled.
func (f *Faulty) CustomerGet(ctx context.Context, app id.App, c id.Customer) (store.CustomerRow, error) {
	return spoil(f, "CustomerGet", func() (store.CustomerRow, error) { return f.Store.CustomerGet(ctx, app, c) })
}

// CustomerGetBySeq is the store's, unless it is spoiled.
func (f *Faulty) CustomerGetBySeq(ctx context.Context, app id.App, seq int64) (store.CustomerRow, error) {
	return spoil(f, "CustomerGetBySeq", func() (store.CustomerRow, error) { return f.Store.CustomerGetBySeq(ctx, app, seq) })
}

// CustomerElsewhere is the store's, unless it is spoiled.
func (f *Faulty) CustomerElsewhere(ctx context.Context, app id.App, c id.Customer) (bool, error) {
	return spoil(f, "CustomerElsewhere", func() (bool, error) { return f.Store.CustomerElsewhere(ctx, app, c) })
}

// CustomerList is the store's, unless it is spoiled.
func (f *Faulty) CustomerList(ctx context.Context, app id.App, list store.CustomerList) ([]store.CustomerRow, error) {
	return spoil(f, "CustomerList", func() ([]store.CustomerRow, error) { return f.Store.CustomerList(ctx, app, list) })
}

// CustomerBySeq is the store's, unless it is spoiled.
func (f *Faulty) CustomerBySeq(ctx context.Context, app id.App, seqs []int64) ([]store.CustomerRow, error) {
	return spoil(f, "CustomerBySeq", func() ([]store.CustomerRow, error) { return f.Store.CustomerBySeq(ctx, app, seqs) })
}

// CustomerScan is the store's, unless it is spoiled.
func (f *Faulty) CustomerScan(ctx context.Context, app id.App, from, to int64, fn func(*store.CustomerRow) error) error {
	return spoilDo(f, "CustomerScan", func() error { return f.Store.CustomerScan(ctx, app, from, to, fn) })
}

// CustomerChanges is the store's, unless it is spoiled.
func (f *Faulty) CustomerChanges(ctx context.Context, app id.App, after store.ChangePoint, limit int) ([]store.CustomerRow, error) {
	return spoil(f, "CustomerChanges", func() ([]store.CustomerRow, error) {
		return f.Store.CustomerChanges(ctx, app, after, limit)
	})
}

// CustomerRange is the store's, unless it is spoiled.
func (f *Faulty) CustomerRange(ctx context.Context, app id.App) (store.CustomerRange, error) {
	return spoil(f, "CustomerRange", func() (store.CustomerRange, error) { return f.Store.CustomerRange(ctx, app) })
}

// GroupGet is the store's, unless it is spoiled.
func (f *Faulty) GroupGet(ctx context.Context, app id.App, seq int64) (store.GroupRow, error) {
	return spoil(f, "GroupGet", func() (store.GroupRow, error) { return f.Store.GroupGet(ctx, app, seq) })
}

// GroupList is the store's, unless it is spoiled.
func (f *Faulty) GroupList(ctx context.Context, app id.App, list store.GroupList) ([]store.GroupRow, error) {
	return spoil(f, "GroupList", func() ([]store.GroupRow, error) { return f.Store.GroupList(ctx, app, list) })
}

// GroupCount is the store's, unless it is spoiled.
func (f *Faulty) GroupCount(ctx context.Context, app id.App, from, to int64) (int, error) {
	return spoil(f, "GroupCount", func() (int, error) { return f.Store.GroupCount(ctx, app, from, to) })
}

// ItemGet is the store's, unless it is spoiled.
func (f *Faulty) ItemGet(ctx context.Context, app id.App, c id.Customer, kind store.ItemKind, item id.Item) (store.ItemRow, error) {
	return spoil(f, "ItemGet", func() (store.ItemRow, error) { return f.Store.ItemGet(ctx, app, c, kind, item) })
}

// ItemList is the store's, unless it is spoiled.
func (f *Faulty) ItemList(ctx context.Context, app id.App, c id.Customer, list store.ItemList) ([]store.ItemRow, error) {
	return spoil(f, "ItemList", func() ([]store.ItemRow, error) { return f.Store.ItemList(ctx, app, c, list) })
}

// ItemCount is the store's, unless it is spoiled.
func (f *Faulty) ItemCount(ctx context.Context, app id.App, c id.Customer, kind store.ItemKind) (int, error) {
	return spoil(f, "ItemCount", func() (int, error) { return f.Store.ItemCount(ctx, app, c, kind) })
}

// AuditList is the store's, unless it is spoiled.
func (f *Faulty) AuditList(ctx context.Context, app id.App, list store.AuditList, limit int) ([]store.AuditRow, error) {
	return spoil(f, "AuditList", func() ([]store.AuditRow, error) { return f.Store.AuditList(ctx, app, list, limit) })
}

// AuditRange is the store's, unless it is spoiled.
func (f *Faulty) AuditRange(ctx context.Context, app id.App, from int64, limit int) ([]store.AuditRow, error) {
	return spoil(f, "AuditRange", func() ([]store.AuditRow, error) { return f.Store.AuditRange(ctx, app, from, limit) })
}

// TreeGet is the store's, unless it is spoiled.
func (f *Faulty) TreeGet(ctx context.Context, app id.App) (store.TreeRow, error) {
	return spoil(f, "TreeGet", func() (store.TreeRow, error) { return f.Store.TreeGet(ctx, app) })
}

// TileGet is the store's, unless it is spoiled.
func (f *Faulty) TileGet(ctx context.Context, app id.App, tiles []store.TileID) ([]store.TileRow, error) {
	return spoil(f, "TileGet", func() ([]store.TileRow, error) { return f.Store.TileGet(ctx, app, tiles) })
}
