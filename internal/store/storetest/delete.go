package storetest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

func (e env) delete(c id.Customer) error {
	return e.Update(e.ctx, e.app, func(tx store.Tx) error { return tx.CustomerDelete(c) })
}

// deleted is what CustomerChanges gives for a deleted customer.
func deleted(row store.CustomerRow, version int64) store.CustomerRow {
	return store.CustomerRow{Seq: row.Seq, Version: version, Deleted: true}
}

func testDelete(t *testing.T, s store.Store) {
	t.Run("CustomerDelete", func(t *testing.T) {
		t.Parallel()
		t.Run("IsGoneFromEveryRead", func(t *testing.T) { deleteIsGone(t, newEnv(t, s)) })
		t.Run("LeavesItsPlaceInTheChanges", func(t *testing.T) { deleteInChanges(t, newEnv(t, s)) })
		t.Run("AbsentIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			row := e.insert(t, newCustomer())[0]
			wantKind(t, "CustomerDelete of nobody", e.delete(id.NewCustomer()), fault.NotFound)
			err := e.Update(e.ctx, e.app, func(tx store.Tx) error {
				return errors.Join(tx.CustomerDelete(row.ID), tx.CustomerDelete(row.ID))
			})
			wantKind(t, "CustomerDelete twice in one update", err, fault.NotFound)
			same(t, "Head", e.mustHead(t), store.Head{Version: 1, Customers: 1})
			noError(t, "CustomerDelete", e.delete(row.ID))
			wantKind(t, "CustomerDelete again", e.delete(row.ID), fault.NotFound)
			same(t, "Head", e.mustHead(t), store.Head{Version: 2})
			err = e.Update(e.ctx, e.app, func(tx store.Tx) error { return tx.CustomerUpdate(row) })
			wantKind(t, "CustomerUpdate of a deleted customer", err, fault.NotFound)
			err = e.insertItem(row.ID, newItem(store.Transaction))
			wantKind(t, "ItemInsert of a deleted customer", err, fault.NotFound)
		})
		t.Run("OtherApplicationIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			row := e.insert(t, newCustomer())[0]
			o := e.other(t)
			wantKind(t, "CustomerDelete", o.delete(row.ID), fault.NotFound)
			got, err := e.CustomerGet(e.ctx, e.app, row.ID)
			noError(t, "CustomerGet", err)
			same(t, "the customer", got, row)
			// With the same id there, each deletes its own.
			o.insert(t, newCustomer(), row)
			e.addItem(t, row.ID, newItem(store.Transaction))
			noError(t, "CustomerDelete", o.delete(row.ID))
			got, err = e.CustomerGet(e.ctx, e.app, row.ID)
			noError(t, "CustomerGet", err)
			same(t, "the customer", got, row)
			if n := len(e.items(t, row.ID, store.Transaction)); n != 1 {
				t.Errorf("%d of its items are left, want 1", n)
			}
		})
		t.Run("AbsentApplicationIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			e.app = id.NewApp()
			wantKind(t, "CustomerDelete", e.delete(id.NewCustomer()), fault.NotFound)
		})
		t.Run("FreesTheEmailAtOnce", func(t *testing.T) {
			e := newEnv(t, s)
			first := e.insert(t, newCustomer())[0]
			next := newCustomer()
			next.EmailHash = clone(first.EmailHash)
			e.mustUpdate(t, func(tx store.Tx) error {
				if err := tx.CustomerDelete(first.ID); err != nil {
					return err
				}
				_, err := tx.CustomerInsert(next)
				return err
			})
			noError(t, "CustomerDelete", e.delete(next.ID))
			next.ID = first.ID // the id is free too
			e.insert(t, next)
			same(t, "Head", e.mustHead(t), store.Head{Version: 4, Customers: 1})
		})
		t.Run("ItsSeqIsNeverReused", func(t *testing.T) {
			e := newEnv(t, s)
			var last int64
			for range 4 {
				row := e.insert(t, newCustomer())[0]
				if row.Seq <= last {
					t.Errorf("Seq %d came after %d, which was deleted", row.Seq, last)
				}
				last = row.Seq
				noError(t, "CustomerDelete", e.delete(row.ID))
			}
		})
		t.Run("TheIdempotencyRowAndTheLogStay", func(t *testing.T) {
			e := newEnv(t, s)
			row := e.insert(t, newCustomer())[0]
			key := newKey()
			key.Customer = row.ID
			noError(t, "IdempotencyPut", e.putKey(key, time.Hour))
			noError(t, "Record", e.Record(e.ctx, e.app, newEntry(row.ID)))
			noError(t, "CustomerDelete", e.delete(row.ID))
			e.mustUpdate(t, func(tx store.Tx) error {
				got, err := tx.IdempotencyGet(key.Scope)
				if err != nil {
					return err
				}
				same(t, "IdempotencyGet", got, key)
				_, err = tx.CustomerGet(got.Customer)
				wantKind(t, "CustomerGet of a replay", err, fault.NotFound)
				return nil
			})
			log, err := e.AuditList(e.ctx, e.app, store.AuditList{Customer: &row.ID}, 5)
			if err != nil || len(log) != 1 {
				t.Errorf("AuditList = %d entries, %v, want 1", len(log), err)
			}
		})
		t.Run("InTheUpdateThatInsertedIt", func(t *testing.T) {
			e := newEnv(t, s)
			row := newCustomer()
			e.mustUpdate(t, func(tx store.Tx) (err error) {
				if row.Seq, err = tx.CustomerInsert(row); err != nil {
					return err
				}
				return errors.Join(tx.ItemInsert(row.ID, newItem(store.Transaction)), tx.CustomerDelete(row.ID))
			})
			same(t, "Head", e.mustHead(t), store.Head{Version: 1})
			got, err := e.CustomerChanges(e.ctx, e.app, store.ChangePoint{}, 5)
			noError(t, "CustomerChanges", err)
			same(t, "CustomerChanges", got, []store.CustomerRow{deleted(row, 1)})
		})
		t.Run("ConcurrentDeletesGiveOne", func(t *testing.T) {
			e := newEnv(t, s)
			row := e.insert(t, newCustomer(), newCustomer())[0]
			wantOneWinner(t, race(16, func(int) error { return e.delete(row.ID) }), fault.NotFound)
			if h := e.mustHead(t); h.Customers != 1 {
				t.Errorf("the head counts %d customers, want 1", h.Customers)
			}
			got, err := e.CustomerChanges(e.ctx, e.app, store.ChangePoint{Version: 1, Seq: 1 << 62}, 5)
			noError(t, "CustomerChanges", err)
			same(t, "CustomerChanges", got, []store.CustomerRow{deleted(row, 2)})
		})
		t.Run("ConcurrentInsertsAndDeletesAreCounted", func(t *testing.T) { deleteCounts(t, newEnv(t, s)) })
	})
}

