package fault_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/fault"
)

func TestIs(t *testing.T) {
	t.Parallel()
	taken := fault.New(fault.Conflict, "email_taken", "Taken")
	tests := []struct {
		name   string
		err    error
		target error
		want   bool
	}{
		{"its kind", taken, fault.Conflict, true},
		{"another kind", taken, fault.NotFound, false},
		{"its kind, with context", fmt.Errorf("insert: %w", taken), fault.Conflict, true},
		{"its kind, joined", errors.Join(io.EOF, taken), fault.Conflict, true},
		{"itself", fmt.Errorf("insert: %w", taken), taken, true},
		{"another fault of its kind and code", taken, fault.New(fault.Conflict, "email_taken", "Taken"), false},
		{"its cause", fault.Wrap(io.EOF, fault.Unavailable, "c", "m"), io.EOF, true},
		{"its cause, deeper", fault.Wrap(fmt.Errorf("read: %w", io.EOF), fault.Unavailable, "c", "m"), io.EOF, true},
		{"the kind of its cause", fault.Wrap(taken, fault.Internal, "c", "m"), fault.Conflict, true},
		{"a bare kind", fault.Stale, fault.Stale, true},
		{"an error nobody classified", io.EOF, fault.Internal, false},
		{"the zero fault", &fault.Error{}, fault.Internal, true},
		{"after a delay", taken.After(time.Second), fault.Conflict, true},
		{"its copy with a delay", taken.After(time.Second), taken, true},
		{"its copy with a cause", taken.Because(io.EOF), taken, true},
		{"the cause of its copy", taken.Because(io.EOF), io.EOF, true},
		{"a copy of a copy", taken.Because(io.EOF).After(time.Second), taken, true},
		{"the copy of its copy", taken, taken.After(time.Second), false},
	}
	for _, tt := range tests {
		if got := errors.Is(tt.err, tt.target); got != tt.want {
			t.Errorf("%s: Is(%v, %v) = %t, want %t", tt.name, tt.err, tt.target, got, tt.want)
		}
	}
}

func TestIsTellsKindsApart(t *testing.T) {
	t.Parallel()
	for _, a := range fault.Kinds() {
		for _, b := range fault.Kinds() {
			if got := errors.Is(fault.New(a, "c", "m"), b); got != (a == b) {
				t.Errorf("a fault that is %v is %v: %t", a, b, got)
			}
		}
	}
}

func TestAs(t *testing.T) {
	t.Parallel()
	want := fault.New(fault.Forbidden, "scope", "No")
	got, ok := errors.AsType[*fault.Error](fmt.Errorf("list: %w", want))
	if !ok || got != want {
		t.Errorf("AsType = %v, %t, want the fault itself", got, ok)
	}
	if got, ok := errors.AsType[*fault.Error](io.EOF); ok {
		t.Errorf("AsType found %v in an error that holds none", got)
	}
	if kind, ok := errors.AsType[fault.Kind](fmt.Errorf("list: %w", fault.Stale)); !ok || kind != fault.Stale {
		t.Errorf("AsType = %v, %t, want the bare kind", kind, ok)
	}
}

func TestOf(t *testing.T) {
	t.Parallel()
	classified := fault.New(fault.NotFound, "customer_not_found", "Customer not found")

	// Case 1: what is classified stays so, whatever is around it.
	if got := fault.Of(fmt.Errorf("fetch: %w", classified)); got != classified {
		t.Errorf("Of = %v, want the fault itself", got)
	}

	// Case 2: of several, the outermost was made by whoever knew most.
	outer := fault.Wrap(classified, fault.Forbidden, "elsewhere", "No")
	if got := fault.Of(outer); got != outer {
		t.Errorf("Of = %v, want the outermost fault", got)
	}
	if got := fault.Of(errors.Join(io.EOF, classified, outer)); got != classified {
		t.Errorf("Of = %v, want the first fault of a join", got)
	}

	// Case 3: the rest is ours to answer for, with its cause kept and its text withheld.
	for _, cause := range []error{io.EOF, context.Canceled, errors.Join(io.EOF, io.ErrClosedPipe)} {
		got := fault.Of(cause)
		if got.Kind != fault.Internal || got.Code != "internal" || !errors.Is(got, cause) {
			t.Errorf("Of(%v) = %v, want an internal fault that keeps it", cause, got)
		}
		if strings.Contains(got.Message, cause.Error()) {
			t.Errorf("Of(%v) shows the cause to the caller: %q", cause, got.Message)
		}
	}

	// Case 4: there is no fault in nil.
	defer func() {
		if recover() == nil {
			t.Error("Of(nil) did not panic")
		}
	}()
	fault.Of(nil)
}

