package postgres_test

import (
	"testing"

	"custodex.dev/internal/store"
)

// TestGroupDeleteTouchesNoCustomer deletes a group of more customers than could be changed in the
// time that a transaction has.
func TestGroupDeleteTouchesNoCustomer(t *testing.T) {
	t.Parallel()
	url := newDatabase(t)
	s := openStore(t, url)
	app := newApp(t, s)
	var group int64
	err := s.Update(t.Context(), app, func(tx store.Tx) (err error) {
		group, err = tx.GroupInsert(store.GroupRow{Sealed: []byte{1}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	admin := connect(t, url)
	execute(t, admin, `
		INSERT INTO customer (app_id, seq, customer_id, version, status, type, group_seq, email_form, created_at, updated_at, sealed)
		SELECT $1, i, gen_random_uuid(), 0, 1, 1, $2, 0, i, i, '' FROM generate_series(1, 20001) AS i`, string(app), group)
	err = s.Update(t.Context(), app, func(tx store.Tx) error { return tx.GroupDelete(group) })
	if err != nil {
		t.Fatalf("GroupDelete = %v", err)
	}
	var touched int
	err = admin.QueryRow(t.Context(), "SELECT count(*) FROM customer WHERE group_seq <> $1 OR version <> 0", group).Scan(&touched)
	if err != nil || touched != 0 {
		t.Errorf("%d customers were written, %v", touched, err)
	}
	row, err := s.CustomerGetBySeq(t.Context(), app, 20001)
	if err != nil || !row.GroupGone {
		t.Errorf("one of its customers is read as %+v, %v", row, err)
	}
}
