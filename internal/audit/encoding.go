package audit

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"custodex.dev/internal/id"
)

// ErrMalformed is returned when bytes are not an encoding made here.
var ErrMalformed = errors.New("malformed audit entry")

// The forms of an origin. Those of release 0.1.0 end with ActingUser.
const (
	formerOrigin = 1
	originForm   = 2
)

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

func (r *reader) texts() (list []string) {
	n := r.uvarint()
	if n > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return nil
	}
	for range n {
		list = append(list, r.text())
	}
	return list
}

// AppendDetail appends the parts of the entry that have no column of their own: time, code,
// dialect, request id, subject, field names and, in Format2, sums, in that order.
func (e *Entry) AppendDetail(b []byte) []byte {
	b = append(b, e.Format.version())
	b = binary.AppendUvarint(b, uint64(e.Time.UnixMilli()))
	b = appendText(b, e.Code)
	b = appendText(b, e.Dialect)
	b = appendText(b, string(e.Request))
	b = appendText(b, e.Subject)
	b = binary.AppendUvarint(b, uint64(len(e.Fields)))
	for _, f := range e.Fields {
		b = appendText(b, f)
	}
	if e.Format == Format1 {
		return b
	}
	b = binary.AppendUvarint(b, uint64(len(e.Sums)))
	for _, s := range e.Sums {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	return b
}

// FormatOf gives the format of a detail: Format2 if that is of none.
func FormatOf(detail []byte) Format {
	if len(detail) > 0 && detail[0] == Format1.version() {
		return Format1
	}
	return Format2
}

// ParseDetail reads what AppendDetail wrote into e, or fails with ErrMalformed.
func (e *Entry) ParseDetail(b []byte) error {
	e.Format = FormatOf(b)
	if len(b) == 0 || b[0] != e.Format.version() {
		return ErrMalformed
	}
	r := reader{b: b[1:]}
	e.Time = time.UnixMilli(int64(r.uvarint())).UTC()
	e.Code = r.text()
	e.Dialect = r.text()
	e.Request = id.Request(r.text())
	e.Subject = r.text()
	e.Fields, e.Sums = r.texts(), nil
	if e.Format == Format2 {
		for _, s := range r.texts() {
			e.Sums = append(e.Sums, []byte(s))
		}
	}
	if r.bad || len(r.b) != 0 {
		return ErrMalformed
	}
	return nil
}

// size is how many bytes the content has at most, nearly always.
func (e *Entry) size() int { return 288 + 16*len(e.Targets) + 36*len(e.Sums) + len(e.Personal) }

// AppendContent appends the whole entry but its sequence number, in the one form
// that checksums and tree leaves are computed over.
func (e *Entry) AppendContent(b []byte) []byte {
	b = slices.Grow(b, e.size())
	if e.Format == Format1 {
		b = append(b, "custodex audit entry v1\x00"...)
	} else {
		b = append(b, "custodex audit entry v2\x00"...)
	}
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
	if e.Format == Format1 {
		b = binary.AppendUvarint(b, uint64(len(e.Personal)))
		return append(b, e.Personal...)
	}
	sum := e.personalSum()
	return append(b, sum[:]...)
}

// personalSum is what Format2 commits to of the personal part.
func (e *Entry) personalSum() Hash {
	if e.PersonalGone != nil {
		return *e.PersonalGone
	}
	return sha256.Sum256(e.Personal)
}

// PlaceSize is how many bytes AppendPlace appends.
const PlaceSize = 23 + 8

// AppendPlace appends what stands before the content in a leaf: a tag, and the sequence number
// as 8 bytes, big-endian. With the number inside, an entry in another place is another leaf.
func AppendPlace(b []byte, seq int64) []byte {
	b = append(b, "custodex audit leaf v1\x00"...)
	return binary.BigEndian.AppendUint64(b, uint64(seq))
}

// AppendLeaf appends what the entry's leaf is the hash of: AppendPlace and AppendContent. The
// checksum of an entry of Format2 is over the same.
func (e *Entry) AppendLeaf(b []byte) []byte {
	return e.AppendContent(AppendPlace(slices.Grow(b, PlaceSize+e.size()), e.Seq))
}

// Leaf is the hash of the entry's leaf: SHA-256 of a zero byte and AppendLeaf.
func (e *Entry) Leaf() Hash { return HashLeaf(e.AppendLeaf(nil)) }

// HashLeaf gives the leaf of what AppendLeaf appended.
func HashLeaf(b []byte) Hash { return tlog.RecordHash(b) }

// AppendBinary appends the origin as it is encrypted.
func (o Origin) AppendBinary(b []byte) []byte {
	b = append(b, originForm)
	b = appendText(b, o.Owner)
	b = appendText(b, o.Address)
	b = appendText(b, o.UserAgent)
	b = appendText(b, o.ActingUser)
	b = appendText(b, o.Reason)
	b = appendText(b, o.Purpose)
	return appendText(b, o.Operator)
}

// ParseOrigin reads what AppendBinary wrote, or fails with ErrMalformed.
func ParseOrigin(b []byte) (Origin, error) {
	if len(b) == 0 || b[0] != formerOrigin && b[0] != originForm {
		return Origin{}, ErrMalformed
	}
	r := reader{b: b[1:]}
	o := Origin{Owner: r.text(), Address: r.text(), UserAgent: r.text(), ActingUser: r.text()}
	if b[0] == originForm {
		o.Reason, o.Purpose, o.Operator = r.text(), r.text(), r.text()
	}
	if r.bad || len(r.b) != 0 {
		return Origin{}, ErrMalformed
	}
	return o, nil
}
