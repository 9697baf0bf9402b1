package records_test

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
)

// made renders what a get-or-create is told.
func made(c *customer.Customer, created bool) []byte {
	return fmt.Appendf(nil, "%v %s %s", created, c.ID, c.Given.Reveal())
}

func (e *testEnv) getOrCreate(t *testing.T, caller tenant.Caller, in customer.Input, key string) (records.Reply, error) {
	t.Helper()
	return e.GetOrCreateCustomer(t.Context(), caller, records.Write{Input: in, IdempotencyKey: key}, made)
}

func TestGetOrCreate(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	// Case 1: nobody has the address.
	first, err := env.getOrCreate(t, env.me, person("Ada", "L", "Ada@Example.com"), "k")
	if err != nil || first.Existed || string(first.Body) != fmt.Sprintf("true %s Ada", first.Customer) {
		t.Fatalf("GetOrCreateCustomer = %q, existed %v (%v)", first.Body, first.Existed, err)
	}
	if got := env.newest(t, env.app.ID, first.Customer); got != "customer.get_or_create done +" {
		t.Errorf("its entry is %q", got)
	}
	// Case 2: somebody has it, in whatever form, and stays as he is.
	again, err := env.getOrCreate(t, env.me, person("Eve", "L", " ada@EXAMPLE.com "), "k2")
	if err != nil || !again.Existed || string(again.Body) != fmt.Sprintf("false %s Ada", first.Customer) {
		t.Errorf("the second = %q, existed %v (%v)", again.Body, again.Existed, err)
	}
	if got := env.newest(t, env.app.ID, first.Customer); got != "customer.get_or_create done existed +" {
		t.Errorf("its entry is %q", got)
	}
	// Case 3: keys replay what each was told.
	for key, want := range map[string]records.Reply{"k": first, "k2": again} {
		name := map[string]string{"k": "Ada", "k2": "Eve"}[key]
		r, err := env.getOrCreate(t, env.me, person(name, "L", "ada@example.com"), key)
		if err != nil || !r.Replayed || r.Existed != want.Existed || !bytes.Equal(r.Body, want.Body) {
			t.Errorf("replay of %s = %q, replayed %v, existed %v (%v)", key, r.Body, r.Replayed, r.Existed, err)
		}
	}
	// Case 4: the address is required.
	for _, in := range []customer.Input{person("A", "B", ""), {}} {
		if _, err := env.getOrCreate(t, env.me, in, ""); !errors.Is(err, fault.Invalid) {
			t.Errorf("without an address = %v", err)
		}
	}
	// Case 5: another application has customers of its own.
	_, other := env.newApp(t, "Other")
	if r, err := env.getOrCreate(t, other, person("Ada", "L", "ada@example.com"), "k"); err != nil || r.Existed || r.Replayed {
		t.Errorf("in another application existed %v, replayed %v (%v)", r.Existed, r.Replayed, err)
	}
	// Case 6: after a deletion the answers are gone and the address is free.
	if err := env.DeleteCustomer(t.Context(), env.me, records.ByID(first.Customer)); err != nil {
		t.Fatal(err)
	}
	for key, name := range map[string]string{"k": "Ada", "k2": "Eve"} {
		if r, err := env.getOrCreate(t, env.me, person(name, "L", "ada@example.com"), key); !errors.Is(err, fault.NotFound) || len(r.Body) > 0 {
			t.Errorf("replay of %s after the deletion = %v", key, err)
		}
	}
	if r, err := env.getOrCreate(t, env.me, person("New", "L", "ada@example.com"), ""); err != nil || r.Existed || r.Customer == first.Customer {
		t.Errorf("after the deletion existed %v (%v)", r.Existed, err)
	}
}

// A thousand callers at once, in variants of the address: one customer, and each
// is told the truth.
func TestParallelGetOrCreate(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	forms := []string{"jos\u00e9@b\u00fccher.example", "JOSE\u0301@B\u00dcCHER.example", " jos\u00e9@xn--bcher-kva.EXAMPLE"}
	var created, existed atomic.Int64
	var mu sync.Mutex
	ids := map[id.Customer]int{}
	var wg sync.WaitGroup
	for i := range 1000 {
		wg.Go(func() {
			key := ""
			if i%2 == 0 {
				key = fmt.Sprint("key ", i/4) // pairs share one
			}
			r, err := env.getOrCreate(t, env.me, person("J", "B", forms[(i/4)%len(forms)]), key)
			if err != nil {
				t.Error(err)
				return
			}
			want := fmt.Sprintf("%v %s J", !r.Existed, r.Customer)
			if string(r.Body) != want {
				t.Errorf("told %q, want %q", r.Body, want)
			}
			mu.Lock()
			ids[r.Customer]++
			mu.Unlock()
			switch {
			case r.Existed:
				existed.Add(1)
			case !r.Replayed:
				created.Add(1)
			}
		})
	}
	wg.Wait()
	if len(ids) != 1 || created.Load() != 1 {
		t.Errorf("%d customers were answered with, and %d callers were told that they made one, want 1 and 1", len(ids), created.Load())
	}
	head, err := env.store.Head(t.Context(), env.app.ID)
	if err != nil || head.Customers != 1 {
		t.Errorf("there are %d customers, want 1 (%v)", head.Customers, err)
	}
	if existed.Load() < 990 {
		t.Errorf("only %d were told that the customer existed", existed.Load())
	}
}
