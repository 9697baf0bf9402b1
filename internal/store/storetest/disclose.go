package storetest

import (
	"encoding/binary"
	"errors"
	"sync/atomic"
	"testing"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

func testDisclose(t *testing.T, s store.Store) {
	t.Run("GivesTheNewestRowAndAppendsTheEntry", func(t *testing.T) { discloseFollows(t, newEnv(t, s)) })
	t.Run("AbsentIsNotFound", func(t *testing.T) {
		e := newEnv(t, s)
		other := e.other(t)
		theirs := other.insert(t, newCustomer())[0]
		_, err := other.disclose(byID(theirs)) // so that it is known to the store
		noError(t, "Disclose", err)
		for _, ref := range []store.CustomerRef{{ID: id.NewCustomer()}, byID(theirs), {Seq: theirs.Seq + 1}, {}} {
			_, err := e.disclose(ref)
			wantKind(t, "Disclose", err, fault.NotFound)
		}
		e.app = id.NewApp()
		_, err = e.disclose(byID(theirs))
		wantKind(t, "Disclose of no application", err, fault.NotFound)
		checkLog(t, other, 1)
	})
	t.Run("AnErrorOfUseAppendsNothing", func(t *testing.T) {
		e := newEnv(t, s)
		row := e.insert(t, newCustomer())[0]
		for entries := range 3 {
			err := e.Disclose(e.ctx, e.app, byID(row), func(*store.CustomerRow) (store.AuditRow, error) { return newEntry(), errGivenUp })
			if !errors.Is(err, errGivenUp) {
				t.Errorf("Disclose = %v, want the function's error", err)
			}
			checkLog(t, e, entries)
			_, err = e.disclose(byID(row))
			noError(t, "Disclose", err)
		}
	})
	t.Run("ABadEntryFailsItsOwnCallOnly", func(t *testing.T) {
		e := newEnv(t, s)
		row := e.insert(t, newCustomer())[0]
		bad := newEntry()
		bad.MACFunc = nil
		errs := race(12, func(i int) error {
			return e.Disclose(e.ctx, e.app, byID(row), func(*store.CustomerRow) (store.AuditRow, error) {
				if i == 5 {
					return bad, nil
				}
				return newEntry(), nil
			})
		})
		for i, err := range errs {
			if (err != nil) != (i == 5) {
				t.Errorf("Disclose %d = %v", i, err)
			}
		}
		checkLog(t, e, 11)
	})
	t.Run("IsNeverBehind", func(t *testing.T) { discloseIsNeverBehind(t, newEnv(t, s)) })
}

var errGivenUp = errors.New("given up")

func byID(row store.CustomerRow) store.CustomerRef { return store.CustomerRef{ID: row.ID} }

// disclose gives the row that an access shows.
func (e env) disclose(ref store.CustomerRef) (row store.CustomerRow, err error) {
	err = e.Disclose(e.ctx, e.app, ref, func(r *store.CustomerRow) (store.AuditRow, error) {
		row = *r
		return newEntry(r.ID), nil
	})
	return row, err
}

// discloseFollows changes a customer in every way, and reads it twice each time.
func discloseFollows(t *testing.T, e env) {
	group := e.addGroup(t, newGroup())
	row := newCustomer()
	row.Group = group.Seq
	row = e.insert(t, row, newCustomer())[0]
	entries := 0
	want := func(what string) {
		t.Helper()
		for range 2 {
			for _, ref := range []store.CustomerRef{byID(row), {Seq: row.Seq}} {
				got, err := e.disclose(ref)
				noError(t, what, err)
				same(t, what, got, row)
				entries++
			}
		}
		checkLog(t, e, entries)
	}
	want("a new customer")
	e.mustUpdate(t, func(tx store.Tx) (err error) {
		row.Sealed, row.Status = secret(99), 2
		_, row.Version, err = tx.CustomerNext()
		return errors.Join(err, tx.CustomerUpdate(row))
	})
	want("an update")
	err := e.Update(e.ctx, e.app, func(tx store.Tx) error {
		given := row
		given.Sealed = secret(99)
		return errors.Join(tx.CustomerUpdate(given), errGivenUp)
	})
	if !errors.Is(err, errGivenUp) {
		t.Fatal(err)
	}
	want("an update that was given up")
	e.mustUpdate(t, func(tx store.Tx) error { return tx.GroupDelete(group.Seq) })
	row.GroupGone = true
	want("the end of its group")
	e.mustUpdate(t, func(tx store.Tx) error { return tx.CustomerDelete(row.ID) })
	for _, ref := range []store.CustomerRef{byID(row), {Seq: row.Seq}} {
		_, err := e.disclose(ref)
		wantKind(t, "a customer that was deleted", err, fault.NotFound)
	}
	checkLog(t, e, entries)
}

// discloseIsNeverBehind has readers beside writers: what was acknowledged before a read began, or was
// seen by an earlier one, is the least that it gives.
func discloseIsNeverBehind(t *testing.T, e env) {
	const customers, rounds, readers = 4, 40, 4
	rows := make([]store.CustomerRow, customers)
	for i := range rows {
		rows[i] = newCustomer()
		rows[i].Sealed = make([]byte, 300)
	}
	rows = e.insert(t, rows...)
	var acked [customers]atomic.Uint64
	var ended atomic.Int32
	mustRace(t, customers+readers, func(g int) error {
		if g < customers {
			defer ended.Add(1)
			for n := uint64(1); n <= rounds; n++ {
				row := rows[g]
				row.Sealed = binary.BigEndian.AppendUint64(make([]byte, 0, 300), n)[:300]
				if err := e.Update(e.ctx, e.app, func(tx store.Tx) error { return tx.CustomerUpdate(row) }); err != nil {
					return err
				}
				acked[g].Store(n)
			}
			return nil
		}
		var seen [customers]uint64
		for i := 0; i < customers || ended.Load() < customers; i++ {
			i := i % customers
			least := max(acked[i].Load(), seen[i])
			row, err := e.disclose(byID(rows[i]))
			if err != nil {
				return err
			}
			if seen[i] = binary.BigEndian.Uint64(row.Sealed); seen[i] < least {
				t.Errorf("customer %d: change %d was read, %d had been acknowledged or read before", i, seen[i], least)
				return nil
			}
		}
		return nil
	})
}
