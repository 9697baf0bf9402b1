package sqlite_test

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/storetest"
)

// Faulty is tested here because it needs a store, and storetest may import none.

func TestFaultyPassesTheSuite(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) store.Store { return storetest.NewFaulty(open(t)) })
}

func faulty(t *testing.T) (*storetest.Faulty, id.App) {
	f, app := storetest.NewFaulty(open(t)), id.NewApp()
	err := f.Update(t.Context(), app, func(tx store.Tx) error {
		return tx.AppInsert(store.AppRow{ID: app, Name: "An application", Key: []byte("key")})
	})
	if err != nil {
		t.Fatalf("Update = %v", err)
	}
	return f, app
}

func entries(t *testing.T, s store.Store, app id.App) int64 {
	t.Helper()
	h, err := s.Head(t.Context(), app)
	if err != nil {
		t.Fatalf("Head = %v", err)
	}
	return h.Entries
}

func TestFaultyInjects(t *testing.T) {
	t.Parallel()
	f, app := faulty(t)
	ran := 0
	entry := store.AuditRow{Action: "x", MAC: make([]byte, 32)}
	writes := map[string]func() error{
		"Update": func() error {
			return f.Update(t.Context(), app, func(tx store.Tx) error {
				ran++
				tx.AuditAppend(entry)
				return nil
			})
		},
		"Record": func() error { return f.Record(t.Context(), app, entry) },
	}
	for method, write := range writes {
		f.Next(method, storetest.Pass, storetest.Fail, storetest.Apply)
		for _, step := range []struct {
			what    string
			injured bool
			applied int64
		}{{"Pass", false, 1}, {"Fail", true, 0}, {"Apply", true, 1}, {"after them", false, 1}} {
			before := entries(t, f, app)
			err := write()
			if got := errors.Is(err, storetest.ErrInjected); got != step.injured {
				t.Errorf("%s, %s = %v", method, step.what, err)
			}
			if got := entries(t, f, app) - before; got != step.applied {
				t.Errorf("%s, %s applied %d, want %d", method, step.what, got, step.applied)
			}
		}
	}
	if ran != 4 {
		t.Errorf("the function of Update ran %d times in 4 calls", ran)
	}
	errOwn := errors.New("own")
	f.Next("Update", storetest.Apply, storetest.Fail)
	for range 2 {
		if err := f.Update(t.Context(), app, func(store.Tx) error { return errOwn }); !errors.Is(err, errOwn) {
			t.Errorf("Update with an error of its own = %v, want it", err)
		}
	}
}

// TestFaultyKnowsEveryMethod calls all of them with a plan that spoils everything:
// a method that is merely embedded would go through.
func TestFaultyKnowsEveryMethod(t *testing.T) {
	t.Parallel()
	f, _ := faulty(t)
	f.Plan(func(string, int) storetest.Injection { return storetest.Fail })
	v, methods := reflect.ValueOf(store.Store(f)), reflect.TypeFor[store.Store]()
	for i := range methods.NumMethod() {
		m := methods.Method(i)
		if m.Name == "Failed" || m.Name == "Close" || m.Name == "Update" {
			continue
		}
		args := []reflect.Value{reflect.ValueOf(context.Background())}
		for i := 1; i < m.Type.NumIn(); i++ {
			if !(m.Type.IsVariadic() && i == m.Type.NumIn()-1) {
				args = append(args, reflect.Zero(m.Type.In(i)))
			}
		}
		out := v.MethodByName(m.Name).Call(args)
		err, _ := out[len(out)-1].Interface().(error)
		if !errors.Is(err, storetest.ErrInjected) || f.Calls(m.Name) != 1 {
			t.Errorf("%s = %v, want %v", m.Name, err, storetest.ErrInjected)
		}
	}
}

func TestSeededRepeatsItself(t *testing.T) {
	t.Parallel()
	run := func(seed uint64) (out []storetest.Injection) {
		plan := storetest.Seeded(seed, 3, "Update")
		for i := range 200 {
			out = append(out, plan("Update", i), plan("Record", i))
		}
		return out
	}
	a, b := run(7), run(7)
	if !reflect.DeepEqual(a, b) {
		t.Error("one seed gave two plans")
	}
	if reflect.DeepEqual(a, run(8)) {
		t.Error("two seeds gave one plan")
	}
	count := make(map[storetest.Injection]int)
	for i, injection := range a {
		if count[injection]++; i%2 == 1 && injection != storetest.Pass {
			t.Error("Record was spoiled")
		}
	}
	if count[storetest.Fail] == 0 || count[storetest.Apply] == 0 {
		t.Errorf("injections = %v, want some of each", count)
	}
}
