package records_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/page"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
)

// through is the caller as another API would make it.
func through(caller tenant.Caller, dialect string) tenant.Caller {
	caller.Origin.Dialect = dialect
	return caller
}

// pager reads a page of some list from a cursor on, two at a time.
type pager func(cursor string) (shown []string, next string, err error)

func (e *testEnv) pageCustomers(t *testing.T, caller tenant.Caller, in customer.ListInput) pager {
	in.Take = text("2")
	return func(cursor string) (shown []string, next string, err error) {
		found, err := e.ListCustomers(t.Context(), caller, records.ListRequest{Input: in, Cursor: cursor})
		for _, c := range found.Customers {
			shown = append(shown, c.ID.String())
		}
		return shown, found.Next, err
	}
}

func (e *testEnv) pageGroups(t *testing.T, caller tenant.Caller, from, to time.Time) pager {
	return func(cursor string) (shown []string, next string, err error) {
		found, err := e.ListGroups(t.Context(), caller, records.ListGroupsRequest{
			PageRequest: records.PageRequest{Take: 2, Cursor: cursor}, From: from, To: to,
		})
		for _, g := range found.List {
			shown = append(shown, fmt.Sprint(g.Seq))
		}
		return shown, found.Next, err
	}
}

func (e *testEnv) pageTransactions(t *testing.T, caller tenant.Caller, c id.Customer) pager {
	return func(cursor string) (shown []string, next string, err error) {
		found, err := e.ListTransactions(t.Context(), caller, c, records.PageRequest{Take: 2, Cursor: cursor})
		for _, x := range found.List {
			shown = append(shown, x.ID.String())
		}
		return shown, found.Next, err
	}
}

func (e *testEnv) pageAddresses(t *testing.T, caller tenant.Caller, c id.Customer) pager {
	return func(cursor string) (shown []string, next string, err error) {
		found, err := e.ListLiquidationAddresses(t.Context(), caller, c, records.PageRequest{Take: 2, Cursor: cursor})
		for _, l := range found.List {
			shown = append(shown, l.ID.String())
		}
		return shown, found.Next, err
	}
}

// walk follows the cursors to the end and wants nothing twice.
func walk(t *testing.T, read pager) (seen map[string]bool) {
	t.Helper()
	seen = make(map[string]bool)
	for cursor := ""; ; {
		shown, next, err := read(cursor)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range shown {
			if seen[one] {
				t.Errorf("%s is shown twice", one)
			}
			seen[one] = true
		}
		if cursor = next; cursor == "" {
			return seen
		}
	}
}

func wantSeen(t *testing.T, seen map[string]bool, want []string) {
	t.Helper()
	for _, one := range want {
		if !seen[one] {
			t.Errorf("%s was there throughout and is not shown", one)
		}
	}
}

// furnished gives two customers five transactions and addresses each, and the
// application five groups.
func furnished(t *testing.T, env *testEnv, caller tenant.Caller) (first, second id.Customer) {
	t.Helper()
	var made [2]id.Customer
	for i := range made {
		made[i] = env.mustCreate(t, caller, person("Ada", fmt.Sprint(i), ""))
	}
	for i := range 5 {
		env.mustCreate(t, caller, person("Ada", fmt.Sprint("more", i), ""))
		env.mustGroup(t, caller, fmt.Sprint("Group ", i))
		for _, c := range made {
			if _, err := env.pay(t, caller, c, payment("1", ""), ""); err != nil {
				t.Fatal(err)
			}
			if _, err := env.CreateLiquidationAddress(t.Context(), caller, c, payout(), "", showAddress); err != nil {
				t.Fatal(err)
			}
		}
	}
	return made[0], made[1]
}

