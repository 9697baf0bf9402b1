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

// NewRow makes the row of an entry under the key of its application, with a keyed
// checksum. The store sets Seq.
func NewRow(key *seal.App, e audit.Entry) store.AuditRow {
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
		Personal: e.Personal,
		MAC:      key.EntryMAC(e.AppendContent(nil)),
	}
}

// ReadRow reads back what NewRow made. It reports whether the row is as it was
// written; if not, the entry holds what could be read.
func ReadRow(app id.App, key *seal.App, row *store.AuditRow) (e audit.Entry, intact bool) {
	e = audit.Entry{
		Seq: row.Seq, App: app, Actor: row.Actor,
		Action: authz.Action(row.Action), Outcome: audit.Outcome(row.Outcome), Personal: row.Personal,
	}
	for t := row.Targets; len(t) >= len(id.Customer{}); t = t[len(id.Customer{}):] {
		e.Targets = append(e.Targets, id.Customer(t[:len(id.Customer{})]))
	}
	whole := e.ParseDetail(row.Detail) == nil && e.Time.UnixMilli() == row.At &&
		len(row.Targets) == len(id.Customer{})*len(e.Targets)
	if !whole {
		e.Time = store.Instant(row.At)
	}
	return e, whole && subtle.ConstantTimeCompare(key.EntryMAC(e.AppendContent(nil)), row.MAC) == 1
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
