package customer

import (
	"fmt"
	"log/slog"
)

// The methods here keep personal data out of logs, errors and JSON, for the types that
// do not print as redact.Masked.

const mask = "***"

// String names the customer by id.
func (c Customer) String() string { return "customer " + c.ID.String() }

// Format prints what String returns for every verb.
func (c Customer) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(c.String())) }

// LogValue logs what String returns.
func (c Customer) LogValue() slog.Value { return slog.StringValue(c.String()) }

// MarshalText encodes what String returns, in JSON too.
func (c Customer) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// String prints the mask; Number gives the amount.
func (a Amount) String() string { return mask }

// Format prints the mask for every verb.
func (a Amount) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(mask)) }

// LogValue logs the mask.
func (a Amount) LogValue() slog.Value { return slog.StringValue(mask) }

// MarshalText encodes the mask, in JSON too.
func (a Amount) MarshalText() ([]byte, error) { return []byte(mask), nil }

// String tells what kind of value was sent, and not the value.
func (t Text) String() string {
	switch {
	case !t.Sent:
		return "absent"
	case t.Null:
		return "null"
	case t.Other:
		return "not text"
	}
	return mask
}

// Format prints what String returns for every verb.
func (t Text) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(t.String())) }

// LogValue logs what String returns.
func (t Text) LogValue() slog.Value { return slog.StringValue(t.String()) }

// MarshalText encodes what String returns, in JSON too.
func (t Text) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// String prints the request without the text that it searches for.
func (q ListQuery) String() string {
	s := fmt.Sprintf("take %d, skip %d", q.Take, q.Skip)
	if q.Status != 0 {
		s += ", status " + q.Status.String()
	}
	if q.Name != "" {
		s += ", name " + mask
	}
	if q.Email != "" {
		s += ", email " + mask
	}
	return s
}

// Format prints what String returns for every verb.
func (q ListQuery) Format(w fmt.State, _ rune) { _, _ = w.Write([]byte(q.String())) }

// LogValue logs what String returns.
func (q ListQuery) LogValue() slog.Value { return slog.StringValue(q.String()) }

// MarshalText encodes what String returns, in JSON too.
func (q ListQuery) MarshalText() ([]byte, error) { return []byte(q.String()), nil }
