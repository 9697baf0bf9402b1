package records_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/store"
)

func TestCreateThenFetch(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	before := env.entries(t, env.app.ID)
	c := env.mustCreate(t, env.me, person(" Ada ", "Lovelace", "Ada@Example.COM"))
	got, err := env.FetchCustomer(t.Context(), env.me, records.ByID(c))
	if err != nil {
		t.Fatal(err)
	}
	if got.Given != "Ada" || got.Family != "Lovelace" || got.Email != "ada@example.com" ||
		got.Status != customer.Active || got.Type != customer.Individual || !got.CreatedAt.Equal(got.UpdatedAt) {
		t.Errorf("FetchCustomer gave another customer than was created: %s %s", got.Status, got.Type)
	}
	if got, want := env.entries(t, env.app.ID), before+2; got != want {
		t.Errorf("a create and a fetch left %d entries, want %d", got-before, want-before)
	}
	e := env.lastEntry(t, env.app.ID)
	if e.Action != string(authz.CustomerFetch) || e.Outcome != uint8(audit.Done) || !bytes.Equal(e.Targets, c[:]) {
		t.Errorf("the fetch's entry is %s %d with %d bytes of targets", e.Action, e.Outcome, len(e.Targets))
	}
}

func TestCreateInvalidLeavesNothing(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	before := env.entries(t, env.app.ID)
	_, err := env.create(t, env.me, customer.Input{Email: text("nobody")}, "key")
	f := fault.Of(err)
	var paths []string
	for _, p := range f.Fields {
		paths = append(paths, p.Path+":"+p.Code)
	}
	want := []string{"given_name:required", "family_name:required", "email:invalid", "phone:required"}
	if diff := cmp.Diff(want, paths); f.Kind != fault.Invalid || diff != "" {
		t.Errorf("CreateCustomer(empty) = %v (-want +got):\n%s", err, diff)
	}
	if env.entries(t, env.app.ID) != before {
		t.Error("an invalid request left an audit entry")
	}
	if _, err := env.create(t, env.me, person("A", "B", ""), "key"); err != nil {
		t.Errorf("the corrected request with the same key = %v, want success", err)
	}
}

func TestEmailIsTakenInEveryVariant(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	env.mustCreate(t, env.me, person("A", "B", "jos\u00e9@b\u00fccher.example"))
	for _, variant := range []string{"JOSE\u0301@B\u00dcCHER.example", "  jos\u00e9@xn--bcher-kva.EXAMPLE "} {
		_, err := env.create(t, env.me, person("C", "D", variant), "")
		if !errors.Is(err, fault.Conflict) || fault.Of(err).Code != records.ErrEmailTaken.Code {
			t.Errorf("CreateCustomer with the same address in another form = %v, want email_taken", err)
		}
		if e := env.lastEntry(t, env.app.ID); e.Outcome != uint8(audit.Refused) {
			t.Errorf("the refused create's entry has outcome %d, want refused", e.Outcome)
		}
	}
	_, other := env.newApp(t, "Other")
	if _, err := env.create(t, other, person("A", "B", "jos\u00e9@b\u00fccher.example"), ""); err != nil {
		t.Errorf("the address in another application = %v, want success", err)
	}
}

