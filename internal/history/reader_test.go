package history_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/customerrow"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/history"
	"custodex.dev/internal/id"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
)

// fakeStore has the rows of one customer, oldest first.
type fakeStore struct {
	store.Reader
	row  store.CustomerRow
	rows []store.HistoryRow
}

func (s *fakeStore) CustomerGetBySeq(context.Context, id.App, int64) (store.CustomerRow, error) {
	return s.row, nil
}

func (s *fakeStore) HistoryList(_ context.Context, _ id.App, _ int64, list store.HistoryList) (page []store.HistoryRow, _ error) {
	for _, row := range slices.Backward(s.rows) {
		if (list.Before == 0 || row.At < list.Before) && len(page) < list.Take {
			page = append(page, row)
		}
	}
	return page, nil
}

func (s *fakeStore) HistoryNext(_ context.Context, _ id.App, _, at int64) (store.HistoryRow, error) {
	for _, row := range s.rows {
		if row.At > at {
			return row, nil
		}
	}
	return store.HistoryRow{}, store.NotFound("history")
}

// tampered gives a customer after ten changes, one each second, and a Reader of what alter made of its rows.
func tampered(t *testing.T, alter func(*fakeStore, []store.CustomerRow)) (history.Reader, store.CustomerRow, time.Time) {
	t.Helper()
	app := newApp(t)
	p := newPerson(t, app, 7)
	p.row.Seq = 7
	_, p.row.Key = app.NewCustomer(p.is.ID)
	key, err := app.OpenCustomer(p.is.ID, p.row.Key)
	if err != nil {
		t.Fatal(err)
	}
	p.key = key
	wrapped := p.row.Key
	first := p.is
	p.row.Sealed = key.SealPersonal(first.AppendBinary(nil))
	var st fakeStore
	var rows []store.CustomerRow
	for i := range 10 {
		rows = append(rows, p.row)
		row := p.save(t, int64(9+i), func(c *customer.Customer) { c.Family += "x" })
		p.row.Key, p.row.Seq = wrapped, 7
		row.At += int64(i) * 1000
		st.rows = append(st.rows, row)
	}
	st.row = p.row
	alter(&st, append(rows, p.row))
	return history.Reader{Store: &st, Key: app}, st.row, time.UnixMilli(1_790_000_000_777)
}

// racingStore is a fakeStore in which something happens before the nth call of HistoryNext.
type racingStore struct {
	*fakeStore
	calls  int
	happen map[int]func(*fakeStore)
}

func (s *racingStore) HistoryNext(ctx context.Context, app id.App, seq, at int64) (store.HistoryRow, error) {
	row, err := s.fakeStore.HistoryNext(ctx, app, seq, at)
	if s.calls++; s.happen[s.calls] != nil {
		s.happen[s.calls](s.fakeStore) // after this call has seen what was there
	}
	return row, err
}

func (s *racingStore) CustomerGetBySeq(ctx context.Context, app id.App, seq int64) (store.CustomerRow, error) {
	if s.row.Seq == 0 {
		return store.CustomerRow{}, store.NotFound("customer")
	}
	return s.fakeStore.CustomerGetBySeq(ctx, app, seq)
}

