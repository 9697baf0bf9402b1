package keyring_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/keyring"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
)

// countingSource counts the keys that it unwraps, and fails with err if it is set.
type countingSource struct {
	seal.KeySource
	unwrapped atomic.Int32
	err       error
}

func (s *countingSource) Unwrap(ctx context.Context, app id.App, wrapped []byte) ([]byte, error) {
	s.unwrapped.Add(1)
	if s.err != nil {
		return nil, s.err
	}
	return s.KeySource.Unwrap(ctx, app, wrapped)
}

// apps is a store with applications and nothing else.
type apps map[id.App]store.AppRow

func (a apps) AppGet(_ context.Context, app id.App) (store.AppRow, error) {
	row, ok := a[app]
	if !ok {
		return row, store.NotFound("application")
	}
	return row, nil
}

// newApps makes a store with two applications, and the source of their keys.
func newApps(t *testing.T) (a apps, one, other id.App, source *countingSource) {
	t.Helper()
	master, err := seal.NewMasterKey(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	a = apps{}
	one, other = id.NewApp(), id.NewApp()
	for app, name := range map[id.App]string{one: "One", other: "Other"} {
		wrapped, err := master.Wrap(t.Context(), app, seal.NewAppKey())
		if err != nil {
			t.Fatal(err)
		}
		a[app] = store.AppRow{ID: app, Name: name, Key: wrapped}
	}
	return a, one, other, &countingSource{KeySource: master}
}

func TestKeyIsUnwrappedOnce(t *testing.T) {
	t.Parallel()
	st, one, other, source := newApps(t)
	ring := keyring.New(st, source)
	first, err := ring.Key(t.Context(), one)
	if err != nil {
		t.Fatal(err)
	}
	delete(st, one) // what is open needs no store
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if again, err := ring.Key(t.Context(), one); again != first || err != nil {
				t.Errorf("Key again = %p, %v, want %p", again, err, first)
			}
		})
	}
	group.Wait()
	if theirs, err := ring.Key(t.Context(), other); theirs == first || err != nil {
		t.Errorf("Key of another application = %p, %v, want a key of its own", theirs, err)
	}
	if n := source.unwrapped.Load(); n != 2 {
		t.Errorf("%d keys were unwrapped, want 2", n)
	}
}

// A name may change, and is shown anew.
func TestNameIsReadEachTime(t *testing.T) {
	t.Parallel()
	st, one, other, source := newApps(t)
	ring := keyring.New(st, source)
	for _, want := range []string{"One", "Another"} {
		row := st[one]
		row.Name = want
		st[one] = row
		if name, err := ring.Name(t.Context(), one); name != want || err != nil {
			t.Errorf("Name = %q, %v, want %s", name, err, want)
		}
	}
	if name, err := ring.Name(t.Context(), other); name != "Other" || err != nil {
		t.Errorf("Name of another = %q, %v", name, err)
	}
	if _, err := ring.Name(t.Context(), id.NewApp()); !errors.Is(err, fault.NotFound) {
		t.Errorf("Name of no application: %v", err)
	}
}

func TestFailureIsNotRemembered(t *testing.T) {
	t.Parallel()
	st, one, _, source := newApps(t)
	ring := keyring.New(st, source)
	row := st[one]
	delete(st, one)
	if key, err := ring.Key(t.Context(), one); key != nil || !errors.Is(err, fault.NotFound) {
		t.Errorf("Key of no application = %p, %v, want not found", key, err)
	}
	st[one] = row
	source.err = fault.New(fault.Unavailable, "kms", "try again")
	if key, err := ring.Key(t.Context(), one); key != nil || !errors.Is(err, fault.Unavailable) {
		t.Errorf("Key without a key service = %p, %v, want unavailable", key, err)
	}
	source.err = nil
	if key, err := ring.Key(t.Context(), one); key == nil || err != nil {
		t.Errorf("Key after the failures = %p, %v", key, err)
	}
}

// A key opens under the application that it was made for, and under no other.
func TestKeyOfAnotherApplication(t *testing.T) {
	t.Parallel()
	st, one, other, source := newApps(t)
	st[one] = st[other]
	if key, err := keyring.New(st, source).Key(t.Context(), one); key != nil || err == nil {
		t.Errorf("Key with another application's row = %p, %v, want an error", key, err)
	}
}
