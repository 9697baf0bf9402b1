package storetest

import (
	"errors"
	"slices"
	"testing"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/store"
)

func groupDeleteDetaches(t *testing.T, e env) {
	group, another := e.addGroup(t, newGroup()), e.addGroup(t, newGroup())
	rows := []store.CustomerRow{newCustomer(), newCustomer(), newCustomer(), newCustomer()}
	rows[0].Group, rows[1].Group, rows[3].Group = group.Seq, another.Seq, group.Seq
	rows = e.insert(t, rows...)
	everyReadGives(t, e, rows)

	e.mustUpdate(t, func(tx store.Tx) error { return tx.GroupDelete(group.Seq) })
	_, err := e.GroupGet(e.ctx, e.app, group.Seq)
	wantKind(t, "GroupGet", err, fault.NotFound)
	same(t, "the other group", e.mustGroup(t, another.Seq), another)
	rows[0].GroupGone, rows[3].GroupGone = true, true
	everyReadGives(t, e, rows)
	e.mustUpdate(t, func(tx store.Tx) error {
		got, err := tx.CustomerGet(rows[0].ID)
		same(t, "Tx.CustomerGet", got, rows[0])
		return err
	})
	same(t, "Head", e.mustHead(t), store.Head{Version: rows[0].Version, Customers: 4})

	// Another group never gets the number, so nobody joins one unasked.
	if next := e.addGroup(t, newGroup()); next.Seq <= another.Seq {
		t.Errorf("a new group got the number %d", next.Seq)
	}
	everyReadGives(t, e, rows)
	rows[0].Group, rows[0].GroupGone = 0, false
	e.mustUpdate(t, func(tx store.Tx) error { return tx.CustomerUpdate(rows[0]) })
	rows[0].Version++
	everyReadGives(t, e, rows)
}

// everyReadGives asks for the application's customers in every way there is.
func everyReadGives(t *testing.T, e env, rows []store.CustomerRow) {
	t.Helper()
	var seqs []int64
	for _, want := range rows {
		seqs = append(seqs, want.Seq)
		got, err := e.CustomerGet(e.ctx, e.app, want.ID)
		noError(t, "CustomerGet", err)
		same(t, "CustomerGet", got, want)
		got, err = e.bySeqTwice(t, want.Seq)
		noError(t, "CustomerGetBySeq", err)
		same(t, "CustomerGetBySeq", got, want)
		got, err = e.byEmail(want.EmailHash)
		noError(t, "CustomerGetByEmail", err)
		same(t, "CustomerGetByEmail", got, want)
	}
	list, err := e.CustomerList(e.ctx, e.app, store.CustomerList{Take: 100})
	noError(t, "CustomerList", err)
	same(t, "CustomerList", list, newestFirst(rows))
	list, err = e.CustomerBySeq(e.ctx, e.app, seqs)
	noError(t, "CustomerBySeq", err)
	slices.SortFunc(list, bySeq)
	same(t, "CustomerBySeq", list, rows)
	list, err = e.CustomerChanges(e.ctx, e.app, store.ChangePoint{}, 100)
	noError(t, "CustomerChanges", err)
	slices.SortFunc(list, bySeq)
	same(t, "CustomerChanges", list, rows)
	list = nil
	err = e.CustomerScan(e.ctx, e.app, 0, 1<<62, func(row *store.CustomerRow) error {
		list = append(list, *row)
		return nil
	})
	noError(t, "CustomerScan", err)
	same(t, "CustomerScan", list, rows)
}

// groupDeleteAgainstJoins has customers join a group that is deleted meanwhile, each
// after a look that it is there.
func groupDeleteAgainstJoins(t *testing.T, e env) {
	group := e.addGroup(t, newGroup())
	rows := make([]store.CustomerRow, 16)
	for i := range rows {
		rows[i] = newCustomer()
	}
	rows = e.insert(t, rows...)
	mustRace(t, len(rows), func(i int) error {
		err := e.Update(e.ctx, e.app, func(tx store.Tx) error {
			if i == len(rows)/2 {
				return tx.GroupDelete(group.Seq)
			}
			if _, err := tx.GroupGet(group.Seq); err != nil {
				return err
			}
			row := rows[i]
			row.Group = group.Seq
			return tx.CustomerUpdate(row)
		})
		if errors.Is(err, fault.NotFound) {
			return nil
		}
		return err
	})
	err := e.CustomerScan(e.ctx, e.app, 0, 1<<62, func(row *store.CustomerRow) error {
		if row.Group != 0 && !row.GroupGone {
			t.Errorf("customer %d is in a group that was deleted", row.Seq)
		}
		return nil
	})
	noError(t, "CustomerScan", err)
}