// A cursor leads through the list that made it and is refused by every other: of
// another kind, API, filter, customer or application, and when a byte of it changed.
func TestCursorIsBoundToItsList(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	_, stranger := env.newApp(t, "Other")
	first, second := furnished(t, env, env.me)
	furnished(t, env, stranger)
	yativo, past := through(env.me, "yativo"), time.Now().Add(-time.Hour)
	ada := customer.ListInput{Name: text("ada")}
	lists := map[string]pager{
		"customers":                        env.pageCustomers(t, env.me, customer.ListInput{}),
		"customers of another application": env.pageCustomers(t, stranger, customer.ListInput{}),
		"customers of another API":         env.pageCustomers(t, yativo, customer.ListInput{}),
		"groups":                           env.pageGroups(t, env.me, time.Time{}, time.Time{}),
		"groups of another application":    env.pageGroups(t, stranger, time.Time{}, time.Time{}),
		"groups of another API":            env.pageGroups(t, yativo, time.Time{}, time.Time{}),
		"transactions":                     env.pageTransactions(t, env.me, first),
		"transactions of another":          env.pageTransactions(t, env.me, second),
		"transactions of another API":      env.pageTransactions(t, yativo, first),
		"addresses":                        env.pageAddresses(t, env.me, first),
		"addresses of another":             env.pageAddresses(t, env.me, second),
	}
	for name, read := range lists {
		_, next, err := read("")
		if err != nil || next == "" {
			t.Fatalf("%s: next %q, %v", name, next, err)
		}
		for other, from := range lists {
			if _, _, err := from(next); (err == nil) != (name == other) || err != nil && !errors.Is(err, page.ErrCursor) {
				t.Errorf("a cursor of %s in %s = %v", name, other, err)
			}
		}
		for i := range next {
			altered := next[:i] + string(next[i]^1) + next[i+1:]
			if _, _, err := read(altered); !errors.Is(err, page.ErrCursor) {
				t.Errorf("%s with character %d altered = %v", name, i, err)
			}
		}
		for _, bad := range []string{"x", next + "A", next[1:], strings.Repeat("A", 5000)} {
			if _, _, err := read(bad); !errors.Is(err, page.ErrCursor) {
				t.Errorf("%s with %.20q… = %v", name, bad, err)
			}
		}
	}

	// Its filter goes with it, and may be said again but not changed.
	_, next, err := env.pageCustomers(t, env.me, ada)("")
	if err != nil {
		t.Fatal(err)
	}
	_, nextGroup, err := env.pageGroups(t, env.me, past, time.Time{})("")
	if err != nil {
		t.Fatal(err)
	}
	blank := customer.ListInput{Name: text(" "), Email: text("")}
	for _, read := range []pager{env.pageCustomers(t, env.me, ada), env.pageCustomers(t, env.me, blank)} {
		if shown, _, err := read(next); err != nil || len(shown) != 2 {
			t.Errorf("the filter of a cursor again, or none = %v, %v", shown, err)
		}
	}
	for _, read := range []pager{env.pageGroups(t, env.me, past, time.Time{}), env.pageGroups(t, env.me, time.Time{}, time.Time{})} {
		if shown, _, err := read(nextGroup); err != nil || len(shown) != 2 {
			t.Errorf("the times of a cursor again, or none = %v, %v", shown, err)
		}
	}
	for name, read := range map[string]func() error{
		"name": func() error {
			_, _, err := env.pageCustomers(t, env.me, customer.ListInput{Name: text("bob")})(next)
			return err
		},
		"status": func() error {
			_, _, err := env.pageCustomers(t, env.me, customer.ListInput{Status: text("ACTIVE")})(next)
			return err
		},
		"from": func() error {
			_, _, err := env.pageGroups(t, env.me, past.Add(1e9), time.Time{})(nextGroup)
			return err
		},
		"to": func() error { _, _, err := env.pageGroups(t, env.me, past, time.Now())(nextGroup); return err },
	} {
		if err := read(); !errors.Is(err, page.ErrCursor) {
			t.Errorf("a cursor with another %s = %v", name, err)
		}
	}
}

// The beginning of 1970 is a time like others, though its milliseconds are 0.
func TestCursorCarriesEveryTime(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	furnished(t, env, env.me)
	read := env.pageCustomers(t, env.me, customer.ListInput{CreatedFrom: text("1970-01-01T00:00:00Z")})
	if seen := walk(t, read); len(seen) != 7 {
		t.Errorf("%d customers, want 7", len(seen))
	}
}

