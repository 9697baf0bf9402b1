package storetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

func testAuditList(t *testing.T, s store.Store) {
	t.Run("AuditList", func(t *testing.T) {
		t.Parallel()
		t.Run("AgreesWithAModel", func(t *testing.T) { auditListModel(t, newEnv(t, s)) })
		t.Run("NoneIsEmpty", func(t *testing.T) {
			e := newEnv(t, s)
			got, err := e.AuditList(e.ctx, e.app, store.AuditList{}, 10)
			if err != nil || len(got) != 0 {
				t.Errorf("AuditList = %d rows, %v, want none", len(got), err)
			}
		})
		t.Run("OtherApplicationIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			c := id.NewCustomer()
			noError(t, "Record", e.Record(e.ctx, e.app, newEntry(c)))
			o := e.other(t)
			for _, list := range []store.AuditList{{}, {Customer: &c}} {
				got, err := o.AuditList(o.ctx, o.app, list, 10)
				if err != nil || len(got) != 0 {
					t.Errorf("AuditList = %d rows, %v, want none", len(got), err)
				}
			}
		})
		t.Run("ACustomerIsFoundAtItsPlaceOnly", func(t *testing.T) { auditListAligned(t, newEnv(t, s)) })
		t.Run("PagesWhileOthersWrite", func(t *testing.T) {
			e := newEnv(t, s)
			for range 9 {
				noError(t, "Record", e.Record(e.ctx, e.app, newEntry()))
			}
			var got []int64
			list := store.AuditList{}
			for {
				page, err := e.AuditList(e.ctx, e.app, list, 4)
				noError(t, "AuditList", err)
				for _, row := range page {
					got = append(got, row.Seq)
				}
				if len(page) < 4 {
					break
				}
				list.Before = page[3].Seq
				noError(t, "Record", e.Record(e.ctx, e.app, newEntry()))
			}
			same(t, "the walk", got, []int64{8, 7, 6, 5, 4, 3, 2, 1, 0})
		})
	})
}

// auditListAligned plants the 16 bytes of an id across the border of two others,
// alone and before the true place.
func auditListAligned(t *testing.T, e env) {
	c := id.NewCustomer()
	across := slices.Concat(secret(8), c[:], secret(8))
	both := slices.Concat(across, c[:])
	for _, targets := range [][]byte{across, both, c[:], nil} {
		row := newEntry()
		row.Targets = targets
		noError(t, "Record", e.Record(e.ctx, e.app, row))
	}
	got, err := e.AuditList(e.ctx, e.app, store.AuditList{Customer: &c}, 10)
	noError(t, "AuditList", err)
	var seqs []int64
	for _, row := range got {
		seqs = append(seqs, row.Seq)
	}
	same(t, "entries about the customer", seqs, []int64{2, 1})
}

func auditListModel(t *testing.T, e env) {
	rnd := rand.New(rand.NewPCG(3, 4))
	customers := []id.Customer{id.NewCustomer(), id.NewCustomer(), id.NewCustomer()}
	actors, actions := []string{"", "a", "b"}, []string{"", "customers.read", "customers.write"}
	entries := make([]store.AuditRow, 80)
	for i := range entries {
		row := newEntry()
		row.Actor, row.Action = actors[rnd.IntN(3)], actions[rnd.IntN(3)]
		row.At = now + rnd.Int64N(10)
		row.Targets = nil
		for _, c := range customers {
			if rnd.IntN(2) == 0 {
				row.Targets = append(row.Targets, c[:]...)
			}
		}
		entries[i] = row
	}
	noError(t, "Record", e.Record(e.ctx, e.app, entries...))
	all := checkLog(t, e, len(entries))
	slices.Reverse(all)
	for range 120 {
		list := store.AuditList{Actor: actors[rnd.IntN(3)], Action: actions[rnd.IntN(3)]}
		if rnd.IntN(2) == 0 {
			list.Customer = &customers[rnd.IntN(3)]
		}
		if rnd.IntN(2) == 0 {
			list.From = now + rnd.Int64N(10)
		}
		if rnd.IntN(2) == 0 {
			list.To = now + rnd.Int64N(12)
		}
		if rnd.IntN(2) == 0 {
			list.Before = rnd.Int64N(90)
		}
		if rnd.IntN(2) == 0 {
			list.Since = rnd.Int64N(90)
		}
		limit := rnd.IntN(30)
		got, err := e.AuditList(e.ctx, e.app, list, limit)
		noError(t, "AuditList", err)
		same(t, fmt.Sprintf("AuditList(%+v, %d)", list, limit), got, auditListed(all, list, limit))
	}
}

// auditListed is what AuditList should give, from all entries newest first.
func auditListed(all []store.AuditRow, list store.AuditList, limit int) (out []store.AuditRow) {
	for _, row := range all {
		about := list.Customer == nil
		for ids := range slices.Chunk(row.Targets, 16) {
			about = about || id.Customer(ids) == *list.Customer
		}
		if about && len(out) < limit &&
			(list.Actor == "" || row.Actor == list.Actor) &&
			(list.Action == "" || row.Action == list.Action) &&
			(list.From == 0 || row.At >= list.From) &&
			(list.To == 0 || row.At < list.To) &&
			(list.Before == 0 || row.Seq < list.Before) && row.Seq >= list.Since {
			out = append(out, row)
		}
	}
	return out
}
