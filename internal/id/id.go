// Package id holds the identifiers as types of their own, so that an
// application's cannot be passed where a customer's is due.
//
// It must never make an identifier out of personal data, and parsing never
// echoes the text it refuses.
package id

import (
	"crypto/rand"
	"encoding/hex"
	"errors"

	"github.com/google/uuid"
)

// ErrMalformed is returned by every Parse function.
var ErrMalformed = errors.New("malformed identifier")

// App names one application: "app_" and 16 letters and digits. It is the first
// argument of every store method and the first column of every key. The zero
// value "" is no application.
type App string

// System is the application of what belongs to none: operators' credentials, and
// entries such as a failed authentication with an unknown key. It holds no
// customers, and ParseApp refuses its name.
const System App = "app_system"

// Credential names one credential: "cred_" and 16 letters and digits.
type Credential string

// Job names one job of an application: "job_" and 16 letters and digits.
type Job string

// Request names one HTTP request: 20 letters. Letters only, because a published
// client looks for the digits 404 in any response header.
type Request string

// Customer is a customer's UUID. Ours are version 4; any version parses.
type Customer [16]byte

// Item is the UUID of something that hangs on a customer: a liquidation address
// or a transaction.
type Item [16]byte

const (
	alphabet = "abcdefghijkmnpqrstuvwxyz23456789" // 32 signs; l, o, 0 and 1 left out
	letters  = "abcdefghijklmnopqrstuvwxyzABCDEF" // 32 letters
)

func token(prefix, signs string, n int) string {
	b := make([]byte, len(prefix)+n)
	copy(b, prefix)
	_, _ = rand.Read(b[len(prefix):]) // never fails: crypto/rand ends the program instead
	for i := len(prefix); i < len(b); i++ {
		b[i] = signs[b[i]&31]
	}
	return string(b)
}

func parse(s, prefix string, n int) bool {
	if len(s) != len(prefix)+n || s[:len(prefix)] != prefix {
		return false
	}
	for i := len(prefix); i < len(s); i++ {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '2' || c > '9') {
			return false
		}
	}
	return true
}

// NewApp makes a random application id.
func NewApp() App { return App(token("app_", alphabet, 16)) }

// ParseApp reads an application id, or fails with ErrMalformed.
func ParseApp(s string) (App, error) {
	if !parse(s, "app_", 16) {
		return "", ErrMalformed
	}
	return App(s), nil
}

// NewCredential makes a random credential id.
func NewCredential() Credential { return Credential(token("cred_", alphabet, 16)) }

// ParseCredential reads a credential id, or fails with ErrMalformed.
func ParseCredential(s string) (Credential, error) {
	if !parse(s, "cred_", 16) {
		return "", ErrMalformed
	}
	return Credential(s), nil
}

// NewJob makes a random job id.
func NewJob() Job { return Job(token("job_", alphabet, 16)) }

// ParseJob reads a job id, or fails with ErrMalformed.
func ParseJob(s string) (Job, error) {
	if !parse(s, "job_", 16) {
		return "", ErrMalformed
	}
	return Job(s), nil
}

// NewRequest makes a random request id.
func NewRequest() Request { return Request(token("", letters, 20)) }

// NewItem makes a random item id.
func NewItem() Item { return Item(uuid.New()) }

// ParseItem reads the hyphenated form, as ParseCustomer does.
func ParseItem(s string) (Item, error) {
	c, err := ParseCustomer(s)
	return Item(c), err
}

// String prints the lower-case hyphenated form.
func (i Item) String() string { return uuid.UUID(i).String() }

// NewCustomer makes a random (version 4) customer id.
func NewCustomer() Customer { return Customer(uuid.New()) }

// ParseCustomer reads the hyphenated 36-character form of any UUID version, in
// either case, or fails with ErrMalformed. Braces, URN and bare hex are refused.
func ParseCustomer(s string) (Customer, error) {
	if len(s) != 36 {
		return Customer{}, ErrMalformed
	}
	u, err := uuid.Parse(s)
	if err != nil {
		return Customer{}, ErrMalformed
	}
	return Customer(u), nil
}

// String prints the lower-case hyphenated form.
func (c Customer) String() string { return uuid.UUID(c).String() }

// AppendText appends the lower-case hyphenated form to b.
func (c Customer) AppendText(b []byte) []byte {
	var t [36]byte
	hex.Encode(t[0:8], c[0:4])
	hex.Encode(t[9:13], c[4:6])
	hex.Encode(t[14:18], c[6:8])
	hex.Encode(t[19:23], c[8:10])
	hex.Encode(t[24:36], c[10:16])
	t[8], t[13], t[18], t[23] = '-', '-', '-', '-'
	return append(b, t[:]...)
}

// IsZero reports whether c is unset.
func (c Customer) IsZero() bool { return c == Customer{} }
