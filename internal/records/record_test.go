package records_test

import (
	"context"
	"errors"
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
	st.Set(storetest.Failing("Record", func() error { return context.DeadlineExceeded })) // it waited in the queue
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
