package storetest

import (
	"errors"
	"testing"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

func testCustomersAll(t *testing.T, s store.Store) {
	t.Run("CustomerInsertAll", func(t *testing.T) {
		t.Parallel()
		t.Run("AddsAllInTheirOrder", func(t *testing.T) { insertAllAdds(t, newEnv(t, s)) })
		t.Run("LeavesOutTakenEmailsAndGoesOn", func(t *testing.T) { insertAllTaken(t, newEnv(t, s)) })
		t.Run("KnownIDIsConflictAndAddsNone", func(t *testing.T) { insertAllKnownID(t, newEnv(t, s)) })
		t.Run("OtherApplicationMayHaveTheSameEmails", func(t *testing.T) {
			e := newEnv(t, s)
			o := e.other(t)
			rows := e.insertAll(t, newCustomer(), newCustomer())
			for i := range rows {
				rows[i].ID = id.NewCustomer()
			}
			o.insertAll(t, rows...)
		})
		t.Run("AbsentApplicationIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			err := e.Update(e.ctx, id.NewApp(), func(tx store.Tx) error {
				_, err := tx.CustomerInsertAll([]store.CustomerRow{newCustomer()})
				return err
			})
			wantKind(t, "CustomerInsertAll", err, fault.NotFound)
		})
		t.Run("NoneIsNothing", func(t *testing.T) {
			e := newEnv(t, s)
			e.insertAll(t)
			same(t, "Head", e.mustHead(t), store.Head{})
		})
		t.Run("ConcurrentlyGivesEachEmailToOne", func(t *testing.T) { insertAllRace(t, newEnv(t, s)) })
	})
}

// insertAll adds the customers and returns them with their Seq as it was told.
func (e env) insertAll(t *testing.T, rows ...store.CustomerRow) []store.CustomerRow {
	t.Helper()
	e.mustUpdate(t, func(tx store.Tx) error {
		seqs, err := tx.CustomerInsertAll(rows)
		if err == nil && len(seqs) != len(rows) {
			t.Errorf("CustomerInsertAll of %d rows gave %d numbers", len(rows), len(seqs))
		}
		for i, seq := range seqs {
			rows[i].Seq = seq
		}
		return err
	})
	return rows
}

func insertAllAdds(t *testing.T, e env) {
	rows := make([]store.CustomerRow, 1000)
	for i := range rows {
		rows[i] = newCustomer()
		rows[i].Status, rows[i].Type = uint8(1+i%4), uint8(1+i%8)
		rows[i].UpdatedAt += int64(i)
		if i%10 == 0 {
			rows[i].EmailHash, rows[i].EmailForm = nil, 0
		}
	}
	e.insertAll(t, rows...)
	last := int64(0)
	for i, row := range rows {
		if row.Seq <= last {
			t.Fatalf("Seq %d came after %d", row.Seq, last)
		}
		last = row.Seq
		if i%100 < 2 {
			got, err := e.CustomerGet(e.ctx, e.app, row.ID)
			noError(t, "CustomerGet", err)
			row.Version = 1
			same(t, "the customer", got, row)
		}
	}
	r, err := e.CustomerRange(e.ctx, e.app)
	noError(t, "CustomerRange", err)
	same(t, "CustomerRange", r, store.CustomerRange{MinSeq: rows[0].Seq, MaxSeq: last, Count: 1000})
	if v := e.mustHead(t).Version; v != 1 {
		t.Errorf("Version = %d after one commit, want 1", v)
	}
}

func insertAllTaken(t *testing.T, e env) {
	known := e.insert(t, newCustomer())[0]
	rows := []store.CustomerRow{newCustomer(), newCustomer(), newCustomer(), newCustomer()}
	rows[1].EmailHash = clone(known.EmailHash)
	rows[3].EmailHash = clone(rows[2].EmailHash)
	e.insertAll(t, rows...)
	if rows[0].Seq == 0 || rows[1].Seq != 0 || rows[2].Seq <= rows[0].Seq || rows[3].Seq != 0 {
		t.Errorf("the numbers are %d, %d, %d, %d; want the second and fourth left out",
			rows[0].Seq, rows[1].Seq, rows[2].Seq, rows[3].Seq)
	}
	for _, i := range []int{1, 3} {
		_, err := e.CustomerGet(e.ctx, e.app, rows[i].ID)
		wantKind(t, "CustomerGet of one left out", err, fault.NotFound)
	}
	r, err := e.CustomerRange(e.ctx, e.app)
	noError(t, "CustomerRange", err)
	same(t, "CustomerRange", r, store.CustomerRange{MinSeq: known.Seq, MaxSeq: rows[2].Seq, Count: 3})
	// All of them taken changes nothing.
	before := e.mustHead(t)
	for i := range rows {
		rows[i].ID, rows[i].EmailHash = id.NewCustomer(), clone(known.EmailHash)
	}
	e.insertAll(t, rows...)
	same(t, "Head", e.mustHead(t), before)
}

func insertAllKnownID(t *testing.T, e env) {
	known := e.insert(t, newCustomer())[0]
	rows := []store.CustomerRow{newCustomer(), newCustomer()}
	rows[1].ID = known.ID
	err := e.Update(e.ctx, e.app, func(tx store.Tx) error {
		_, err := tx.CustomerInsertAll(rows)
		return err
	})
	wantKind(t, "CustomerInsertAll", err, fault.Conflict)
	if errors.Is(err, store.ErrEmailTaken) {
		t.Error("CustomerInsertAll of a known id with a free e-mail = ErrEmailTaken")
	}
	_, err = e.CustomerGet(e.ctx, e.app, rows[0].ID)
	wantKind(t, "CustomerGet of the one before it", err, fault.NotFound)
}

// insertAllRace has several batches want the same e-mails, in other orders.
func insertAllRace(t *testing.T, e env) {
	const workers, emails = 8, 50
	hashes := make([][]byte, emails)
	for i := range hashes {
		hashes[i] = secret(32)
	}
	won := make([]int, workers)
	mustRace(t, workers, func(w int) error {
		rows := make([]store.CustomerRow, emails)
		for i := range rows {
			rows[i] = newCustomer()
			rows[i].EmailHash = hashes[(i*7+w)%emails]
		}
		return e.Update(e.ctx, e.app, func(tx store.Tx) error {
			seqs, err := tx.CustomerInsertAll(rows)
			won[w] = 0
			for _, seq := range seqs {
				if seq != 0 {
					won[w]++
				}
			}
			return err
		})
	})
	sum := 0
	for _, n := range won {
		sum += n
	}
	r, err := e.CustomerRange(e.ctx, e.app)
	noError(t, "CustomerRange", err)
	if sum != emails || r.Count != emails {
		t.Errorf("%d e-mails were given out and %d customers are there, want %d", sum, r.Count, emails)
	}
}
