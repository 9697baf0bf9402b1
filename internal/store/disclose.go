package store

import (
	"context"

	"custodex.dev/internal/id"
)

// CustomerRef names a customer by its id or, if that is zero, by its sequence number.
type CustomerRef struct {
	ID  id.Customer
	Seq int64
}

// Recorder is what Disclose needs of a store.
type Recorder interface {
	CustomerGet(ctx context.Context, app id.App, c id.Customer) (CustomerRow, error)
	CustomerGetBySeq(ctx context.Context, app id.App, seq int64) (CustomerRow, error)
	Record(ctx context.Context, app id.App, entries ...AuditRow) error
}

// Disclose does what a store's method of that name does by a read and a record, one after the other.
func Disclose(ctx context.Context, s Recorder, app id.App, ref CustomerRef, use func(*CustomerRow) (AuditRow, error)) error {
	row, err := ref.Get(ctx, s, app)
	if err != nil {
		return err
	}
	entry, err := use(&row)
	if err != nil {
		return err
	}
	return s.Record(ctx, app, entry)
}

// Get reads the customer.
func (r CustomerRef) Get(ctx context.Context, s Recorder, app id.App) (CustomerRow, error) {
	if r.ID.IsZero() {
		return s.CustomerGetBySeq(ctx, app, r.Seq)
	}
	return s.CustomerGet(ctx, app, r.ID)
}
