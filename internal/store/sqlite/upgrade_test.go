package sqlite_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/migrate"
	"custodex.dev/internal/store/sqlite"
)

// first makes a database at version 0001 with two customers of one application.
func first(t *testing.T, path string) (app id.App, rows []store.CustomerRow) {
	t.Helper()
	const name = "0001_create_store.sql"
	text, err := fs.ReadFile(sqlite.Migrations(), name)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if steps, err := migrate.Up(t.Context(), db, migrate.SQLite, fstest.MapFS{name: {Data: text}}); steps != 1 || err != nil {
		t.Fatalf("Up = %d, %v, want 1 step", steps, err)
	}
	exec := func(query string, args ...any) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
			t.Fatalf("%s = %v", query, err)
		}
	}
	app = id.NewApp()
	exec("INSERT INTO application VALUES (?, 'An application', x'01', 1)", string(app))
	exec("INSERT INTO head VALUES (?, 7, 0, 2)", string(app))
	exec("UPDATE customer_seq SET value = 12")
	for i := range 2 {
		row := benchCustomer()
		row.Seq, row.Version = int64(11+i), int64(6+i)
		exec("INSERT INTO customer VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", string(app), row.Seq, row.ID[:], row.Version,
			row.Status, row.Type, row.EmailHash, row.EmailForm, row.CreatedAt, row.UpdatedAt, row.Sealed)
		exec("INSERT INTO customer_key VALUES (?, ?, ?)", string(app), row.Seq, row.Key)
		rows = append(rows, row)
	}
	return app, rows
}

func TestUpgradeFromTheFirstVersion(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "custodex.db")
	app, rows := first(t, path)

	// Case 1: nothing but Migrate takes the older schema.
	files, err := fs.Glob(sqlite.Migrations(), "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	newest, _, _ := strings.Cut(files[len(files)-1], "_")
	sentence := fmt.Sprintf("run custodex migrate (schema 1, program %s)", strings.TrimLeft(newest, "0"))
	_, err = sqlite.Open(t.Context(), sqlite.Config{Path: path})
	for what, err := range map[string]error{"Open": err, "Init": sqlite.Init(t.Context(), path)} {
		if !errors.Is(err, migrate.ErrOlder) || !strings.Contains(err.Error(), sentence) {
			t.Errorf("%s of an older schema = %v, want %v", what, err, migrate.ErrOlder)
		}
	}
	for _, want := range []int{len(files) - 1, 0} {
		if steps, err := sqlite.Migrate(t.Context(), path); steps != want || err != nil {
			t.Fatalf("Migrate = %d, %v, want %d", steps, err, want)
		}
	}
	// Case 2: what was there is there, in no group.
	s := reopen(t, path)
	checkHead := func(want store.Head) {
		t.Helper()
		if got, err := s.Head(t.Context(), app); err != nil || got != want {
			t.Errorf("Head = %+v, %v, want %+v", got, err, want)
		}
	}
	checkHead(store.Head{Version: 7, Customers: 2})
	for _, want := range rows {
		got, err := s.CustomerGet(t.Context(), app, want.ID)
		if err != nil || got.Seq != want.Seq || got.Version != want.Version || got.Group != 0 ||
			!bytes.Equal(got.Key, want.Key) || !bytes.Equal(got.Sealed, want.Sealed) {
			t.Errorf("CustomerGet = %+v, %v, want %+v", got, err, want)
		}
		if found, err := s.CustomerElsewhere(t.Context(), id.NewApp(), want.ID); !found || err != nil {
			t.Errorf("CustomerElsewhere = %t, %v", found, err)
		}
	}
	// Case 3: it takes what is new.
	added := benchCustomer()
	err = s.Update(t.Context(), app, func(tx store.Tx) (err error) {
		row := rows[0]
		if row.Group, err = tx.GroupInsert(store.GroupRow{Sealed: []byte("x")}); err != nil {
			return err
		}
		added.Seq, err = tx.CustomerInsert(added)
		return errors.Join(err, tx.CustomerUpdate(row), tx.CustomerDelete(rows[1].ID))
	})
	if err != nil || added.Seq != 13 {
		t.Errorf("Update = %v with Seq %d, want 13", err, added.Seq)
	}
	checkHead(store.Head{Version: 8, Customers: 2})
}

// An Init that was interrupted between two migrations left a schema and nothing in
// it; the next Init goes on.
func TestInitAfterAnInterruption(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "custodex.db")
	first(t, path)
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"customer_key", "customer", "head", "application"} {
		if _, err := db.ExecContext(t.Context(), "DELETE FROM "+table); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := sqlite.Init(t.Context(), path); err != nil {
		t.Fatalf("Init = %v", err)
	}
	reopen(t, path)
}

// An application that numbers its own customers and groups gives none again that it gave when all
// applications shared them, also of those that are deleted.
func TestUpgradeKeepsNumbers(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{}
	names, err := fs.Glob(sqlite.Migrations(), "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if name < "0107" {
			text, err := fs.ReadFile(sqlite.Migrations(), name)
			if err != nil {
				t.Fatal(err)
			}
			files[name] = &fstest.MapFile{Data: text}
		}
	}
	path := filepath.Join(t.TempDir(), "custodex.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := migrate.Up(t.Context(), db, migrate.SQLite, files); err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{
		"INSERT INTO application (app_id, name, wrapped_key, created_at) VALUES ('app_aaaaaaaaaaaaaaaa', 'A', x'01', 1), ('app_bbbbbbbbbbbbbbbb', 'B', x'01', 1)",
		"INSERT INTO head (app_id, version, entries, customers) VALUES ('app_aaaaaaaaaaaaaaaa', 3, 0, 0), ('app_bbbbbbbbbbbbbbbb', 1, 0, 0)",
		"INSERT INTO customer_tombstone (app_id, version, seq) VALUES ('app_aaaaaaaaaaaaaaaa', 2, 7)",
		"UPDATE customer_group_seq SET value = 5",
	} {
		if _, err := db.ExecContext(t.Context(), query); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Migrate(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	s := reopen(t, path)
	for app, want := range map[id.App][2]int64{"app_aaaaaaaaaaaaaaaa": {8, 6}, "app_bbbbbbbbbbbbbbbb": {1, 6}} {
		err := s.Update(t.Context(), app, func(tx store.Tx) error {
			customer, _, err := tx.CustomerNext()
			group, groupErr := tx.GroupNext()
			if customer != want[0] || group != want[1] {
				t.Errorf("%s: the next customer is %d and the next group %d, want %v", app, customer, group, want)
			}
			return errors.Join(err, groupErr)
		})
		if err != nil {
			t.Errorf("%s: %v", app, err)
		}
	}
}
