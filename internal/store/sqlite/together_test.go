package sqlite_test

import (
	"errors"
	"testing"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// A batch whose entries are refused is done again item by item. What an item was
// told in the first transaction counts for nothing then: here the second lost its
// address to the first, which is not kept.
func TestOutcomesAreOfTheLastTransaction(t *testing.T) {
	t.Parallel()
	s, app := open(t), id.NewApp()
	err := s.Update(t.Context(), app, func(tx store.Tx) error {
		return tx.AppInsert(store.AppRow{ID: app, Name: "An application", Key: []byte("key")})
	})
	if err != nil {
		t.Fatal(err)
	}
	insert := func(mac []byte) func(store.Tx) error {
		row := store.CustomerRow{ID: id.NewCustomer(), EmailHash: make([]byte, 32), Sealed: []byte("sealed"), Key: []byte("key")}
		return func(tx store.Tx) error {
			tx.AuditAppend(store.AuditRow{Action: "x", MAC: mac})
			_, err := tx.CustomerInsert(row)
			return err
		}
	}
	errs := s.Together(app, insert(nil), insert(make([]byte, 32)))
	if errs[0] == nil || errors.Is(errs[0], fault.Conflict) {
		t.Errorf("the item whose entry has no checksum = %v, want it refused for that", errs[0])
	}
	if errs[1] != nil {
		t.Errorf("the item after it = %v, and it is kept", errs[1])
	}
	if h, err := s.Head(t.Context(), app); err != nil || h.Customers != 1 || h.Entries != 1 {
		t.Errorf("afterwards %+v, %v, want the second's customer and entry", h, err)
	}
}