func deleteIsGone(t *testing.T, e env) {
	o := e.other(t)
	group := e.addGroup(t, newGroup())
	doomed := newCustomer()
	doomed.Group = group.Seq
	rows := e.insert(t, newCustomer(), doomed, newCustomer())
	doomed = rows[1]
	kept := e.addItem(t, rows[0].ID, newItem(store.Transaction))
	item := e.addItem(t, doomed.ID, newItem(store.Transaction))
	e.addItem(t, doomed.ID, newItem(store.LiquidationAddress))
	if there, err := o.CustomerElsewhere(e.ctx, o.app, doomed.ID); !there || err != nil {
		t.Errorf("CustomerElsewhere before = %t, %v, want true", there, err)
	}

	noError(t, "CustomerDelete", e.delete(doomed.ID))
	_, err := e.CustomerGet(e.ctx, e.app, doomed.ID)
	wantKind(t, "CustomerGet", err, fault.NotFound)
	_, err = e.bySeqTwice(t, doomed.Seq)
	wantKind(t, "CustomerGetBySeq", err, fault.NotFound)
	_, err = e.byEmail(doomed.EmailHash)
	wantKind(t, "CustomerGetByEmail", err, fault.NotFound)
	if there, err := o.CustomerElsewhere(e.ctx, o.app, doomed.ID); there || err != nil {
		t.Errorf("CustomerElsewhere = %t, %v, want false", there, err)
	}
	left := []store.CustomerRow{rows[0], rows[2]}
	for _, status := range []uint8{0, 1} {
		got, err := e.CustomerList(e.ctx, e.app, store.CustomerList{Status: status, Take: 10})
		noError(t, "CustomerList", err)
		same(t, "CustomerList", got, newestFirst(left))
	}
	got, err := e.CustomerBySeq(e.ctx, e.app, []int64{rows[0].Seq, doomed.Seq, rows[2].Seq})
	noError(t, "CustomerBySeq", err)
	slices.SortFunc(got, bySeq)
	same(t, "CustomerBySeq", got, left)
	got = nil
	err = e.CustomerScan(e.ctx, e.app, 0, 1<<62, func(row *store.CustomerRow) error {
		got = append(got, *row)
		return nil
	})
	noError(t, "CustomerScan", err)
	same(t, "CustomerScan", got, left)
	r, err := e.CustomerRange(e.ctx, e.app)
	noError(t, "CustomerRange", err)
	same(t, "CustomerRange", r, store.CustomerRange{MinSeq: rows[0].Seq, MaxSeq: rows[2].Seq, Count: 2})
	same(t, "Head", e.mustHead(t), store.Head{Version: 2, Customers: 2})

	same(t, "its items", e.items(t, doomed.ID, store.Transaction), nil)
	_, err = e.ItemGet(e.ctx, e.app, doomed.ID, item.Kind, item.ID)
	wantKind(t, "ItemGet", err, fault.NotFound)
	same(t, "items of another", e.items(t, rows[0].ID, store.Transaction), []store.ItemRow{kept})
	same(t, "its group", e.mustGroup(t, group.Seq), group)
}

