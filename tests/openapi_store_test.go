package tests

import (
	"context"
	"errors"
	"sync/atomic"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// breakable is a store that fails when it is told to, with what it is told.
type breakable struct {
	store.Store
	failure atomic.Pointer[failure]
}

type failure struct {
	err error
	log bool // the audit log works all the same
}

func (b *breakable) err() error {
	if f := b.failure.Load(); f != nil {
		return f.err
	}
	return nil
}

// do runs fn with the store broken.
func (b *breakable) do(f failure, fn func()) {
	b.failure.Store(&f)
	defer b.failure.Store(nil)
	fn()
}

func (b *breakable) Update(ctx context.Context, app id.App, fn func(store.Tx) error) error {
	if err := b.err(); err != nil {
		return err
	}
	return b.Store.Update(ctx, app, fn)
}

func (b *breakable) Record(ctx context.Context, app id.App, entries ...store.AuditRow) error {
	if f := b.failure.Load(); f != nil && !f.log {
		return f.err
	}
	return b.Store.Record(ctx, app, entries...)
}

func (b *breakable) CustomerGet(ctx context.Context, app id.App, c id.Customer) (store.CustomerRow, error) {
	if err := b.err(); err != nil {
		return store.CustomerRow{}, err
	}
	return b.Store.CustomerGet(ctx, app, c)
}

func (b *breakable) CustomerGetBySeq(ctx context.Context, app id.App, seq int64) (store.CustomerRow, error) {
	if err := b.err(); err != nil {
		return store.CustomerRow{}, err
	}
	return b.Store.CustomerGetBySeq(ctx, app, seq)
}

func (b *breakable) CredentialByKey(ctx context.Context, app id.App, key string) (store.CredentialRow, error) {
	if err := b.err(); err != nil {
		return store.CredentialRow{}, err
	}
	return b.Store.CredentialByKey(ctx, app, key)
}

func (b *breakable) CustomerList(ctx context.Context, app id.App, list store.CustomerList) ([]store.CustomerRow, error) {
	if err := b.err(); err != nil {
		return nil, err
	}
	return b.Store.CustomerList(ctx, app, list)
}

func (b *breakable) GroupGet(ctx context.Context, app id.App, seq int64) (store.GroupRow, error) {
	if err := b.err(); err != nil {
		return store.GroupRow{}, err
	}
	return b.Store.GroupGet(ctx, app, seq)
}

func (b *breakable) GroupList(ctx context.Context, app id.App, list store.GroupList) ([]store.GroupRow, error) {
	if err := b.err(); err != nil {
		return nil, err
	}
	return b.Store.GroupList(ctx, app, list)
}

func (b *breakable) AppGet(ctx context.Context, app id.App) (store.AppRow, error) {
	if err := b.err(); err != nil {
		return store.AppRow{}, err
	}
	return b.Store.AppGet(ctx, app)
}

func (b *breakable) AppList(ctx context.Context, after id.App, limit int) ([]store.AppRow, error) {
	if err := b.err(); err != nil {
		return nil, err
	}
	return b.Store.AppList(ctx, after, limit)
}

func (b *breakable) CredentialList(ctx context.Context, app id.App) ([]store.CredentialRow, error) {
	if err := b.err(); err != nil {
		return nil, err
	}
	return b.Store.CredentialList(ctx, app)
}

func (b *breakable) AuditList(ctx context.Context, app id.App, list store.AuditList, limit int) ([]store.AuditRow, error) {
	if err := b.err(); err != nil {
		return nil, err
	}
	return b.Store.AuditList(ctx, app, list, limit)
}

func (b *breakable) TreeGet(ctx context.Context, app id.App) (store.TreeRow, error) {
	if err := b.err(); err != nil {
		return store.TreeRow{}, err
	}
	return b.Store.TreeGet(ctx, app)
}

func (b *breakable) Ping(ctx context.Context) error {
	if err := b.err(); errors.Is(err, fault.Unavailable) {
		return err
	}
	return b.Store.Ping(ctx)
}
