package storetest

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

func newItem(kind store.ItemKind) store.ItemRow {
	return store.ItemRow{ID: id.NewItem(), Kind: kind, At: now, CreatedAt: now, Sealed: secret(120), Sum: secret(32)}
}

// addItem adds an item of a customer.
func (e env) addItem(t *testing.T, c id.Customer, row store.ItemRow) store.ItemRow {
	t.Helper()
	e.mustUpdate(t, func(tx store.Tx) error { return tx.ItemInsert(c, row) })
	return row
}

func (e env) insertItem(c id.Customer, row store.ItemRow) error {
	return e.Update(e.ctx, e.app, func(tx store.Tx) error { return tx.ItemInsert(c, row) })
}

// items gives the items of one kind, all of them.
func (e env) items(t *testing.T, c id.Customer, kind store.ItemKind) []store.ItemRow {
	t.Helper()
	rows, err := e.ItemList(e.ctx, e.app, c, store.ItemList{Kind: kind, Take: 1000})
	noError(t, "ItemList", err)
	n, err := e.ItemCount(e.ctx, e.app, c, kind)
	noError(t, "ItemCount", err)
	same(t, "ItemCount", n, len(rows))
	return rows
}

func testItems(t *testing.T, s store.Store) {
	t.Run("ItemInsert", func(t *testing.T) {
		t.Parallel()
		t.Run("KeepsEveryColumn", func(t *testing.T) {
			e := newEnv(t, s)
			c := e.insert(t, newCustomer())[0].ID
			for _, want := range []store.ItemRow{
				newItem(store.LiquidationAddress),
				newItem(store.Transaction),
				{ID: id.Item{15: 1}, Kind: 255, At: 1<<63 - 1, CreatedAt: 7, Sealed: []byte{0, 255, 0}},
			} {
				e.addItem(t, c, want)
				got, err := e.ItemGet(e.ctx, e.app, c, want.Kind, want.ID)
				noError(t, "ItemGet", err)
				same(t, "ItemGet", got, want)
				same(t, "ItemList", e.items(t, c, want.Kind), []store.ItemRow{want})
			}
		})
		t.Run("ChangesNoCustomer", func(t *testing.T) {
			e := newEnv(t, s)
			row := e.insert(t, newCustomer())[0]
			e.addItem(t, row.ID, newItem(store.Transaction))
			same(t, "Head", e.mustHead(t), store.Head{Version: row.Version, Customers: 1})
		})
		t.Run("DuplicateIsConflict", func(t *testing.T) {
			e := newEnv(t, s)
			c := e.insert(t, newCustomer())[0].ID
			first := e.addItem(t, c, newItem(store.Transaction))
			second := newItem(store.Transaction)
			second.ID = first.ID
			wantKind(t, "ItemInsert", e.insertItem(c, second), fault.Conflict)
			same(t, "ItemList", e.items(t, c, store.Transaction), []store.ItemRow{first})
		})
		t.Run("AbsentCustomerIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			wantKind(t, "ItemInsert", e.insertItem(id.NewCustomer(), newItem(store.Transaction)), fault.NotFound)
		})
		t.Run("OtherApplicationIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			c := e.insert(t, newCustomer())[0].ID
			wantKind(t, "ItemInsert", e.other(t).insertItem(c, newItem(store.Transaction)), fault.NotFound)
			same(t, "ItemList", e.items(t, c, store.Transaction), nil)
		})
		t.Run("OtherApplicationMayHaveTheSame", func(t *testing.T) {
			e := newEnv(t, s)
			o := e.other(t)
			mine, theirs := newCustomer(), newCustomer()
			theirs.ID = mine.ID
			e.insert(t, mine)
			o.insert(t, theirs)
			first := e.addItem(t, mine.ID, newItem(store.Transaction))
			second := newItem(store.Transaction)
			second.ID = first.ID
			o.addItem(t, mine.ID, second)
			same(t, "mine", e.items(t, mine.ID, store.Transaction), []store.ItemRow{first})
			same(t, "theirs", o.items(t, mine.ID, store.Transaction), []store.ItemRow{second})
		})
		t.Run("AbsentApplicationIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			e.app = id.NewApp()
			wantKind(t, "ItemInsert", e.insertItem(id.NewCustomer(), newItem(store.Transaction)), fault.NotFound)
		})
		t.Run("ConcurrentDuplicatesGiveOne", func(t *testing.T) {
			e := newEnv(t, s)
			c := e.insert(t, newCustomer())[0].ID
			item := newItem(store.Transaction)
			wantOneWinner(t, race(12, func(int) error { return e.insertItem(c, item) }), fault.Conflict)
		})
		t.Run("ConcurrentDeleteLeavesNone", func(t *testing.T) { itemsAgainstDelete(t, newEnv(t, s)) })
	})
	t.Run("ItemGet", func(t *testing.T) {
		t.Parallel()
		t.Run("AbsentIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			rows := e.insert(t, newCustomer(), newCustomer())
			item := e.addItem(t, rows[0].ID, newItem(store.Transaction))
			for what, ask := range map[string]func() (store.ItemRow, error){
				"item":     func() (store.ItemRow, error) { return e.ItemGet(e.ctx, e.app, rows[0].ID, item.Kind, id.NewItem()) },
				"kind":     func() (store.ItemRow, error) { return e.ItemGet(e.ctx, e.app, rows[0].ID, 1, item.ID) },
				"owner":    func() (store.ItemRow, error) { return e.ItemGet(e.ctx, e.app, rows[1].ID, item.Kind, item.ID) },
				"customer": func() (store.ItemRow, error) { return e.ItemGet(e.ctx, e.app, id.NewCustomer(), item.Kind, item.ID) },
			} {
				_, err := ask()
				wantKind(t, "ItemGet with another "+what, err, fault.NotFound)
			}
		})
		t.Run("OtherApplicationIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			row := newCustomer()
			c := e.insert(t, row)[0].ID
			item := e.addItem(t, c, newItem(store.Transaction))
			o := e.other(t)
			_, err := o.ItemGet(o.ctx, o.app, c, item.Kind, item.ID)
			wantKind(t, "ItemGet", err, fault.NotFound)
			o.insert(t, row) // the same id there, and no items
			_, err = o.ItemGet(o.ctx, o.app, c, item.Kind, item.ID)
			wantKind(t, "ItemGet of a customer with the same id", err, fault.NotFound)
		})
		t.Run("SeesAnAcknowledgedInsertAtOnce", func(t *testing.T) {
			e := newEnv(t, s)
			c := e.insert(t, newCustomer())[0].ID
			mustRace(t, 16, func(int) error {
				item := newItem(store.Transaction)
				if err := e.insertItem(c, item); err != nil {
					return err
				}
				_, err := e.ItemGet(e.ctx, e.app, c, item.Kind, item.ID)
				return err
			})
			if n := len(e.items(t, c, store.Transaction)); n != 16 {
				t.Errorf("ItemList gave %d items, want 16", n)
			}
		})
	})
	t.Run("ItemList", func(t *testing.T) {
		t.Parallel()
		t.Run("AgreesWithAModel", func(t *testing.T) { itemListModel(t, newEnv(t, s)) })
		t.Run("NoneIsEmpty", func(t *testing.T) {
			e := newEnv(t, s)
			rows := e.insert(t, newCustomer(), newCustomer())
			e.addItem(t, rows[0].ID, newItem(store.Transaction))
			same(t, "ItemList of another kind", e.items(t, rows[0].ID, store.LiquidationAddress), nil)
			same(t, "ItemList of a customer without", e.items(t, rows[1].ID, store.Transaction), nil)
			same(t, "ItemList of nobody", e.items(t, id.NewCustomer(), store.Transaction), nil)
			same(t, "ItemList in another application", e.other(t).items(t, rows[0].ID, store.Transaction), nil)
		})
	})
}

