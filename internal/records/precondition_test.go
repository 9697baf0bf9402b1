package records_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/store"
	"custodex.dev/internal/testkit"
)

func (e *testEnv) revision(t *testing.T, c id.Customer) customer.Revision {
	t.Helper()
	found, err := e.FetchCustomer(t.Context(), e.me, records.ByID(c))
	if err != nil {
		t.Fatal(err)
	}
	return found.Revision
}

var errOther = fault.New(fault.Stale, "precondition_failed", "The customer is in another state")

func is(want customer.Revision) func(customer.Revision) error {
	return func(got customer.Revision) error {
		if got != want {
			return errOther
		}
		return nil
	}
}

func family(name string) records.Write {
	return records.Write{Input: customer.Input{Family: text(name)}, Encode: encode}
}

// changedMeanwhile is a store that shows a row, and then that of a later change, as one does that found the
// first in memory.
type changedMeanwhile struct {
	store.Store
	change func()
}

func (s *changedMeanwhile) Disclose(ctx context.Context, app id.App, ref store.CustomerRef, use func(*store.CustomerRow) (store.AuditRow, error)) error {
	if change := s.change; change != nil {
		s.change = nil
		row, err := s.CustomerGet(ctx, app, ref.ID)
		if err == nil {
			_, err = use(&row)
		}
		if err != nil {
			return err
		}
		change()
	}
	return s.Store.Disclose(ctx, app, ref, use)
}

// A fetch whose condition held for the row in memory, and does not for the newest, is refused as any other.
func TestConditionOfTheNewestRow(t *testing.T) {
	t.Parallel()
	st := &changedMeanwhile{Store: testkit.NewStore(t, "sqlite")}
	env := newEnvOn(t, st)
	c := env.mustCreate(t, env.me, person("Ann", "Lee", "ann@example.com"))
	target := records.ByID(c).In(is(env.revision(t, c)))
	st.change = func() {
		if _, err := env.UpdateCustomer(t.Context(), env.me, records.ByID(c), family("Other")); err != nil {
			t.Error(err)
		}
	}
	if _, err := env.FetchCustomer(t.Context(), env.me, target); !errors.Is(err, errOther) {
		t.Errorf("the fetch: %v, want %v", err, errOther)
	}
	rows, err := st.AuditList(t.Context(), env.me.App, store.AuditList{}, 1)
	if err != nil || len(rows) != 1 || rows[0].Outcome != uint8(audit.Refused) {
		t.Errorf("the newest entry is %+v, %v, want that of the refusal", rows, err)
	}
}

// TestFieldA8OneWriterWins: of many changes that ask for the same state one is made. A
// comparison outside of the change's transaction would let several through.
func TestFieldA8OneWriterWins(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			env := newEnvOn(t, testkit.NewStore(t, engine))
			c := env.mustCreate(t, env.me, person("Ann", "Lee", "ann@example.com"))
			const writers, rounds = 16, 5
			for round := range rounds {
				target := records.ByID(c).In(is(env.revision(t, c)))
				errs := make([]error, writers)
				var group sync.WaitGroup
				for i := range writers {
					group.Go(func() {
						if last := round == rounds-1; last && i%2 == 0 {
							errs[i] = env.DeleteCustomer(t.Context(), env.me, target)
							return
						}
						_, errs[i] = env.UpdateCustomer(t.Context(), env.me, target, family(fmt.Sprintf("Lee %d %d", round, i)))
					})
				}
				group.Wait()
				won := 0
				for i, err := range errs {
					switch {
					case err == nil:
						won++
					case errors.Is(err, fault.NotFound) && round == rounds-1: // a deletion was first
					case !errors.Is(err, errOther):
						t.Errorf("round %d, writer %d: %v, want %v", round, i, err, errOther)
					}
				}
				if won != 1 {
					t.Errorf("round %d: %d writers won, want 1", round, won)
				}
			}
		})
	}
}