func TestKindOf(t *testing.T) {
	t.Parallel()
	for _, kind := range fault.Kinds() {
		if got := fault.KindOf(fmt.Errorf("x: %w", fault.New(kind, "c", "m"))); got != kind {
			t.Errorf("KindOf = %v, want %v", got, kind)
		}
	}
	if got := fault.KindOf(io.EOF); got != fault.Internal {
		t.Errorf("KindOf(%v) = %v, want %v", io.EOF, got, fault.Internal)
	}
}

func TestKinds(t *testing.T) {
	t.Parallel()
	names := make(map[string]fault.Kind)
	for i, kind := range fault.Kinds() {
		if int(kind) != i {
			t.Errorf("Kinds()[%d] = %d, want each once and in order", i, kind)
		}
		name := kind.String()
		if other, taken := names[name]; taken || name == "" || strings.HasPrefix(name, "kind(") {
			t.Errorf("kind %d is called %q, and so is kind %d", kind, name, other)
		}
		names[name] = kind
		if kind.Error() != name {
			t.Errorf("Error() = %q, want %q", kind.Error(), name)
		}
	}
	if len(names) == 0 || names["internal"] != 0 || names["unavailable"] != fault.Unavailable {
		t.Errorf("Kinds() lacks its ends: %v", names)
	}
	beyond := fault.Kind(len(names))
	if want := fmt.Sprintf("kind(%d)", len(names)); beyond.String() != want {
		t.Errorf("a kind beyond the last is called %q, want %q", beyond, want)
	}
	if got := fault.Kind(255).String(); got != "kind(255)" {
		t.Errorf("Kind(255) is called %q", got)
	}
	var zero fault.Error
	if zero.Kind != fault.Internal {
		t.Errorf("the zero fault is %v, want %v", zero.Kind, fault.Internal)
	}
}

func TestErrorIsForTheLog(t *testing.T) {
	t.Parallel()
	const message, field = "Shown to the caller", "Please provide a valid email address"
	tests := []struct {
		err  *fault.Error
		want string
	}{
		{fault.New(fault.Conflict, "email_taken", message), "conflict: email_taken"},
		{fault.Wrap(io.EOF, fault.Unavailable, "store_busy", message), "unavailable: store_busy: EOF"},
		{fault.Wrap(fault.Wrap(io.EOF, fault.Stale, "b", message), fault.Internal, "a", message), "internal: a: stale: b: EOF"},
		{fault.Validation(fault.Field{Path: "email", Code: "invalid", Message: field}), "invalid: validation_failed"},
		{fault.New(fault.TooMany, "rate_limited", message).After(time.Minute), "too many: rate_limited"},
		{&fault.Error{}, "internal: "},
	}
	for _, tt := range tests {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("Error() = %q, want %q", got, tt.want)
		}
		for _, verb := range []string{"%v", "%+v", "%s", "%q"} {
			if got := fmt.Sprintf(verb, tt.err); strings.Contains(got, message) || strings.Contains(got, field) {
				t.Errorf("%s of a fault is %s: what callers are told is not for the log", verb, got)
			}
		}
	}
}

func TestValidationKeepsOrder(t *testing.T) {
	t.Parallel()
	fields := []fault.Field{{Path: "b", Code: "required"}, {Path: "a", Code: "too_long"}, {Path: "b", Code: "invalid"}}
	got := fault.Validation(fields...)
	if diff := cmp.Diff(fields, got.Fields); diff != "" {
		t.Errorf("Fields (-want +got):\n%s", diff)
	}
	if !errors.Is(got, fault.Invalid) {
		t.Errorf("Validation is %v, want %v", got.Kind, fault.Invalid)
	}
}

// Faults are shared package variables, so After must not change its receiver.
func TestAfterCopies(t *testing.T) {
	t.Parallel()
	shared := fault.Wrap(io.EOF, fault.TooMany, "rate_limited", "Too many requests")
	got := shared.After(7 * time.Second)
	if shared.RetryAfter != 0 {
		t.Errorf("After changed its receiver: RetryAfter = %v", shared.RetryAfter)
	}
	if got.RetryAfter != 7*time.Second || got.Code != shared.Code || got.Message != shared.Message || !errors.Is(got, io.EOF) {
		t.Errorf("After = %+v, want all of the original and the delay", got)
	}
}
