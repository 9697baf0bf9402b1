package records

import (
	"encoding/hex"
	"errors"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/customerrow"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// idempotency is the key of one request and what the key is bound to. A nil
// *idempotency means that the caller sent no key.
type idempotency struct {
	op                 *operation
	scope, fingerprint []byte
}

// idempotency binds a key to the dialect, the action and the target. request must be
// equal for equal requests.
func (o *operation) idempotency(key, target string, request []byte) *idempotency {
	if key == "" {
		return nil
	}
	return &idempotency{
		op:          o,
		scope:       o.key.ReplayHash("scope", o.caller.Origin.Dialect, string(o.action), target, key),
		fingerprint: o.key.ReplayHash("request", string(request)),
	}
}

// lookupReply gives the first answer again if the key was used before, and the audit
// entry of giving it. Otherwise the reply is not Replayed.
func (i *idempotency) lookupReply(tx store.Tx) (Reply, audit.Entry, error) {
	if i == nil {
		return Reply{}, audit.Entry{}, nil
	}
	used, err := tx.IdempotencyGet(i.scope)
	if errors.Is(err, fault.NotFound) {
		return Reply{}, audit.Entry{}, nil
	}
	if err != nil {
		return Reply{}, audit.Entry{}, err
	}
	if string(used.Fingerprint) != string(i.fingerprint) {
		return Reply{}, audit.Entry{}, ErrKeyReused
	}
	plain, err := i.open(tx, used)
	if err != nil {
		return Reply{}, audit.Entry{}, err
	}
	if len(plain) == 0 {
		return Reply{}, audit.Entry{}, errors.New("stored answer is empty")
	}
	entry := i.op.entry(audit.Done, nil)
	if !used.Customer.IsZero() {
		entry.Targets = []id.Customer{used.Customer}
	}
	entry.Code = "replayed"
	reply := Reply{Customer: used.Customer, Body: plain[1:], Existed: plain[0] == 1, Replayed: true}
	return reply, entry, nil
}

// open decrypts the stored answer: under the key of the customer it is about, who
// may have been erased since, or under the application's.
func (i *idempotency) open(tx store.Tx, used store.IdempotencyRow) ([]byte, error) {
	if used.Customer.IsZero() {
		return i.op.key.OpenLabel(i.label(), used.Reply)
	}
	row, err := tx.CustomerGet(used.Customer)
	if err != nil {
		return nil, err
	}
	key, err := customerrow.Key(i.op.key, &row)
	if err != nil {
		return nil, err
	}
	return key.OpenReply(used.Reply)
}

func (i *idempotency) label() string { return "reply " + hex.EncodeToString(i.scope) }

// keep stores the answer, which every later request with the key gets.
func (i *idempotency) keep(tx store.Tx, a answer) error {
	if i == nil {
		return nil
	}
	encrypt := a.encrypt
	if encrypt == nil {
		encrypt = func(plain []byte) []byte { return i.op.key.SealLabel(i.label(), plain) }
	}
	plain := append(make([]byte, 1, 1+len(a.Body)), a.Body...)
	if a.Existed {
		plain[0] = 1
	}
	return tx.IdempotencyPut(store.IdempotencyRow{
		Scope: i.scope, Fingerprint: i.fingerprint, Customer: a.Customer, Reply: encrypt(plain),
	}, i.op.s.cfg.IdempotencyTTL)
}

// translate turns a wait for a lock that took too long into what it means to a caller
// with a key: its own earlier request may still be running.
func (i *idempotency) translate(err error) error {
	if i != nil && errors.Is(err, store.ErrLockTimeout) {
		return ErrKeyInProgress
	}
	return err
}
