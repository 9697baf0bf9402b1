package records_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/store/storetest"
	"custodex.dev/internal/testkit"
)

// A refusal tells something. If its entry was not written in time, the answer must
// be that the time is over, and not the refusal.
func TestNoEntryInTimeNoRefusal(t *testing.T) {
	t.Parallel()
	st := storetest.NewHooked(testkit.NewStore(t, "sqlite"))
	w := newWorldOn(t, st)
	_, other := w.newApp(t, "Other")
	elsewhere := w.mustCreate(t, other, person("A", "B", ""))
	powerless := w.me
	powerless.Scopes = nil
	st.Set(failing("Record", func() error { return context.DeadlineExceeded })) // it waited in the queue
	defer st.Set(storetest.Hooks{})
	for what, try := range map[string]func() error{
		"absent":    func() error { _, err := w.FetchCustomer(t.Context(), w.me, records.ByID(id.NewCustomer())); return err },
		"elsewhere": func() error { _, err := w.FetchCustomer(t.Context(), w.me, records.ByID(elsewhere)); return err },
		"no scope":  func() error { _, err := w.FetchCustomer(t.Context(), powerless, records.ByID(elsewhere)); return err },
		"wrong key": func() error { _, _, err := w.Authenticate(t.Context(), records.Login{PublicKey: "ck_x_y"}); return err },
	} {
		err := try()
		if !errors.Is(err, context.DeadlineExceeded) || fault.KindOf(err) != fault.Internal {
			t.Errorf("%s = %v, want the deadline and no fault", what, err)
		}
	}
}

// Two goroutines may seal one log at once. The slower one must not take the tree
// that it has read for one that lost what the faster one has added since.
func TestSealingAtOnceIsNoDamage(t *testing.T) {
	t.Parallel()
	st := storetest.NewHooked(testkit.NewStore(t, "sqlite"))
	w := newWorldOn(t, st)
	seal := func() {
		w.fetchNothing(t, w.me)
		if _, err := w.SequenceAudit(t.Context(), w.operator(w.app.ID)); err != nil {
			t.Error(err)
		}
	}
	var armed atomic.Bool
	st.Set(storetest.Hooks{After: func(_ context.Context, method string, _ id.App, _ any) error {
		if method == "TreeGet" && armed.CompareAndSwap(true, false) {
			seal() // overtakes whoever has read the tree
		}
		return nil
	}})
	for range 5 { // background work may be the one that is overtaken
		armed.Store(true)
		seal()
		if h := w.AuditHealth(); h.Stopped != 0 {
			t.Fatalf("AuditHealth = %+v, and nothing was damaged", h)
		}
	}
}
