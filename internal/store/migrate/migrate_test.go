package migrate_test

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"testing"
	"testing/fstest"

	_ "modernc.org/sqlite"

	"custodex.dev/internal/store/migrate"
)

// files gives the first n of three migrations; the third is broken.
func files(n int) fs.FS {
	all := []struct{ name, text string }{
		{"0001_create_one.sql", "-- +goose Up\nCREATE TABLE one (x INTEGER);\nINSERT INTO one (x) VALUES (1);\n"},
		{"0002_create_two.sql", "-- +goose Up\nCREATE TABLE two (x INTEGER);\n"},
		{"0003_break.sql", "-- +goose Up\nINSERT INTO one (x) VALUES (2);\nINSERT INTO nowhere (x) VALUES (1);\n"},
	}
	fsys := fstest.MapFS{}
	for _, f := range all[:n] {
		fsys[f.name] = &fstest.MapFile{Data: []byte(f.text)}
	}
	return fsys
}

func database(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func wantVersions(t *testing.T, db *sql.DB, fsys fs.FS, current, newest int64) {
	t.Helper()
	c, n, err := migrate.Version(t.Context(), db, migrate.SQLite, fsys)
	if err != nil || c != current || n != newest {
		t.Errorf("Version = %d, %d, %v, want %d, %d", c, n, err, current, newest)
	}
}

func wantCheck(t *testing.T, db *sql.DB, fsys fs.FS, want error) {
	t.Helper()
	if err := migrate.Check(t.Context(), db, migrate.SQLite, fsys); !errors.Is(err, want) || (want == nil) != (err == nil) {
		t.Errorf("Check = %v, want %v", err, want)
	}
}

func up(t *testing.T, db *sql.DB, fsys fs.FS, want int) {
	t.Helper()
	if n, err := migrate.Up(t.Context(), db, migrate.SQLite, fsys); n != want || err != nil {
		t.Errorf("Up = %d, %v, want %d", n, err, want)
	}
}

func count(t *testing.T, db *sql.DB, query string) (n int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatalf("%s = %v", query, err)
	}
	return n
}

func TestUpStepByStep(t *testing.T) {
	t.Parallel()
	db := database(t)
	wantVersions(t, db, files(1), 0, 1)
	wantCheck(t, db, files(1), migrate.ErrNotInitialised)
	if n := count(t, db, "SELECT COUNT(*) FROM sqlite_schema"); n != 0 {
		t.Errorf("looking made %d tables", n)
	}
	up(t, db, files(1), 1)
	wantVersions(t, db, files(1), 1, 1)
	wantCheck(t, db, files(1), nil)
	up(t, db, files(1), 0)

	wantCheck(t, db, files(2), migrate.ErrOlder)
	up(t, db, files(2), 1)
	wantVersions(t, db, files(2), 2, 2)
	if n := count(t, db, "SELECT COUNT(*) FROM one"); n != 1 {
		t.Errorf("the first migration ran %d times", n)
	}
}

// TestFieldC16PreviousRelease: a program serves a schema that later migrations of its series
// added to, so that one can go back a release. Before, it refused every newer schema.
func TestFieldC16PreviousRelease(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		schema int64
		want   error
	}{
		{2, nil}, {3, nil}, {99, nil}, {100, migrate.ErrNewer}, {101, migrate.ErrNewer}, {9999, migrate.ErrNewer},
	} {
		db := database(t)
		up(t, db, files(2), 2)
		if c.schema > 2 {
			count(t, db, fmt.Sprintf("INSERT INTO schema_version (version_id, is_applied) VALUES (%d, 1) RETURNING 1", c.schema))
		}
		wantCheck(t, db, files(2), c.want)
		if n, err := migrate.Up(t.Context(), db, migrate.SQLite, files(2)); n != 0 || !errors.Is(err, c.want) || (c.want == nil) != (err == nil) {
			t.Errorf("Up from schema %d = %d, %v, want 0, %v", c.schema, n, err, c.want)
		}
		if err := migrate.Serves(files(2), c.schema); !errors.Is(err, c.want) || (c.want == nil) != (err == nil) {
			t.Errorf("Serves schema %d = %v, want %v", c.schema, err, c.want)
		}
		wantVersions(t, db, files(2), c.schema, 2)
	}
}

func TestAFailedMigrationLeavesTheSchemaBefore(t *testing.T) {
	t.Parallel()
	db := database(t)
	if _, err := migrate.Up(t.Context(), db, migrate.SQLite, files(3)); err == nil {
		t.Fatal("Up with a broken migration = nil")
	}
	wantVersions(t, db, files(3), 2, 3)
	wantCheck(t, db, files(3), migrate.ErrOlder)
	if n := count(t, db, "SELECT COUNT(*) FROM one"); n != 1 {
		t.Errorf("a part of the broken migration was kept: %d rows, want 1", n)
	}
}

func TestNoFilesIsAnError(t *testing.T) {
	t.Parallel()
	if err := migrate.Check(t.Context(), database(t), migrate.SQLite, fstest.MapFS{}); err == nil {
		t.Error("Check without migrations = nil")
	}
}