func TestIdempotentCreate(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	first, err := env.create(t, env.me, person("A", "B", "a@example.com"), "k1")
	if err != nil {
		t.Fatal(err)
	}
	// Case 1: the same request again gets the same bytes, even after a change.
	status := customer.Input{Status: text("BLACKLISTED")}
	if _, err := env.UpdateCustomer(t.Context(), env.me, records.ByID(first.Customer), records.Write{Input: status, Encode: encode}); err != nil {
		t.Fatal(err)
	}
	again, err := env.create(t, env.me, person(" A ", "B", "A@example.com"), "k1")
	if err != nil || !again.Replayed || !bytes.Equal(again.Body, first.Body) || again.Customer != first.Customer {
		t.Errorf("the retry = %v, replayed %v, want the first answer", err, again.Replayed)
	}
	// Case 2: another request under the key is refused.
	if _, err := env.create(t, env.me, person("A", "C", "a@example.com"), "k1"); fault.Of(err).Code != records.ErrKeyReused.Code {
		t.Errorf("another request under the key = %v, want idempotency_key_reused", err)
	}
	// Case 3: the key means nothing to another application or action.
	_, other := env.newApp(t, "Other")
	if r, err := env.create(t, other, person("X", "Y", ""), "k1"); err != nil || r.Replayed {
		t.Errorf("the key in another application = %v, replayed %v", err, r.Replayed)
	}
	r, err := env.UpdateCustomer(t.Context(), env.me, records.ByID(first.Customer), records.Write{Input: status, IdempotencyKey: "k1", Encode: encode})
	if err != nil || r.Replayed {
		t.Errorf("the key on an update = %v, replayed %v", err, r.Replayed)
	}
	// Case 4: a refused create does not consume the key.
	if _, err := env.create(t, env.me, person("D", "E", "a@example.com"), "k2"); !errors.Is(err, fault.Conflict) {
		t.Fatalf("duplicate = %v, want a conflict", err)
	}
	if r, err := env.create(t, env.me, person("D", "E", "d@example.com"), "k2"); err != nil || r.Replayed {
		t.Errorf("the corrected request = %v, replayed %v, want a new customer", err, r.Replayed)
	}
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 678900000, time.UTC)
	env := newEnv(t, func(c *records.Config) { c.Now = func() time.Time { return now } })
	c := env.mustCreate(t, env.me, person("A", "B", "a@example.com"))
	update := func(in customer.Input) error {
		_, err := env.UpdateCustomer(t.Context(), env.me, records.ByID(c), records.Write{Input: in, Encode: encode})
		return err
	}
	// Case 1: nothing sent, nothing changed.
	if err := update(customer.Input{}); err != nil {
		t.Fatal(err)
	}
	got, _ := env.FetchCustomer(t.Context(), env.me, records.ByID(c))
	if !got.UpdatedAt.Equal(got.CreatedAt) {
		t.Error("an empty update moved UpdatedAt")
	}
	// Case 2: a change moves UpdatedAt even if the clock stood still.
	if err := update(customer.Input{Email: customer.Text{Sent: true, Null: true}, Family: text("C")}); err != nil {
		t.Fatal(err)
	}
	got, _ = env.FetchCustomer(t.Context(), env.me, records.ByID(c))
	if got.Email != "" || got.Family != "C" || !got.UpdatedAt.After(got.CreatedAt) {
		t.Errorf("after the update: family changed %v, e-mail cleared %v, time moved %v", got.Family == "C", got.Email == "", got.UpdatedAt.After(got.CreatedAt))
	}
	// Case 3: the cleared address is free for another.
	other := env.mustCreate(t, env.me, person("X", "Y", "a@example.com"))
	if err := update(customer.Input{Email: text("A@EXAMPLE.com")}); fault.Of(err).Code != records.ErrEmailTaken.Code {
		t.Errorf("taking %s's address = %v, want email_taken", other, err)
	}
	// Case 4: the entry names the fields and no value.
	rows, err := env.store.AuditList(t.Context(), env.app.ID, store.AuditList{Action: string(authz.CustomerUpdate)}, 10)
	if err != nil {
		t.Fatal(err)
	}
	var e audit.Entry
	if err := e.ParseDetail(rows[1].Detail); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"family_name", "email"}, e.Fields); diff != "" {
		t.Errorf("fields of the update's entry (-want +got):\n%s", diff)
	}
}

func TestAnotherApplicationsCustomer(t *testing.T) {
	t.Parallel()
	for _, conceal := range []bool{false, true} {
		t.Run(fmt.Sprintf("conceal=%v", conceal), func(t *testing.T) {
			t.Parallel()
			env := newEnv(t, func(c *records.Config) { c.Conceal = conceal })
			c := env.mustCreate(t, env.me, person("A", "B", "a@example.com"))
			_, other := env.newApp(t, "Other")
			want := fault.Forbidden
			if conceal {
				want = fault.NotFound
			}
			if _, err := env.FetchCustomer(t.Context(), other, records.ByID(c)); !errors.Is(err, want) {
				t.Errorf("FetchCustomer of another application = %v, want %v", err, want)
			}
			if e := env.lastEntry(t, other.App); !bytes.Equal(e.Targets, c[:]) || e.Outcome == uint8(audit.Done) {
				t.Errorf("the attempt's entry has outcome %d and %d bytes of targets", e.Outcome, len(e.Targets))
			}
			_, err := env.UpdateCustomer(t.Context(), other, records.ByID(c), records.Write{Input: customer.Input{Status: text("ACTIVE")}, Encode: encode})
			if !errors.Is(err, want) {
				t.Errorf("UpdateCustomer of another application = %v, want %v", err, want)
			}
			if _, err := env.FetchCustomer(t.Context(), other, records.ByID(id.NewCustomer())); !errors.Is(err, fault.NotFound) {
				t.Errorf("FetchCustomer(nobody's) = %v, want not found", err)
			}
		})
	}
}

