package records_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/sequencer"
	"custodex.dev/internal/tenant"
)

// What the sequencer does is tested in its package. These tests show that a Service
// runs one, tells it of every write, and closes it.

// sequenced is the number of entries in the application's signed tree.
func (e *testEnv) sequenced(t *testing.T, app id.App) int64 {
	t.Helper()
	tree, err := e.store.TreeGet(t.Context(), app)
	if errors.Is(err, fault.NotFound) {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	return tree.Size
}

func (e *testEnv) fetchNothing(t *testing.T, caller tenant.Caller) {
	t.Helper()
	if _, err := e.FetchCustomer(t.Context(), caller, records.ByID(id.NewCustomer())); !errors.Is(err, fault.NotFound) {
		t.Fatal(err)
	}
}

func TestSequencedWithinASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		env := newEnv(t)
		for range 3 {
			env.fetchNothing(t, env.me)
			env.mustCreate(t, env.me, person("A", "B", ""))
			time.Sleep(time.Second)
			synctest.Wait()
			for _, app := range []id.App{env.app.ID, id.System} {
				if got, want := env.sequenced(t, app), env.entries(t, app); got != want {
					t.Errorf("a second later %d of %d entries of %s are sequenced", got, want, app)
				}
			}
		}
		if h := env.AuditHealth(); h != (sequencer.Health{}) {
			t.Errorf("AuditHealth = %+v, want all zero", h)
		}
	})
}

func TestCloseSequencesTheRest(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	env.fetchNothing(t, env.me)
	if err := env.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := env.sequenced(t, env.app.ID), env.entries(t, env.app.ID); got != want {
		t.Errorf("after Close %d of %d entries are sequenced", got, want)
	}
}
