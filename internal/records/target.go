package records

import (
	"context"
	"encoding/binary"
	"strconv"
	"time"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/customerrow"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// Target names the customer of a use case: by id, or by number as Xtrakit does. It may ask
// for a state that the customer must be in.
type Target struct {
	id  id.Customer
	seq int64
	in  func(customer.Revision) error // nil: any state
	at  time.Time                     // zero: as it is now
}

// ByID is the customer with this id.
func ByID(c id.Customer) Target { return Target{id: c} }

// BySeq is the customer with this number.
func BySeq(n int64) Target { return Target{seq: n} }

// In is the same customer, if check has nothing against its revision. A change checks in its own
// transaction, so of several that ask for one revision at most one is made. If check returns an
// error, the use case fails with it, and neither shows nor changes anything. A nil check asks for nothing.
func (t Target) In(check func(customer.Revision) error) Target {
	t.in = check
	return t
}

// AsOf is the same customer as it was at a time, for use cases that read one customer. They need
// the scope of its history then.
func (t Target) AsOf(at time.Time) Target {
	t.at = at
	return t
}

func (t Target) ref() store.CustomerRef { return store.CustomerRef{ID: t.id, Seq: t.seq} }

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

// rowForChange reads the target's row in the transaction that changes it.
func (o *operation) rowForChange(tx store.Tx, t Target) (row store.CustomerRow, err error) {
	if t.id.IsZero() {
		row, err = tx.CustomerGetBySeq(t.seq)
	} else {
		row, err = tx.CustomerGet(t.id)
	}
	return o.inState(row, err, t)
}

// readRow reads the target's row.
func (o *operation) readRow(ctx context.Context, t Target) (row store.CustomerRow, err error) {
	row, err = t.ref().Get(ctx, o.s.store, o.caller.App)
	return o.inState(row, err, t)
}

// inState is a row that was read for the target, if it is in the state that the target must be in.
func (o *operation) inState(row store.CustomerRow, err error, t Target) (store.CustomerRow, error) {
	if err == nil && t.in != nil {
		err = t.in(o.revision(&row))
	}
	if err != nil {
		return store.CustomerRow{}, err
	}
	return row, nil
}

// revision hashes all that is stored of a customer and can be shown. Ciphertexts never
// repeat, so that a state which the database lost in a failover does not look like the one
// which took its place, whatever the versions are.
func (o *operation) revision(row *store.CustomerRow) customer.Revision {
	clear := make([]byte, 0, 64)
	for _, n := range [...]int64{row.Version, int64(row.Status), int64(row.Type), customerrow.Group(row), row.CreatedAt, row.UpdatedAt} {
		clear = binary.AppendVarint(clear, n)
	}
	return customer.Revision(o.key.ReplayHash("revision", row.ID.String(), string(clear), string(row.Sealed)))
}
