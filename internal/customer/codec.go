package customer

import (
	"encoding/binary"
	"errors"
	"time"

	"custodex.dev/internal/redact"
)

// ErrMalformed is returned for bytes that are not an encoded Personal.
var ErrMalformed = errors.New("malformed customer record")

// The encoding is a version byte, then fields in ascending order of number, each
// as number, length, bytes; an empty field is left out. Numbers are never reused:
// a new field gets the next one, here and in texts or in the switch below.
const (
	codecVersion = 1

	fieldGiven        = 1
	fieldFamily       = 2
	fieldEmail        = 3
	fieldPhone        = 4
	fieldLastSpent    = 5
	fieldLastPurchase = 6
	fieldFirstText    = 7 // to fieldLastText: see texts
	fieldLastText     = 18
	fieldKYCStatus    = 19
	fieldKYCVerified  = 20
	fieldKYCAccounts  = 21
)

// texts are the fields from fieldFirstText on, in order of their numbers.
func (p *Personal) texts() [fieldLastText - fieldFirstText + 1]*redact.Personal {
	a := &p.Address
	return [...]*redact.Personal{
		&p.Whatsapp, &p.Country, &a.Number, &a.Street, &a.Line2, &a.City, &a.Region, &a.PostalCode, &a.Country,
		&p.Profile, &p.CreatedBy, &p.KYC.Reason,
	}
}

func appendField(b []byte, number uint64, s string) []byte {
	if s == "" {
		return b
	}
	b = binary.AppendUvarint(b, number)
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

func appendTime(b []byte, number uint64, t time.Time) []byte {
	if t.IsZero() {
		return b
	}
	return appendField(b, number, string(binary.AppendVarint(nil, t.UnixMilli())))
}

// AppendBinary appends the encoding that is sealed.
func (p *Personal) AppendBinary(b []byte) []byte {
	b = append(b, codecVersion)
	b = appendField(b, fieldGiven, string(p.Given))
	b = appendField(b, fieldFamily, string(p.Family))
	b = appendField(b, fieldEmail, string(p.Email))
	b = appendField(b, fieldPhone, string(p.Phone))
	b = appendField(b, fieldLastSpent, string(p.LastSpent))
	b = appendTime(b, fieldLastPurchase, p.LastPurchase)
	for i, text := range p.texts() {
		b = appendField(b, uint64(fieldFirstText+i), string(*text))
	}
	b = appendField(b, fieldKYCStatus, string(p.KYC.Status))
	b = appendTime(b, fieldKYCVerified, p.KYC.VerifiedAt)
	if p.KYC.Accounts {
		b = appendField(b, fieldKYCAccounts, "1")
	}
	return append(b, p.unknown...)
}

// UnmarshalBinary reads what AppendBinary wrote, keeping fields it does not know.
// It fails with ErrMalformed and then leaves p alone.
func (p *Personal) UnmarshalBinary(b []byte) error {
	var out Personal
	err := readFields(b, func(number uint64, value string) error {
		known, err := out.set(number, value)
		if !known {
			out.unknown = appendField(out.unknown, number, value)
		}
		return err
	})
	if err == nil {
		*p = out
	}
	return err
}

// readFields reads a version byte and fields as appendField writes them, in
// ascending order of number.
func readFields(b []byte, field func(number uint64, value string) error) error {
	if len(b) == 0 || b[0] != codecVersion {
		return ErrMalformed
	}
	b = b[1:]
	text := string(b) // one allocation; the fields share it
	last := uint64(0)
	for pos := 0; pos < len(b); {
		number, n := uvarint(b[pos:])
		if n <= 0 || number <= last {
			return ErrMalformed
		}
		last = number
		pos += n
		length, n := uvarint(b[pos:])
		if n <= 0 || length == 0 || length > uint64(len(b)-pos-n) {
			return ErrMalformed
		}
		pos += n
		if err := field(number, text[pos:pos+int(length)]); err != nil {
			return err
		}
		pos += int(length)
	}
	return nil
}

// uvarint is binary.Uvarint that refuses an integer in more bytes than it needs.
func uvarint(b []byte) (uint64, int) {
	x, n := binary.Uvarint(b)
	if n > 1 && b[n-1] == 0 {
		return 0, 0
	}
	return x, n
}

// set reads one field; known is false for one of a newer release.
func (p *Personal) set(number uint64, value string) (known bool, err error) {
	switch number {
	case fieldGiven:
		p.Given = redact.Personal(value)
	case fieldFamily:
		p.Family = redact.Personal(value)
	case fieldEmail:
		p.Email = redact.Personal(value)
	case fieldPhone:
		p.Phone = redact.Personal(value)
	case fieldLastSpent:
		p.LastSpent = Amount(value)
	case fieldLastPurchase:
		return true, setTime(&p.LastPurchase, value)
	case fieldKYCStatus:
		p.KYC.Status = KYCStatus(value)
	case fieldKYCVerified:
		return true, setTime(&p.KYC.VerifiedAt, value)
	case fieldKYCAccounts:
		if value != "1" {
			return true, ErrMalformed
		}
		p.KYC.Accounts = true
	default:
		if number < fieldFirstText || number > fieldLastText {
			return false, nil
		}
		*p.texts()[number-fieldFirstText] = redact.Personal(value)
	}
	return true, nil
}

func setTime(t *time.Time, value string) error {
	ms, n := binary.Varint([]byte(value))
	*t = time.UnixMilli(ms).UTC()
	if n != len(value) || n > 1 && value[n-1] == 0 || t.IsZero() {
		return ErrMalformed
	}
	return nil
}
