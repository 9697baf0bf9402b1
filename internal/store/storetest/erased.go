package storetest

import (
	"context"
	"slices"
	"testing"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// KeyDropper is what a store for the suite must be able to do beside the contract:
// lose the key of a customer, as by hand.
type KeyDropper interface {
	DropKey(ctx context.Context, app id.App, seq int64) error
}

func (e env) dropKey(t *testing.T, row *store.CustomerRow) {
	t.Helper()
	s := e.Store
	if f, ok := s.(*Hooked); ok {
		s = f.Store
	}
	noError(t, "DropKey", s.(KeyDropper).DropKey(e.ctx, e.app, row.Seq))
	row.Key = nil
}

// testErased is about customers whose key is gone: they are rows like all others,
// without Key, in every read.
func testErased(t *testing.T, s store.Store) {
	t.Run("CustomerWithoutKey", func(t *testing.T) {
		t.Parallel()
		t.Run("IsInEveryRead", func(t *testing.T) { erasedIsThere(t, newEnv(t, s)) })
		t.Run("CutsNoListShort", func(t *testing.T) { erasedCutsNothing(t, newEnv(t, s)) })
		t.Run("CutsNoChangesShort", func(t *testing.T) {
			e := newEnv(t, s)
			rows := e.insert(t, newCustomer(), newCustomer(), newCustomer(), newCustomer())
			e.dropKey(t, &rows[0])
			e.dropKey(t, &rows[1])
			for limit := 1; limit <= 5; limit++ {
				var got []store.CustomerRow
				var after store.ChangePoint
				for {
					page, err := e.CustomerChanges(e.ctx, e.app, after, limit)
					noError(t, "CustomerChanges", err)
					got = append(got, page...)
					if len(page) < limit {
						break
					}
					after = store.ChangePoint{Version: page[limit-1].Version, Seq: page[limit-1].Seq}
				}
				same(t, "the walk", got, rows)
			}
		})
		t.Run("IsDeletedLikeAnyOther", func(t *testing.T) {
			e := newEnv(t, s)
			row := e.insert(t, newCustomer())[0]
			e.addItem(t, row.ID, newItem(store.Transaction))
			e.dropKey(t, &row)
			noError(t, "CustomerDelete", e.delete(row.ID))
			_, err := e.CustomerGet(e.ctx, e.app, row.ID)
			wantKind(t, "CustomerGet", err, fault.NotFound)
			same(t, "its items", e.items(t, row.ID, store.Transaction), nil)
			same(t, "Head", e.mustHead(t), store.Head{Version: 2})
			next := newCustomer()
			next.EmailHash = row.EmailHash
			e.insert(t, next)
		})
	})
}

func erasedIsThere(t *testing.T, e env) {
	row := newCustomer()
	e.mustUpdate(t, func(tx store.Tx) (err error) {
		row.Seq, err = tx.CustomerInsert(row)
		return err
	})
	row.Version = 1
	e.dropKey(t, &row)
	got, err := e.CustomerGet(e.ctx, e.app, row.ID)
	noError(t, "CustomerGet", err)
	same(t, "CustomerGet", got, row)
	got, err = e.bySeqTwice(t, row.Seq)
	noError(t, "CustomerGetBySeq", err)
	same(t, "CustomerGetBySeq", got, row)
	got, err = e.byEmail(row.EmailHash)
	noError(t, "CustomerGetByEmail", err)
	same(t, "CustomerGetByEmail", got, row)
	e.mustUpdate(t, func(tx store.Tx) error {
		got, err := tx.CustomerGet(row.ID)
		same(t, "Tx.CustomerGet", got, row)
		return err
	})
	list, err := e.CustomerBySeq(e.ctx, e.app, []int64{row.Seq})
	noError(t, "CustomerBySeq", err)
	same(t, "CustomerBySeq", list, []store.CustomerRow{row})
	list = nil
	err = e.CustomerScan(e.ctx, e.app, 0, 1<<62, func(row *store.CustomerRow) error {
		list = append(list, *row)
		return nil
	})
	noError(t, "CustomerScan", err)
	same(t, "CustomerScan", list, []store.CustomerRow{row})
}

// erasedCutsNothing takes every page there is of customers of whom some have no key.
func erasedCutsNothing(t *testing.T, e env) {
	rows := make([]store.CustomerRow, 9)
	for i := range rows {
		rows[i] = newCustomer()
		rows[i].CreatedAt += int64(i / 2)
	}
	e.mustUpdate(t, func(tx store.Tx) (err error) {
		for i := range rows {
			if rows[i].Seq, err = tx.CustomerInsert(rows[i]); err != nil {
				return err
			}
			rows[i].Version = 1
		}
		return nil
	})
	for _, i := range []int{0, 3, 4, 8} {
		e.dropKey(t, &rows[i])
	}
	all := newestFirst(rows)
	for skip := range all {
		for take := 1; take <= len(all)-skip; take++ {
			for _, status := range []uint8{0, 1} {
				got, err := e.CustomerList(e.ctx, e.app, store.CustomerList{Status: status, Skip: skip, Take: take})
				noError(t, "CustomerList", err)
				same(t, "CustomerList", got, all[skip:skip+take])
			}
		}
	}
	if !slices.ContainsFunc(all, func(r store.CustomerRow) bool { return r.Key == nil }) {
		t.Error("every customer has its key: this test proves nothing")
	}
}