func TestListCustomers(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	var all []id.Customer
	for i := range 25 {
		in := person(fmt.Sprintf("Given%02d", i), "M\u00fcller", fmt.Sprintf("p%02d@example.com", i))
		if i%5 == 0 {
			in.Status = text("DEACTIVATED")
		}
		all = append(all, env.mustCreate(t, env.me, in))
	}
	slices.Reverse(all) // newest first
	_, other := env.newApp(t, "Other")
	env.mustCreate(t, other, person("Given99", "M\u00fcller", "p99@example.com"))

	find := func(in customer.ListInput, cursor string) (ids []id.Customer, next string) {
		t.Helper()
		found, err := env.ListCustomers(t.Context(), env.me, records.ListRequest{Input: in, Cursor: cursor})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range found.Customers {
			ids = append(ids, c.ID)
		}
		if e := env.lastEntry(t, env.app.ID); len(e.Targets) != 16*len(ids) || e.Action != string(authz.CustomerList) {
			t.Errorf("a list of %d left an entry %s with %d bytes of targets", len(ids), e.Action, len(e.Targets))
		}
		return ids, found.Next
	}
	page, next := find(customer.ListInput{}, "")
	if diff := cmp.Diff(all[:10], page); diff != "" || next == "" {
		t.Errorf("first page (-want +got):\n%s", diff)
	}
	page, next = find(customer.ListInput{Take: text("15")}, next)
	if diff := cmp.Diff(all[10:], page); diff != "" || next != "" {
		t.Errorf("second page, next %q (-want +got):\n%s", next, diff)
	}
	page, _ = find(customer.ListInput{Name: text("muLLER"), Skip: text("5"), Take: text("3")}, "")
	if diff := cmp.Diff(all[5:8], page); diff != "" {
		t.Errorf("search by a fragment (-want +got):\n%s", diff)
	}
	page, _ = find(customer.ListInput{Email: text("P07@"), Status: text("ACTIVE")}, "")
	if diff := cmp.Diff([]id.Customer{all[17]}, page); diff != "" {
		t.Errorf("search by e-mail and status (-want +got):\n%s", diff)
	}
	page, _ = find(customer.ListInput{Status: text("DEACTIVATED"), Take: text("100")}, "")
	if len(page) != 5 {
		t.Errorf("status filter gave %d, want 5", len(page))
	}
	for _, altered := range []string{"x", next + "A", "AAAA"} {
		if _, err := env.ListCustomers(t.Context(), env.me, records.ListRequest{Cursor: altered}); fault.Of(err).Code != "bad_cursor" {
			t.Errorf("ListCustomers(cursor %q) = %v, want bad_cursor", altered, err)
		}
	}
}

// A change is in the very next search, whatever it changed.
func TestSearchIsFresh(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	c := env.mustCreate(t, env.me, person("Zoe", "Zebra", "zoe@example.com"))
	hits := func(name string) int {
		t.Helper()
		found, err := env.ListCustomers(t.Context(), env.me, records.ListRequest{Input: customer.ListInput{Name: text(name)}})
		if err != nil {
			t.Fatal(err)
		}
		return len(found.Customers)
	}
	if hits("zebra") != 1 {
		t.Fatal("a new customer is not found")
	}
	for i := range 50 {
		name := fmt.Sprintf("Name%d", i)
		if _, err := env.UpdateCustomer(t.Context(), env.me, records.ByID(c), records.Write{Input: customer.Input{Family: text(name)}, Encode: encode}); err != nil {
			t.Fatal(err)
		}
		if hits(name) != 1 || hits("zebra") != 0 {
			t.Fatalf("after renaming to %s: new name %d, old name %d", name, hits(name), hits("zebra"))
		}
		env.mustCreate(t, env.me, person("Extra", fmt.Sprintf("Person%d", i), ""))
		if hits(fmt.Sprintf("person%d", i)) == 0 {
			t.Fatalf("customer %d is not found right after its create", i)
		}
	}
}