// deleteInChanges has customers and deleted ones take turns, also within a version,
// and walks through them with every size of page.
func deleteInChanges(t *testing.T, e env) {
	theirs := e.other(t)
	gone := theirs.insert(t, newCustomer())[0]
	noError(t, "CustomerDelete", theirs.delete(gone.ID))

	rows := e.insert(t, newCustomer(), newCustomer(), newCustomer(), newCustomer(), newCustomer())
	e.mustUpdate(t, func(tx store.Tx) error { // version 2
		return errors.Join(tx.CustomerDelete(rows[3].ID), tx.CustomerUpdate(rows[2]),
			tx.CustomerDelete(rows[1].ID), tx.CustomerUpdate(rows[4]))
	})
	noError(t, "CustomerDelete", e.delete(rows[4].ID)) // version 3
	rows[2].Version = 2
	want := []store.CustomerRow{
		rows[0], deleted(rows[1], 2), rows[2], deleted(rows[3], 2), deleted(rows[4], 3),
	}
	for limit := 1; limit <= 6; limit++ {
		var got []store.CustomerRow
		var after store.ChangePoint
		for {
			page, err := e.CustomerChanges(e.ctx, e.app, after, limit)
			noError(t, "CustomerChanges", err)
			if len(page) > limit {
				t.Fatalf("CustomerChanges with limit %d gave %d", limit, len(page))
			}
			if len(page) == 0 {
				break
			}
			got = append(got, page...)
			after = store.ChangePoint{Version: page[len(page)-1].Version, Seq: page[len(page)-1].Seq}
		}
		same(t, "the walk", got, want)
	}
	got, err := e.CustomerChanges(e.ctx, e.app, store.ChangePoint{Version: 2, Seq: 1 << 62}, 5)
	noError(t, "CustomerChanges", err)
	same(t, "CustomerChanges after version 2", got, want[4:])
}

func deleteCounts(t *testing.T, e env) {
	mustRace(t, 12, func(i int) error {
		for n := range 8 {
			row, err := e.insertOne(t, newCustomer())
			if err == nil && n%2 == i%2 {
				err = e.delete(row.ID)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	r, err := e.CustomerRange(e.ctx, e.app)
	noError(t, "CustomerRange", err)
	there := 0
	err = e.CustomerScan(e.ctx, e.app, 0, 1<<62, func(*store.CustomerRow) error { there++; return nil })
	noError(t, "CustomerScan", err)
	if h := e.mustHead(t); there != 48 || r.Count != 48 || h.Customers != 48 {
		t.Errorf("%d customers are there, the range counts %d, the head %d, want 48", there, r.Count, h.Customers)
	}
	got, err := e.CustomerChanges(e.ctx, e.app, store.ChangePoint{}, 1000)
	noError(t, "CustomerChanges", err)
	gone := 0
	for _, row := range got {
		if row.Deleted {
			gone++
		}
	}
	if gone != 48 || len(got) != 96 {
		t.Errorf("CustomerChanges = %d rows, %d of them deleted, want 96 and 48", len(got), gone)
	}
}
