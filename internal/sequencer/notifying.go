package sequencer

import (
	"context"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// Notifying gives st as use cases must have it: the sequencer learns of each write.
func (s *Sequencer) Notifying(st store.Store) store.Store { return notifyingStore{st, s} }

// notifyingStore notifies after failures too, because a failed write may have been
// applied.
type notifyingStore struct {
	store.Store
	sequencer *Sequencer
}

func (n notifyingStore) Update(ctx context.Context, app id.App, fn func(tx store.Tx) error) error {
	err := n.Store.Update(ctx, app, fn)
	n.sequencer.Notify(app)
	return err
}

func (n notifyingStore) Disclose(ctx context.Context, app id.App, ref store.CustomerRef, use func(*store.CustomerRow) (store.AuditRow, error)) error {
	err := n.Store.Disclose(ctx, app, ref, use)
	n.sequencer.Notify(app)
	return err
}

func (n notifyingStore) Record(ctx context.Context, app id.App, entries ...store.AuditRow) error {
	err := n.Store.Record(ctx, app, entries...)
	n.sequencer.Notify(app)
	return err
}
