// Package audit says what an audit entry is, how it is encoded for its keyed
// checksum and for the Merkle tree, and how a log proves itself. It is pure: it
// does no I/O and holds no key of its own.
//
// An entry never holds a value of a customer's field, only the names of fields.
// Start from Entry.
package audit

import (
	"time"

	"custodex.dev/internal/authz"
	"custodex.dev/internal/id"
)

// Outcome says how an action ended.
type Outcome uint8

// The outcomes. The numbers are stored; do not reorder.
const (
	Done    Outcome = 1 // it was done, and what was asked for was given
	Denied  Outcome = 2 // the caller may not: wrong credentials, scope or application
	Refused Outcome = 3 // the caller may, but it could not be: absent, duplicate, clash
)

// String names the outcome as the audit API shows it.
func (o Outcome) String() string {
	switch o {
	case Done:
		return "done"
	case Denied:
		return "denied"
	case Refused:
		return "refused"
	}
	return "unknown"
}

// Format is how an entry is encoded for its checksum and its leaf.
type Format uint8

const (
	// Format2 is the format of new entries. It is the zero value, so that no new entry has
	// another one by mistake.
	Format2 Format = iota

	// Format1 is the format of release 0.1.0. Its leaf commits to the bytes of Personal, so
	// that those cannot be deleted, and its checksum does not bind Seq. It has no Sums.
	Format1
)

// version is the number that stands in front of an encoding.
func (f Format) version() byte { return 2 - byte(f) }

// Entry is one line of an application's audit log.
type Entry struct {
	Format  Format
	Seq     int64     // 0-based, without gaps, per application; set by the store on append
	Time    time.Time // UTC, milliseconds
	App     id.App
	Actor   string // id of the credential or operator; "" when it is not known
	Action  authz.Action
	Outcome Outcome
	Code    string // the fault code of a denial or refusal; "" when done
	Dialect string
	Request id.Request
	Targets []id.Customer // every customer read or changed; a list names all it returned
	Subject string        // what else was touched: a credential, an application; never personal
	Fields  []string      // names of changed fields, or the shape of a list's filter

	// Sums are the checksums of the rows as the change wrote them: one for each of Targets in
	// their order, empty if that one was not written, and then one for each other row, which
	// Subject and Fields name. There are none if nothing was written, or deleted only.
	Sums [][]byte

	// Personal is the encrypted part: Origin bytes under the application's audit
	// key. It stays encrypted in exports, even where they show the origin as well.
	Personal []byte

	// PersonalGone is the SHA-256 of Personal once that was deleted; nil before. The leaf of
	// Format2 commits to no more than this.
	PersonalGone *Hash
}

// DropPersonal deletes the personal part. Checksum and leaf of the entry stay as they are; an
// entry of Format1 is left as it is, because its leaf would not.
func (e *Entry) DropPersonal() {
	if e.Format == Format2 {
		sum := e.personalSum()
		e.Personal, e.PersonalGone = nil, &sum
	}
}

// Origin is the personal part of an entry before it is encrypted.
type Origin struct {
	Owner      string // who answers for the acting credential
	Address    string
	UserAgent  string
	ActingUser string
	Reason     string // why, in words
	Purpose    string // why, as a word
	Operator   string // id of the operator who acted in the application; "" if none did
}
