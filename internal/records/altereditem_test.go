package records_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/rowsum"
	"custodex.dev/internal/store"
	"custodex.dev/internal/testkit"
)

// wantDamaged fails unless each of the uses of a row fails because it was altered.
func wantDamaged(t *testing.T, what string, uses map[string]error) {
	t.Helper()
	for use, err := range uses {
		if !errors.Is(err, rowsum.ErrDamaged) || !errors.Is(err, fault.Internal) {
			t.Errorf("%s: %s = %v, want ErrDamaged", what, use, err)
		}
	}
}

// wantAltered fails unless so many rows are counted as altered, and waits until an alarm tells of one.
func (e *testEnv) wantAltered(t *testing.T, want int) {
	t.Helper()
	if n := e.AlteredRows(); n != want {
		t.Errorf("%d rows are counted as altered, want %d", n, want)
	}
	if want > 0 {
		e.wantAlarm(t, "altered", e.app.ID)
	}
}

// Somebody who can write to the database and has no key alters a group: nobody is shown it, alone, in
// a list or beside a customer, and it cannot be changed. It can be deleted, whoever is in it.
func TestAlteredGroupIsNoticed(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			h := newHurt(t, engine)
			other := h.mustGroup(t, h.me, "Silver")
			alterations := []string{
				"created_at = created_at - 1", "updated_at = updated_at + 1", "sum = NULL", "seq = 77",
				fmt.Sprintf("(sealed, sum) = (SELECT sealed, sum FROM customer_group WHERE app_id = '%s' AND seq = %d)", h.app.ID, other),
			}
			for i, set := range alterations {
				group := h.mustGroup(t, h.me, "Gold")
				member := h.mustCreate(t, h.me, person("Eve", fmt.Sprint(i), ""))
				join := records.Write{Input: customer.Input{Group: text(strconv.FormatInt(group, 10))}, Encode: encode}
				if _, err := h.UpdateCustomer(t.Context(), h.me, records.ByID(member), join); err != nil {
					t.Fatal(err)
				}
				h.db.Exec(t, fmt.Sprintf("UPDATE customer_group SET %s WHERE app_id = '%s' AND seq = %d", set, h.app.ID, group))
				if set == "seq = 77" {
					group = 77
				} else {
					_, _, err := h.FetchWithGroup(t.Context(), h.me, records.ByID(member))
					wantDamaged(t, set, map[string]error{"FetchWithGroup": err})
				}
				_, fetched := h.FetchGroup(t.Context(), h.me, group)
				_, listed := h.ListGroups(t.Context(), h.me, records.ListGroupsRequest{PageRequest: records.PageRequest{Take: 10}})
				change := records.GroupWrite{Input: customer.GroupInput{Name: text("New")}, Encode: func(*customer.Group) []byte { return nil }}
				_, updated := h.UpdateGroup(t.Context(), h.me, group, change)
				wantDamaged(t, set, map[string]error{"FetchGroup": fetched, "ListGroups": listed, "UpdateGroup": updated})
				h.wantAltered(t, 1)
				if err := h.DeleteGroup(t.Context(), h.me, group); err != nil {
					t.Errorf("%s: the altered group cannot be deleted: %v", set, err)
				}
				h.wantAltered(t, 0)
				if _, err := h.ListGroups(t.Context(), h.me, records.ListGroupsRequest{PageRequest: records.PageRequest{Take: 10}}); err != nil {
					t.Errorf("after %s, deleted: ListGroups = %v", set, err)
				}
			}
		})
	}
}

