package records_test

import (
	"errors"
	"fmt"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/storetest"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
)

// crowd gives n inputs that can all be imported.
func crowd(n int) []customer.Input {
	inputs := make([]customer.Input, n)
	for i := range inputs {
		inputs[i] = person(fmt.Sprintf("Given%d", i), "Family", fmt.Sprintf("p%d@example.com", i))
	}
	return inputs
}

// targetsOf is what an entry names.
func targetsOf(t *testing.T, row store.AuditRow) (ids []id.Customer, e audit.Entry) {
	t.Helper()
	for b := row.Targets; len(b) > 0; b = b[16:] {
		ids = append(ids, id.Customer(b[:16]))
	}
	if err := e.ParseDetail(row.Detail); err != nil {
		t.Fatal(err)
	}
	return ids, e
}

func TestImport(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			env := newEnvOn(t, testkit.NewStore(t, engine))
			before := env.entries(t, env.app.ID)
			in := crowd(4200)
			got, err := env.ImportCustomers(t.Context(), env.me, in)
			if err != nil || len(got.Problems) != 0 || len(got.Customers) != len(in) {
				t.Fatalf("ImportCustomers = %d customers, %d problems, %v", len(got.Customers), len(got.Problems), err)
			}
			// Case 1: each is what its input says, in this application and in no other.
			_, other := env.newApp(t, "Other")
			for _, i := range []int{0, 3999, 4000, 4199} {
				c, err := env.FetchCustomer(t.Context(), env.me, records.ByID(got.Customers[i]))
				if err != nil {
					t.Fatal(err)
				}
				if c.Given.Reveal() != in[i].Given.Value || c.Email.Reveal() != in[i].Email.Value ||
					c.Status != customer.Active || !c.CreatedAt.Equal(c.UpdatedAt) {
					t.Errorf("customer %d is not what input %d says", i, i)
				}
				if _, err := env.FetchCustomer(t.Context(), other, records.ByID(got.Customers[i])); !errors.Is(err, fault.Forbidden) {
					t.Errorf("FetchCustomer by another application = %v, want forbidden", err)
				}
			}
			// Case 2: one entry a transaction, which names all it made.
			rows, err := env.store.AuditRange(t.Context(), env.app.ID, before, 2)
			if err != nil || len(rows) != 2 {
				t.Fatalf("%d entries, %v, want 2", len(rows), err)
			}
			var named []id.Customer
			for _, row := range rows {
				ids, e := targetsOf(t, row)
				named = append(named, ids...)
				want := []string{"given_name", "family_name", "email", "phone", "type", "status"}
				if diff := cmp.Diff(want, e.Fields); diff != "" || e.Code != "" ||
					row.Action != string(authz.CustomerImport) || row.Outcome != uint8(audit.Done) {
					t.Errorf("entry %s %d %q (-want +got):\n%s", row.Action, row.Outcome, e.Code, diff)
				}
			}
			if diff := cmp.Diff(got.Customers, named); diff != "" {
				t.Errorf("customers named by the entries (-want +got):\n%s", diff)
			}
			// Case 3: they are in the very next search.
			found, err := env.ListCustomers(t.Context(), env.me, records.ListRequest{Input: customer.ListInput{Name: text("given4199")}})
			if err != nil || len(found.Customers) != 1 || found.Customers[0].ID != got.Customers[4199] {
				t.Errorf("search for an imported customer = %d customers, %v", len(found.Customers), err)
			}
		})
	}
}

// What cannot be imported is told by its place and stops nothing else.
func TestImportReportsProblems(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			env := newEnvOn(t, testkit.NewStore(t, engine))
			env.mustCreate(t, env.me, person("A", "B", "known@example.com"))
			in := crowd(4004)
			in[1] = customer.Input{}                           // invalid
			in[3].Email = text("Known@EXAMPLE.com")            // a customer has it
			in[5].Email = text("P4@example.com")               // an input before it has it
			in[4001].Email = text("p0@example.com")            // one of the transaction before has it
			in[4002].Email = customer.Text{}                   // none is fine
			in[4003] = person("No", "Phone", "q0@example.com") // the first of its address
			got, err := env.ImportCustomers(t.Context(), env.me, in)
			if err != nil {
				t.Fatal(err)
			}
			problems := map[int]string{}
			for _, p := range got.Problems {
				problems[p.Index] = fault.Of(p.Err).Code
				if got.Customers[p.Index] != (id.Customer{}) {
					t.Errorf("input %d has a problem and a customer", p.Index)
				}
			}
			want := map[int]string{1: "validation_failed", 3: "email_taken", 5: "email_taken", 4001: "email_taken"}
			if diff := cmp.Diff(want, problems); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			r, err := env.store.CustomerRange(t.Context(), env.app.ID)
			if err != nil || r.Count != 4001 {
				t.Errorf("%d customers are there, %v, want 4001", r.Count, err)
			}
			ids, e := targetsOf(t, env.lastEntry(t, env.app.ID))
			if len(ids) != 3 || e.Code != "email_taken" {
				t.Errorf("the second entry names %d customers, code %q, want 3 and email_taken", len(ids), e.Code)
			}
			// A transaction in which all addresses were taken is recorded as refused.
			before := env.entries(t, env.app.ID)
			got, err = env.ImportCustomers(t.Context(), env.me, in[4:5])
			if err != nil || len(got.Problems) != 1 {
				t.Errorf("ImportCustomers of a taken address = %v, %d problems", err, len(got.Problems))
			}
			if row := env.lastEntry(t, env.app.ID); row.Outcome != uint8(audit.Refused) || len(row.Targets) != 0 {
				t.Errorf("its entry has outcome %d and %d bytes of targets", row.Outcome, len(row.Targets))
			}
			// Nothing to store leaves nothing.
			got, err = env.ImportCustomers(t.Context(), env.me, in[1:2])
			if err != nil || len(got.Problems) != 1 || env.entries(t, env.app.ID) != before+1 {
				t.Errorf("ImportCustomers of an invalid input = %v, %d problems, %d entries", err, len(got.Problems), env.entries(t, env.app.ID)-before)
			}
		})
	}
}

