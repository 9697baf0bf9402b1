package records_test

import (
	"errors"
	"testing"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/store"
)

func (e *testEnv) find(t *testing.T, in customer.ListInput) []id.Customer {
	t.Helper()
	found, err := e.ListCustomers(t.Context(), e.me, records.ListRequest{Input: in, Count: true})
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]id.Customer, len(found.Customers))
	for i := range ids {
		ids[i] = found.Customers[i].ID
	}
	if found.Total != len(ids) {
		t.Errorf("%d match and %d are shown", found.Total, len(ids))
	}
	return ids
}

func TestDeleteCustomer(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	stays := env.mustCreate(t, env.me, person("Ann", "Stays", "ann@example.com"))
	for _, how := range []string{"by id", "by number"} {
		first, err := env.create(t, env.me, person("Bob", "Goes", "bob@example.com"), "key "+how)
		if err != nil {
			t.Fatal(err)
		}
		c := first.Customer
		if _, err := env.pay(t, env.me, c, payment("1", ""), ""); err != nil {
			t.Fatal(err)
		}
		if got := env.find(t, customer.ListInput{Name: text("goes")}); len(got) != 1 { // the index has it
			t.Fatalf("%d customers are found", len(got))
		}
		target := records.ByID(c)
		if how == "by number" {
			row, err := env.store.CustomerGet(t.Context(), env.app.ID, c)
			if err != nil {
				t.Fatal(err)
			}
			target = records.BySeq(row.Seq)
		}
		if err := env.DeleteCustomer(t.Context(), env.me, target); err != nil {
			t.Fatalf("DeleteCustomer %s = %v", how, err)
		}
		if got := env.newest(t, env.app.ID, c); got != "customer.delete done +" {
			t.Errorf("the deletion's entry is %q", got)
		}
		// Gone from everywhere.
		if _, err := env.FetchCustomer(t.Context(), env.me, target); !errors.Is(err, fault.NotFound) {
			t.Errorf("fetch after deletion %s = %v", how, err)
		}
		for _, in := range []customer.ListInput{{}, {Name: text("o")}, {Email: text("bob")}, {Status: text("ACTIVE")}} {
			for _, found := range env.find(t, in) {
				if found == c {
					t.Errorf("a search finds a deleted customer")
				}
			}
		}
		if got := env.find(t, customer.ListInput{Email: text("ann@")}); len(got) != 1 || got[0] != stays {
			t.Errorf("the other customer is found %d times", len(got))
		}
		if rows, err := env.store.ItemList(t.Context(), env.app.ID, c, store.ItemList{Kind: store.Transaction, Take: 10}); err != nil || len(rows) != 0 {
			t.Errorf("%d transactions outlive their customer (%v)", len(rows), err)
		}
		// Twice is not found; nor can it be changed, or answered about.
		if err := env.DeleteCustomer(t.Context(), env.me, target); !errors.Is(err, fault.NotFound) {
			t.Errorf("the second deletion %s = %v", how, err)
		}
		if _, err := env.UpdateCustomer(t.Context(), env.me, target, records.Write{Input: customer.Input{Given: text("X")}, Encode: encode}); !errors.Is(err, fault.NotFound) {
			t.Errorf("update after deletion = %v", err)
		}
		if r, err := env.create(t, env.me, person("Bob", "Goes", "bob@example.com"), "key "+how); !errors.Is(err, fault.NotFound) || len(r.Body) > 0 {
			t.Errorf("a replay after the deletion = %v, %d bytes", err, len(r.Body))
		}
	}
	// The address is free again: the loop's second round took it, and so can this.
	if _, err := env.create(t, env.me, person("Bob", "Again", "BOB@example.com"), ""); err != nil {
		t.Errorf("the address of a deleted customer = %v, want free", err)
	}
	head, err := env.store.Head(t.Context(), env.app.ID)
	if err != nil || head.Customers != 2 {
		t.Errorf("%d customers are counted, want 2 (%v)", head.Customers, err)
	}
}

func TestDeleteCustomerRefused(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	c := env.mustCreate(t, env.me, person("A", "B", ""))
	_, other := env.newApp(t, "Other")
	if err := env.DeleteCustomer(t.Context(), other, records.ByID(c)); !errors.Is(err, fault.Forbidden) || fault.Of(err).Code != records.ErrOtherApplication.Code {
		t.Errorf("another application's customer = %v", err)
	}
	if got := env.newest(t, other.App, c); got != "customer.delete denied other_application +" {
		t.Errorf("its entry is %q", got)
	}
	row, err := env.store.CustomerGet(t.Context(), env.app.ID, c)
	if err != nil {
		t.Fatal(err)
	}
	// Numbers are guessed more easily than ids: they say nothing of other applications.
	if err := env.DeleteCustomer(t.Context(), other, records.BySeq(row.Seq)); !errors.Is(err, fault.NotFound) {
		t.Errorf("another application's number = %v", err)
	}
	if err := env.DeleteCustomer(t.Context(), env.me, records.ByID(absent)); !errors.Is(err, fault.NotFound) {
		t.Errorf("nobody's customer = %v", err)
	}
	if got := env.newest(t, env.app.ID, absent); got != "customer.delete refused customer_not_found +" {
		t.Errorf("its entry is %q", got)
	}
	if _, err := env.FetchCustomer(t.Context(), env.me, records.ByID(c)); err != nil {
		t.Errorf("after refusals only the customer is %v", err)
	}
}
