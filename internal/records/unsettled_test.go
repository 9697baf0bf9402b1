package records_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/storetest"
	"custodex.dev/internal/testkit"
)

// changingStore is a store in which customers change each time between a search and
// the reading of what it found.
type changingStore struct {
	*storetest.Hooked
	reads atomic.Int64
}

// newChangingStore makes one. changed reports whether the row changed before the read
// with this number, counted from 1.
func newChangingStore(st store.Store, changed func(read int64, row *store.CustomerRow) bool) *changingStore {
	c := &changingStore{Hooked: storetest.NewHooked(st)}
	c.Set(storetest.Hooks{After: func(_ context.Context, method string, _ id.App, result any) error {
		if method == "CustomerBySeq" {
			read, rows := c.reads.Add(1), result.(*[]store.CustomerRow)
			*rows = slices.DeleteFunc(*rows, func(row store.CustomerRow) bool { return changed(read, &row) })
		}
		return nil
	}})
	return c
}

// adas is a request for a page of customers called Ada.
func adas(take, cursor string) records.ListRequest {
	return records.ListRequest{Input: customer.ListInput{Name: text("ada"), Take: text(take)}, Cursor: cursor}
}

// An empty page without a cursor ends a walk, so there must be none while more
// customers match, however often what was found is gone.
func TestNoEmptyPageBeforeTheEnd(t *testing.T) {
	t.Parallel()
	st := newChangingStore(testkit.NewStore(t, "sqlite"), func(read int64, _ *store.CustomerRow) bool { return read <= 5 })
	env := newEnvOn(t, st)
	for range 3 {
		env.mustCreate(t, env.me, person("Ada", "B", ""))
	}
	env.buildIndex(t)
	found, err := env.ListCustomers(t.Context(), env.me, adas("1", ""))
	if err != nil {
		t.Fatal(err)
	}
	if len(found.Customers) != 1 || found.Next == "" {
		t.Errorf("the page has %d customers and cursor %q, want one and a cursor", len(found.Customers), found.Next)
	}
}

// A writer that changes the same customers again and again does not keep a walk from
// the others.
func TestWalkPastCustomersThatChange(t *testing.T) {
	t.Parallel()
	const all, changing = 100, 40
	st := newChangingStore(testkit.NewStore(t, "sqlite"), func(_ int64, row *store.CustomerRow) bool { return row.Seq > all-changing })
	env := newEnvOn(t, st)
	for range all {
		env.mustCreate(t, env.me, person("Ada", "B", ""))
	}
	env.buildIndex(t)
	var seqs []int64
	for cursor := ""; ; {
		found, err := env.ListCustomers(t.Context(), env.me, adas("7", cursor))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range found.Customers {
			seqs = append(seqs, c.Seq)
		}
		if cursor = found.Next; cursor == "" {
			break
		}
		if len(found.Customers) == 0 {
			t.Fatal("an empty page before the end")
		}
	}
	slices.Reverse(seqs)
	if want := upTo(1, all-changing); !slices.Equal(seqs, want) {
		t.Errorf("a walk shows %v, want %v", seqs, want)
	}
}

// If whatever is found changes, the search is refused after a few tries. It must not
// scan until the request's time is over.
func TestSearchOfCustomersThatAllChange(t *testing.T) {
	t.Parallel()
	st := newChangingStore(testkit.NewStore(t, "sqlite"), func(int64, *store.CustomerRow) bool { return true })
	env := newEnvOn(t, st)
	for range 3 {
		env.mustCreate(t, env.me, person("Ada", "B", ""))
	}
	env.buildIndex(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	_, err := env.ListCustomers(ctx, env.me, adas("1", ""))
	if !errors.Is(err, fault.Unavailable) || fault.Of(err).Code != "search_unsettled" {
		t.Errorf("the search = %v, want a refusal", err)
	}
	if n := st.reads.Load(); n > 6 {
		t.Errorf("%d times was it tried, want at most 6", n)
	}
}

// buildIndex has the index built, by a search that reads no row of it.
func (e *testEnv) buildIndex(t *testing.T) {
	t.Helper()
	for {
		if _, err := e.ListCustomers(t.Context(), e.me, records.ListRequest{Input: customer.ListInput{Name: text("nobody")}}); err != nil {
			t.Fatal(err)
		}
		if _, n := e.SearchMemory(); n == 1 {
			return
		}
	}
}
