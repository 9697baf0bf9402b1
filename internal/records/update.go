package records

import (
	"context"
	"errors"
	"time"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/history"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
)

// UpdateCustomer changes the fields that were sent and answers with the whole
// customer. A request that changes nothing leaves UpdatedAt alone. Faults: as for
// CreateCustomer, and NotFound, Stale, and Forbidden with code other_application. A replay
// with an idempotency key gives the first answer, whatever state target asks for.
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

// apply makes the change that decide returns for the customer as it is stored.
func (o *operation) apply(ctx context.Context, target Target, idem *idempotency, encode func(*customer.Customer) []byte,
	decide func(*customer.Customer) (customer.Change, error),
) (Reply, error) {
	return o.write(ctx, target, idem, func(tx store.Tx) (answer, audit.Entry, error) {
		row, err := o.rowForChange(tx, target)
		if err != nil {
			return answer{}, audit.Entry{}, err
		}
		o.disclosed = true
		c, key, err := o.open(ctx, &row)
		if err != nil {
			return answer{}, audit.Entry{}, err
		}
		change, err := decide(&c)
		if err != nil {
			return answer{}, audit.Entry{}, err
		}
		if err := groupExists(tx, change); err != nil {
			return answer{}, audit.Entry{}, err
		}
		before := c
		fields := change.Apply(&c)
		if len(fields) > 0 {
			c.UpdatedAt = nextUpdatedAt(o.s.now(), c.UpdatedAt)
		}
		entry := o.entry(audit.Done, []id.Customer{c.ID}, fields...)
		if err := history.Save(tx, o.key, key, &row, &before, &c, history.By{Caller: o.caller, Entry: entry}); err != nil {
			return answer{}, audit.Entry{}, err
		}
		return answer{Reply{Customer: c.ID, Body: encode(&c)}, key.SealReply}, entry, nil
	})
}

// nextUpdatedAt gives now, but always a time after before: a clock that was set back
// must not make a change look older than the one before it.
func nextUpdatedAt(now, before time.Time) time.Time {
	if now.After(before) {
		return now
	}
	return before.Add(time.Millisecond)
}
