package records_test

import (
	"errors"
	"fmt"
	"testing"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/records"
	"custodex.dev/internal/rowsum"
	"custodex.dev/internal/testkit"
)

// Somebody who can write to the database and has no key alters a column that is not encrypted: the
// customer is corrupt, for every request that reads it, and costs nobody else anything.
func TestAlteredColumnIsNoticed(t *testing.T) {
	t.Parallel()
	alterations := []string{
		"status = 3", "type = 2", "group_seq = 1", "email_hash = NULL", "email_form = 9",
		"created_at = created_at - 1", "updated_at = updated_at + 1", "version = version + 1", "sum = NULL",
	}
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			h := newHurt(t, engine)
			h.mustGroup(t, h.me, "Gold")
			for i, set := range alterations {
				doomed, seq := h.make(t, person("Eve", fmt.Sprint(i), fmt.Sprintf("eve%d@example.com", i)))
				h.db.Exec(t, fmt.Sprintf("UPDATE customer SET %s WHERE app_id = '%s' AND seq = %d", set, h.app.ID, seq))
				_, err := h.FetchCustomer(t.Context(), h.me, records.ByID(doomed))
				if !errors.Is(err, rowsum.ErrDamaged) || !errors.Is(err, fault.Internal) {
					t.Errorf("%s: FetchCustomer = %v, want ErrDamaged", set, err)
				}
				_, err = h.UpdateCustomer(t.Context(), h.me, records.ByID(doomed),
					records.Write{Input: customer.Input{Given: text("Mallory")}, Encode: encode})
				if !errors.Is(err, rowsum.ErrDamaged) {
					t.Errorf("%s: UpdateCustomer = %v, want ErrDamaged", set, err)
				}
			}
			well := h.mustCreate(t, h.me, person("Ann", "Well", "ann@example.com"))
			for _, in := range []customer.ListInput{{}, {Status: text("ACTIVE")}, {Email: text("@example")}} {
				if got := h.list(t, records.ListRequest{Input: in}); len(got.Customers) != 1 || got.Customers[0].ID != well {
					t.Errorf("%+v shows %d customers, want the one that is as it was written", in, len(got.Customers))
				}
			}
			if n := h.CorruptCustomers(); n != len(alterations) {
				t.Errorf("%d customers are counted, want %d", n, len(alterations))
			}
			for i := range alterations {
				if err := h.DeleteCustomer(t.Context(), h.me, records.BySeq(int64(i+1))); err != nil {
					t.Errorf("a corrupt customer cannot be deleted: %v", err)
				}
			}
		})
	}
}

// A row that was copied over another customer's, with its checksum, is noticed.
func TestMovedRowIsNoticed(t *testing.T) {
	t.Parallel()
	h := newHurt(t, "sqlite")
	_, one := h.make(t, person("Eve", "One", "one@example.com"))
	two, seq := h.make(t, person("Bob", "Two", "two@example.com"))
	h.db.Exec(t, fmt.Sprintf(`UPDATE customer SET (version, status, type, email_form, created_at, updated_at, sealed, sum) =
		(SELECT version, status, type, email_form, created_at, updated_at, sealed, sum FROM customer WHERE app_id = '%[1]s' AND seq = %[2]d)
		WHERE app_id = '%[1]s' AND seq = %[3]d`, h.app.ID, one, seq))
	if _, err := h.FetchCustomer(t.Context(), h.me, records.ByID(two)); !errors.Is(err, rowsum.ErrDamaged) {
		t.Errorf("FetchCustomer = %v, want ErrDamaged", err)
	}
}