// itemListModel asks for random pages of items with few times, so that ties are
// common, among the items of another customer and another kind. Some places that pages
// begin after are those of other items.
func itemListModel(t *testing.T, e env) {
	rnd := rand.New(rand.NewPCG(7, 8))
	customers := e.insert(t, newCustomer(), newCustomer())
	all := make(map[string][]store.ItemRow)
	key := func(c int, kind store.ItemKind) string { return fmt.Sprint(c, kind) }
	e.mustUpdate(t, func(tx store.Tx) error {
		clear(all)
		for range 120 {
			c, row := rnd.IntN(2), newItem(store.ItemKind(1+rnd.IntN(2)))
			row.At = now + rnd.Int64N(6)
			row.CreatedAt = now - row.At%7
			all[key(c, row.Kind)] = append(all[key(c, row.Kind)], row)
			if err := tx.ItemInsert(customers[c].ID, row); err != nil {
				return err
			}
		}
		return nil
	})
	for _, rows := range all {
		slices.SortFunc(rows, func(a, b store.ItemRow) int {
			return cmp.Or(cmp.Compare(b.At, a.At), bytes.Compare(b.ID[:], a.ID[:]))
		})
	}
	for range 150 {
		c := rnd.IntN(2)
		list := store.ItemList{Kind: store.ItemKind(1 + rnd.IntN(2)), Skip: rnd.IntN(40) - 3, Take: rnd.IntN(40) - 3}
		want := all[key(c, list.Kind)]
		if rnd.IntN(2) == 0 {
			rows := all[key(rnd.IntN(2), list.Kind)]
			last := rows[rnd.IntN(len(rows))]
			list.After = &store.ItemPosition{At: last.At, ID: last.ID}
			list.Skip = rnd.IntN(4) - 1
			want = slices.DeleteFunc(slices.Clone(want), func(row store.ItemRow) bool {
				return cmp.Or(cmp.Compare(row.At, last.At), bytes.Compare(row.ID[:], last.ID[:])) >= 0
			})
		}
		got, err := e.ItemList(e.ctx, e.app, customers[c].ID, list)
		noError(t, "ItemList", err)
		want = want[min(max(list.Skip, 0), len(want)):]
		want = want[:min(max(list.Take, 0), len(want))]
		same(t, fmt.Sprintf("ItemList(%+v, after %+v)", list, list.After), got, want)
		count, err := e.ItemCount(e.ctx, e.app, customers[c].ID, list.Kind)
		noError(t, "ItemCount", err)
		same(t, "ItemCount", count, len(all[key(c, list.Kind)]))
	}
}

// itemsAgainstDelete adds items to a customer who is deleted meanwhile. Afterwards
// there is nothing of them, also for a customer who gets the same id.
func itemsAgainstDelete(t *testing.T, e env) {
	row := newCustomer()
	e.insert(t, row)
	race(16, func(i int) error {
		if i == 8 {
			return e.Update(e.ctx, e.app, func(tx store.Tx) error { return tx.CustomerDelete(row.ID) })
		}
		err := e.insertItem(row.ID, newItem(store.Transaction))
		if err != nil {
			wantKind(t, "ItemInsert", err, fault.NotFound)
		}
		return err
	})
	same(t, "ItemList", e.items(t, row.ID, store.Transaction), nil)
	e.insert(t, row)
	same(t, "ItemList of the next with the id", e.items(t, row.ID, store.Transaction), nil)
}
