package check_test

import (
	"encoding/hex"
	"fmt"
	"strconv"

	"custodex.dev/internal/id"
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
	attacks["job"] = []attack{
		onJob(text1("kind = 'another'")), onJob(text1("actor = 'cred_2222222222222222'")), onJob(text1("state = 'failed'")),
		onJob(func(a *attacker, _ int) string { return "sealed = " + a.blob(90) }),
		func(a *attacker, i int) ([]string, string) { // removed
			return a.one("DELETE FROM job", "job_id = '%s'", a.jobs[i].ID), string(a.jobs[i].ID)
		},
		func(a *attacker, i int) ([]string, string) { // invented
			made := string(id.NewJob())
			const columns = "app_id, kind, state, actor, sealed, cursor, done, total, error, created_at, started_at, ended_at, holder, generation, lease_until"
			return []string{fmt.Sprintf("INSERT INTO job (job_id, %s) SELECT '%s', %[1]s FROM job%[3]s AND job_id = '%[4]s'", columns, made, a.where, a.jobs[i].ID)}, made
		},
	}
	attacks["idempotency"] = []attack{
		onAnswer(func(a *attacker, _ int) string { return "reply = " + a.blob(70) }),
		onAnswer(func(a *attacker, i int) string {
			return fmt.Sprintf("customer_id = (SELECT customer_id FROM customer%s AND seq = %d)", a.where, a.rested(a.answers[i].Customer))
		}),
	}
	attacks["customer_tombstone"] = []attack{
		func(a *attacker, i int) ([]string, string) {
			row := a.gone[i]
			return a.one("UPDATE customer_tombstone SET version = version + 100000", "version = %d AND seq = %d", row.Version, row.Seq), fmt.Sprintf("%d/%d", row.Version+100000, row.Seq)
		},
		func(a *attacker, i int) ([]string, string) { // of a customer that is there
			row, seq := a.gone[i], a.other()
			return a.one(fmt.Sprintf("UPDATE customer_tombstone SET seq = %d", seq), "version = %d AND seq = %d", row.Version, row.Seq), fmt.Sprintf("%d/%d", row.Version, seq)
		},
		func(a *attacker, i int) ([]string, string) { // removed
			return a.one("DELETE FROM customer_tombstone", "version = %d AND seq = %d", a.gone[i].Version, a.gone[i].Seq), string(a.app)
		},
		func(a *attacker, i int) ([]string, string) { // invented
			return []string{fmt.Sprintf("INSERT INTO customer_tombstone (app_id, version, seq) VALUES ('%s', %d, 77777)", a.app, a.gone[i].Version)}, string(a.app)
		},
	}
	attacks["audit_block"] = []attack{
		func(a *attacker, _ int) ([]string, string) {
			n := a.rnd.IntN(50)
			return []string{fmt.Sprintf("INSERT INTO audit_block (app_id, n, first_at, last_at, filter, sum) VALUES ('%s', %d, 0, 1, %s, %s)", a.app, n, a.blob(20), a.blob(32))}, strconv.Itoa(n)
		},
	}
}

func onJob(set func(a *attacker, i int) string) attack {
	return func(a *attacker, i int) ([]string, string) {
		return a.one("UPDATE job SET "+set(a, i), "job_id = '%s'", a.jobs[i].ID), string(a.jobs[i].ID)
	}
}

func onAnswer(set func(a *attacker, i int) string) attack {
	return func(a *attacker, i int) ([]string, string) {
		scope := a.answers[i].Scope
		return a.one("UPDATE idempotency SET "+set(a, i), "scope = %s", a.literal(scope)), hex.EncodeToString(scope)
	}
}

// rested is a customer that nothing is done to, and not this one.
func (a *attacker) rested(not id.Customer) int64 {
	for {
		c := a.customers[a.rest[a.rnd.IntN(len(a.rest))]]
		if c.ID != not {
			return c.Seq
		}
	}
}
