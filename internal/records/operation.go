package records

import (
	"context"
	"errors"
	"fmt"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/customerrow"
	"custodex.dev/internal/event"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/sequencer"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/written"
)

// operation is one authorized use case under way. It makes the audit entries.
type operation struct {
	s         *Service
	key       *seal.App
	caller    tenant.Caller
	action    authz.Action
	disclosed bool // a customer was read, so even "invalid" says something about it
}

// authorize begins an operation. Every use case calls it first. A caller without the
// scope is refused with fault.Forbidden, and one whose request has an unmet condition with its fault;
// both are recorded.
func (s *Service) authorize(ctx context.Context, caller tenant.Caller, action authz.Action, targets ...id.Customer) (*operation, error) {
	key, err := s.keys.Key(ctx, caller.App)
	if errors.Is(err, fault.NotFound) && caller.App != id.System {
		// An operator named an application that does not exist. The system application
		// keeps the entry.
		caller.App, caller.PreconditionFault = id.System, nil
		o, e := s.authorize(ctx, caller, action, targets...)
		if e != nil {
			return nil, e
		}
		return nil, o.recordFailure(ctx, err, targets...)
	}
	if err != nil {
		return nil, err
	}
	o := &operation{s: s, key: key, caller: caller, action: action}
	if !authz.Allow(caller.Scopes, action) {
		return nil, o.recordFailure(ctx, errScope, targets...)
	}
	if caller.PreconditionFault != nil {
		return nil, o.recordFailure(ctx, caller.PreconditionFault, targets...)
	}
	return o, nil
}

// recordFailure records that the action was denied or refused because of err, and returns
// err. If the entry cannot be written, the returned error says so as well and is
// fault.Unavailable. Faults that disclose nothing and change nothing, such as an invalid
// request or an internal failure, leave no entry.
func (o *operation) recordFailure(ctx context.Context, err error, targets ...id.Customer) error {
	f := fault.Of(err)
	var outcome audit.Outcome
	switch f.Kind {
	case fault.Forbidden, fault.Unauthenticated:
		outcome = audit.Denied
	case fault.NotFound, fault.Conflict, fault.Stale:
		outcome = audit.Refused
	case fault.Invalid:
		if !o.disclosed {
			return err
		}
		outcome = audit.Refused
	default:
		return err
	}
	e := o.entry(outcome, targets)
	e.Code = f.Code
	return o.record(ctx, e, err)
}

// record makes e durable and returns result, or why e could not be written.
func (o *operation) record(ctx context.Context, e audit.Entry, result error) error {
	if err := o.s.store.Record(ctx, o.caller.App, sequencer.NewRow(o.key, e)); err != nil {
		return unrecorded(err, result)
	}
	return result
}

// recorded gives v once its entry is durable. Without the entry it gives the zero value
// beside the error.
func recorded[T any](ctx context.Context, o *operation, e audit.Entry, v T) (T, error) {
	if err := o.record(ctx, e, nil); err != nil {
		var none T
		return none, err
	}
	return v, nil
}

// unrecorded is the fault of an action whose audit entry could not be written. The
// action did not happen and may be tried again. Its result is for the log only, because
// an answer with it would disclose what was not recorded.
func unrecorded(err, result error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("record the outcome (%v): %w", result, err)
	}
	return fault.Wrap(fmt.Errorf("%w (the outcome: %v)", err, result), fault.Unavailable, "audit_unavailable", "The server cannot record this access; try again")
}

// answer is what a change answers with. If there is an idempotency key, the answer is
// kept as encrypt encrypts it: under the key of its Customer. In an answer about no
// customer encrypt is nil, which means the application's key.
type answer struct {
	Reply
	encrypt func([]byte) []byte
}

// work is the part of a change that differs between use cases. It must return the
// audit entry of what it did, made by entry.
type work func(tx store.Tx) (answer, audit.Entry, error)

// errNoEntry is the fault of work that would change something without a trace.
var errNoEntry = errors.New("a change has no audit entry")

// write makes a change of the target, which is the zero Target for a change of no
// single customer. A failure is recorded and returned. Every use case that changes
// something goes through write or commit.
func (o *operation) write(ctx context.Context, target Target, i *idempotency, do work) (Reply, error) {
	reply, err := o.commit(ctx, i, do)
	if err != nil {
		return Reply{}, o.recordCustomerFailure(ctx, err, target)
	}
	return reply, nil
}

// commit makes a change in one transaction: it gives the kept answer again if the
// idempotency key was used before. Otherwise it does the work and keeps its answer.
// Either way the audit entry is appended, with the checksums of the rows that were written,
// and the events that it stands for. A failure is not recorded.
func (o *operation) commit(ctx context.Context, i *idempotency, do work) (Reply, error) {
	var reply Reply
	err := o.s.store.Update(ctx, o.caller.App, func(t store.Tx) error {
		tx := written.Watch(t)
		replayed, entry, err := i.lookupReply(tx)
		if err != nil {
			return err
		}
		reply = replayed
		if !replayed.Replayed {
			var a answer
			if a, entry, err = do(tx); err != nil {
				return err
			}
			if err := i.keep(tx, a); err != nil {
				return err
			}
			reply = a.Reply
		}
		if entry.Action == "" {
			return errNoEntry
		}
		if entry.Sums, err = tx.Sums(entry.Targets); err != nil {
			return err
		}
		tx.AuditAppend(sequencer.NewRow(o.key, entry))
		event.Append(tx, entry)
		return nil
	})
	if err != nil {
		return Reply{}, i.translate(err)
	}
	return reply, nil
}

// entry begins an audit entry of this operation. Its personal part is encrypted.
func (o *operation) entry(outcome audit.Outcome, targets []id.Customer, fields ...string) audit.Entry {
	origin := o.caller.Origin
	return audit.Entry{
		Personal: sequencer.SealOrigin(o.key, audit.Origin{
			Owner: o.caller.Owner, Address: origin.Address, UserAgent: origin.UserAgent, ActingUser: origin.ActingUser,
			Reason: origin.Reason, Purpose: origin.Purpose, Operator: string(origin.Operator),
		}),
		Time:    o.s.now(),
		App:     o.caller.App,
		Actor:   string(o.caller.Credential),
		Action:  o.action,
		Outcome: outcome,
		Dialect: origin.Dialect,
		Request: origin.Request,
		Targets: targets,
		Fields:  fields,
	}
}

// open decrypts a row for a use case that is about this customer, and fails with it.
func (o *operation) open(ctx context.Context, row *store.CustomerRow) (customer.Customer, seal.Customer, error) {
	c, key, err := customerrow.Decrypt(o.key, row)
	o.s.corrupt.Note(ctx, o.caller.App, row, err)
	return c, key, err
}
