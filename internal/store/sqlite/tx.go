package sqlite

import (
	"context"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// tx is one item of a batch. Its methods are with the nouns they are about.
type tx struct {
	batch *batch
	ctx   context.Context // here because the methods of store.Tx take none; never cancelled, as the batch
	app   id.App

	made    *head // of an application that this item inserted
	added   int64 // customers, less those deleted
	numbers int64 // given to customers
	groups  int64 // numbers given to groups
	changed bool  // some customer
	removed *bool // what AppUpdate has made of it; nil: nothing
	entries []store.AuditRow
	events  []store.EventRow

	// failed is the first error of a statement. The item fails with it even if fn
	// does not return it, as it must on PostgreSQL.
	failed error
}

var _ store.Tx = (*tx)(nil)

func (t *tx) exec(query string, args ...any) (int64, error) {
	n, err := t.batch.conn.exec(t.ctx, query, args...)
	t.batch.rows += n
	if err != nil && t.failed == nil {
		t.failed = err
	}
	return n, err
}

func (t *tx) each(query string, args []any, fn func(*rows) error) error {
	return t.batch.conn.each(t.ctx, query, args, fn)
}

// head gives the application's counters; fault.NotFound without the application.
func (t *tx) head() (*head, error) {
	if t.made != nil {
		return t.made, nil
	}
	return t.batch.head(t.ctx, t.app)
}

// finish hands what the item did to its batch.
func (t *tx) finish() error {
	if t.made == nil && !t.changed && t.groups == 0 && t.removed == nil && len(t.entries) == 0 && len(t.events) == 0 {
		return nil
	}
	h, err := t.head()
	if err != nil {
		return err
	}
	if t.made != nil {
		t.batch.heads[t.app] = t.made
	}
	if t.changed {
		h.changed, h.dirty = true, true
		h.Customers += t.added
		h.lastCustomer += t.numbers
	}
	if t.groups > 0 {
		h.lastGroup += t.groups
		h.dirty = true
	}
	if t.removed != nil {
		h.removed = *t.removed
	}
	t.batch.settle(t.app, h, t.entries)
	t.batch.settleEvents(t.app, h, t.events)
	return nil
}
