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
	env := newEnvOn(t, st)
	_, other := env.newApp(t, "Other")
	elsewhere := env.mustCreate(t, other, person("A", "B", ""))
	powerless := env.me
	powerless.Scopes = nil
	st.Set(storetest.Failing("Record", func() error { return context.DeadlineExceeded })) // it waited in the queue
	defer st.Set(storetest.Hooks{})
	for what, try := range map[string]func() error{
		"absent": func() error {
			_, err := env.FetchCustomer(t.Context(), env.me, records.ByID(id.NewCustomer()))
			return err
		},
		"elsewhere": func() error { _, err := env.FetchCustomer(t.Context(), env.me, records.ByID(elsewhere)); return err },
		"no scope":  func() error { _, err := env.FetchCustomer(t.Context(), powerless, records.ByID(elsewhere)); return err },
		"wrong key": func() error {
			_, _, err := env.Authenticate(t.Context(), records.Login{PublicKey: "ck_x_y"})
			return err
		},
	} {
		err := try()
		if !errors.Is(err, context.DeadlineExceeded) || fault.KindOf(err) != fault.Internal {
			t.Errorf("%s = %v, want the deadline and no fault", what, err)
		}
	}
}
