package sequencer

import (
	"crypto/subtle"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/id"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
)

// SealOrigin encrypts the personal part of an entry.
func SealOrigin(key *seal.App, origin audit.Origin) []byte {
	return key.SealOrigin(origin.AppendBinary(nil))
}

// NewRow makes the row of an entry under the key of its application, in audit.Format2. The store
// places it, and asks for the keyed checksum of the entry in that place.
func NewRow(key *seal.App, e audit.Entry) store.AuditRow {
	e.Format = audit.Format2
	content := e.AppendContent(nil)
	row := unplaced(&e)
	row.MACFunc = func(seq int64) []byte {
		var place [32]byte
		return key.EntryMAC(audit.AppendPlace(place[:0], seq), content)
	}
	return row
}

// unplaced is a row without a checksum.
func unplaced(e *audit.Entry) store.AuditRow {
	targets := make([]byte, 0, len(id.Customer{})*len(e.Targets))
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
		Personal: storedPersonal(e),
	}
}

// goneForm is the first byte of what is stored instead of a personal part that was deleted; the
// SHA-256 of that follows. Ciphertext begins with another byte.
const goneForm = 0xff

func storedPersonal(e *audit.Entry) []byte {
	if e.PersonalGone == nil {
		return e.Personal
	}
	return append([]byte{goneForm}, e.PersonalGone[:]...)
}

func readPersonal(e *audit.Entry, stored []byte) {
	if e.Format == audit.Format1 || len(stored) != 1+len(audit.Hash{}) || stored[0] != goneForm {
		e.Personal = stored
		return
	}
	sum := audit.Hash(stored[1:])
	e.PersonalGone = &sum
}

// ReadRow reads back what NewRow made, or release 0.1.0. It reports whether the row is as it was
// written; if not, the entry holds what could be read.
func ReadRow(app id.App, key *seal.App, row *store.AuditRow) (e audit.Entry, intact bool) {
	e, _, intact = readLeaf(app, key, row)
	return e, intact
}

// readLeaf is ReadRow with what the leaf of the entry is the hash of, which is encoded anyway.
func readLeaf(app id.App, key *seal.App, row *store.AuditRow) (e audit.Entry, leaf []byte, intact bool) {
	e = audit.Entry{
		Seq: row.Seq, App: app, Actor: row.Actor,
		Action: authz.Action(row.Action), Outcome: audit.Outcome(row.Outcome),
	}
	for t := row.Targets; len(t) >= len(id.Customer{}); t = t[len(id.Customer{}):] {
		e.Targets = append(e.Targets, id.Customer(t[:len(id.Customer{})]))
	}
	whole := e.ParseDetail(row.Detail) == nil && e.Time.UnixMilli() == row.At &&
		len(row.Targets) == len(id.Customer{})*len(e.Targets)
	if !whole {
		e.Time = store.Instant(row.At)
	}
	readPersonal(&e, row.Personal)
	leaf = e.AppendLeaf(nil)
	signed := leaf
	if e.Format == audit.Format1 {
		signed = leaf[audit.PlaceSize:]
	}
	return e, leaf, whole && subtle.ConstantTimeCompare(key.EntryMAC(signed), row.MAC) == 1
}

// OpenOrigin decrypts the personal part of an entry. It reports false if that is not
// as it was written.
func OpenOrigin(key *seal.App, personal []byte) (audit.Origin, bool) {
	plain, err := key.OpenOrigin(personal)
	if err != nil {
		return audit.Origin{}, false
	}
	origin, err := audit.ParseOrigin(plain)
	return origin, err == nil
}
