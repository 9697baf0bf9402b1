package safe_test

import (
	"errors"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"custodex.dev/internal/safe"
)

type secret struct{ name string }

func (s secret) Error() string { return s.name }

//go:noinline
func explode(value any) error { panic(value) }

func TestCallReturnsTheError(t *testing.T) {
	t.Parallel()
	want := errors.New("an error")
	if got := safe.Call(func() error { return want }); !errors.Is(got, want) {
		t.Errorf("Call = %v, want %v", got, want)
	}
	if got := safe.Call(func() error { return nil }); got != nil {
		t.Errorf("Call = %v, want nil", got)
	}
}

// The error of a panic says where it was and never with what value, whatever its type.
func TestPanicIsAnError(t *testing.T) {
	t.Parallel()
	const name = "Ada Lovelace"
	for _, value := range []any{name, secret{name}, &secret{name}, []string{name}, errors.New(name)} {
		err := safe.Call(func() error { return explode(value) })
		if err == nil {
			t.Fatalf("Call with a panic of type %T = nil", value)
		}
		lines := strings.Split(err.Error(), "\n")
		if strings.Contains(err.Error(), name) {
			t.Errorf("the error of a panic of type %T shows its value: %v", value, err)
		}
		if len(lines) < 3 || !strings.HasPrefix(lines[1], "custodex.dev/internal/safe_test.explode:") {
			t.Errorf("the first place of a panic of type %T is not where it was: %v", value, err)
		}
		if errors.As(err, new(secret)) {
			t.Errorf("the error of a panic of type %T wraps its value", value)
		}
	}
}

func TestRuntimeErrorIsShown(t *testing.T) {
	t.Parallel()
	err := safe.Call(func() error {
		var none []int
		none[len(none)] = 1
		return nil
	})
	if !errors.As(err, new(runtime.Error)) || !strings.Contains(err.Error(), "index out of range [0]") {
		t.Errorf("Call with an index out of range = %v", err)
	}
	if !strings.Contains(err.Error(), "TestRuntimeErrorIsShown") {
		t.Errorf("the error does not show where it was: %v", err)
	}
}

func TestGroupFailsWithThePanic(t *testing.T) {
	t.Parallel()
	var group errgroup.Group
	safe.Go(&group, func() error { return explode("x") })
	err := group.Wait()
	if err == nil || !strings.Contains(err.Error(), "panic of type string") {
		t.Fatalf("Wait = %v, want the panic", err)
	}
	if again := safe.Call(func() error { panic(err) }); again.Error() != err.Error() {
		t.Errorf("passed on to another goroutine it is %v, want %v", again, err)
	}
}
