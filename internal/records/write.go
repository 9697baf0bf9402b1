package records

import (
	"context"
	"errors"
	"time"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/seal"
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
}

// Reply is the answer to a Write.
type Reply struct {
	Customer id.Customer
	Body     []byte // what Encode made, now or when the key was first used
	Replayed bool
}

var (
	errKeyReused = fault.New(fault.Conflict, "idempotency_key_reused",
		"Conflict: Idempotency key already used with different request data")
	errKeyBusy = fault.New(fault.Conflict, "idempotency_key_in_progress",
		"A request with this idempotency key is still in progress").After(time.Second)
)

// CreateCustomer makes a customer. Faults: Invalid with Fields, Forbidden,
// Conflict (email_taken, idempotency_key_reused, idempotency_key_in_progress),
// NotFound if the key's customer has been erased since, Unavailable.
func (s *Service) CreateCustomer(ctx context.Context, caller tenant.Caller, w Write) (Reply, error) {
	a, err := s.begin(ctx, caller, authz.CustomerCreate)
	if err != nil {
		return Reply{}, err
	}
	change, problems := w.Input.Create()
	if len(problems) > 0 {
		return Reply{}, fault.Validation(problems...)
	}
	c := customer.Customer{ID: id.NewCustomer(), CreatedAt: s.now()}
	c.UpdatedAt = c.CreatedAt
	fields := change.Apply(&c)
	key, wrapped := a.key.NewCustomer(c.ID)
	row := rowOf(a.key, key, &c)
	row.Key = wrapped
	entry := a.row(a.entry(audit.Done, []id.Customer{c.ID}, fields...))
	once := a.once(w, change, id.Customer{})

	var reply Reply
	err = s.store.Update(ctx, caller.App, func(tx store.Tx) error {
		var err error
		if reply, err = once.replay(tx); err != nil || reply.Replayed {
			return err
		}
		if c.Seq, err = tx.CustomerInsert(row); err != nil {
			return err
		}
		reply = Reply{Customer: c.ID, Body: w.Encode(&c)}
		tx.AuditAppend(entry)
		return once.keep(tx, key, reply)
	})
	if err != nil {
		return Reply{}, a.fail(ctx, once.busy(err))
	}
	return reply, nil
}

// UpdateCustomer changes the fields that were sent and answers with the whole
// customer. A request that changes nothing leaves UpdatedAt alone. Faults: as for
// CreateCustomer, and NotFound, and Forbidden with code other_application.
func (s *Service) UpdateCustomer(ctx context.Context, caller tenant.Caller, target id.Customer, w Write) (Reply, error) {
	a, err := s.begin(ctx, caller, authz.CustomerUpdate, target)
	if err != nil {
		return Reply{}, err
	}
	change, problems := w.Input.Update()
	if len(problems) > 0 {
		return Reply{}, fault.Validation(problems...)
	}
	once := a.once(w, change, target)

	var reply Reply
	err = s.store.Update(ctx, caller.App, func(tx store.Tx) error {
		var err error
		if reply, err = once.replay(tx); err != nil || reply.Replayed {
			return err
		}
		row, err := tx.CustomerGet(target)
		if err != nil {
			return err
		}
		c, key, err := open(a.key, &row)
		if err != nil {
			return err
		}
		fields := change.Apply(&c)
		if len(fields) > 0 {
			c.UpdatedAt = later(s.now(), c.UpdatedAt)
			if err := tx.CustomerUpdate(rowOf(a.key, key, &c)); err != nil {
				return err
			}
		}
		reply = Reply{Customer: target, Body: w.Encode(&c)}
		tx.AuditAppend(a.row(a.entry(audit.Done, []id.Customer{target}, fields...)))
		return once.keep(tx, key, reply)
	})
	if err != nil {
		return Reply{}, a.missing(ctx, once.busy(err), target)
	}
	return reply, nil
}

// later gives now, or the least time after before that can be told from it: a
// clock that was set back must not make a change look older than the last.
func later(now, before time.Time) time.Time {
	if now.After(before) {
		return now
	}
	return before.Add(time.Millisecond)
}

// once is the idempotency of one request; nil means the caller sent no key.
type once struct {
	a                  *act
	scope, fingerprint []byte
}

func (a *act) once(w Write, change customer.Change, target id.Customer) *once {
	if w.IdempotencyKey == "" {
		return nil
	}
	return &once{
		a:           a,
		scope:       a.key.ReplayHash("scope", a.caller.Origin.Dialect, string(a.action), target.String(), w.IdempotencyKey),
		fingerprint: a.key.ReplayHash("request", string(change.AppendBinary(nil))),
	}
}

// replay gives the first answer again if the key was used, and records that it
// was given.
func (o *once) replay(tx store.Tx) (Reply, error) {
	if o == nil {
		return Reply{}, nil
	}
	used, err := tx.IdempotencyGet(o.scope)
	if errors.Is(err, fault.NotFound) {
		return Reply{}, nil
	}
	if err != nil {
		return Reply{}, err
	}
	if string(used.Fingerprint) != string(o.fingerprint) {
		return Reply{}, errKeyReused
	}
	row, err := tx.CustomerGet(used.Customer) // gone if the person was erased
	if err != nil {
		return Reply{}, err
	}
	key, err := o.a.key.OpenCustomer(row.ID, row.Key)
	if err != nil {
		return Reply{}, err
	}
	body, err := key.OpenReply(used.Reply)
	if err != nil {
		return Reply{}, err
	}
	e := o.a.entry(audit.Done, []id.Customer{row.ID})
	e.Code = "replayed"
	tx.AuditAppend(o.a.row(e))
	return Reply{Customer: row.ID, Body: body, Replayed: true}, nil
}

// keep consumes the key: its answer is from now on this reply.
func (o *once) keep(tx store.Tx, key seal.Customer, reply Reply) error {
	if o == nil {
		return nil
	}
	return tx.IdempotencyPut(store.IdempotencyRow{
		Scope:       o.scope,
		Fingerprint: o.fingerprint,
		Customer:    reply.Customer,
		Reply:       key.SealReply(reply.Body),
	}, o.a.s.cfg.IdempotencyTTL)
}

// busy turns "somebody holds the lock" into what it means to a caller with a key:
// perhaps its own earlier try is still under way.
func (o *once) busy(err error) error {
	if o != nil && errors.Is(err, fault.Unavailable) && fault.Of(err).Code == "lock_timeout" {
		return errKeyBusy
	}
	return err
}
