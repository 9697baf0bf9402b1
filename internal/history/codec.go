package history

import (
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/id"
	"custodex.dev/internal/redact"
)

// errMalformed is the error of bytes that are not an encoded state.
var errMalformed = errors.New("malformed state of a customer")

// The encoding is a version byte, then fields in ascending order of number, each as number,
// length, bytes; an empty text and a zero are left out. Numbers are never reused: a new field
// gets the next one. A reader passes over numbers that it does not know.
const (
	codecVersion = 1

	fieldPersonal   = 1 // customer.Personal in its own encoding
	fieldLinks      = 2 // From and To
	fieldStatus     = 3
	fieldType       = 4
	fieldGroup      = 5
	fieldCreated    = 6
	fieldUpdated    = 7
	fieldAt         = 8
	fieldActor      = 9
	fieldActingUser = 10
	fieldRequest    = 11
	fieldDialect    = 12
	fieldAction     = 13
	fieldFields     = 14 // names, joined by commas
	fieldReason     = 15
	fieldPurpose    = 16
)

func appendText(b []byte, number uint64, s string) []byte {
	if s == "" {
		return b
	}
	b = binary.AppendUvarint(b, number)
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

func appendInt(b []byte, number uint64, n int64) []byte {
	if n == 0 {
		return b
	}
	var buf [binary.MaxVarintLen64]byte
	return appendText(b, number, string(binary.AppendVarint(buf[:0], n)))
}

// appendBinary appends what is encrypted. Until is not in it: the store may set it.
func (s *State) appendBinary(b []byte) []byte {
	b = append(b, codecVersion)
	b = appendText(b, fieldPersonal, string(s.Customer.Personal.AppendBinary(nil)))
	b = appendText(b, fieldLinks, string(s.From[:])+string(s.To[:]))
	b = appendInt(b, fieldStatus, int64(s.Customer.Status))
	b = appendInt(b, fieldType, int64(s.Customer.Type))
	b = appendInt(b, fieldGroup, s.Customer.Group)
	b = appendInt(b, fieldCreated, s.Customer.CreatedAt.UnixMilli())
	b = appendInt(b, fieldUpdated, s.Customer.UpdatedAt.UnixMilli())
	b = appendInt(b, fieldAt, s.Change.At.UnixMilli())
	b = appendText(b, fieldActor, s.Change.Actor)
	b = appendText(b, fieldActingUser, string(s.Change.ActingUser))
	b = appendText(b, fieldRequest, string(s.Change.Request))
	b = appendText(b, fieldDialect, s.Change.Dialect)
	b = appendText(b, fieldAction, s.Change.Action)
	b = appendText(b, fieldFields, strings.Join(s.Change.Fields, ","))
	b = appendText(b, fieldReason, string(s.Change.Reason))
	return appendText(b, fieldPurpose, string(s.Change.Purpose))
}

// unmarshalBinary reads what appendBinary wrote.
func (s *State) unmarshalBinary(b []byte) error {
	if len(b) == 0 || b[0] != codecVersion {
		return errMalformed
	}
	epoch := time.UnixMilli(0).UTC()
	s.Customer.CreatedAt, s.Customer.UpdatedAt, s.Change.At = epoch, epoch, epoch
	last := uint64(0)
	for b = b[1:]; len(b) > 0; {
		number, n := binary.Uvarint(b)
		if n <= 0 || number <= last {
			return errMalformed
		}
		last, b = number, b[n:]
		length, n := binary.Uvarint(b)
		if n <= 0 || length == 0 || length > uint64(len(b)-n) {
			return errMalformed
		}
		if err := s.set(number, b[n:n+int(length)]); err != nil {
			return err
		}
		b = b[n+int(length):]
	}
	return nil
}

// set reads one field.
func (s *State) set(number uint64, value []byte) error {
	switch number {
	case fieldPersonal:
		return s.Customer.Personal.UnmarshalBinary(value)
	case fieldActor:
		s.Change.Actor = string(value)
	case fieldActingUser:
		s.Change.ActingUser = redact.Personal(value)
	case fieldRequest:
		s.Change.Request = id.Request(value)
	case fieldDialect:
		s.Change.Dialect = string(value)
	case fieldAction:
		s.Change.Action = string(value)
	case fieldFields:
		s.Change.Fields = strings.Split(string(value), ",")
	case fieldReason:
		s.Change.Reason = redact.Personal(value)
	case fieldPurpose:
		s.Change.Purpose = redact.Personal(value)
	case fieldLinks:
		if len(value) != len(s.From)+len(s.To) {
			return errMalformed
		}
		copy(s.To[:], value[copy(s.From[:], value):])
	case fieldStatus, fieldType, fieldGroup, fieldCreated, fieldUpdated, fieldAt:
		n, size := binary.Varint(value)
		if size != len(value) {
			return errMalformed
		}
		s.setInt(number, n)
	}
	return nil
}

func (s *State) setInt(number uint64, n int64) {
	switch number {
	case fieldStatus:
		s.Customer.Status = customer.Status(n)
	case fieldType:
		s.Customer.Type = customer.Type(n)
	case fieldGroup:
		s.Customer.Group = n
	case fieldCreated:
		s.Customer.CreatedAt = time.UnixMilli(n).UTC()
	case fieldUpdated:
		s.Customer.UpdatedAt = time.UnixMilli(n).UTC()
	case fieldAt:
		s.Change.At = time.UnixMilli(n).UTC()
	}
}
