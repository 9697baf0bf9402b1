package feed

import (
	"context"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// Notifying gives st as use cases must have it: those who wait learn of each change.
func (f *Feed) Notifying(st store.Store) store.Store { return notifyingStore{st, f} }

type notifyingStore struct {
	store.Store
	feed *Feed
}

// Update notifies after failures too, because a failed one may have been applied.
func (n notifyingStore) Update(ctx context.Context, app id.App, fn func(tx store.Tx) error) error {
	defer n.feed.Notify(app)
	return n.Store.Update(ctx, app, fn)
}