// Every use case about one customer asks, shows and changes nothing if it is refused, and leaves
// an entry. A replay gives the first answer again.
func TestFieldA8Refused(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	c := env.mustCreate(t, env.me, person("Ann", "Lee", "ann@example.com"))
	old := env.revision(t, c)
	write := family("Ng")
	write.IdempotencyKey = "once"
	first, err := env.UpdateCustomer(t.Context(), env.me, records.ByID(c).In(is(old)), write)
	if err != nil {
		t.Fatal(err)
	}
	now := env.revision(t, c)
	if now == old || now == (customer.Revision{}) {
		t.Fatal("a change does not show in the revision")
	}
	op := env.operator(env.app.ID)
	for name, do := range map[string]func(records.Target) error{
		"customer.update": func(to records.Target) error {
			_, err := env.UpdateCustomer(t.Context(), env.me, to, family("Poe"))
			return err
		},
		"customer.fetch": func(to records.Target) error {
			_, err := env.FetchCustomer(t.Context(), env.me, to)
			return err
		},
		"customer.delete": func(to records.Target) error { return env.DeleteCustomer(t.Context(), env.me, to) },
		"customer.kyc": func(to records.Target) error {
			_, err := env.SetKYC(t.Context(), op, to, customer.KYC{Status: customer.KYCApproved})
			return err
		},
		"customer.kyc_submit": func(to records.Target) error {
			_, err := env.SubmitKYC(t.Context(), env.me, to, records.Submission{Side: customer.IndividualSide, Encode: encode})
			return err
		},
	} {
		if err := do(records.ByID(c).In(is(old))); !errors.Is(err, fault.Stale) {
			t.Errorf("%s of an old state = %v, want %v", name, err, errOther)
		}
		if got, want := env.newest(t, env.app.ID, c), name+" refused precondition_failed +"; got != want {
			t.Errorf("the entry is %q, want %q", got, want)
		}
		if env.revision(t, c) != now {
			t.Errorf("%s was refused and changed the customer", name)
		}
	}
	again, err := env.UpdateCustomer(t.Context(), env.me, records.ByID(c).In(is(old)), write)
	if err != nil || !again.Replayed || string(again.Body) != string(first.Body) {
		t.Errorf("a replay = %v, %+v", err, again)
	}
	if _, err := env.UpdateCustomer(t.Context(), env.me, records.ByID(absent).In(is(old)), family("Poe")); !errors.Is(err, fault.NotFound) {
		t.Errorf("nobody's customer = %v, want %v", err, fault.NotFound)
	}
}

// Whatever changes what a customer looks like changes its revision, and nothing else does.
func TestRevision(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	c := env.mustCreate(t, env.me, person("Ann", "Lee", "ann@example.com"))
	other := env.mustCreate(t, env.me, person("Ann", "Lee", ""))
	if _, err := env.CreateGroup(t.Context(), env.me, groupWrite("Gold", "")); err != nil {
		t.Fatal(err)
	}
	groups, err := env.ListGroups(t.Context(), env.me, records.ListGroupsRequest{PageRequest: records.PageRequest{Take: 1}})
	if err != nil || len(groups.List) != 1 {
		t.Fatal(err, len(groups.List))
	}
	group := groups.List[0].Seq
	update := func(in customer.Input) error {
		_, err := env.UpdateCustomer(t.Context(), env.me, records.ByID(c), records.Write{Input: in, Encode: encode})
		return err
	}
	seen := map[customer.Revision]string{env.revision(t, c): "created", env.revision(t, other): "another customer"}
	for _, step := range []struct {
		name    string
		changes bool
		do      func() error
	}{
		{"the same again", false, func() error { return update(customer.Input{Family: text("Lee")}) }},
		{"another customer's change", false, func() error {
			_, err := env.UpdateCustomer(t.Context(), env.me, records.ByID(other), family("Ng"))
			return err
		}},
		{"a name", true, func() error { return update(customer.Input{Family: text("Ng")}) }},
		{"the name before", true, func() error { return update(customer.Input{Family: text("Lee")}) }},
		{"a status", true, func() error { return update(customer.Input{Status: text("BLACKLISTED")}) }},
		{"a group", true, func() error { return update(customer.Input{Group: text(fmt.Sprint(group))}) }},
		{"the group's name", false, func() error {
			_, err := env.UpdateGroup(t.Context(), env.me, group, groupWrite("Golden", ""))
			return err
		}},
		{"the group's end", true, func() error { return env.DeleteGroup(t.Context(), env.me, group) }},
		{"a purchase", true, func() error { _, err := env.pay(t, env.me, c, payment("1", ""), ""); return err }},
	} {
		before := env.revision(t, c)
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		after := env.revision(t, c)
		if (before != after) != step.changes {
			t.Errorf("%s: the revision changes: %t, want %t", step.name, before != after, step.changes)
		}
		if was, ok := seen[after]; ok && step.changes {
			t.Errorf("%s: the revision is that of %s", step.name, was)
		}
		seen[after] = step.name
	}
}