// An input may name a group, which must be one of the application.
func TestImportIntoGroups(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			env := newEnvOn(t, testkit.NewStore(t, engine))
			_, other := env.newApp(t, "Other")
			mine, theirs := env.makeGroup(t, env.me), env.makeGroup(t, other)
			in := crowd(4)
			in[1].Group, in[2].Group, in[3].Group = text(mine), text(theirs), customer.Text{Sent: true, Null: true}
			got, err := env.ImportCustomers(t.Context(), env.me, in)
			if err != nil || len(got.Problems) != 1 || got.Problems[0].Index != 2 {
				t.Fatalf("ImportCustomers = %+v, %v, want a problem of the third", got.Problems, err)
			}
			if f := fault.Of(got.Problems[0].Err); f.Fields[0].Path != customer.PathGroup || f.Fields[0].Code != customer.CodeNotFound {
				t.Errorf("another application's group = %+v", f.Fields)
			}
			c, err := env.FetchCustomer(t.Context(), env.me, records.ByID(got.Customers[1]))
			if err != nil || strconv.FormatInt(c.Group, 10) != mine {
				t.Errorf("the second is in group %d, %v, want %s", c.Group, err, mine)
			}
		})
	}
}

// makeGroup makes a group and gives its number.
func (e *testEnv) makeGroup(t *testing.T, caller tenant.Caller) string {
	t.Helper()
	r, err := e.CreateGroup(t.Context(), caller, records.GroupWrite{
		Input:  customer.GroupInput{Name: text("A group")},
		Encode: func(g *customer.Group) []byte { return strconv.AppendInt(nil, g.Seq, 10) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(r.Body)
}

func TestImportDenied(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	reader := env.me
	reader.Scopes = authz.Scopes{authz.CustomersRead}
	for _, caller := range []tenant.Caller{reader, env.operator(env.app.ID)} {
		if _, err := env.ImportCustomers(t.Context(), caller, crowd(2)); !errors.Is(err, fault.Forbidden) {
			t.Errorf("ImportCustomers with %v = %v, want forbidden", caller.Scopes, err)
		}
		if e := env.lastEntry(t, env.app.ID); e.Outcome != uint8(audit.Denied) || e.Action != string(authz.CustomerImport) {
			t.Errorf("the attempt's entry is %s with outcome %d", e.Action, e.Outcome)
		}
	}
	if r, err := env.store.CustomerRange(t.Context(), env.app.ID); err != nil || r.Count != 0 {
		t.Errorf("%d customers are there, %v, want none", r.Count, err)
	}
}

// A failure between two transactions keeps what is stored, and says which.
func TestImportStopsBetweenTransactions(t *testing.T) {
	t.Parallel()
	st := storetest.NewHooked(testkit.NewStore(t, "sqlite"))
	env := newEnvOn(t, st)
	st.Set(storetest.FailNotApplied("Tx.Commit", 2))
	got, err := env.ImportCustomers(t.Context(), env.me, crowd(4500))
	if !errors.Is(err, fault.Unavailable) {
		t.Fatalf("ImportCustomers = %v, want unavailable", err)
	}
	if got.Customers[3999] == (id.Customer{}) || got.Customers[4000] != (id.Customer{}) {
		t.Error("the result does not say that the first four thousand were imported and no more")
	}
	if r, err := env.store.CustomerRange(t.Context(), env.app.ID); err != nil || r.Count != 4000 {
		t.Errorf("%d customers are there, %v, want 4000", r.Count, err)
	}
}
