package storetest

import (
	"testing"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

func testReseal(t *testing.T, s store.Store) {
	t.Run("CustomerReseal", func(t *testing.T) {
		t.Parallel()
		t.Run("ReplacesSumAndKeyOnly", func(t *testing.T) {
			e := newEnv(t, s)
			rows := e.insert(t, newCustomer(), newCustomer())
			change := rows[0]
			change.Sum, change.Key, change.Status, change.Version, change.Sealed = secret(32), secret(72), 3, 99, secret(9)
			e.mustUpdate(t, func(tx store.Tx) error { return tx.CustomerReseal(change) })
			want := rows[0]
			want.Sum, want.Key = change.Sum, change.Key
			for i, want := range []store.CustomerRow{want, rows[1]} {
				got, err := e.CustomerGet(e.ctx, e.app, rows[i].ID)
				noError(t, "CustomerGet", err)
				same(t, "CustomerGet", got, want)
			}
		})
		t.Run("AbsentIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			theirs := e.other(t).insert(t, newCustomer())[0]
			err := e.Update(e.ctx, e.app, func(tx store.Tx) error { return tx.CustomerReseal(theirs) })
			wantKind(t, "CustomerReseal", err, fault.NotFound)
		})
	})
	t.Run("ItemSum", func(t *testing.T) {
		t.Parallel()
		t.Run("ReplacesSumOnly", func(t *testing.T) {
			e := newEnv(t, s)
			c := e.insert(t, newCustomer())[0].ID
			item, other := e.addItem(t, c, newItem(store.Transaction)), e.addItem(t, c, newItem(store.LiquidationAddress))
			change := item
			change.Sum, change.At, change.Sealed = secret(32), 7, secret(9)
			e.mustUpdate(t, func(tx store.Tx) error { return tx.ItemSum(c, change) })
			item.Sum = change.Sum
			same(t, "ItemList", e.items(t, c, store.Transaction), []store.ItemRow{item})
			same(t, "ItemList", e.items(t, c, store.LiquidationAddress), []store.ItemRow{other})
		})
		t.Run("AbsentIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			rows := e.insert(t, newCustomer(), newCustomer())
			item := e.addItem(t, rows[0].ID, newItem(store.Transaction))
			for _, c := range []id.Customer{rows[1].ID, id.NewCustomer()} {
				err := e.Update(e.ctx, e.app, func(tx store.Tx) error { return tx.ItemSum(c, item) })
				wantKind(t, "ItemSum", err, fault.NotFound)
			}
		})
	})
}
