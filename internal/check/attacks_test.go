package check_test

import (
	"fmt"
	"strconv"
)

func onItem(set func(a *attacker, i int) string) attack {
	return func(a *attacker, i int) ([]string, string) {
		return a.one("UPDATE customer_item SET "+set(a, i), "%s", a.itemIs(i)), a.items[i].ID.String()
	}
}

// uuid is an id of 16 bytes in SQL.
func (a *attacker) uuid(b [16]byte) string {
	if a.engine == "postgres" {
		return fmt.Sprintf("'%x'::uuid", b)
	}
	return a.literal(b[:])
}

func (a *attacker) itemIs(i int) string { return "item_id = " + a.uuid(a.items[i].ID) }

func onState(set func(a *attacker, i int) string) attack {
	return func(a *attacker, i int) ([]string, string) {
		row := a.states[i]
		return a.one("UPDATE customer_history SET "+set(a, i), "customer_seq = %d AND at = %d", row.Customer, row.At), fmt.Sprintf("%d/%d", row.Customer, row.At)
	}
}

func onEvent(set string) attack {
	return func(a *attacker, i int) ([]string, string) {
		return a.one(set, "seq = %d", a.events[i].Seq), strconv.FormatInt(a.events[i].Seq, 10)
	}
}

func init() {
	attacks["customer_item"] = []attack{
		onItem(text1("sum = NULL")), onItem(text1("at = at + 1")), onItem(text1("created_at = created_at + 1")), onItem(text1("kind = 3 - kind")),
		onItem(func(a *attacker, _ int) string { return "sealed = " + a.blob(90) }),
		func(a *attacker, i int) ([]string, string) { // removed
			return a.one("DELETE FROM customer_item", "%s", a.itemIs(i)), a.items[i].ID.String()
		},
		func(a *attacker, i int) ([]string, string) { // hangs on another customer
			seq := a.items[i].Seq
			for seq == a.items[i].Seq {
				seq = a.other()
			}
			return a.one(fmt.Sprintf("UPDATE customer_item SET customer_seq = %d", seq), "%s", a.itemIs(i)), a.items[i].ID.String()
		},
		func(a *attacker, i int) ([]string, string) { // invented
			a.spare++
			made := [16]byte{15: byte(a.spare), 14: byte(a.spare >> 8), 13: 1}
			const columns = "app_id, customer_seq, kind, at, created_at, sealed"
			return []string{fmt.Sprintf("INSERT INTO customer_item (item_id, %s) SELECT %s, %[1]s FROM customer_item%[3]s AND %[4]s", columns, a.uuid(made), a.where, a.itemIs(i))},
				fmt.Sprintf("%x-%x-%x-%x-%x", made[:4], made[4:6], made[6:8], made[8:10], made[10:])
		},
	}
	attacks["customer_history"] = []attack{
		onState(func(a *attacker, _ int) string { return "sealed = " + a.blob(300) }),
		onState(text1("version = version + 1")), onState(text1("version = 0")),
		func(a *attacker, i int) ([]string, string) { // another time
			row := a.states[i]
			return a.one("UPDATE customer_history SET at = at + 70000", "customer_seq = %d AND at = %d", row.Customer, row.At), fmt.Sprintf("%d/%d", row.Customer, row.At+70000)
		},
		func(a *attacker, i int) ([]string, string) { // removed
			row := a.states[i]
			return a.one("DELETE FROM customer_history", "customer_seq = %d AND at = %d", row.Customer, row.At), strconv.FormatInt(row.Customer, 10)
		},
		func(a *attacker, i int) ([]string, string) { // all of a customer removed
			row := a.states[i]
			return a.one("DELETE FROM customer_history", "customer_seq = %d", row.Customer), strconv.FormatInt(row.Customer, 10)
		},
	}
	attacks["event"] = []attack{
		onEvent("UPDATE event SET at = at + 1"), onEvent("UPDATE event SET type = 'key.rotated.twice'"), onEvent("UPDATE event SET object = 'cred_2222222222222222'"),
		onEvent("UPDATE event SET customer = 'somebody'"), onEvent("UPDATE event SET fields = 'all'"), onEvent("UPDATE event SET version = version + 1000000"),
		onEvent("DELETE FROM event"),
	}
}
