package records

import (
	"context"
	"errors"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/customerrow"
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

// GetOrCreateCustomer makes a customer unless another of the application has the
// e-mail address, which must be given. It then answers with that customer and leaves
// it as it is. It is atomic: of any number of callers exactly one creates. Faults: as
// for CreateCustomer, but never email_taken.
func (s *Service) GetOrCreateCustomer(ctx context.Context, caller tenant.Caller, w Write, encode func(c *customer.Customer, created bool) []byte) (Reply, error) {
	o, err := s.authorize(ctx, caller, authz.CustomerGetOrCreate)
	if err != nil {
		return Reply{}, err
	}
	w.Input.Rules.Required = []string{customer.PathGiven, customer.PathFamily, customer.PathEmail, customer.PathPhone}
	w.Encode = func(c *customer.Customer) []byte { return encode(c, true) }
	return o.create(ctx, w, func(c *customer.Customer) []byte { return encode(c, false) })
}

// create validates the input and makes a customer. If existing is not nil and a
// customer has the e-mail address, the answer is that customer, rendered by existing.
func (o *operation) create(ctx context.Context, w Write, existing func(*customer.Customer) []byte) (Reply, error) {
	change, problems := w.Input.Create()
	if len(problems) > 0 {
		return Reply{}, fault.Validation(problems...)
	}
	c := customer.Customer{ID: id.NewCustomer(), CreatedAt: o.s.now()}
	c.UpdatedAt = c.CreatedAt
	fields := change.Apply(&c)
	key, wrapped := o.key.NewCustomer(c.ID)
	row := customerrow.Encrypt(o.key, key, &c)
	row.Key = wrapped
	entry := o.entry(audit.Done, []id.Customer{c.ID}, fields...)
	idem := o.idempotency(w.IdempotencyKey, "", change.AppendBinary(nil))

	return o.write(ctx, Target{}, idem, func(tx store.Tx) (answer, audit.Entry, error) {
		if err := groupExists(tx, change); err != nil {
			return answer{}, audit.Entry{}, err
		}
		if existing != nil {
			found, entry, err := o.existing(ctx, tx, row.EmailHash, existing)
			if !errors.Is(err, fault.NotFound) {
				return found, entry, err
			}
		}
		seq, version, err := tx.CustomerNext()
		if err != nil {
			return answer{}, audit.Entry{}, err
		}
		customerrow.Number(o.key, &row, seq, version)
		if c.Seq, err = tx.CustomerInsert(row); err != nil {
			return answer{}, audit.Entry{}, err
		}
		return answer{Reply{Customer: c.ID, Body: w.Encode(&c)}, key.SealReply}, entry, nil
	})
}

// existing answers with the customer that has the address, or fails with
// fault.NotFound if none has.
func (o *operation) existing(ctx context.Context, tx store.Tx, hash []byte, encode func(*customer.Customer) []byte) (answer, audit.Entry, error) {
	row, err := tx.CustomerGetByEmail(hash)
	if err != nil {
		return answer{}, audit.Entry{}, err
	}
	c, key, err := o.open(ctx, &row)
	if err != nil {
		return answer{}, audit.Entry{}, err
	}
	entry := o.entry(audit.Done, []id.Customer{c.ID})
	entry.Code = "existed"
	return answer{Reply{Customer: c.ID, Body: encode(&c), Existed: true}, key.SealReply}, entry, nil
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
