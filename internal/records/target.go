package records

import (
	"context"
	"strconv"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// Target names the customer of a use case: by id, or by number as Xtrakit does.
type Target struct {
	id  id.Customer
	seq int64
}

// ByID is the customer with this id.
func ByID(c id.Customer) Target { return Target{id: c} }

// BySeq is the customer with this number.
func BySeq(n int64) Target { return Target{seq: n} }

// ids is what the audit log can say of the target before it is found.
func (t Target) ids() []id.Customer {
	if t.id.IsZero() {
		return nil
	}
	return []id.Customer{t.id}
}

// String is what an idempotency key is bound to.
func (t Target) String() string {
	if t.id.IsZero() {
		return strconv.FormatInt(t.seq, 10)
	}
	return t.id.String()
}

// in reads the target's row in a transaction.
func (t Target) in(tx store.Tx) (store.CustomerRow, error) {
	if t.id.IsZero() {
		return tx.CustomerGetBySeq(t.seq)
	}
	return tx.CustomerGet(t.id)
}

// from reads the target's row.
func (t Target) from(ctx context.Context, s store.Store, app id.App) (store.CustomerRow, error) {
	if t.id.IsZero() {
		return s.CustomerGetBySeq(ctx, app, t.seq)
	}
	return s.CustomerGet(ctx, app, t.id)
}
