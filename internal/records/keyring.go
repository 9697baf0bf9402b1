package records

import (
	"context"
	"sync"

	"custodex.dev/internal/id"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
)

// keyring holds the open keys of applications. An application's key is unwrapped
// once a process.
type keyring struct {
	store  store.AppReader
	source seal.KeySource
	open   sync.Map // id.App -> openApp
}

type openApp struct {
	key  *seal.App
	name string
}

func (k *keyring) get(ctx context.Context, app id.App) (openApp, error) {
	if v, ok := k.open.Load(app); ok {
		return v.(openApp), nil
	}
	row, err := k.store.AppGet(ctx, app)
	if err != nil {
		return openApp{}, err
	}
	raw, err := k.source.Unwrap(ctx, app, row.Key)
	if err != nil {
		return openApp{}, err
	}
	key, err := seal.OpenApp(app, raw)
	if err != nil {
		return openApp{}, err
	}
	v, _ := k.open.LoadOrStore(app, openApp{key, row.Name})
	return v.(openApp), nil
}
