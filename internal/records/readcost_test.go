package records_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/storetest"
	"custodex.dev/internal/testkit"
)

// countingStore counts the reads of customers, groups and items, and their rows.
type countingStore struct {
	*storetest.Hooked
	calls, rows atomic.Int64 // an index is built by several goroutines
}

func newCountingStore(st store.Store) *countingStore {
	c := &countingStore{Hooked: storetest.NewHooked(st)}
	c.Set(storetest.Hooks{After: c.count})
	return c
}

func (c *countingStore) count(_ context.Context, method string, _ id.App, result any) error {
	rows := int64(1)
	switch method {
	case "CustomerGet", "CustomerGetByEmail":
	case "CustomerScan":
		rows = *result.(*int64)
	case "CustomerList", "CustomerBySeq", "CustomerChanges":
		rows = int64(len(*result.(*[]store.CustomerRow)))
	case "GroupList":
		rows = int64(len(*result.(*[]store.GroupRow)))
	case "GroupCount":
		rows = 0
	case "ItemList":
		rows = int64(len(*result.(*[]store.ItemRow)))
	default:
		return nil
	}
	c.calls.Add(1)
	c.rows.Add(rows)
	return nil
}

// spent gives what was counted and begins anew.
func (c *countingStore) spent() (calls, rows int64) { return c.calls.Swap(0), c.rows.Swap(0) }

// What each read costs of the store, counted and not timed. A page of the newest
// costs the same whatever there is; a warm search reads the rows it shows; one
// change costs the next search one row.
func TestWorkOfReads(t *testing.T) {
	t.Parallel()
	count := newCountingStore(testkit.NewStore(t, "sqlite"))
	env := newEnvOn(t, count)
	var last id.Customer
	for i := range 400 {
		last = env.mustCreate(t, env.me, person("Given", fmt.Sprintf("Name%d", i), ""))
	}
	find := func(in customer.ListInput) func() {
		return func() {
			if _, err := env.ListCustomers(t.Context(), env.me, records.ListRequest{Input: in}); err != nil {
				t.Fatal(err)
			}
		}
	}
	env.mustCreate(t, env.me, person("Given", "Lead", "lead@example.com"))
	search := customer.ListInput{Name: text("name39")}
	find(search)() // builds the index
	find(search)() // and this is surely after it
	steps := []struct {
		name        string
		do          func()
		calls, rows int64
	}{
		{"fetch", func() { env.mustFetch(t, last) }, 1, 1},
		{"first page", find(customer.ListInput{}), 1, 11},
		{"page by status", find(customer.ListInput{Status: text("ACTIVE")}), 1, 11},
		{"deep page", find(customer.ListInput{Skip: text("380")}), 1, 11},
		{"warm search", find(search), 1, 10},
		{"search for nobody", find(customer.ListInput{Name: text("nobody")}), 0, 0},
		{"count by a fragment", func() {
			_, err := env.ListCustomers(t.Context(), env.me, records.ListRequest{Input: search, Count: true})
			if err != nil {
				t.Fatal(err)
			}
		}, 1, 10},
		{"count by a whole address", func() {
			in := records.ListRequest{Input: customer.ListInput{Email: text("lead@example.com")}, Count: true}
			if found, err := env.ListCustomers(t.Context(), env.me, in); err != nil || found.Total != 1 {
				t.Fatalf("%d are counted, %v; want 1", found.Total, err)
			}
		}, 1, 1},
	}
	for _, s := range steps {
		count.spent()
		s.do()
		if calls, rows := count.spent(); calls > s.calls || rows > s.rows {
			t.Errorf("%s cost %d calls and %d rows, at most %d and %d are needed", s.name, calls, rows, s.calls, s.rows)
		}
	}
	env.mustCreate(t, env.me, person("Given", "Name39x", ""))
	count.spent()
	find(search)()
	if calls, rows := count.spent(); calls > 2 || rows > 11 {
		t.Errorf("a search after one change cost %d calls and %d rows, at most 2 and 11 are needed", calls, rows)
	}
}

// Of groups and items, too, a page costs its rows and one more. A list that is shown
// whole is not counted again.
func TestWorkOfPages(t *testing.T) {
	t.Parallel()
	count := newCountingStore(testkit.NewStore(t, "sqlite"))
	env := newEnvOn(t, count)
	c := env.mustCreate(t, env.me, person("Given", "Name", ""))
	for range 30 {
		env.mustGroup(t, env.me, "Group")
		if _, err := env.pay(t, env.me, c, payment("1", ""), ""); err != nil {
			t.Fatal(err)
		}
	}
	_, afterGroup, err := env.pageGroups(t, env.me, time.Time{}, time.Time{})("")
	if err != nil {
		t.Fatal(err)
	}
	groups := func(p records.PageRequest) func() error {
		return func() error {
			_, err := env.ListGroups(t.Context(), env.me, records.ListGroupsRequest{PageRequest: p})
			return err
		}
	}
	for _, s := range []struct {
		name        string
		do          func() error
		calls, rows int64
	}{
		{"a page of groups", groups(records.PageRequest{Take: 5}), 1, 6},
		{"a deep page of groups", groups(records.PageRequest{Take: 5, Skip: 20}), 1, 6},
		{"a page of groups by cursor", groups(records.PageRequest{Take: 5, Cursor: afterGroup}), 1, 6},
		{"all groups, counted", groups(records.PageRequest{Take: 30, Count: true}), 1, 30},
		{"a page of groups, counted", groups(records.PageRequest{Take: 5, Count: true}), 2, 6},
		{"a page of transactions", func() error {
			_, err := env.ListTransactions(t.Context(), env.me, c, records.PageRequest{Take: 5})
			return err
		}, 2, 7}, // with the customer
	} {
		count.spent()
		if err := s.do(); err != nil {
			t.Fatal(err)
		}
		if calls, rows := count.spent(); calls != s.calls || rows != s.rows {
			t.Errorf("%s cost %d calls and %d rows, want %d and %d", s.name, calls, rows, s.calls, s.rows)
		}
	}
}

// A fetch makes few allocations. The bound is a little over what it was when it
// was written, with the sequencing of its audit entry in the background; a jump
// wants a reason.
func TestAllocationsOfFetch(t *testing.T) {
	env := newEnv(t)
	c := env.mustCreate(t, env.me, person("A", "B", "a@example.com"))
	got := testing.AllocsPerRun(200, func() {
		if _, err := env.FetchCustomer(t.Context(), env.me, records.ByID(c)); err != nil {
			t.Fatal(err)
		}
	})
	t.Logf("%v allocations", got)
	if got > 160 {
		t.Errorf("a fetch makes %v allocations, at most 160 are expected", got)
	}
}