// While only an alarm about rows is open, nobody begins a tree: closing that alarm is not what allows it.
func TestAlarmAboutRowsBeginsNoTree(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			h := newHurt(t, engine)
			group := h.mustGroup(t, h.me, "Gold")
			h.db.Exec(t, fmt.Sprintf("UPDATE customer_group SET updated_at = updated_at + 1 WHERE app_id = '%s'", h.app.ID))
			_, err := h.FetchGroup(t.Context(), h.me, group)
			wantDamaged(t, "altered", map[string]error{"FetchGroup": err})
			h.wantAlarm(t, "altered", h.app.ID)
			h.db.Exec(t, fmt.Sprintf("DELETE FROM audit_tree WHERE app_id = '%s'", h.app.ID))
			closed, _, err := h.CloseAuditAlarm(t.Context(), h.operator(h.app.ID), "seen", true)
			if err == nil { // right only if the server had noticed the missing tree, and so had an alarm about the log
				if closed.Damage == "" || strings.HasSuffix(closed.Damage, " was altered in the database") {
					t.Errorf("CloseAuditAlarm closed %+v and began a tree", closed)
				}
				return
			}
			_, tree := h.store.TreeGet(t.Context(), h.app.ID)
			if !errors.Is(err, fault.NotFound) || !errors.Is(tree, fault.NotFound) {
				t.Errorf("CloseAuditAlarm = %v, then TreeGet = %v; want no alarm of the log, and no tree", err, tree)
			}
		})
	}
}

// Somebody who can write to the database and has no key alters an item, or gives it to another customer:
// it is shown neither alone nor in a list. The other items and customers are as before.
func TestAlteredItemIsNoticed(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			h := newHurt(t, engine)
			well := h.mustCreate(t, h.me, person("Ann", "Well", ""))
			h.mustAddItem(t, well, store.Transaction)
			list := func(c id.Customer, kind store.ItemKind) (err error) {
				in := records.PageRequest{Take: 10}
				if kind == store.Transaction {
					_, err = h.ListTransactions(t.Context(), h.me, c, in)
				} else {
					_, err = h.ListLiquidationAddresses(t.Context(), h.me, c, in)
				}
				return err
			}
			for i, set := range []string{
				"at = at + 1", "created_at = created_at - 1", "sum = NULL", "customer_seq = %d",
				"sum = (SELECT sum FROM customer_item AS i WHERE i.app_id = customer_item.app_id AND customer_seq = 1)",
			} {
				for _, kind := range []store.ItemKind{store.Transaction, store.LiquidationAddress} {
					doomed, seq := h.make(t, person("Eve", fmt.Sprint(i, kind), ""))
					thief, to := h.make(t, person("Tom", fmt.Sprint(i, kind), ""))
					item := h.mustAddItem(t, doomed, kind)
					set, shown := set, doomed
					if set == "customer_seq = %d" {
						set, shown = fmt.Sprintf(set, to), thief
					}
					h.db.Exec(t, fmt.Sprintf("UPDATE customer_item SET %s WHERE app_id = '%s' AND customer_seq = %d", set, h.app.ID, seq))
					uses := map[string]error{"the list": list(shown, kind)}
					if kind == store.LiquidationAddress {
						_, uses["FetchLiquidationAddress"] = h.FetchLiquidationAddress(t.Context(), h.me, shown, item)
					}
					wantDamaged(t, fmt.Sprintf("%s of kind %d", set, kind), uses)
					h.wantAltered(t, 1)
					for _, c := range []id.Customer{doomed, thief} {
						if err := h.DeleteCustomer(t.Context(), h.me, records.ByID(c)); err != nil {
							t.Errorf("%s: a customer cannot be deleted: %v", set, err)
						}
					}
					h.wantAltered(t, 0)
				}
			}
			if err := list(well, store.Transaction); err != nil {
				t.Errorf("a customer with items as they were written: %v", err)
			}
		})
	}
}

// mustAddItem adds an item to a customer.
func (e *testEnv) mustAddItem(t *testing.T, c id.Customer, kind store.ItemKind) id.Item {
	t.Helper()
	var reply records.Reply
	var err error
	if kind == store.Transaction {
		reply, err = e.RecordTransaction(t.Context(), e.me, c, payment("7", ""), "", func(p *customer.Transaction) []byte { return []byte(p.ID.String()) })
	} else {
		reply, err = e.CreateLiquidationAddress(t.Context(), e.me, c, payout(), "", showID)
	}
	if err != nil {
		t.Fatal(err)
	}
	item, err := id.ParseItem(string(reply.Body))
	if err != nil {
		t.Fatal(err)
	}
	return item
}
