package sqlite_test

import (
	"bytes"
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store/sqlite"
)

// TestDamagedFile overwrites the first page of tables. Whoever asks then has met
// database trouble, not a bug of ours.
func TestDamagedFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "custodex.db")
	if err := sqlite.Init(t.Context(), path); err != nil {
		t.Fatalf("Init = %v", err)
	}
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path})
	if err != nil {
		t.Fatalf("Open = %v", err)
	}
	app := addApp(t, s)
	if err := s.Close(t.Context()); err != nil {
		t.Fatalf("Close = %v", err)
	}
	for _, page := range pagesOf(t, path, "application", "head", "customer") {
		overwrite(t, path, (page-1)*4096, bytes.Repeat([]byte{0xa5}, 4096))
	}

	s, err = sqlite.Open(t.Context(), sqlite.Config{Path: path})
	if err != nil {
		t.Fatalf("Open = %v, want it to find out later", err)
	}
	defer func() { _ = s.Close(context.Background()) }()
	for what, err := range map[string]error{"write": create(t, s, app), "read": read(t, s, app)} {
		if f := fault.Of(err); f.Kind != fault.Unavailable || f.Code != "database_damaged" {
			t.Errorf("%s = %v, want database_damaged", what, err)
		}
	}
}

// pagesOf gives the numbers of the first pages of tables.
func pagesOf(t *testing.T, path string, tables ...string) (pages []int64) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, table := range tables {
		var page int64
		err := db.QueryRowContext(t.Context(), "SELECT rootpage FROM sqlite_master WHERE name = ?", table).Scan(&page)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, page)
	}
	return pages
}

func overwrite(t *testing.T, path string, at int64, b []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(b, at); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, s *sqlite.Store, app id.App) error {
	t.Helper()
	_, err := s.AppGet(t.Context(), app)
	return err
}

// TestPingMissesTheFile moves the database away under a running store, and back. A
// replica that writes where no restart will look must not be called ready.
func TestPingMissesTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "custodex.db")
	s := initialised(t, path)
	ping := func(what, want string) {
		t.Helper()
		err := s.Ping(t.Context())
		if err == nil && want != "" || err != nil && fault.Of(err).Code != want {
			t.Errorf("Ping with the file %s = %v, want %q", what, err, want)
		}
	}
	ping("in place", "")
	if err := os.Rename(path, path+".away"); err != nil {
		t.Fatal(err)
	}
	ping("moved", "database_moved")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	ping("replaced", "database_moved")
	if err := os.Rename(path+".away", path); err != nil {
		t.Fatal(err)
	}
	ping("back", "")
}
