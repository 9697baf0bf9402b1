// Package keyring opens the keys of applications and keeps them open. An
// application's key is unwrapped once a process: unwrapping may ask a key service
// over the network, and a key never changes while the application exists.
//
// A key that could not be opened is not remembered: the next caller tries again.
// The plain keys stay in memory until the process ends. Start from New.
package keyring

import (
	"context"
	"sync"

	"custodex.dev/internal/id"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
)

// Store is what a keyring needs of store.Store.
type Store interface {
	AppGet(ctx context.Context, app id.App) (store.AppRow, error)
}

// Keyring holds the open keys of applications. It is safe for concurrent use.
type Keyring struct {
	store  Store
	source seal.KeySource
	open   sync.Map // id.App -> *seal.App; written once a key, read by every request
}

// New makes a keyring that reads wrapped keys from st and unwraps them with source.
func New(st Store, source seal.KeySource) *Keyring {
	return &Keyring{store: st, source: source}
}

// Key gives the open key of an application. Faults: NotFound if there is no such
// application, Unavailable, and what the key source says.
func (k *Keyring) Key(ctx context.Context, app id.App) (*seal.App, error) {
	if v, ok := k.open.Load(app); ok {
		return v.(*seal.App), nil
	}
	row, err := k.store.AppGet(ctx, app)
	if err != nil {
		return nil, err
	}
	raw, err := k.source.Unwrap(ctx, app, row.Key)
	if err != nil {
		return nil, err
	}
	key, err := seal.OpenApp(app, raw)
	if err != nil {
		return nil, err
	}
	v, _ := k.open.LoadOrStore(app, key)
	return v.(*seal.App), nil
}

// Name gives the name of an application, which may change: it is read each time. Who asks often
// keeps it for as long as an old name may be shown. Faults are those of store.AppGet.
func (k *Keyring) Name(ctx context.Context, app id.App) (string, error) {
	row, err := k.store.AppGet(ctx, app)
	return row.Name, err
}
