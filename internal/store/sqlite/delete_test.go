package sqlite_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	lib "modernc.org/sqlite/lib"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/sqlite"
)

// TestADeletedCustomerIsOverwritten looks for the customer's key, personal fields and
// items in the file itself.
func TestADeletedCustomerIsOverwritten(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "custodex.db")
	if err := sqlite.Init(t.Context(), path); err != nil {
		t.Fatalf("Init = %v", err)
	}
	s := reopen(t, path)
	app, doomed, owned := addApp(t, s), benchCustomer(), random(200)
	for i := range 60 {
		row := benchCustomer()
		item := store.ItemRow{ID: id.NewItem(), Kind: store.Transaction, Sealed: random(200)}
		if i == 30 {
			row, item.Sealed = doomed, owned
		}
		err := s.Update(t.Context(), app, func(tx store.Tx) error {
			_, err := tx.CustomerInsert(row)
			return errors.Join(err, tx.ItemInsert(row.ID, item))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	closed := func() []byte {
		t.Helper()
		if err := s.Close(t.Context()); err != nil {
			t.Fatalf("Close = %v", err)
		}
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	secrets := map[string][]byte{
		"key": doomed.Key, "sealed fields": doomed.Sealed, "item": owned, "e-mail hash": doomed.EmailHash, "id": doomed.ID[:],
	}
	file := closed()
	for what, secret := range secrets {
		if !bytes.Contains(file, secret) {
			t.Errorf("the file lacks the %s: this test proves nothing", what)
		}
	}
	s = reopen(t, path)
	err := s.Update(t.Context(), app, func(tx store.Tx) error { return tx.CustomerDelete(doomed.ID) })
	if err != nil {
		t.Fatalf("CustomerDelete = %v", err)
	}
	file = closed()
	for what, secret := range secrets {
		if bytes.Contains(file, secret) {
			t.Errorf("the file still has the %s", what)
		}
	}
}

// TestEveryStatementOfADeleteMayFail fails the first statement of a delete, then the
// second and so on: the customer is there with all that it has, or gone with it.
func TestEveryStatementOfADeleteMayFail(t *testing.T) {
	t.Parallel()
	s := open(t)
	app, doomed := addApp(t, s), benchCustomer()
	item := store.ItemRow{ID: id.NewItem(), Kind: store.Transaction, Sealed: random(9)}
	err := s.Update(t.Context(), app, func(tx store.Tx) error {
		_, err := tx.CustomerInsert(doomed)
		return errors.Join(err, tx.ItemInsert(doomed.ID, item))
	})
	if err != nil {
		t.Fatal(err)
	}
	left := func() string {
		t.Helper()
		h, err := s.Head(t.Context(), app)
		if err != nil {
			t.Fatal(err)
		}
		items, err := s.ItemList(t.Context(), app, doomed.ID, store.ItemList{Kind: store.Transaction, Take: 9})
		if err != nil {
			t.Fatal(err)
		}
		changes, err := s.CustomerChanges(t.Context(), app, store.ChangePoint{Version: 1, Seq: 1 << 60}, 9)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.CustomerGet(t.Context(), app, doomed.ID)
		return fmt.Sprintf("there %t, head %+v, %d items, %d changes", err == nil, h, len(items), len(changes))
	}
	before, failures := left(), 0
	for n := int64(1); ; n++ {
		var count atomic.Int64
		s.Spoil(func(string) error {
			if count.Add(1) == n {
				return sqlite.CodedError(lib.SQLITE_FULL)
			}
			return nil
		})
		err := s.Update(t.Context(), app, func(tx store.Tx) error { return tx.CustomerDelete(doomed.ID) })
		s.Spoil(nil)
		if err == nil {
			break
		}
		failures++
		if got := left(); got != before || !errors.Is(err, fault.Unavailable) {
			t.Fatalf("CustomerDelete = %v, and left %s, want %s", err, got, before)
		}
	}
	want := fmt.Sprintf("there false, head %+v, 0 items, 1 changes", store.Head{Version: 2})
	if got := left(); got != want || failures < 8 {
		t.Errorf("after %d failures: %s, want %s", failures, got, want)
	}
}
