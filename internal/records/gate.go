package records

import (
	"context"
	"errors"
	"fmt"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
)

var errScope = fault.New(fault.Forbidden, "insufficient_scope", "This credential may not do that")

// operation is one use case under way, past the gate. It makes the audit entries.
type operation struct {
	s         *Service
	key       *seal.App
	caller    tenant.Caller
	action    authz.Action
	disclosed bool // a customer was read: even "invalid" now says something of it
}

// begin is the gate: every use case calls it first. A caller without the scope is
// refused with fault.Forbidden, and the denial is recorded.
func (s *Service) begin(ctx context.Context, caller tenant.Caller, action authz.Action, targets ...id.Customer) (*operation, error) {
	key, err := s.keys.Key(ctx, caller.App)
	if errors.Is(err, fault.NotFound) && caller.App != id.System {
		// An operator named an application that does not exist: that belongs to none.
		caller.App = id.System
		a, e := s.begin(ctx, caller, action, targets...)
		if e != nil {
			return nil, e
		}
		return nil, a.fail(ctx, err, targets...)
	}
	if err != nil {
		return nil, err
	}
	a := &operation{s: s, key: key, caller: caller, action: action}
	if !authz.Allow(caller.Scopes, action) {
		return nil, a.fail(ctx, errScope, targets...)
	}
	return a, nil
}

// fail records that the action was denied or refused because of err and returns
// err. If the entry cannot be written, the returned error says so as well and is
// fault.Unavailable. Faults that disclose and change nothing (an invalid request,
// a failure of ours) leave no entry.
func (a *operation) fail(ctx context.Context, err error, targets ...id.Customer) error {
	f := fault.Of(err)
	var outcome audit.Outcome
	switch f.Kind {
	case fault.Forbidden, fault.Unauthenticated:
		outcome = audit.Denied
	case fault.NotFound, fault.Conflict, fault.Stale:
		outcome = audit.Refused
	case fault.Invalid:
		if !a.disclosed {
			return err
		}
		outcome = audit.Refused
	default:
		return err
	}
	e := a.entry(outcome, targets)
	e.Code = f.Code
	return a.record(ctx, e, err)
}

// record makes e durable and returns result, or why e could not be written.
func (a *operation) record(ctx context.Context, e audit.Entry, result error) error {
	if err := a.s.store.Record(ctx, a.caller.App, a.row(e)); err != nil {
		return unrecorded(err, result)
	}
	return result
}

// unrecorded is the fault of an action whose audit entry could not be written:
// it did not happen, and may be tried again. The fault that it would have had is
// for the log only: an answer with it would tell what was not recorded.
func unrecorded(err, result error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("record the outcome (%v): %w", result, err)
	}
	return fault.Wrap(fmt.Errorf("%w (the outcome: %v)", err, result), fault.Unavailable, "audit_unavailable", "The server cannot record this access; try again")
}

// entry begins an audit entry of this act.
func (a *operation) entry(outcome audit.Outcome, targets []id.Customer, fields ...string) audit.Entry {
	o := a.caller.Origin
	return audit.Entry{
		Time:    a.s.now(),
		App:     a.caller.App,
		Actor:   string(a.caller.Credential),
		Action:  a.action,
		Outcome: outcome,
		Dialect: o.Dialect,
		Request: o.Request,
		Targets: targets,
		Fields:  fields,
	}
}

// row seals the entry's personal part and puts the keyed checksum on it.
func (a *operation) row(e audit.Entry) store.AuditRow {
	o := a.caller.Origin
	origin := audit.Origin{Owner: a.caller.Owner, Address: o.Address, UserAgent: o.UserAgent, ActingUser: o.ActingUser}
	e.Personal = a.key.SealOrigin(origin.AppendBinary(nil))
	targets := make([]byte, 0, 16*len(e.Targets))
	for _, t := range e.Targets {
		targets = append(targets, t[:]...)
	}
	return store.AuditRow{
		At:       e.Time.UnixMilli(),
		Actor:    e.Actor,
		Action:   string(e.Action),
		Outcome:  uint8(e.Outcome),
		Targets:  targets,
		Detail:   e.AppendDetail(make([]byte, 0, 64)),
		Personal: e.Personal,
		MAC:      a.key.EntryMAC(e.AppendContent(nil)),
	}
}
