package records_test

import (
	"errors"
	"strings"
	"testing"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/records"
	"custodex.dev/internal/testkit"
)

// A customer without its key was erased: it is nowhere, cuts nothing short, and
// deleting what is left of it frees the address.
func TestCustomerWithoutKey(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			h := newHurt(t, engine)
			h.make(t, person("Ann", "First", ""))
			erased, seq := h.make(t, person("Bob", "Second", "bob@example.com"))
			for _, name := range []string{"Cyd", "Dan"} {
				h.make(t, person(name, "Third", ""))
			}
			h.db.DropKey(t, h.app.ID, seq)

			for _, in := range []customer.ListInput{{}, {Status: text("ACTIVE")}, {Name: text("n")}, {Type: text("Individual")}} {
				in.Take = text("1")
				shown := 0
				for cursor := ""; ; {
					got := h.list(t, records.ListRequest{Input: in, Cursor: cursor})
					for _, c := range got.Customers {
						if c.ID == erased {
							t.Error("a list shows an erased customer")
						}
						shown++
					}
					if cursor = got.Next; cursor == "" {
						break
					}
				}
				if want := 3 - strings.Count(in.Name.Value, "n"); shown != want {
					t.Errorf("a walk by name %q showed %d customers, want %d", in.Name.Value, shown, want)
				}
			}
			if n, lines := h.CorruptCustomers(), h.log.errors(); n != 0 || len(lines) > 0 {
				t.Errorf("an erased customer counts as damaged (%d): %q", n, lines)
			}

			if _, err := h.FetchCustomer(t.Context(), h.me, records.ByID(erased)); !errors.Is(err, fault.NotFound) {
				t.Errorf("fetch = %v, want not found", err)
			}
			if got := h.newest(t, h.app.ID, erased); got != "customer.fetch refused customer_not_found +" {
				t.Errorf("the entry of the fetch is %q", got)
			}
			for what, err := range map[string]error{
				"update": second(h.UpdateCustomer(t.Context(), h.me, records.ByID(erased), records.Write{Input: person("A", "B", ""), Encode: encode})),
				"items":  second(h.ListTransactions(t.Context(), h.me, erased, records.PageRequest{Take: 9})),
				"item":   second(h.pay(t, h.me, erased, payment("1", ""), "")),
			} {
				if !errors.Is(err, fault.NotFound) {
					t.Errorf("%s = %v, want not found", what, err)
				}
			}
			if err := h.DeleteCustomer(t.Context(), h.me, records.ByID(erased)); err != nil {
				t.Errorf("DeleteCustomer = %v", err)
			}
			h.make(t, person("Bob", "Again", "bob@example.com"))
		})
	}
}

func second[T any](_ T, err error) error { return err }

// Changes are caught up with past any number of customers without a key.
func TestCatchUpPastErasedCustomers(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			h := newHurt(t, engine)
			h.make(t, person("Ann", "First", ""))
			h.found(t, "ann") // the index is there now
			h.load(t, h.app.ID, crowd(1200))
			r, err := h.store.CustomerRange(t.Context(), h.app.ID)
			if err != nil {
				t.Fatal(err)
			}
			h.db.DropKey(t, h.app.ID, upTo(r.MinSeq+1, r.MinSeq+19)...)
			if n := h.found(t, "given"); n != 1200-19 {
				t.Errorf("%d of the imported customers are found, want %d", n, 1200-19)
			}
		})
	}
}
