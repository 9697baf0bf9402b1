package records

import (
	"context"
	"errors"
	"strconv"
	"time"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
)

// Write is a create or update request.
type Write struct {
	Input customer.Input

	// IdempotencyKey makes retries safe: the same key with the same request gets
	// the first answer again, byte for byte. "" is no key. It is bound to the
	// application, the dialect, the action and its target.
	IdempotencyKey string

	// Encode renders the answer. It must be pure; it runs inside the transaction.
	Encode func(*customer.Customer) []byte

	// Shown gives a customer as a request that sends back all that this API shows of it. An
	// update takes members that are equal to it as not sent. nil: none are.
	Shown func(*customer.Customer) customer.Input
}

// Reply is the answer to a Write.
type Reply struct {
	Customer id.Customer
	Body     []byte // what Encode made, now or when the key was first used
	Existed  bool   // GetOrCreateCustomer found the customer and did not make it
	Replayed bool
}

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

// CreateCustomer makes a customer. Faults: Invalid with Fields, Forbidden,
// Conflict (email_taken, idempotency_key_reused, idempotency_key_in_progress),
// NotFound if the key's customer has been erased since, Unavailable.
func (s *Service) CreateCustomer(ctx context.Context, caller tenant.Caller, w Write) (Reply, error) {
	o, err := s.authorize(ctx, caller, authz.CustomerCreate)
	if err != nil {
		return Reply{}, err
	}
	return o.create(ctx, w, nil)
}

// GetOrCreateCustomer makes a customer unless one of the application has the
// e-mail address, which must be given; that one it leaves as it is and answers
// with. It is atomic: of any number of callers one creates. Faults: as for
// CreateCustomer, but never email_taken.
func (s *Service) GetOrCreateCustomer(ctx context.Context, caller tenant.Caller, w Write, encode func(c *customer.Customer, created bool) []byte) (Reply, error) {
	o, err := s.authorize(ctx, caller, authz.CustomerGetOrCreate)
	if err != nil {
		return Reply{}, err
	}
	w.Input.Rules.Required = []string{customer.PathGiven, customer.PathFamily, customer.PathEmail, customer.PathPhone}
	w.Encode = func(c *customer.Customer) []byte { return encode(c, true) }
	return o.create(ctx, w, func(c *customer.Customer) []byte { return encode(c, false) })
}

// create makes a customer of validated input. With existing not nil, a customer that has the address
// already is the answer, as existing renders it.
func (o *operation) create(ctx context.Context, w Write, existing func(*customer.Customer) []byte) (Reply, error) {
	change, problems := w.Input.Create()
	if len(problems) > 0 {
		return Reply{}, fault.Validation(problems...)
	}
	c := customer.Customer{ID: id.NewCustomer(), CreatedAt: o.s.now()}
	c.UpdatedAt = c.CreatedAt
	fields := change.Apply(&c)
	key, wrapped := o.key.NewCustomer(c.ID)
	row := rowOf(o.key, key, &c)
	row.Key = wrapped
	entry := o.row(o.entry(audit.Done, []id.Customer{c.ID}, fields...))
	idem := o.idempotency(w.IdempotencyKey, "", change.AppendBinary(nil))

	return o.write(ctx, Target{}, idem, func(tx store.Tx) (answer, store.AuditRow, error) {
		if err := groupExists(tx, change); err != nil {
			return answer{}, store.AuditRow{}, err
		}
		if existing != nil {
			found, entry, err := o.existing(ctx, tx, row.EmailHash, existing)
			if !errors.Is(err, fault.NotFound) {
				return found, entry, err
			}
		}
		var err error
		if c.Seq, err = tx.CustomerInsert(row); err != nil {
			return answer{}, store.AuditRow{}, err
		}
		return answer{Reply{Customer: c.ID, Body: w.Encode(&c)}, key.SealReply}, entry, nil
	})
}

// existing answers with the customer that has the address, or fails with
// fault.NotFound if none has.
func (o *operation) existing(ctx context.Context, tx store.Tx, hash []byte, encode func(*customer.Customer) []byte) (answer, store.AuditRow, error) {
	row, err := tx.CustomerGetByEmail(hash)
	if err != nil {
		return answer{}, store.AuditRow{}, err
	}
	c, key, err := o.open(ctx, &row)
	if err != nil {
		return answer{}, store.AuditRow{}, err
	}
	entry := o.entry(audit.Done, []id.Customer{c.ID})
	entry.Code = "existed"
	return answer{Reply{Customer: c.ID, Body: encode(&c), Existed: true}, key.SealReply}, o.row(entry), nil
}

