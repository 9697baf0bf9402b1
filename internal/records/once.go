package records

import (
	"encoding/hex"
	"errors"
	"time"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

var (
	errKeyReused = fault.New(fault.Conflict, "idempotency_key_reused",
		"Conflict: Idempotency key already used with different request data")
	errKeyBusy = fault.New(fault.Conflict, "idempotency_key_in_progress",
		"A request with this idempotency key is still in progress").After(time.Second)
)

// idempotency is the idempotency of one request; nil means the caller sent no key.
type idempotency struct {
	a                  *operation
	scope, fingerprint []byte
}

// once binds a key to the dialect, the action and the target; request is equal for
// equal requests.
func (a *operation) once(key, target string, request []byte) *idempotency {
	if key == "" {
		return nil
	}
	return &idempotency{
		a:           a,
		scope:       a.key.ReplayHash("scope", a.caller.Origin.Dialect, string(a.action), target, key),
		fingerprint: a.key.ReplayHash("request", string(request)),
	}
}

// replay gives the first answer again if the key was used, and records that it
// was given.
func (o *idempotency) replay(tx store.Tx) (Reply, error) {
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
	plain, err := o.open(tx, used)
	if err != nil {
		return Reply{}, err
	}
	if len(plain) == 0 {
		return Reply{}, errors.New("stored answer is empty")
	}
	e := o.a.entry(audit.Done, nil)
	if !used.Customer.IsZero() {
		e.Targets = []id.Customer{used.Customer}
	}
	e.Code = "replayed"
	tx.AuditAppend(o.a.row(e))
	return Reply{Customer: used.Customer, Body: plain[1:], Existed: plain[0] == 1, Replayed: true}, nil
}

// open unseals the stored answer: under the key of the customer it is about, who
// may have been erased since, or under the application's.
func (o *idempotency) open(tx store.Tx, used store.IdempotencyRow) ([]byte, error) {
	if used.Customer.IsZero() {
		return o.a.key.OpenLabel(o.label(), used.Reply)
	}
	row, err := tx.CustomerGet(used.Customer)
	if err != nil {
		return nil, err
	}
	key, err := openKey(o.a.key, &row)
	if err != nil {
		return nil, err
	}
	return key.OpenReply(used.Reply)
}

func (o *idempotency) label() string { return "reply " + hex.EncodeToString(o.scope) }

// keep consumes the key: its answer is from now on this reply. seal seals it under
// the key of reply.Customer; nil, for an answer about no customer, means the
// application's.
func (o *idempotency) keep(tx store.Tx, reply Reply, seal func([]byte) []byte) error {
	if o == nil {
		return nil
	}
	if seal == nil {
		seal = func(plain []byte) []byte { return o.a.key.SealLabel(o.label(), plain) }
	}
	plain := append(make([]byte, 1, 1+len(reply.Body)), reply.Body...)
	if reply.Existed {
		plain[0] = 1
	}
	return tx.IdempotencyPut(store.IdempotencyRow{
		Scope: o.scope, Fingerprint: o.fingerprint, Customer: reply.Customer, Reply: seal(plain),
	}, o.a.s.cfg.IdempotencyTTL)
}

// busy turns "somebody holds the lock" into what it means to a caller with a key:
// perhaps its own earlier try is still under way.
func (o *idempotency) busy(err error) error {
	if o != nil && errors.Is(err, fault.Unavailable) && fault.Of(err).Code == "lock_timeout" {
		return errKeyBusy
	}
	return err
}
