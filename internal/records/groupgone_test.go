package records_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/testkit"
)

// A deleted group is none at once and everywhere, on a replica whose index knew its members too,
// though no row and no version of a customer has changed.
func TestDeletedGroupIsNoneEverywhere(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			env := newEnvOn(t, testkit.NewStore(t, engine))
			other := env.replica(t)
			gold, silver := env.mustGroup(t, env.me, "Gold"), env.mustGroup(t, env.me, "Silver")
			var members []id.Customer
			for i, group := range []int64{gold, silver, gold} {
				in := person("Member", fmt.Sprint(i), fmt.Sprintf("m%d@example.com", i))
				in.Group = text(fmt.Sprint(group))
				members = append(members, env.mustCreate(t, env.me, in))
			}
			finds := func(in customer.ListInput, want ...id.Customer) {
				t.Helper()
				for _, e := range []*testEnv{env, other} {
					got, err := e.ListCustomers(t.Context(), e.me, records.ListRequest{Input: in, Count: true})
					var ids []id.Customer
					for _, c := range got.Customers {
						ids = append(ids, c.ID)
					}
					if err != nil || got.Total != len(want) || !slices.Equal(ids, want) {
						t.Errorf("%+v finds %v of %d, %v, want %v", in, ids, got.Total, err, want)
					}
				}
			}
			inGold := customer.ListInput{Group: text(fmt.Sprint(gold))}
			byMail := customer.ListInput{Group: text(fmt.Sprint(gold)), Email: text("m0@example.com")}
			finds(inGold, members[2], members[0])
			finds(byMail, members[0])
			before, err := env.FetchCustomer(t.Context(), env.me, records.ByID(members[0]))
			if err != nil {
				t.Fatal(err)
			}

			if err := env.DeleteGroup(t.Context(), env.me, gold); err != nil {
				t.Fatal(err)
			}
			finds(inGold)
			finds(byMail)
			finds(customer.ListInput{Group: text(fmt.Sprint(silver))}, members[1])
			finds(customer.ListInput{Name: text("member")}, members[2], members[1], members[0])
			for _, e := range []*testEnv{env, other} {
				all, err := e.ListCustomers(t.Context(), e.me, records.ListRequest{})
				if err != nil || len(all.Customers) != 3 {
					t.Fatalf("ListCustomers = %d, %v", len(all.Customers), err)
				}
				for i, want := range []int64{0, silver, 0} {
					if got := all.Customers[i].Group; got != want {
						t.Errorf("the list shows customer %d in group %d, want %d", i, got, want)
					}
				}
				c, g, err := e.FetchWithGroup(t.Context(), e.me, records.ByID(members[0]))
				if err != nil || g != nil || c.Group != 0 || c.Revision == before.Revision {
					t.Errorf("FetchWithGroup = group %d, %v, %v; the revision must be another one", c.Group, g, err)
				}
			}
			// It cannot be joined, and its number is not given again.
			_, err = env.UpdateCustomer(t.Context(), env.me, records.ByID(members[1]),
				records.Write{Input: customer.Input{Group: text(fmt.Sprint(gold))}, Encode: encode})
			if f := fault.Of(err); f.Kind != fault.Invalid {
				t.Errorf("joining a deleted group = %v", err)
			}
			if next := env.mustGroup(t, env.me, "Gold"); next <= silver {
				t.Errorf("a new group has the number %d", next)
			}
			finds(inGold)
		})
	}
}

// Searches for the members of a group that is deleted meanwhile never fail, and find none once the
// deletion was acknowledged.
func TestSearchWhileAGroupIsDeleted(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	for range 5 {
		gold := env.mustGroup(t, env.me, "Gold")
		for i := range 20 {
			in := person("Member", fmt.Sprint(i), "")
			in.Group = text(fmt.Sprint(gold))
			env.mustCreate(t, env.me, in)
		}
		in := records.ListRequest{Input: customer.ListInput{Group: text(fmt.Sprint(gold))}, Count: true}
		var searchers sync.WaitGroup
		gone := make(chan struct{})
		for range 4 {
			searchers.Go(func() {
				for last := false; !last; {
					select {
					case <-gone:
						last = true
					default:
					}
					got, err := env.ListCustomers(t.Context(), env.me, in)
					switch {
					case errors.Is(err, fault.Unavailable) && fault.Of(err).Code != "search_unsettled":
						// Too many searches at once for this machine.
					case err != nil:
						t.Errorf("ListCustomers = %v", err)
					case last && (len(got.Customers) > 0 || got.Total > 0):
						t.Errorf("%d of %d are found in a group that was deleted", len(got.Customers), got.Total)
					}
				}
			})
		}
		if err := env.DeleteGroup(t.Context(), env.me, gold); err != nil {
			t.Error(err)
		}
		close(gone)
		searchers.Wait()
	}
}
