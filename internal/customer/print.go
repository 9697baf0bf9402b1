package customer

import (
	"fmt"
	"log/slog"
)

// What is here keeps a person's data out of logs, errors and JSON that were not
// written on purpose. The fields of Personal hide themselves, but amounts, times
// and fields of a newer release do not, and input is plain text.

const mask = "***"

// String names the customer by id.
func (c Customer) String() string { return "customer " + c.ID.String() }

// Format prints what String gives for every verb.
func (c Customer) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(c.String())) }

// LogValue logs what String gives.
func (c Customer) LogValue() slog.Value { return slog.StringValue(c.String()) }

// MarshalText encodes what String gives, in JSON too.
func (c Customer) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// String prints the mask.
func (p Personal) String() string { return mask }

// Format prints the mask for every verb.
func (p Personal) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(mask)) }

// LogValue logs the mask.
func (p Personal) LogValue() slog.Value { return slog.StringValue(mask) }

// MarshalText encodes the mask, in JSON too.
func (p Personal) MarshalText() ([]byte, error) { return []byte(mask), nil }

// String prints the mask.
func (a Address) String() string { return mask }

// Format prints the mask for every verb.
func (a Address) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(mask)) }

// LogValue logs the mask.
func (a Address) LogValue() slog.Value { return slog.StringValue(mask) }

// MarshalText encodes the mask, in JSON too.
func (a Address) MarshalText() ([]byte, error) { return []byte(mask), nil }

// String prints the mask.
func (k KYC) String() string { return mask }

// Format prints the mask for every verb.
func (k KYC) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(mask)) }

// LogValue logs the mask.
func (k KYC) LogValue() slog.Value { return slog.StringValue(mask) }

// MarshalText encodes the mask, in JSON too.
func (k KYC) MarshalText() ([]byte, error) { return []byte(mask), nil }

// String prints the mask; Number gives the amount.
func (a Amount) String() string { return mask }

// Format prints the mask for every verb.
func (a Amount) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(mask)) }

// LogValue logs the mask.
func (a Amount) LogValue() slog.Value { return slog.StringValue(mask) }

// MarshalText encodes the mask, in JSON too.
func (a Amount) MarshalText() ([]byte, error) { return []byte(mask), nil }

// String says what sort of value was sent, not which.
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

// Format prints what String gives for every verb.
func (t Text) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(t.String())) }

// LogValue logs what String gives.
func (t Text) LogValue() slog.Value { return slog.StringValue(t.String()) }

// MarshalText encodes what String gives, in JSON too.
func (t Text) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// String prints the request without the fragments that it searches for.
func (f ListQuery) String() string {
	s := fmt.Sprintf("take %d, skip %d", f.Take, f.Skip)
	if f.Status != 0 {
		s += ", status " + f.Status.String()
	}
	if f.Name != "" {
		s += ", name " + mask
	}
	if f.Email != "" {
		s += ", email " + mask
	}
	return s
}

// Format prints what String gives for every verb.
func (f ListQuery) Format(w fmt.State, _ rune) { _, _ = w.Write([]byte(f.String())) }

// LogValue logs what String gives.
func (f ListQuery) LogValue() slog.Value { return slog.StringValue(f.String()) }

// MarshalText encodes what String gives, in JSON too.
func (f ListQuery) MarshalText() ([]byte, error) { return []byte(f.String()), nil }