// A change or a deletion between the statements of a read is no damage: the answer is of before or after.
func TestReadsRaceWithChanges(t *testing.T) {
	t.Parallel()
	var whole fakeStore
	var before store.CustomerRow
	r, _, begin := tampered(t, func(s *fakeStore, rows []store.CustomerRow) { whole, before = *s, rows[9] })
	deleted := func(s *fakeStore) { *s = fakeStore{} }
	for name, c := range map[string]struct {
		change int // as of which
		happen map[int]func(*fakeStore)
		gone   bool
	}{
		"a change after the row was read":          {9, map[int]func(*fakeStore){1: func(s *fakeStore) { *s = whole }}, false},
		"a change while an older state is read":    {5, map[int]func(*fakeStore){1: func(s *fakeStore) { *s = whole }}, false},
		"a deletion while the state now is read":   {9, map[int]func(*fakeStore){1: deleted}, false},
		"a deletion while an older state is read":  {5, map[int]func(*fakeStore){1: deleted}, true},
		"a deletion between list and link of them": {5, map[int]func(*fakeStore){2: deleted}, false},
	} {
		st := &racingStore{fakeStore: &fakeStore{row: before, rows: whole.rows[:9]}, happen: c.happen}
		got, err := asOf(t, history.Reader{Store: st, Key: r.Key}, before, begin.Add(time.Duration(c.change)*time.Second-time.Millisecond))
		switch {
		case c.gone && !errors.Is(err, fault.NotFound):
			t.Errorf("%s: %v, want not found", name, err)
		case !c.gone && (err != nil || len(got.Family) != c.change):
			t.Errorf("%s: the family name is %q, %v", name, got.Family.Reveal(), err)
		}
	}
}

// asOf gives the customer of a row as of a time.
func asOf(t *testing.T, r history.Reader, row store.CustomerRow, at time.Time) (customer.Customer, error) {
	t.Helper()
	now, _, err := customerrow.Decrypt(r.Key, &row)
	if err != nil {
		t.Fatal(err)
	}
	return r.At(t.Context(), row, now, at)
}

// Whatever is done to the rows of a customer, a read of what was altered fails, or gives the truth.
func TestAlteredHistoryIsNoticed(t *testing.T) {
	t.Parallel()
	for what, alter := range map[string]func(*fakeStore, []store.CustomerRow){
		"a state is taken out":        func(s *fakeStore, _ []store.CustomerRow) { s.rows = slices.Delete(s.rows, 4, 5) },
		"the newest state is cut off": func(s *fakeStore, _ []store.CustomerRow) { s.rows = s.rows[:9] },
		"two states change places": func(s *fakeStore, _ []store.CustomerRow) {
			a, b := &s.rows[4], &s.rows[5]
			a.At, b.At = b.At, a.At
			*a, *b = *b, *a
		},
		"a state is doubled": func(s *fakeStore, _ []store.CustomerRow) {
			again := s.rows[4]
			again.At++
			s.rows = slices.Insert(s.rows, 5, again)
		},
		"the customer is put back":  func(s *fakeStore, rows []store.CustomerRow) { s.row = rows[6] },
		"all but a state is undone": func(s *fakeStore, rows []store.CustomerRow) { s.row, s.rows = rows[4], s.rows[:6] },
	} {
		r, row, begin := tampered(t, alter)
		_, _, err := r.Page(t.Context(), row, 0, 100)
		if !errors.Is(err, history.ErrBroken) && !errors.Is(err, seal.ErrOpen) {
			t.Errorf("%s: Page = %v, want %v", what, err, history.ErrBroken)
		}
		failed := 0
		for i := range 11 {
			at := begin.Add(time.Duration(i)*time.Second - time.Millisecond)
			got, err := asOf(t, r, row, at)
			if err != nil {
				failed++
				continue
			}
			if want := i; len(got.Family) != want {
				t.Errorf("%s: as of change %d the family name is %q", what, i, got.Family.Reveal())
			}
		}
		if failed == 0 {
			t.Errorf("%s: every time was answered", what)
		}
	}
	r, row, begin := tampered(t, func(*fakeStore, []store.CustomerRow) {})
	for i := range 11 {
		if got, err := asOf(t, r, row, begin.Add(time.Duration(i)*time.Second-time.Millisecond)); err != nil || len(got.Family) != i {
			t.Errorf("as of change %d: %q, %v", i, got.Family.Reveal(), err)
		}
	}
	if _, err := asOf(t, r, row, time.UnixMilli(1_790_000_000_000).Add(-time.Millisecond)); !errors.Is(err, fault.NotFound) {
		t.Errorf("before the creation: %v", err)
	}
}
