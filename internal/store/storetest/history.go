package storetest

import (
	"testing"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// newHistory gives a state of the customer that ended at the given time.
func newHistory(of store.CustomerRow, at int64) store.HistoryRow {
	return store.HistoryRow{Customer: of.Seq, At: at, Version: of.Version + at, Sealed: secret(200)}
}

// appendHistory adds states of customers and returns them.
func (e env) appendHistory(t *testing.T, rows ...store.HistoryRow) []store.HistoryRow {
	t.Helper()
	for _, row := range rows {
		e.mustUpdate(t, func(tx store.Tx) error { return tx.HistoryAppend(row) })
	}
	return rows
}

// history gives the states of a customer that have ended, newest first.
func (e env) history(t *testing.T, seq int64) []store.HistoryRow {
	t.Helper()
	rows, err := e.HistoryList(e.ctx, e.app, seq, store.HistoryList{Take: 1000})
	noError(t, "HistoryList", err)
	return rows
}

func testHistory(t *testing.T, s store.Store) {
	t.Run("HistoryAppend", func(t *testing.T) {
		t.Parallel()
		t.Run("KeepsEveryColumnNewestFirst", func(t *testing.T) {
			e := newEnv(t, s)
			rows := e.insert(t, newCustomer(), newCustomer())
			mine := e.appendHistory(t, newHistory(rows[0], 5), newHistory(rows[0], 9), newHistory(rows[0], 1<<62))
			other := e.appendHistory(t, newHistory(rows[1], 7))
			same(t, "HistoryList", e.history(t, rows[0].Seq), []store.HistoryRow{mine[2], mine[1], mine[0]})
			same(t, "HistoryList of the other", e.history(t, rows[1].Seq), other)
		})
		t.Run("MakesTimesAscend", func(t *testing.T) {
			e := newEnv(t, s)
			row := e.insert(t, newCustomer())[0]
			e.appendHistory(t, newHistory(row, 50), newHistory(row, 50), newHistory(row, 20), newHistory(row, 60))
			var got []int64
			for _, r := range e.history(t, row.Seq) {
				got = append(got, r.At)
			}
			same(t, "At", got, []int64{60, 52, 51, 50})
		})
		t.Run("FailsWithItsUpdate", func(t *testing.T) {
			e := newEnv(t, s)
			row := e.insert(t, newCustomer())[0]
			refused := fault.New(fault.Invalid, "refused", "refused")
			for range 3 {
				err := e.Update(e.ctx, e.app, func(tx store.Tx) error {
					if err := tx.HistoryAppend(newHistory(row, 5)); err != nil {
						return err
					}
					return refused
				})
				wantKind(t, "Update", err, fault.Invalid)
			}
			same(t, "HistoryList", e.history(t, row.Seq), nil)
		})
		t.Run("HasTheVersionOfItsChange", func(t *testing.T) { historyVersions(t, newEnv(t, s)) })
		t.Run("ConcurrentChangesLoseNone", func(t *testing.T) {
			e := newEnv(t, s)
			row := e.insert(t, newCustomer())[0]
			mustRace(t, 12, func(int) error {
				return e.Update(e.ctx, e.app, func(tx store.Tx) error { return tx.HistoryAppend(newHistory(row, 5)) })
			})
			rows := e.history(t, row.Seq)
			for i, r := range rows {
				if want := int64(5 + len(rows) - 1 - i); r.At != want {
					t.Errorf("row %d is of %d, want %d", i, r.At, want)
				}
			}
			same(t, "rows", len(rows), 12)
		})
	})
	t.Run("HistoryList", func(t *testing.T) {
		t.Parallel()
		t.Run("PagesAndNext", func(t *testing.T) { historyPages(t, newEnv(t, s)) })
		t.Run("AbsentCustomerHasNone", func(t *testing.T) {
			e := newEnv(t, s)
			same(t, "HistoryList", e.history(t, 1<<40), nil)
			_, err := e.HistoryNext(e.ctx, e.app, 1<<40, 0)
			wantKind(t, "HistoryNext", err, fault.NotFound)
		})
		t.Run("OtherApplicationHasNone", func(t *testing.T) {
			e := newEnv(t, s)
			row := e.insert(t, newCustomer())[0]
			e.appendHistory(t, newHistory(row, 5))
			o := e.other(t)
			same(t, "HistoryList", o.history(t, row.Seq), nil)
			_, err := o.HistoryNext(o.ctx, o.app, row.Seq, 0)
			wantKind(t, "HistoryNext", err, fault.NotFound)
		})
		t.Run("GoesWithItsCustomer", func(t *testing.T) {
			e := newEnv(t, s)
			rows := e.insert(t, newCustomer(), newCustomer())
			kept := e.appendHistory(t, newHistory(rows[0], 5), newHistory(rows[0], 6), newHistory(rows[1], 5))[2]
			noError(t, "CustomerDelete", e.delete(rows[0].ID))
			same(t, "HistoryList", e.history(t, rows[0].Seq), nil)
			same(t, "HistoryList of the other", e.history(t, rows[1].Seq), []store.HistoryRow{kept})
		})
	})
}

// historyVersions makes changes, some in one batch, and compares versions.
func historyVersions(t *testing.T, e env) {
	row := e.insert(t, newCustomer())[0]
	mustRace(t, 8, func(int) error {
		return e.Update(e.ctx, e.app, func(tx store.Tx) error {
			version, err := tx.CustomerVersion()
			if err != nil {
				return err
			}
			if err := tx.CustomerUpdate(row); err != nil {
				return err
			}
			got, err := tx.CustomerGet(row.ID)
			if err != nil {
				return err
			}
			same(t, "Version", got.Version, version)
			return tx.HistoryAppend(store.HistoryRow{Customer: row.Seq, At: now, Version: version, Sealed: secret(9)})
		})
	})
	got, err := e.CustomerGet(e.ctx, e.app, row.ID)
	noError(t, "CustomerGet", err)
	rows := e.history(t, row.Seq)
	same(t, "rows", len(rows), 8)
	same(t, "the newest Version", rows[0].Version, got.Version)
	same(t, "Seq of the next customer", e.insert(t, newCustomer())[0].Seq, row.Seq+1) // changes take no number
	for i, r := range rows[1:] {                                                      // those of one commit share theirs
		if r.Version > rows[i].Version || r.Version <= row.Version {
			t.Errorf("Version %d came before %d", r.Version, rows[i].Version)
		}
	}
	o := e
	o.app = id.NewApp()
	wantKind(t, "CustomerVersion", o.Update(o.ctx, o.app, func(tx store.Tx) error {
		_, err := tx.CustomerVersion()
		return err
	}), fault.NotFound)
}

func historyPages(t *testing.T, e env) {
	row := e.insert(t, newCustomer())[0]
	var want []store.HistoryRow
	for at := range int64(7) {
		want = append(e.appendHistory(t, newHistory(row, 10+10*at)), want...)
	}
	for _, take := range []int{1, 2, 3, 7, 9} {
		var got []store.HistoryRow
		for list := (store.HistoryList{Take: take}); ; {
			page, err := e.HistoryList(e.ctx, e.app, row.Seq, list)
			noError(t, "HistoryList", err)
			if got = append(got, page...); len(page) < take {
				break
			}
			list.Before = page[take-1].At
		}
		same(t, "pages", got, want)
	}
	none, err := e.HistoryList(e.ctx, e.app, row.Seq, store.HistoryList{})
	noError(t, "HistoryList", err)
	same(t, "HistoryList of none", len(none), 0)
	for at := int64(-1); at < 80; at++ {
		got, err := e.HistoryNext(e.ctx, e.app, row.Seq, at)
		if at >= 70 {
			wantKind(t, "HistoryNext", err, fault.NotFound)
			continue
		}
		noError(t, "HistoryNext", err)
		same(t, "HistoryNext", got.At, max(at/10*10+10, 10))
	}
}
