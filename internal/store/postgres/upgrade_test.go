package postgres_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"custodex.dev/internal/id"
	"custodex.dev/internal/redact"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/migrate"
	"custodex.dev/internal/store/postgres"
	"custodex.dev/internal/testkit/scratchpg"
)

// first makes a schema at version 0001 with two customers of one application.
func first(t *testing.T, url string) (app id.App, rows []store.CustomerRow) {
	t.Helper()
	const name = "0001_create_store.sql"
	text, err := fs.ReadFile(postgres.Migrations(), name)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(stdlib.GetConnector(*cfg))
	defer func() { _ = db.Close() }()
	if steps, err := migrate.Up(t.Context(), db, migrate.Postgres, fstest.MapFS{name: {Data: text}}); steps != 1 || err != nil {
		t.Fatalf("Up = %d, %v, want 1 step", steps, err)
	}
	admin := connect(t, url)
	app = id.NewApp()
	execute(t, admin, "INSERT INTO application VALUES ($1, 'An application', '\\x01', 1)", string(app))
	execute(t, admin, "INSERT INTO head VALUES ($1, 7, 0, 2, '{}')", string(app))
	execute(t, admin, "SELECT setval('customer_seq', 12)")
	for i := range 2 {
		row := newRow(int64(i))
		row.Seq, row.Version = int64(11+i), int64(6+i)
		execute(t, admin, "INSERT INTO customer VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)", string(app),
			row.Seq, [16]byte(row.ID), row.Version, row.Status, row.Type, row.EmailHash, row.EmailForm, row.CreatedAt,
			row.UpdatedAt, row.Sealed)
		execute(t, admin, "INSERT INTO customer_key VALUES ($1, $2, $3)", string(app), row.Seq, row.Key)
		rows = append(rows, row)
	}
	return app, rows
}

func TestUpgradeFromTheFirstVersion(t *testing.T) {
	t.Parallel()
	url := scratchpg.NewDatabase(t)
	app, rows := first(t, url)

	// Case 1: nothing but Migrate takes the older schema.
	files, err := fs.Glob(postgres.Migrations(), "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	newest, _, _ := strings.Cut(files[len(files)-1], "_")
	sentence := fmt.Sprintf("run custodex migrate (schema 1, program %s)", strings.TrimLeft(newest, "0"))
	if err := refuses(t, url, sentence); !errors.Is(err, migrate.ErrOlder) {
		t.Errorf("Open of an older schema = %v, want %v", err, migrate.ErrOlder)
	}
	err = postgres.Init(t.Context(), redact.NewSecret(url))
	if !errors.Is(err, migrate.ErrOlder) || !strings.Contains(err.Error(), sentence) {
		t.Errorf("Init of an older schema = %v, want %v", err, migrate.ErrOlder)
	}
	for _, want := range []int{len(files) - 1, 0} {
		if steps, err := postgres.Migrate(t.Context(), redact.NewSecret(url)); steps != want || err != nil {
			t.Fatalf("Migrate = %d, %v, want %d", steps, err, want)
		}
	}
	// Case 2: what was there is there, in no group.
	s := openStore(t, url)
	checkHead := func(want store.Head) {
		t.Helper()
		got, err := s.Head(t.Context(), app)
		got.Lineage = store.Lineage{} // of this server
		if err != nil || got != want {
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
	}
	// Case 3: it takes what is new.
	added := newRow(9)
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

// TestMigrateIsPatient has the first step of a migration wait for somebody's lock for longer than
// a server waits for a silent database. A step over millions of rows is as silent.
func TestMigrateIsPatient(t *testing.T) {
	t.Parallel()
	url := scratchpg.NewDatabase(t)
	first(t, url)
	holder := connect(t, url)
	execute(t, holder, "BEGIN")
	execute(t, holder, "LOCK TABLE customer")
	done := make(chan error, 1)
	go func() {
		_, err := postgres.Migrate(t.Context(), redact.NewSecret(url))
		done <- err
	}()
	select {
	case err := <-done:
		t.Fatalf("Migrate = %v while its table is locked, want it to wait", err)
	case <-time.After(postgres.Patience + 1500*time.Millisecond):
	}
	execute(t, holder, "ROLLBACK")
	if err := <-done; err != nil {
		t.Errorf("Migrate after a long wait = %v", err)
	}
}

// An application that numbers its own customers and groups gives none again that it gave when all
// applications shared them, also of those that are deleted.
func TestUpgradeKeepsNumbers(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{}
	names, err := fs.Glob(postgres.Migrations(), "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if name < "0107" {
			text, err := fs.ReadFile(postgres.Migrations(), name)
			if err != nil {
				t.Fatal(err)
			}
			files[name] = &fstest.MapFile{Data: text}
		}
	}
	url := scratchpg.NewDatabase(t)
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(stdlib.GetConnector(*cfg))
	defer func() { _ = db.Close() }()
	if _, err := migrate.Up(t.Context(), db, migrate.Postgres, files); err != nil {
		t.Fatal(err)
	}
	admin := connect(t, url)
	for _, query := range []string{
		"INSERT INTO application (app_id, name, wrapped_key, created_at) VALUES ('app_aaaaaaaaaaaaaaaa', 'A', '\\x01', 1), ('app_bbbbbbbbbbbbbbbb', 'B', '\\x01', 1)",
		"INSERT INTO head (app_id, version, entries, customers, recent) VALUES ('app_aaaaaaaaaaaaaaaa', 3, 0, 0, '{}'), ('app_bbbbbbbbbbbbbbbb', 1, 0, 0, '{}')",
		"INSERT INTO customer_tombstone (app_id, version, seq) VALUES ('app_aaaaaaaaaaaaaaaa', 2, 7)",
		"SELECT setval('customer_group_seq', 5)",
	} {
		execute(t, admin, query)
	}
	if _, err := postgres.Migrate(t.Context(), redact.NewSecret(url)); err != nil {
		t.Fatal(err)
	}
	s := openStore(t, url)
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
