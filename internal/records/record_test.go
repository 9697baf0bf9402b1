package records_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/store"
	"custodex.dev/internal/testkit"
)

// late is a store in whose queue an entry waits until the request's time is over.
type late struct {
	store.Store
	on atomic.Bool
}

func (l *late) Record(ctx context.Context, app id.App, entries ...store.AuditRow) error {
	if l.on.Load() {
		return context.DeadlineExceeded
	}
	return l.Store.Record(ctx, app, entries...)
}

// A refusal tells something. If its entry was not written in time, the answer must
// be that the time is over, and not the refusal.
func TestNoEntryInTimeNoRefusal(t *testing.T) {
	t.Parallel()
	st := &late{Store: testkit.NewStore(t, "sqlite")}
	w := newWorldOn(t, st)
	_, other := w.newApp(t, "Other")
	elsewhere := w.mustCreate(t, other, person("A", "B", ""))
	powerless := w.me
	powerless.Scopes = nil
	st.on.Store(true)
	defer st.on.Store(false)
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

// overtaken is a store in which something happens after the tree was read.
type overtaken struct {
	store.Store
	armed atomic.Bool
	then  func()
}

func (o *overtaken) TreeGet(ctx context.Context, app id.App) (store.TreeRow, error) {
	row, err := o.Store.TreeGet(ctx, app)
	if o.armed.CompareAndSwap(true, false) {
		o.then()
	}
	return row, err
}

// Two goroutines may seal one log at once. The slower one must not take the tree
// that it has read for one that lost what the faster one has added since.
func TestSealingAtOnceIsNoDamage(t *testing.T) {
	t.Parallel()
	st := &overtaken{Store: testkit.NewStore(t, "sqlite")}
	w := newWorldOn(t, st)
	seal := func() {
		w.fetchNothing(t, w.me)
		if _, err := w.SequenceAudit(t.Context(), w.operator(w.app.ID)); err != nil {
			t.Error(err)
		}
	}
	st.then = seal
	for range 5 { // background work may be the one that is overtaken
		st.armed.Store(true)
		seal()
		if h := w.AuditHealth(); h.Stopped != 0 {
			t.Fatalf("AuditHealth = %+v, and nothing was damaged", h)
		}
	}
}
