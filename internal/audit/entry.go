// Package audit says what an audit entry is, how it is encoded for its keyed
// checksum and for the Merkle tree, and how a log proves itself. It is pure: it
// does no I/O and holds no key of its own.
//
// An entry never holds a value of a customer's field, only the names of fields.
// Start from Entry.
package audit

import (
	"encoding/binary"
	"errors"
	"slices"
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

// Entry is one line of an application's audit log.
type Entry struct {
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

	// Personal is the encrypted part: Origin bytes under the application's audit
	// key. It stays encrypted in exports, even where they show the origin as well.
	Personal []byte
}

// Origin is the personal part of an entry before it is encrypted.
type Origin struct {
	Owner      string // who answers for the acting credential
	Address    string
	UserAgent  string
	ActingUser string
}

// ErrMalformed is returned when bytes are not an encoding made here.
var ErrMalformed = errors.New("malformed audit entry")

const entryVersion = 1

func appendText(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

type reader struct {
	b   []byte
	bad bool
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) text() string {
	n := r.uvarint()
	if n > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return ""
	}
	s := string(r.b[:n])
	r.b = r.b[n:]
	return s
}

// AppendDetail appends the parts of the entry that have no column of their own:
// time, code, dialect, request id, subject and field names, in that order.
func (e *Entry) AppendDetail(b []byte) []byte {
	b = append(b, entryVersion)
	b = binary.AppendUvarint(b, uint64(e.Time.UnixMilli()))
	b = appendText(b, e.Code)
	b = appendText(b, e.Dialect)
	b = appendText(b, string(e.Request))
	b = appendText(b, e.Subject)
	b = binary.AppendUvarint(b, uint64(len(e.Fields)))
	for _, f := range e.Fields {
		b = appendText(b, f)
	}
	return b
}

// ParseDetail reads what AppendDetail wrote into e, or fails with ErrMalformed.
func (e *Entry) ParseDetail(b []byte) error {
	if len(b) == 0 || b[0] != entryVersion {
		return ErrMalformed
	}
	r := reader{b: b[1:]}
	e.Time = time.UnixMilli(int64(r.uvarint())).UTC()
	e.Code = r.text()
	e.Dialect = r.text()
	e.Request = id.Request(r.text())
	e.Subject = r.text()
	n := r.uvarint()
	if n > uint64(len(r.b)) {
		return ErrMalformed
	}
	e.Fields = nil
	for range n {
		e.Fields = append(e.Fields, r.text())
	}
	if r.bad || len(r.b) != 0 {
		return ErrMalformed
	}
	return nil
}

// AppendContent appends the whole entry but its sequence number, in the one form
// that checksums and tree leaves are computed over.
func (e *Entry) AppendContent(b []byte) []byte {
	b = slices.Grow(b, 256+16*len(e.Targets)+len(e.Personal)) // nearly always enough
	b = append(b, "custodex audit entry v1\x00"...)
	b = appendText(b, string(e.App))
	b = appendText(b, e.Actor)
	b = appendText(b, string(e.Action))
	b = append(b, byte(e.Outcome))
	b = binary.AppendUvarint(b, uint64(len(e.Targets)))
	for _, t := range e.Targets {
		b = append(b, t[:]...)
	}
	var buf [128]byte
	detail := e.AppendDetail(buf[:0])
	b = binary.AppendUvarint(b, uint64(len(detail)))
	b = append(b, detail...)
	b = binary.AppendUvarint(b, uint64(len(e.Personal)))
	return append(b, e.Personal...)
}

// AppendBinary appends the origin as it is encrypted.
func (o Origin) AppendBinary(b []byte) []byte {
	b = append(b, entryVersion)
	b = appendText(b, o.Owner)
	b = appendText(b, o.Address)
	b = appendText(b, o.UserAgent)
	return appendText(b, o.ActingUser)
}

// ParseOrigin reads what AppendBinary wrote, or fails with ErrMalformed.
func ParseOrigin(b []byte) (Origin, error) {
	if len(b) == 0 || b[0] != entryVersion {
		return Origin{}, ErrMalformed
	}
	r := reader{b: b[1:]}
	o := Origin{Owner: r.text(), Address: r.text(), UserAgent: r.text(), ActingUser: r.text()}
	if r.bad || len(r.b) != 0 {
		return Origin{}, ErrMalformed
	}
	return o, nil
}
