package storetest

import (
	"errors"
	"testing"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// testNumbers is about the numbers of customers and groups, which are the application's own.
func testNumbers(t *testing.T, s store.Store) {
	t.Run("Numbers", func(t *testing.T) {
		t.Parallel()
		t.Run("TellNothingOfOtherApplications", func(t *testing.T) { numbersTellNothing(t, newEnv(t, s)) })
		t.Run("AreThoseThatNextGave", func(t *testing.T) { numbersAreForetold(t, newEnv(t, s)) })
		t.Run("OfWhatWasNotKeptAreGivenAgain", func(t *testing.T) { numbersAfterRollback(t, newEnv(t, s)) })
		t.Run("OfTheDeletedAreNot", func(t *testing.T) {
			e := newEnv(t, s)
			rows := e.insert(t, newCustomer(), newCustomer())
			e.mustUpdate(t, func(tx store.Tx) error { return tx.CustomerDelete(rows[1].ID) })
			if next := e.insert(t, newCustomer())[0]; next.Seq != rows[1].Seq+1 {
				t.Errorf("Seq %d came after %d, which was deleted", next.Seq, rows[1].Seq)
			}
		})
		t.Run("AbsentApplicationIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			err := e.Update(e.ctx, id.NewApp(), func(tx store.Tx) error {
				_, _, err := tx.CustomerNext()
				_, gerr := tx.GroupNext()
				wantKind(t, "GroupNext", gerr, fault.NotFound)
				return err
			})
			wantKind(t, "CustomerNext", err, fault.NotFound)
		})
	})
}

// numbersTellNothing lets one application add rows between those of another, which sees nothing of
// it in its own numbers.
func numbersTellNothing(t *testing.T, e env) {
	busy := e.other(t)
	for want := int64(1); want <= 4; want++ {
		if row := e.insert(t, newCustomer())[0]; row.Seq != want {
			t.Errorf("customer %d of its application has the number %d", want, row.Seq)
		}
		if group := e.addGroup(t, newGroup()); group.Seq != want {
			t.Errorf("group %d of its application has the number %d", want, group.Seq)
		}
		busy.insert(t, newCustomer(), newCustomer(), newCustomer())
		busy.addGroup(t, newGroup())
		busy.addGroup(t, newGroup())
	}
}

// numbersAreForetold asks for the numbers before it inserts.
func numbersAreForetold(t *testing.T, e env) {
	taken := e.insert(t, newCustomer())[0]
	var customers [5]store.CustomerRow
	e.mustUpdate(t, func(tx store.Tx) error {
		for i := range 2 {
			seq, version, err := tx.CustomerNext()
			if err != nil {
				return err
			}
			customers[i] = newCustomer()
			got, err := tx.CustomerInsert(customers[i])
			if err != nil {
				return err
			}
			if customers[i].Seq, customers[i].Version = seq, version; got != seq {
				t.Errorf("CustomerInsert = %d after CustomerNext = %d", got, seq)
			}
		}
		many := []store.CustomerRow{newCustomer(), newCustomer(), newCustomer()}
		many[1].EmailHash = clone(taken.EmailHash)
		first, version, err := tx.CustomerNext()
		if err != nil {
			return err
		}
		got, err := tx.CustomerInsertAll(many)
		if err != nil {
			return err // also if the store begins the transaction again
		}
		same(t, "CustomerInsertAll", got, []int64{first, 0, first + 2})
		for i := range many {
			many[i].Seq, many[i].Version = first+int64(i), version
		}
		copy(customers[2:], many)
		next, _, nextErr := tx.CustomerNext()
		if next != first+3 {
			t.Errorf("CustomerNext = %d after three from %d on", next, first)
		}
		group, groupErr := tx.GroupNext()
		made, madeErr := tx.GroupInsert(newGroup())
		if made != group {
			t.Errorf("GroupInsert = %d after GroupNext = %d", made, group)
		}
		return errors.Join(err, nextErr, groupErr, madeErr)
	})
	for i, want := range customers {
		got, err := e.CustomerGet(e.ctx, e.app, want.ID)
		if i == 3 {
			wantKind(t, "CustomerGet of the one that was left out", err, fault.NotFound)
			continue
		}
		noError(t, "CustomerGet", err)
		same(t, "CustomerGet", got, want)
	}
}

// numbersAfterRollback drops a transaction that has taken numbers.
func numbersAfterRollback(t *testing.T, e env) {
	err := e.Update(e.ctx, e.app, func(tx store.Tx) error {
		_, err := tx.CustomerInsert(newCustomer())
		_, gerr := tx.GroupInsert(newGroup())
		return errors.Join(err, gerr, errOurs)
	})
	if !errors.Is(err, errOurs) {
		t.Errorf("Update = %v, want %v", err, errOurs)
	}
	if row, group := e.insert(t, newCustomer())[0], e.addGroup(t, newGroup()); row.Seq != 1 || group.Seq != 1 {
		t.Errorf("the first customer has the number %d and the first group %d", row.Seq, group.Seq)
	}
}

// wantOwnNumbers checks what racers were given: list i is of application i modulo apps.
func wantOwnNumbers(t *testing.T, seqs [][]int64, apps int) {
	t.Helper()
	seen := make(map[[2]int64]bool)
	for racer, list := range seqs {
		for i, seq := range list {
			number := [2]int64{int64(racer % apps), seq}
			if seq <= 0 || seen[number] {
				t.Errorf("Seq %d is not positive or was given twice", seq)
			}
			if i > 0 && seq <= list[i-1] {
				t.Errorf("Seq %d came after %d", seq, list[i-1])
			}
			seen[number] = true
		}
	}
}
