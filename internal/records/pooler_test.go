package records_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
)

// TestFieldD2RecordsThroughPooler has two applications create, fetch, list, search,
// update and delete at the same time through three connections that change with each
// transaction. Each sees its own customers only, and all of them.
func TestFieldD2RecordsThroughPooler(t *testing.T) {
	t.Parallel()
	env := newEnvOn(t, testkit.NewPooledStore(t, 3))
	_, other := env.newApp(t, "Other")
	const each = 20
	callers := []tenant.Caller{env.me, other}
	made := make([]map[id.Customer]bool, len(callers))
	var group sync.WaitGroup
	for i, caller := range callers {
		made[i] = make(map[id.Customer]bool)
		group.Go(func() {
			for n := range each {
				c, err := pooledLife(t, env, caller, n)
				if err != nil {
					t.Errorf("caller %d, customer %d: %v", i, n, err)
					return
				}
				made[i][c] = true
			}
		})
	}
	group.Wait()
	for i, caller := range callers {
		page, err := env.ListCustomers(t.Context(), caller, records.ListRequest{
			Input: customer.ListInput{Name: text("mary"), Take: text("50")}})
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Customers) != each {
			t.Errorf("caller %d finds %d customers, want %d", i, len(page.Customers), each)
		}
		for _, c := range page.Customers {
			if !made[i][c.ID] {
				t.Errorf("caller %d finds a customer that it has not made", i)
			}
		}
		for c := range made[1-i] {
			if _, err := env.FetchCustomer(t.Context(), caller, records.ByID(c)); !errors.Is(err, fault.Forbidden) {
				t.Errorf("fetch of another application's customer = %v, want %v", err, fault.Forbidden)
			}
		}
	}
}

// pooledLife makes a customer that stays, and one that goes.
func pooledLife(t *testing.T, env *testEnv, caller tenant.Caller, n int) (stays id.Customer, err error) {
	key := fmt.Sprintf("key-%d", n)
	in := person("Ann", "Lee", fmt.Sprintf("ann%d@example.com", n))
	first, err := env.create(t, caller, in, key)
	if err != nil {
		return stays, err
	}
	again, err := env.create(t, caller, in, key)
	if err != nil || again.Customer != first.Customer {
		return stays, fmt.Errorf("the same key again gives another customer: %w", err)
	}
	if _, err := env.create(t, caller, in, ""); !errors.Is(err, fault.Conflict) {
		return stays, fmt.Errorf("a second customer with the address: %w", err)
	}
	write := records.Write{Input: customer.Input{Given: text("Mary")}, Encode: encode}
	if _, err := env.UpdateCustomer(t.Context(), caller, records.ByID(first.Customer), write); err != nil {
		return stays, err
	}
	goes, err := env.create(t, caller, person("Bob", "Lee", ""), "")
	if err != nil {
		return stays, err
	}
	return first.Customer, env.DeleteCustomer(t.Context(), caller, records.ByID(goes.Customer))
}
