package sqlite_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"custodex.dev/internal/store"
)

// A few commits of an import weigh as much as many of others: the log is copied into
// the file before it is huge.
func TestImportsReachTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "custodex.db")
	s := initialised(t, path)
	app := addApp(t, s)
	size := func() int64 {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	before := size()
	for range 10 {
		rows := make([]store.CustomerRow, 1000)
		for i := range rows {
			rows[i] = benchCustomer()
		}
		err := s.Update(t.Context(), app, func(tx store.Tx) error {
			_, err := tx.CustomerInsertAll(rows)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for end := time.Now().Add(10 * time.Second); size() == before; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("10,000 customers are in the log alone")
		}
	}
}
