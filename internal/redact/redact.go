// Package redact holds values that must not be printed. A Secret or a Personal shows
// as *** in logs, JSON and with every fmt verb. Reading it takes a call to Reveal,
// which a reviewer can search for.
//
// What newcomers get wrong: fmt calls no method of a value in an unexported field, or
// behind a pointer that the verb does not fit. A Secret is safe even there, because it
// holds an address. A Personal is text underneath: it belongs in exported fields of a
// type that embeds Masked or has a Format method, and never in the key of a map, which
// JSON writes as it is. keep_test.go checks this.
package redact

import (
	"crypto/subtle"
	"fmt"
	"log/slog"
)

const mask = "***"

// Masked hides the value of a struct that embeds it: fmt, slog and encoding/json show
// *** in place of the struct. A method of the same name on the struct itself wins.
type Masked struct{}

// String prints the mask.
func (Masked) String() string { return mask }

// Format prints the mask for every verb, so that %v, %+v, %#v and %q are safe.
func (Masked) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(mask)) }

// LogValue prints the mask in structured logs.
func (Masked) LogValue() slog.Value { return slog.StringValue(mask) }

// MarshalText prints the mask in JSON and other encodings.
func (Masked) MarshalText() ([]byte, error) { return []byte(mask), nil }

// Secret is key material or a credential: a client secret, a master key, a
// database URL with a password. The zero value is the empty secret. Secrets
// cannot be compared with ==; see Equal.
type Secret struct {
	Masked
	_ [0]func() // no ==: it would compare addresses
	v *string   // an address, so that fmt has nothing to show where it cannot call Format
}

// NewSecret wraps a secret value.
func NewSecret(v string) Secret { return Secret{v: &v} }

// Reveal gives the secret itself.
func (s Secret) Reveal() string {
	if s.v == nil {
		return ""
	}
	return *s.v
}

// IsZero reports whether the secret is empty.
func (s Secret) IsZero() bool { return s.Reveal() == "" }

// Equal reports whether two secrets hold the same, in a time that depends on
// their lengths alone.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// UnmarshalText reads a secret from a flag, a file or an environment variable.
func (s *Secret) UnmarshalText(b []byte) error { *s = NewSecret(string(b)); return nil }

// Personal is a piece of a person's data: a name, an e-mail address, a phone.
// See the package comment for where it may be kept.
type Personal string

// IsZero reports whether the text is empty.
func (p Personal) IsZero() bool { return p == "" }

// Reveal gives the text itself.
func (p Personal) Reveal() string { return string(p) }

// String prints the mask.
func (p Personal) String() string { return mask }

// Format prints the mask for every verb.
func (p Personal) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(mask)) }

// LogValue prints the mask in structured logs.
func (p Personal) LogValue() slog.Value { return slog.StringValue(mask) }

// MarshalText prints the mask, so that a Personal which reaches an encoder by accident
// leaks nothing. Dialects encode what Reveal returns.
func (p Personal) MarshalText() ([]byte, error) { return []byte(mask), nil }
