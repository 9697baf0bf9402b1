package records_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/testkit"
)

// Create refused an address that a search for it, in its other spelling, did not find.
func TestFieldB2AddressInOtherSpelling(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			env := newEnvOn(t, testkit.NewStore(t, engine))
			spellings := []string{"user@m\u00fcnchen.example", "user@xn--mnchen-3ya.example", "\"user\"@M\u00dcNCHEN.example", "User@mu\u0308nchen.example"}
			for i, stored := range spellings {
				who := env.mustCreate(t, env.me, person("User", strconv.Itoa(i), stored))
				for _, term := range spellings {
					if got := env.listed(t, customer.ListInput{Email: text(term)}); !slices.Equal(got, []id.Customer{who}) {
						t.Errorf("%q finds %v, want %v, stored as %q", term, got, who, stored)
					}
				}
				other := customer.ListInput{Email: text(spellings[0]), Name: text("nobody")}
				if got := env.listed(t, other); len(got) > 0 {
					t.Errorf("the address with the name of nobody finds %v", got)
				}
				if err := env.DeleteCustomer(t.Context(), env.me, records.ByID(who)); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// listed walks a whole list by cursor.
func (e *testEnv) listed(t *testing.T, in customer.ListInput) (ids []id.Customer) {
	t.Helper()
	for cursor := ""; ; {
		found, err := e.ListCustomers(t.Context(), e.me, records.ListRequest{Input: in, Cursor: cursor, Count: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range found.Customers {
			ids = append(ids, c.ID)
		}
		if cursor = found.Next; cursor == "" {
			if found.Total != len(ids) {
				t.Errorf("%d are counted, %d listed", found.Total, len(ids))
			}
			return ids
		}
	}
}

// A published SDK takes the first customer of a search for an address; that was another one, whose
// address contains it. The customer that has the address comes first, once, on pages of every length.
func TestFieldB3WholeAddressComesFirst(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			wholeAddressComesFirst(t, newEnvOn(t, testkit.NewStore(t, engine)))
		})
	}
	t.Run("without an index", func(t *testing.T) {
		t.Parallel()
		wholeAddressComesFirst(t, newEnv(t, func(c *records.Config) { c.SearchMemory = 1 }))
	})
}

func wholeAddressComesFirst(t *testing.T, env *testEnv) {
	t.Helper()
	var all []id.Customer // newest first
	for _, local := range []string{"joann", "ann", "leeann", "maryann", "suann"} {
		all = append([]id.Customer{env.mustCreate(t, env.me, person("P", local, local+"@shop.example"))}, all...)
	}
	want := append([]id.Customer{all[3]}, all[0], all[1], all[2], all[4])
	for take := 1; take <= 6; take++ {
		in := customer.ListInput{Email: text(" ANN@shop.example"), Take: text(strconv.Itoa(take))}
		if got := env.listed(t, in); !slices.Equal(got, want) {
			t.Errorf("by cursor, %d each: %v, want %v", take, got, want)
		}
		for skip := 0; skip <= 6; skip++ {
			in.Skip = text(strconv.Itoa(skip))
			found, err := env.ListCustomers(t.Context(), env.me, records.ListRequest{Input: in})
			if err != nil {
				t.Fatal(err)
			}
			got := []id.Customer{}
			for _, c := range found.Customers {
				got = append(got, c.ID)
			}
			lo, hi := min(skip, len(want)), min(skip+take, len(want))
			if !slices.Equal(got, want[lo:hi]) || (found.Next != "") != (hi < len(want)) {
				t.Errorf("%d after %d: %v, next %q; want %v", take, skip, got, found.Next, want[lo:hi])
			}
		}
	}
}

// The customer that came first stays out of the rest of the walk, whatever becomes of its address.
func TestLeadIsListedOnce(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	who := env.mustCreate(t, env.me, person("Ann", "Lee", "ann@shop.example"))
	for i := range 5 {
		env.mustCreate(t, env.me, person("Jo", "Lee", fmt.Sprintf("jo%dann@shop.example", i)))
	}
	seen := make(map[id.Customer]int)
	in := customer.ListInput{Email: text("ann@shop.example"), Take: text("2")}
	for cursor, page := "", 0; cursor != "" || page == 0; page++ {
		found, err := env.ListCustomers(t.Context(), env.me, records.ListRequest{Input: in, Cursor: cursor})
		if err != nil {
			t.Fatal(err)
		}
		if page == 0 {
			w := records.Write{Input: customer.Input{Email: text("moann@shop.example")}, Encode: encode}
			if _, err := env.UpdateCustomer(t.Context(), env.me, records.ByID(who), w); err != nil {
				t.Fatal(err)
			}
			env.mustCreate(t, env.me, person("New", "Ann", "ann@shop.example"))
		}
		for _, c := range found.Customers {
			seen[c.ID]++
		}
		cursor = found.Next
	}
	for c, n := range seen {
		if n != 1 {
			t.Errorf("%s is listed %d times", c, n)
		}
	}
	if seen[who] != 1 || len(seen) != 6 {
		t.Errorf("listed %v", seen)
	}
}