// Walks through groups and through what hangs on a customer, while others write,
// neither repeat nor lose what was there throughout.
func TestWalksUnderWrites(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	c := env.mustCreate(t, env.me, person("A", "B", ""))
	at := func(i int) string { return time.Date(2026, 1, 1, 0, 0, i*7%60, 0, time.UTC).Format(time.RFC3339) }
	var groups, purchases, addresses []string
	for i := range 60 {
		groups = append(groups, fmt.Sprint(env.mustGroup(t, env.me, "Steady")))
		r, err := env.pay(t, env.me, c, payment("1", at(i)), "")
		if err != nil {
			t.Fatal(err)
		}
		purchases = append(purchases, strings.Fields(string(r.Body))[0])
		r, err = env.CreateLiquidationAddress(t.Context(), env.me, c, payout(), "", showAddress)
		if err != nil {
			t.Fatal(err)
		}
		addresses = append(addresses, strings.TrimSuffix(string(r.Body), canary))
	}
	ctx, stop := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	defer func() { stop(); writers.Wait() }()
	for range 2 {
		writers.Go(func() {
			for i := 0; i < 100 && ctx.Err() == nil; i++ { // an end, for the walk must not chase what is added ahead of it
				var seq int64
				write := groupWrite("Passing", "")
				write.Encode = func(g *customer.Group) []byte { seq = g.Seq; return nil }
				_, err := env.CreateGroup(ctx, env.me, write)
				if err == nil && i%2 == 0 {
					err = env.DeleteGroup(ctx, env.me, seq)
				}
				if err == nil {
					_, err = env.RecordTransaction(ctx, env.me, c, payment("2", at(i)), "", showAmount)
				}
				if err == nil {
					_, err = env.CreateLiquidationAddress(ctx, env.me, c, payout(), "", showAddress)
				}
				if err != nil && ctx.Err() == nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wantSeen(t, walk(t, env.pageGroups(t, env.me, time.Time{}, time.Time{})), groups)
	wantSeen(t, walk(t, env.pageAddresses(t, env.me, c)), addresses)
	wantSeen(t, walk(t, env.pageTransactions(t, env.me, c)), purchases)
}

// The total is that of the whole list, on whatever page, and of its filter.
func TestListsAreCounted(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	c, _ := furnished(t, env, env.me)
	lists := map[string]func(records.PageRequest) (shown, total int, next string, err error){
		"groups": func(p records.PageRequest) (int, int, string, error) {
			found, err := env.ListGroups(t.Context(), env.me, records.ListGroupsRequest{PageRequest: p})
			return len(found.List), found.Total, found.Next, err
		},
		"transactions": func(p records.PageRequest) (int, int, string, error) {
			found, err := env.ListTransactions(t.Context(), env.me, c, p)
			return len(found.List), found.Total, found.Next, err
		},
		"addresses": func(p records.PageRequest) (int, int, string, error) {
			found, err := env.ListLiquidationAddresses(t.Context(), env.me, c, p)
			return len(found.List), found.Total, found.Next, err
		},
	}
	for name, list := range lists {
		var cursor string
		for _, p := range []struct {
			page records.PageRequest
			want int
			more bool
		}{
			{records.PageRequest{Take: 5}, 5, false},
			{records.PageRequest{Take: 9, Skip: 4}, 1, false},
			{records.PageRequest{Take: 9, Skip: 9}, 0, false},
			{records.PageRequest{Take: 4}, 4, true},
			{records.PageRequest{Take: 4, Cursor: "that"}, 1, false},
		} {
			p.page.Count = true
			if p.page.Cursor != "" {
				p.page.Cursor = cursor
			}
			shown, total, next, err := list(p.page)
			if err != nil || shown != p.want || total != 5 || (next != "") != p.more {
				t.Errorf("%s, %+v: %d of %d, next %q, %v", name, p.page, shown, total, next, err)
			}
			cursor = next
		}
	}
	found, err := env.ListGroups(t.Context(), env.me, records.ListGroupsRequest{PageRequest: records.PageRequest{Take: 1, Skip: 1, Count: true}, To: time.Now().Add(-time.Hour)})
	if err != nil || found.Total != 0 {
		t.Errorf("groups of another time: %d, %v", found.Total, err)
	}
}

// Who may not list learns nothing of a cursor.
func TestCursorOfAnothersCustomer(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	c, _ := furnished(t, env, env.me)
	_, stranger := env.newApp(t, "Other")
	_, next, err := env.pageTransactions(t, env.me, c)("")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := env.pageTransactions(t, stranger, c)(""); !errors.Is(err, fault.Forbidden) {
		t.Errorf("another's transactions = %v", err)
	}
	if _, _, err := env.pageTransactions(t, stranger, c)(next); !errors.Is(err, page.ErrCursor) {
		t.Errorf("another's transactions by their cursor = %v", err)
	}
}