// groupExists refuses a change that puts the customer into a group that the
// application does not have.
func groupExists(tx store.Tx, change customer.Change) error {
	if change.Group == nil || *change.Group == 0 {
		return nil
	}
	_, err := tx.GroupGet(*change.Group)
	if errors.Is(err, fault.NotFound) {
		return fault.Validation(fault.Field{Path: customer.PathGroup, Code: customer.CodeNotFound, Message: "group does not exist"})
	}
	return err
}

// UpdateCustomer changes the fields that were sent and answers with the whole
// customer. A request that changes nothing leaves UpdatedAt alone. Faults: as for
// CreateCustomer, and NotFound, and Forbidden with code other_application.
func (s *Service) UpdateCustomer(ctx context.Context, caller tenant.Caller, target Target, w Write) (Reply, error) {
	o, err := s.authorize(ctx, caller, authz.CustomerUpdate, target.ids()...)
	if err != nil {
		return Reply{}, err
	}
	return o.change(ctx, target, w)
}

// change makes the change that a request asks for.
func (o *operation) change(ctx context.Context, target Target, w Write) (Reply, error) {
	change, problems := w.Input.Update()
	invalid := fault.Validation(problems...)
	request := change.AppendBinary(nil)
	if len(problems) > 0 {
		if w.Shown == nil {
			return Reply{}, invalid
		}
		// Whether the request can work depends on the customer: a value that would be refused
		// may be the one that is shown.
		request = w.Input.AppendBinary([]byte("sent "))
	}
	decide := func(c *customer.Customer) (customer.Change, error) {
		if w.Shown == nil {
			return change, nil
		}
		revised, problems := w.Input.Keep(w.Shown(c)).Update()
		if len(problems) > 0 {
			return revised, fault.Validation(problems...)
		}
		return revised, nil
	}
	idem := o.idempotency(w.IdempotencyKey, target.String(), request)
	reply, err := o.apply(ctx, target, idem, w.Encode, decide)
	if len(problems) > 0 && errors.Is(err, fault.NotFound) {
		return Reply{}, invalid
	}
	return reply, err
}

// apply makes the change that decide wants of the customer as it is.
func (o *operation) apply(ctx context.Context, target Target, idem *idempotency, encode func(*customer.Customer) []byte,
	decide func(*customer.Customer) (customer.Change, error),
) (Reply, error) {
	return o.write(ctx, target, idem, func(tx store.Tx) (answer, store.AuditRow, error) {
		row, err := target.in(tx)
		if err != nil {
			return answer{}, store.AuditRow{}, err
		}
		o.disclosed = true
		c, key, err := o.open(ctx, &row)
		if err != nil {
			return answer{}, store.AuditRow{}, err
		}
		change, err := decide(&c)
		if err != nil {
			return answer{}, store.AuditRow{}, err
		}
		if err := groupExists(tx, change); err != nil {
			return answer{}, store.AuditRow{}, err
		}
		fields := change.Apply(&c)
		if len(fields) > 0 {
			c.UpdatedAt = nextUpdatedAt(o.s.now(), c.UpdatedAt)
			if err := tx.CustomerUpdate(rowOf(o.key, key, &c)); err != nil {
				return answer{}, store.AuditRow{}, err
			}
		}
		entry := o.entry(audit.Done, []id.Customer{c.ID}, fields...)
		return answer{Reply{Customer: c.ID, Body: encode(&c)}, key.SealReply}, o.row(entry), nil
	})
}

// nextUpdatedAt gives now, or the least time after before that can be told from it: a
// clock that was set back must not make a change look older than the last.
func nextUpdatedAt(now, before time.Time) time.Time {
	if now.After(before) {
		return now
	}
	return before.Add(time.Millisecond)
}

// DeleteCustomer removes a customer for good: its record, key, addresses and
// transactions. The e-mail address is free again. It opens nothing, so it removes a
// customer that is damaged too, and what is left of one whose key is gone. Faults:
// NotFound, Forbidden, Unavailable.
func (s *Service) DeleteCustomer(ctx context.Context, caller tenant.Caller, target Target) error {
	o, err := s.authorize(ctx, caller, authz.CustomerDelete, target.ids()...)
	if err != nil {
		return err
	}
	var row store.CustomerRow
	_, err = o.write(ctx, target, nil, func(tx store.Tx) (answer, store.AuditRow, error) {
		var err error
		if row, err = target.in(tx); err != nil {
			return answer{}, store.AuditRow{}, err
		}
		return answer{}, o.row(o.entry(audit.Done, []id.Customer{row.ID})), tx.CustomerDelete(row.ID)
	})
	if err != nil {
		return err
	}
	s.corrupt.Forget(caller.App, row.Seq)
	return nil
}
