// Package fault is the one error type of Custodex. An error is classified once,
// at the place that knows what happened, and travels upwards unchanged except
// for %w context. Only the dialects under internal/web turn a Kind into a
// status; no other package may know one.
//
// What newcomers get wrong: Message and Fields are shown to the caller, so they must
// never contain data of another application, SQL, or personal data. The cause is never
// shown; it goes to the log with the request ID.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what sort of failure an error is. A Kind is itself an error, so
// errors.Is(err, fault.NotFound) works.
type Kind uint8

// The kinds. Internal is the zero value: an error that nobody classified is a bug of
// ours.
const (
	Internal        Kind = iota // not classified, or a bug of ours
	Invalid                     // the request can never work
	Unauthenticated             // the credentials are absent or wrong
	Forbidden                   // the caller is known and may not
	NotFound                    // no such thing for this application
	Conflict                    // duplicate, idempotency clash, wrong state
	Stale                       // the version the caller holds is old
	TooLarge                    // the request is too big
	TooMany                     // over a rate limit
	Unavailable                 // try again; nothing is wrong with the request
	kinds
)

var kindNames = [...]string{
	"internal", "invalid", "unauthenticated", "forbidden", "not found", "conflict", "stale",
	"too large", "too many", "unavailable",
}

// Error makes a Kind usable as the target of errors.Is.
func (k Kind) Error() string { return k.String() }

// String names the kind in lower case.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// Kinds lists every kind. Each dialect has a test that ranges over it, so a new
// kind cannot be forgotten in one of them.
func Kinds() []Kind {
	all := make([]Kind, 0, int(kinds))
	for k := Internal; k < kinds; k++ {
		all = append(all, k)
	}
	return all
}

// Field is one problem of one input field.
type Field struct {
	Path    string // the field's name in the caller's dialect, for example first_name
	Code    string // stable snake_case, for example required
	Message string // a sentence for the caller
}

// Error is a classified failure.
type Error struct {
	Kind       Kind
	Code       string        // stable snake_case, part of the API, for example email_taken
	Message    string        // written for the caller
	Fields     []Field       // validation problems in a fixed order; nil for other faults
	RetryAfter time.Duration // when trying again makes sense; zero if unknown
	cause      error
	origin     *Error // what After or Because copied; nil for an original
}

// New makes a fault. code is stable and part of the API; message is shown.
func New(kind Kind, code, message string) *Error {
	return &Error{Kind: kind, Code: code, Message: message}
}

// Wrap makes a fault that hides cause: it is logged and never shown.
// errors.Is and errors.As still see it.
func Wrap(cause error, kind Kind, code, message string) *Error {
	return &Error{Kind: kind, Code: code, Message: message, cause: cause}
}

// Validation makes an Invalid fault out of field problems, kept in their order.
func Validation(fields ...Field) *Error {
	return &Error{Kind: Invalid, Code: "validation_failed", Message: "Validation failed", Fields: fields}
}

// After returns a copy that tells the caller when to try again. errors.Is finds e in
// the copy.
func (e *Error) After(d time.Duration) *Error {
	c := e.copy()
	c.RetryAfter = d
	return c
}

// Because returns a copy that hides cause, as Wrap does. errors.Is finds e in the copy.
func (e *Error) Because(cause error) *Error {
	c := e.copy()
	c.cause = cause
	return c
}

func (e *Error) copy() *Error {
	c := *e
	if c.origin == nil {
		c.origin = e
	}
	return &c
}

// Error is for logs: kind, code and cause. It is never sent to a caller.
func (e *Error) Error() string {
	s := e.Kind.String() + ": " + e.Code
	if e.cause != nil {
		s += ": " + e.cause.Error()
	}
	return s
}

// Unwrap gives the hidden cause.
func (e *Error) Unwrap() error { return e.cause }

// Is reports whether target is this error's Kind, or the fault that it is a copy of.
func (e *Error) Is(target error) bool {
	switch target := target.(type) {
	case Kind:
		return target == e.Kind
	case *Error:
		return target != nil && target == e.origin
	}
	return false
}

// KindOf gives the kind of err: Internal for an error nobody classified.
func KindOf(err error) Kind { return Of(err).Kind }

// Of finds the fault in err. An error that holds none is Internal and keeps err
// as its hidden cause. Of(nil) is a bug of the caller and panics.
func Of(err error) *Error {
	if err == nil {
		panic("fault.Of(nil)")
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return Wrap(err, Internal, "internal", "Internal server error")
}
