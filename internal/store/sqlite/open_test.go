package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/migrate"
	"custodex.dev/internal/store/sqlite"
)

// raw runs a statement behind the store's back.
func raw(t *testing.T, path, query string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), query); err != nil {
		t.Fatalf("%s = %v", query, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	initialise := func(t *testing.T, path string) {
		if err := sqlite.Init(t.Context(), path); err != nil {
			t.Fatalf("Init = %v", err)
		}
	}
	for _, c := range []struct {
		what    string
		prepare func(t *testing.T, path string)
		want    error
		says    string
	}{
		{"no file", func(*testing.T, string) {}, migrate.ErrNotInitialised, "custodex init"},
		{"an empty file", func(t *testing.T, path string) {
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}, migrate.ErrNotInitialised, "custodex init"},
		{"a newer schema", func(t *testing.T, path string) {
			initialise(t, path)
			raw(t, path, "INSERT INTO schema_version (version_id, is_applied) VALUES (9999, 1)")
		}, migrate.ErrNewer, "upgrade custodex"},
		{"a database in use", func(t *testing.T, path string) {
			initialise(t, path)
			reopen(t, path)
		}, nil, "in use"},
		{"what is no database", func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte(strings.Repeat("this is a text file\n", 500)), 0o600); err != nil {
				t.Fatal(err)
			}
		}, nil, "not a database"},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "custodex.db")
			c.prepare(t, path)
			s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path})
			if err == nil {
				_ = s.Close(t.Context())
				t.Fatal("Open = nil")
			}
			if c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("Open = %q, want %v that says %q", err, c.want, c.says)
			}
			if c.what == "no file" {
				if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
					t.Error("Open made a file")
				}
			}
		})
	}
}

func TestInitAndMigrateRefuseWhatIsInUse(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "custodex.db")
	if _, err := sqlite.Migrate(t.Context(), path); !errors.Is(err, migrate.ErrNotInitialised) {
		t.Errorf("Migrate without a file = %v, want %v", err, migrate.ErrNotInitialised)
	}
	if err := sqlite.Init(t.Context(), path); err != nil {
		t.Fatalf("Init = %v", err)
	}
	if steps, err := sqlite.Migrate(t.Context(), path); steps != 0 || err != nil {
		t.Errorf("Migrate of the newest = %d, %v", steps, err)
	}
	s := reopen(t, path)
	if err := sqlite.Init(t.Context(), path); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("Init while it is served = %v", err)
	}
	if _, err := sqlite.Migrate(t.Context(), path); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("Migrate while it is served = %v", err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Errorf("Close = %v", err)
	}
	if err := sqlite.Init(t.Context(), path); err != nil {
		t.Errorf("Init after Close = %v", err)
	}
}

func TestFilesAreTheOwnersAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a folder with ? and % and #.db")
	if err := sqlite.Init(t.Context(), path); err != nil {
		t.Fatalf("Init = %v", err)
	}
	s := reopen(t, path)
	addApp(t, s)
	for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
		info, err := os.Stat(path + suffix)
		if err != nil {
			t.Errorf("Stat = %v", err)
		} else if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("the file with %q has mode %o, want 600", suffix, mode)
		}
	}
}

func addApp(t testing.TB, s store.Store) id.App {
	t.Helper()
	app := id.NewApp()
	err := s.Update(t.Context(), app, func(tx store.Tx) error {
		return tx.AppInsert(store.AppRow{ID: app, Name: "An application", Key: []byte("key")})
	})
	if err != nil {
		t.Fatalf("Update = %v", err)
	}
	return app
}

func TestAcknowledgedWritesOutliveTheProcess(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "custodex.db")
	if err := sqlite.Init(t.Context(), path); err != nil {
		t.Fatalf("Init = %v", err)
	}
	s := reopen(t, path)
	app := addApp(t, s)
	row := benchCustomer()
	write := func() {
		t.Helper()
		err := s.Update(t.Context(), app, func(tx store.Tx) error {
			row.ID, row.EmailHash = id.NewCustomer(), random(32)
			_, err := tx.CustomerInsert(row)
			tx.AuditAppend(benchEntry(row.ID))
			return err
		})
		if err != nil {
			t.Fatalf("Update = %v", err)
		}
	}
	check := func(s store.Store, want int64) {
		t.Helper()
		h, err := s.Head(t.Context(), app)
		if err != nil || h.Entries != want || h.Version != want {
			t.Errorf("Head = %+v, %v, want %d of each", h, err, want)
		}
		if _, err := s.CustomerGet(t.Context(), app, row.ID); err != nil {
			t.Errorf("CustomerGet of the last = %v", err)
		}
	}
	// Case 1: the process is gone without a word, so only the files are left.
	for range 10 {
		write()
	}
	crashed := filepath.Join(t.TempDir(), "custodex.db")
	for _, suffix := range []string{"", "-wal"} {
		data, err := os.ReadFile(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(crashed+suffix, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	check(reopen(t, crashed), 10)

	// Case 2: it was closed in order; then everything is in the one file.
	write()
	if err := s.Close(t.Context()); err != nil {
		t.Fatalf("Close = %v", err)
	}
	if info, err := os.Stat(path + "-wal"); err == nil && info.Size() > 0 {
		t.Errorf("the log has %d bytes after Close", info.Size())
	}
	check(reopen(t, path), 11)
}

func TestEveryConnectionHasTheSettings(t *testing.T) {
	t.Parallel()
	s := open(t)
	for pragma, want := range map[string]string{
		"foreign_keys":       "1",
		"journal_mode":       "wal",
		"synchronous":        "2",
		"secure_delete":      "1",
		"temp_store":         "2",
		"wal_autocheckpoint": "0",
	} {
		values, err := s.Pragma(t.Context(), pragma)
		if err != nil || len(values) < 4 {
			t.Fatalf("Pragma(%s) = %v, %v", pragma, values, err)
		}
		for _, got := range values {
			if got != want {
				t.Errorf("%s = %s, want %s", pragma, got, want)
			}
		}
	}
}

// TestTheLogIsCopiedWhileServing looks at the file, which nothing but a checkpoint
// writes.
func TestTheLogIsCopiedWhileServing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "custodex.db")
	if err := sqlite.Init(t.Context(), path); err != nil {
		t.Fatalf("Init = %v", err)
	}
	s := reopen(t, path)
	app := addApp(t, s)
	size := func() int64 {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	before := size()
	for deadline := time.Now().Add(30 * time.Second); size() == before; {
		entry := benchEntry(id.NewCustomer())
		entry.Detail = random(3000)
		if err := s.Record(context.Background(), app, entry); err != nil {
			t.Fatalf("Record = %v", err)
		}
		if time.Now().After(deadline) {
			t.Fatal("the log was not copied in 30 s")
		}
	}
}
