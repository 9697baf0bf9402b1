package records_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
)

func groupWrite(name, key string) records.GroupWrite {
	return records.GroupWrite{Input: customer.GroupInput{Name: text(name)}, IdempotencyKey: key, Encode: func(g *customer.Group) []byte {
		return fmt.Appendf(nil, "%d %s %s", g.Seq, g.Name.Reveal(), g.Description.Reveal())
	}}
}

func (e *testEnv) mustGroup(t *testing.T, caller tenant.Caller, name string) int64 {
	t.Helper()
	r, err := e.CreateGroup(t.Context(), caller, groupWrite(name, ""))
	if err != nil {
		t.Fatal(err)
	}
	var seq int64
	if _, err := fmt.Sscan(string(r.Body), &seq); err != nil {
		t.Fatal(err)
	}
	return seq
}

func (e *testEnv) groupsOf(t *testing.T, caller tenant.Caller, from, to time.Time) ([]customer.Group, error) {
	t.Helper()
	found, err := e.ListGroups(t.Context(), caller, records.ListGroupsRequest{PageRequest: records.PageRequest{Take: 100}, From: from, To: to})
	return found.List, err
}

func TestGroups(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	none := id.Customer{}
	// Case 1: made, once for a key.
	first, err := env.CreateGroup(t.Context(), env.me, groupWrite("Gold", "k"))
	if err != nil {
		t.Fatal(err)
	}
	if got := env.newest(t, env.app.ID, none); got != "group.create done" {
		t.Errorf("the create's entry is %q", got)
	}
	if again, err := env.CreateGroup(t.Context(), env.me, groupWrite(" Gold ", "k")); err != nil || !again.Replayed || !bytes.Equal(again.Body, first.Body) {
		t.Errorf("the retry = %q, replayed %v (%v)", again.Body, again.Replayed, err)
	}
	if _, err := env.CreateGroup(t.Context(), env.me, groupWrite("Brass", "k")); fault.Of(err).Code != records.ErrKeyReused.Code {
		t.Errorf("another name under the key = %v", err)
	}
	silver := env.mustGroup(t, env.me, "Silver")
	list, err := env.groupsOf(t, env.me, time.Time{}, time.Time{})
	if err != nil || len(list) != 2 || list[0].Seq != silver || list[1].Name != "Gold" {
		t.Fatalf("%d groups are listed (%v)", len(list), err)
	}
	gold := list[1].Seq
	if got := env.newest(t, env.app.ID, none); got != "group.list done" {
		t.Errorf("the list's entry is %q", got)
	}
	for _, span := range []struct {
		from, to time.Time
		want     int
	}{{list[1].CreatedAt, time.Time{}, 2}, {time.Time{}, list[1].CreatedAt, 0}, {time.Time{}, time.UnixMilli(0), 0}, {list[0].CreatedAt.Add(time.Millisecond), time.Time{}, 0}} {
		if l, err := env.groupsOf(t, env.me, span.from, span.to); err != nil || len(l) != span.want {
			t.Errorf("ListGroups(%v, %v) = %d groups, want %d (%v)", span.from, span.to, len(l), span.want, err)
		}
	}
	// Case 2: changed.
	change := groupWrite("Golden", "")
	change.Input.Description = text("the best")
	if r, err := env.UpdateGroup(t.Context(), env.me, gold, change); err != nil || string(r.Body) != fmt.Sprintf("%d Golden the best", gold) {
		t.Errorf("UpdateGroup = %q (%v)", r.Body, err)
	}
	if got := env.newest(t, env.app.ID, none); got != "group.update done" {
		t.Errorf("the update's entry is %q", got)
	}
	g, err := env.FetchGroup(t.Context(), env.me, gold)
	if err != nil || g.Name != "Golden" || !g.UpdatedAt.After(g.CreatedAt) {
		t.Errorf("FetchGroup = %v (%v)", g, err)
	}
	// Case 3: invalid.
	for _, in := range []customer.GroupInput{{}, {Name: text(" ")}} {
		if _, err := env.CreateGroup(t.Context(), env.me, records.GroupWrite{Input: in, Encode: change.Encode}); !errors.Is(err, fault.Invalid) {
			t.Errorf("CreateGroup(%v) = %v", in, err)
		}
	}
	if _, err := env.UpdateGroup(t.Context(), env.me, gold, groupWrite("", "")); !errors.Is(err, fault.Invalid) {
		t.Errorf("a group without a name = %v", err)
	}
	// Case 4: absent, or of another application, which is the same.
	_, other := env.newApp(t, "Other")
	for _, tt := range []struct {
		caller tenant.Caller
		seq    int64
	}{{env.me, 1 << 40}, {other, gold}} {
		for name, do := range map[string]func() error{
			"fetch":  func() error { _, err := env.FetchGroup(t.Context(), tt.caller, tt.seq); return err },
			"update": func() error { _, err := env.UpdateGroup(t.Context(), tt.caller, tt.seq, change); return err },
			"delete": func() error { return env.DeleteGroup(t.Context(), tt.caller, tt.seq) },
		} {
			if err := do(); !errors.Is(err, fault.NotFound) || fault.Of(err).Code != "group_not_found" {
				t.Errorf("%s = %v, want group_not_found", name, err)
			}
			if got := env.newest(t, tt.caller.App, none); got != "group."+name+" refused group_not_found" {
				t.Errorf("its entry is %q", got)
			}
		}
	}
	if l, err := env.groupsOf(t, other, time.Time{}, time.Time{}); err != nil || len(l) != 0 {
		t.Errorf("another application sees %d groups (%v)", len(l), err)
	}
}

