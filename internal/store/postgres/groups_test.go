package postgres_test

import (
	"testing"

	"custodex.dev/internal/store"
)

// TestGroupDeleteInParts has a group of more customers than one statement takes out.
func TestGroupDeleteInParts(t *testing.T) {
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
		INSERT INTO customer (app_id, customer_id, version, status, type, group_seq, email_form, created_at, updated_at, sealed)
		SELECT $1, gen_random_uuid(), 0, 1, 1, $2, 0, i, i, '' FROM generate_series(1, 20001) AS i`, string(app), group)
	err = s.Update(t.Context(), app, func(tx store.Tx) error { return tx.GroupDelete(group) })
	if err != nil {
		t.Fatalf("GroupDelete = %v", err)
	}
	var left int
	err = admin.QueryRow(t.Context(), "SELECT count(*) FROM customer WHERE group_seq IS NOT NULL OR version <> 1").Scan(&left)
	if err != nil || left != 0 {
		t.Errorf("%d customers are in the group still or have another version, %v", left, err)
	}
}
