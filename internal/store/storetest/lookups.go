package storetest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// bySeqTwice asks the store and a transaction, which must agree.
func (e env) bySeqTwice(t *testing.T, seq int64) (store.CustomerRow, error) {
	t.Helper()
	got, err := e.CustomerGetBySeq(e.ctx, e.app, seq)
	var inTx store.CustomerRow
	txErr := e.Update(e.ctx, e.app, func(tx store.Tx) (err error) {
		inTx, err = tx.CustomerGetBySeq(seq)
		return err
	})
	if errors.Is(err, fault.NotFound) != errors.Is(txErr, fault.NotFound) || (err == nil) != (txErr == nil) {
		t.Errorf("CustomerGetBySeq = %v, and in a transaction %v", err, txErr)
	}
	same(t, "Tx.CustomerGetBySeq", inTx, got)
	return got, err
}

// byEmail asks the store and a transaction, which must agree.
func (e env) byEmail(hash []byte) (row store.CustomerRow, err error) {
	outside, outsideErr := e.CustomerGetByEmail(e.ctx, e.app, hash)
	err = e.Update(e.ctx, e.app, func(tx store.Tx) (err error) {
		row, err = tx.CustomerGetByEmail(hash)
		return err
	})
	if errors.Is(err, fault.NotFound) != errors.Is(outsideErr, fault.NotFound) || (err == nil) != (outsideErr == nil) {
		return row, fmt.Errorf("CustomerGetByEmail = %w, and in a transaction %w", outsideErr, err)
	}
	if diff := cmp.Diff(row, outside); diff != "" {
		return row, fmt.Errorf("CustomerGetByEmail differs (-in a transaction +outside):\n%s", diff)
	}
	return row, err
}

func testLookups(t *testing.T, s store.Store) {
	t.Run("CustomerGetBySeq", func(t *testing.T) {
		t.Parallel()
		t.Run("GivesTheCustomer", func(t *testing.T) {
			e := newEnv(t, s)
			for _, want := range e.insert(t, newCustomer(), newCustomer()) {
				got, err := e.bySeqTwice(t, want.Seq)
				noError(t, "CustomerGetBySeq", err)
				same(t, "CustomerGetBySeq", got, want)
			}
		})
		t.Run("AbsentIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			row := e.insert(t, newCustomer())[0]
			for _, seq := range []int64{0, -1, row.Seq + 1_000_000, 1 << 62} {
				_, err := e.bySeqTwice(t, seq)
				wantKind(t, "CustomerGetBySeq", err, fault.NotFound)
			}
		})
		t.Run("OtherApplicationIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			row := e.insert(t, newCustomer())[0]
			_, err := e.other(t).bySeqTwice(t, row.Seq)
			wantKind(t, "CustomerGetBySeq", err, fault.NotFound)
		})
		t.Run("SeesAnAcknowledgedInsertAtOnce", func(t *testing.T) {
			e := newEnv(t, s)
			mustRace(t, 16, func(int) error {
				row, err := e.insertOne(t, newCustomer())
				if err != nil {
					return err
				}
				_, err = e.CustomerGetBySeq(e.ctx, e.app, row.Seq)
				return err
			})
		})
	})
	t.Run("CustomerGetByEmail", func(t *testing.T) {
		t.Parallel()
		t.Run("GivesTheCustomer", func(t *testing.T) {
			e := newEnv(t, s)
			for _, want := range e.insert(t, newCustomer(), newCustomer()) {
				got, err := e.byEmail(want.EmailHash)
				noError(t, "CustomerGetByEmail", err)
				same(t, "CustomerGetByEmail", got, want)
			}
		})
		t.Run("AbsentIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			without := newCustomer()
			without.EmailHash = nil
			e.insert(t, newCustomer(), without)
			for _, hash := range [][]byte{secret(32), {}, nil} {
				_, err := e.byEmail(hash)
				wantKind(t, "CustomerGetByEmail", err, fault.NotFound)
			}
		})
		t.Run("OtherApplicationIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			row := e.insert(t, newCustomer())[0]
			_, err := e.other(t).byEmail(row.EmailHash)
			wantKind(t, "CustomerGetByEmail", err, fault.NotFound)
		})
		t.Run("ConcurrentGetOrCreateMakesOne", func(t *testing.T) { getOrCreate(t, newEnv(t, s)) })
	})
}

// getOrCreate is what records does: look the e-mail up, and create if it is free.
func getOrCreate(t *testing.T, e env) {
	hash := secret(32)
	ids := make([]id.Customer, 24)
	mustRace(t, len(ids), func(i int) error {
		row := newCustomer()
		row.EmailHash = hash
		return e.Update(e.ctx, e.app, func(tx store.Tx) error {
			found, err := tx.CustomerGetByEmail(hash)
			switch {
			case err == nil:
				ids[i] = found.ID
				return nil
			case !errors.Is(err, fault.NotFound):
				return err
			}
			ids[i] = row.ID
			_, err = tx.CustomerInsert(row)
			return err
		})
	})
	for _, got := range ids {
		if got != ids[0] {
			t.Errorf("one e-mail was given to two customers")
		}
	}
	same(t, "Head", e.mustHead(t), store.Head{Version: 1, Customers: 1})
}