func TestGroupMembers(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	gold, silver := env.mustGroup(t, env.me, "Gold"), env.mustGroup(t, env.me, "Silver")
	in := person("A", "B", "")
	in.Group = text(fmt.Sprint(gold))
	c := env.mustCreate(t, env.me, in)
	loner := env.mustCreate(t, env.me, person("C", "D", ""))
	inGroup := func(seq int64, want ...id.Customer) {
		t.Helper()
		got := env.find(t, customer.ListInput{Group: text(fmt.Sprint(seq))})
		if len(got) != len(want) || len(want) == 1 && got[0] != want[0] {
			t.Errorf("group %d has %v, want %v", seq, got, want)
		}
	}
	inGroup(gold, c)
	if _, g, err := env.FetchWithGroup(t.Context(), env.me, records.ByID(c)); err != nil || g == nil || g.Name != "Gold" {
		t.Errorf("FetchWithGroup = %v (%v)", g, err)
	}
	if _, g, err := env.FetchWithGroup(t.Context(), env.me, records.ByID(loner)); err != nil || g != nil {
		t.Errorf("FetchWithGroup of a loner = %v (%v)", g, err)
	}
	move := func(to customer.Text) error {
		_, err := env.UpdateCustomer(t.Context(), env.me, records.ByID(c), records.Write{Input: customer.Input{Group: to}, Encode: encode})
		return err
	}
	// Case 1: moved, taken out, and put back.
	if err := move(text(fmt.Sprint(silver))); err != nil {
		t.Fatal(err)
	}
	inGroup(gold)
	inGroup(silver, c)
	if err := move(customer.Text{Sent: true, Null: true}); err != nil {
		t.Fatal(err)
	}
	inGroup(silver)
	if err := move(text(fmt.Sprint(gold))); err != nil {
		t.Fatal(err)
	}
	// Case 2: groups that are none, or another's.
	_, other := env.newApp(t, "Other")
	var foreign int64
	for foreign <= silver { // until its number is none of ours
		foreign = env.mustGroup(t, other, "Foreign")
	}
	for _, seq := range []int64{foreign, 1 << 40} {
		err := move(text(fmt.Sprint(seq)))
		if f := fault.Of(err); f.Kind != fault.Invalid || len(f.Fields) != 1 || f.Fields[0].Code != customer.CodeNotFound {
			t.Errorf("group %d = %v", seq, err)
		}
	}
	inGroup(gold, c)
	// Case 3: a deleted group leaves its customers, who are found without it at once.
	if err := env.DeleteGroup(t.Context(), env.me, gold); err != nil {
		t.Fatal(err)
	}
	if got := env.newest(t, env.app.ID, id.Customer{}); got != "group.delete done" {
		t.Errorf("the deletion's entry is %q", got)
	}
	inGroup(gold)
	got, err := env.FetchCustomer(t.Context(), env.me, records.ByID(c))
	if err != nil || got.Group != 0 {
		t.Errorf("the customer is in group %d (%v)", got.Group, err)
	}
	if all := env.find(t, customer.ListInput{}); len(all) != 2 {
		t.Errorf("%d customers remain, want 2", len(all))
	}
}
