package sqlite_test

import (
	"context"
	"path/filepath"
	"testing"

	"custodex.dev/internal/store"
	"custodex.dev/internal/store/sqlite"
)

// A reader beside a server sees each change of it, also of a customer that it has read before.
func TestReaderFollowsTheServer(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "custodex.db")
	s := initialised(t, path)
	app := addApp(t, s)
	row := insert(t, s, app, benchCustomer())
	r, err := sqlite.OpenReader(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close(context.WithoutCancel(t.Context())) }()
	for version := int64(1); version < 5; version++ {
		got, err := r.CustomerGet(t.Context(), app, row.ID)
		bySeq, errSeq := r.CustomerGetBySeq(t.Context(), app, row.Seq)
		if err != nil || errSeq != nil || got.Version != version || bySeq.Version != version {
			t.Fatalf("the reader has versions %d and %d, %v, %v, want %d", got.Version, bySeq.Version, err, errSeq, version)
		}
		if err := s.Update(t.Context(), app, func(tx store.Tx) error { return tx.CustomerUpdate(row) }); err != nil {
			t.Fatal(err)
		}
	}
}
