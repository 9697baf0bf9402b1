package sqlite_test

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"testing"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/storetest"
)

// Hooked is tested here because it needs a store, and storetest may import none.

func TestHookedPassesTheSuite(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) store.Store { return storetest.NewHooked(open(t)) })
}

func hooked(t *testing.T) (*storetest.Hooked, id.App) {
	h, app := storetest.NewHooked(open(t)), id.NewApp()
	err := h.Update(t.Context(), app, func(tx store.Tx) error {
		return tx.AppInsert(store.AppRow{ID: app, Name: "An application", Key: []byte("key")})
	})
	if err != nil {
		t.Fatalf("Update = %v", err)
	}
	return h, app
}

func entries(t *testing.T, s store.Store, app id.App) int64 {
	t.Helper()
	h, err := s.Head(t.Context(), app)
	if err != nil {
		t.Fatalf("Head = %v", err)
	}
	return h.Entries
}

// A failure is what it says: with the effect of the call, or without, and of one call.
func TestHookedFailures(t *testing.T) {
	t.Parallel()
	h, app := hooked(t)
	entry := store.AuditRow{Action: "x", MAC: make([]byte, 32)}
	ran := 0
	update := func() error {
		return h.Update(t.Context(), app, func(tx store.Tx) error {
			ran++
			tx.AuditAppend(entry)
			return nil
		})
	}
	record := func() error { return h.Record(t.Context(), app, entry) }
	for _, tt := range []struct {
		name         string
		hooks        storetest.Hooks
		write        func() error
		applied, ran int
	}{
		{"Record not applied", storetest.FailNotApplied("Record", 2), record, 0, 0},
		{"Record applied", storetest.FailApplied("Record", 2), record, 1, 0},
		{"Update not begun", storetest.FailNotApplied("Update", 2), update, 0, 0},
		{"Update rolled back", storetest.FailNotApplied("Tx.Commit", 2), update, 0, 1},
		{"Update with a failed call", storetest.FailNotApplied("Tx.AuditAppend", 2), update, 0, 1},
		{"Update applied", storetest.FailApplied("Update", 2), update, 1, 1},
	} {
		h.Set(tt.hooks)
		for call := 1; call <= 3; call++ {
			ran = 0
			before := entries(t, h, app)
			err := tt.write()
			applied := int(entries(t, h, app) - before)
			if call != 2 && (err != nil || applied != 1) {
				t.Errorf("%s: call %d = %v, applied %d", tt.name, call, err, applied)
			}
			if call == 2 && (!errors.Is(err, storetest.ErrInjected) || applied != tt.applied || ran != tt.ran) {
				t.Errorf("%s: call %d = %v, applied %d, ran %d; want an injected error, %d, %d",
					tt.name, call, err, applied, ran, tt.applied, tt.ran)
			}
		}
	}
	errOwn := errors.New("own")
	h.Set(storetest.FailApplied("Update", 1))
	if err := h.Update(t.Context(), app, func(store.Tx) error { return errOwn }); !errors.Is(err, errOwn) {
		t.Errorf("Update with an error of its own = %v, want it", err)
	}
}

// A hook may change what a call gives.
func TestHookedChangesResults(t *testing.T) {
	t.Parallel()
	h, app := hooked(t)
	h.Set(storetest.Hooks{After: func(_ context.Context, method string, _ id.App, result any) error {
		if row, ok := result.(*store.AppRow); ok && method == "AppGet" {
			row.Name = "Changed"
		}
		return nil
	}})
	if row, err := h.AppGet(t.Context(), app); err != nil || row.Name != "Changed" {
		t.Errorf("AppGet = %q, %v, want what the hook made of it", row.Name, err)
	}
}

// Every method with an error runs its hooks under its own name: one that is merely
// embedded would go through.
func TestHookedKnowsEveryMethod(t *testing.T) {
	t.Parallel()
	h, app := hooked(t)
	var mu sync.Mutex
	var last string
	refuse := storetest.Hooks{Before: func(_ context.Context, method string, _ id.App) error {
		mu.Lock()
		defer mu.Unlock()
		last = method
		return storetest.ErrInjected
	}}
	check := func(v reflect.Value, method reflect.Method, prefix string) {
		var args []reflect.Value
		for i := range method.Type.NumIn() {
			switch in := method.Type.In(i); {
			case in == reflect.TypeFor[context.Context]():
				args = append(args, reflect.ValueOf(t.Context()))
			case !method.Type.IsVariadic() || i < method.Type.NumIn()-1:
				args = append(args, reflect.Zero(in))
			}
		}
		out := v.MethodByName(method.Name).Call(args)
		if len(out) > 0 {
			if err, _ := out[len(out)-1].Interface().(error); !errors.Is(err, storetest.ErrInjected) {
				t.Errorf("%s = %v, want %v", method.Name, err, storetest.ErrInjected)
			}
		}
		if last != prefix+method.Name {
			t.Errorf("%s ran the hook of %q", method.Name, last)
		}
	}
	for tx := range reflect.TypeFor[store.Tx]().Methods() {
		h.Set(storetest.Hooks{Before: func(ctx context.Context, method string, app id.App) error {
			if method == "Update" {
				return nil
			}
			return refuse.Before(ctx, method, app)
		}})
		err := h.Update(t.Context(), app, func(t store.Tx) error { check(reflect.ValueOf(t), tx, "Tx."); return nil })
		if !errors.Is(err, storetest.ErrInjected) {
			t.Errorf("Update with a failed %s and Commit = %v, want %v", tx.Name, err, storetest.ErrInjected)
		}
	}
	h.Set(refuse)
	for m := range reflect.TypeFor[store.Store]().Methods() {
		if m.Name != "Failed" && m.Name != "Close" {
			check(reflect.ValueOf(h), m, "")
		}
	}
}
