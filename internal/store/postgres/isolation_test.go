package postgres_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/postgres"
)

// furnished is a database with two applications that have rows in every table.
func furnished(t *testing.T) (url string, s *postgres.Store, mine, theirs id.App, row store.CustomerRow) {
	t.Helper()
	url = newDatabase(t)
	s = openStore(t, url)
	mine, theirs = newApp(t, s), newApp(t, s)
	for _, app := range []id.App{mine, theirs} {
		row = newRow(1)
		gone := newRow(1)
		cred := store.CredentialRow{
			ID: id.NewCredential(), PublicKey: "ck_" + string(app), Label: []byte{1}, Secret: random(32),
		}
		err := s.Update(t.Context(), app, func(tx store.Tx) error {
			group, err := tx.GroupInsert(store.GroupRow{Sealed: []byte{1}})
			row.Group = group
			for _, row := range []store.CustomerRow{row, gone} {
				_, inserted := tx.CustomerInsert(row)
				err = errors.Join(err, inserted)
			}
			tx.AuditAppend(newEntry(row.ID))
			tx.EventAppend(store.EventRow{Type: "customer.created", Object: row.ID.String()})
			item := store.ItemRow{ID: id.NewItem(), Kind: store.Transaction, Sealed: []byte{1}}
			return errors.Join(err, tx.ItemInsert(row.ID, item), tx.HistoryAppend(store.HistoryRow{Customer: 1, Sealed: []byte{1}}), tx.CustomerDelete(gone.ID),
				tx.AlarmInsert(store.AlarmRow{Damage: "entry 0 is missing"}),
				tx.JobInsert(store.JobRow{ID: id.NewJob(), Kind: "load", State: store.JobQueued, Sealed: []byte{1}}),
				tx.AppRekey(store.AppRow{Key: []byte{1}, WrapKey: []byte{1}, Epoch: 1}),
				tx.CredentialInsert(cred), tx.IdempotencyPut(store.IdempotencyRow{
					Scope: random(32), Fingerprint: random(32), Reply: []byte{1},
				}, time.Hour))
		})
		if err != nil {
			t.Fatal(err)
		}
		tree := store.TreeRow{Size: 1, Checkpoint: []byte{1}}
		if err := s.TreePut(t.Context(), app, 0, tree, []store.TileRow{{Hashes: random(32)}}); err != nil {
			t.Fatal(err)
		}
		if err := s.BlockPut(t.Context(), app, store.BlockRow{Filter: []byte{1}, Sum: random(32)}); err != nil {
			t.Fatal(err)
		}
		take := store.RateTake{Credential: cred.ID, Window: 1, Want: 1, Limit: 1}
		if _, err := s.RateTake(t.Context(), app, take); err != nil {
			t.Fatal(err)
		}
	}
	return url, s, mine, theirs, row // the row is theirs
}

// as runs fn in a transaction of the runtime role that has named app, if any.
func as(t *testing.T, url string, app id.App, fn func(tx pgx.Tx)) {
	t.Helper()
	conn := connect(t, url)
	execute(t, conn, "SET ROLE custodex_runtime")
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
	if app != "" {
		if _, err := tx.Exec(t.Context(), "SELECT set_config('custodex.app', $1, true)", string(app)); err != nil {
			t.Fatal(err)
		}
	}
	fn(tx)
}

func count(t *testing.T, tx pgx.Tx, sql string, args ...any) (n int) {
	t.Helper()
	if err := tx.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

func TestRowsOfOthersAreInvisible(t *testing.T) {
	t.Parallel()
	url, _, mine, theirs, _ := furnished(t)
	admin := connect(t, url)
	for _, table := range postgres.Guarded {
		var all int
		if err := admin.QueryRow(t.Context(), "SELECT count(DISTINCT app_id) FROM "+table).Scan(&all); err != nil {
			t.Fatal(err)
		}
		if all != 2 {
			t.Fatalf("%s has rows of %d applications, want 2: this test proves nothing", table, all)
		}
		as(t, url, mine, func(tx pgx.Tx) {
			if n := count(t, tx, "SELECT count(*) FROM "+table); n != 1 {
				t.Errorf("%s without a predicate: %d rows, want the 1 of ours", table, n)
			}
			if n := count(t, tx, "SELECT count(*) FROM "+table+" WHERE app_id = $1", string(theirs)); n != 0 {
				t.Errorf("%s with another's predicate: %d rows, want 0", table, n)
			}
		})
		as(t, url, "", func(tx pgx.Tx) {
			if n := count(t, tx, "SELECT count(*) FROM "+table); n != 0 {
				t.Errorf("%s without the setting: %d rows, want 0", table, n)
			}
		})
	}
}

// TestStatementWithoutPredicate takes the application out of a statement of ours, as
// a mistake would, and asks it for a customer of another.
func TestStatementWithoutPredicate(t *testing.T) {
	t.Parallel()
	url, _, mine, theirs, row := furnished(t)
	get := postgres.Statements(theirs, row.ID)["get"]
	broken := strings.Replace(get.SQL, "c.app_id = $1", "$1::text IS NOT NULL", 1)
	if broken == get.SQL {
		t.Fatalf("the statement has no predicate to remove:\n%s", get.SQL)
	}
	rowsAs := func(app id.App) (n int) {
		as(t, url, app, func(tx pgx.Tx) {
			rows, err := tx.Query(t.Context(), broken, get.Args...)
			if err != nil {
				t.Fatal(err)
			}
			for rows.Next() {
				n++
			}
			if err := rows.Err(); err != nil {
				t.Fatal(err)
			}
		})
		return n
	}
	if n := rowsAs(theirs); n != 1 {
		t.Errorf("the owner sees %d rows, want 1", n)
	}
	if n := rowsAs(mine); n != 0 {
		t.Errorf("another application sees %d rows, want 0", n)
	}
}

func TestWritesIntoOthersAreRefused(t *testing.T) {
	t.Parallel()
	url, _, mine, theirs, row := furnished(t)
	refused := func(what, sql string, args ...any) {
		t.Helper()
		as(t, url, mine, func(tx pgx.Tx) {
			_, err := tx.Exec(t.Context(), sql, args...)
			if pg, ok := errors.AsType[*pgconn.PgError](err); !ok || pg.Code != "42501" {
				t.Errorf("%s: error %v, want insufficient_privilege", what, err)
			}
		})
	}
	refused("insert with a foreign application",
		"INSERT INTO customer_key (app_id, seq, wrapped_key) VALUES ($1, 99, '')", string(theirs))
	refused("give a row away", "UPDATE customer SET app_id = $1", string(theirs))
	refused("change an entry", "UPDATE audit SET actor = ''")
	refused("delete an entry", "DELETE FROM audit")
	refused("empty the log", "TRUNCATE audit")
	refused("insert an item of another's", `INSERT INTO customer_item
		(app_id, customer_seq, kind, item_id, at, created_at, sealed)
		VALUES ($1, 1, 1, '00000000-0000-0000-0000-000000000000', 1, 1, '')`, string(theirs))
	refused("give a group away", "UPDATE customer_group SET app_id = $1", string(theirs))
	refused("change an item", "UPDATE customer_item SET sealed = ''")
	refused("insert the history of another's", `INSERT INTO customer_history
		(app_id, customer_seq, at, version, sealed) VALUES ($1, 1, 1, 1, '')`, string(theirs))
	refused("change the history", "UPDATE customer_history SET sealed = ''")
	refused("give a key away", "UPDATE customer_key SET app_id = $1", string(theirs))
	refused("move a key", "UPDATE customer_key SET seq = seq + 1")
	refused("hide a deletion", "DELETE FROM customer_tombstone")
	refused("move a deletion", "UPDATE customer_tombstone SET version = 1")
	refused("change an event", "UPDATE event SET object = ''")
	refused("insert an event of another's", `INSERT INTO event (app_id, seq, at, type, object, customer, version, fields)
		VALUES ($1, 9, 1, '', '', '', 0, '')`, string(theirs))
	refused("delete an application", "DELETE FROM application")
	refused("change a wrap key", "UPDATE app_wrap_key SET wrapped_key = ''")
	refused("delete a wrap key", "DELETE FROM app_wrap_key")
	refused("insert a wrap key of another's", "INSERT INTO app_wrap_key (app_id, epoch, wrapped_key) VALUES ($1, 9, '')", string(theirs))
	refused("change an epoch", "UPDATE key_epoch SET wrapped_key = ''")
	refused("delete an epoch", "DELETE FROM key_epoch")
	refused("make another application", "INSERT INTO application (app_id, name, wrapped_key, created_at) VALUES ('app_x', '', '', 1)")
	as(t, url, mine, func(tx pgx.Tx) {
		for _, column := range []string{"name", "wrapped_key"} {
			tag, err := tx.Exec(t.Context(), "UPDATE application SET "+column+" = ''")
			if err != nil || tag.RowsAffected() != 1 {
				t.Errorf("change the %s of every application: %d rows, %v, want its own alone", column, tag.RowsAffected(), err)
			}
		}
	})
	refused("make a table", "CREATE TABLE mine ()")
	refused("turn row-level security off", "ALTER TABLE customer DISABLE ROW LEVEL SECURITY")

	as(t, url, mine, func(tx pgx.Tx) {
		for _, sql := range []string{
			"UPDATE customer SET status = 2 WHERE customer_id = $1",
			"DELETE FROM customer WHERE customer_id = $1",
		} {
			tag, err := tx.Exec(t.Context(), sql, [16]byte(row.ID))
			if err != nil || tag.RowsAffected() != 0 {
				t.Errorf("%s of another's row: %v, %v, want 0 rows", sql, tag, err)
			}
		}
		for _, table := range []string{"customer_key", "customer_group", "customer_item", "customer_history"} {
			tag, err := tx.Exec(t.Context(), "DELETE FROM "+table)
			if err != nil || tag.RowsAffected() != 1 {
				t.Errorf("DELETE FROM %s: %v, %v, want the 1 row of ours", table, tag, err)
			}
		}
	})
}

func TestSettingDoesNotStay(t *testing.T) {
	t.Parallel()
	_, s, mine, _, row := furnished(t)
	for range 40 {
		if _, err := s.CustomerGet(t.Context(), mine, row.ID); err == nil {
			t.Fatal("got another's customer")
		}
	}
	seen := 0
	for _, pool := range s.Pools() {
		for _, conn := range pool.AcquireAllIdle(t.Context()) {
			var app, role string
			err := conn.QueryRow(t.Context(),
				"SELECT COALESCE(current_setting('custodex.app', true), ''), current_user::text").Scan(&app, &role)
			conn.Release()
			if err != nil {
				t.Fatal(err)
			}
			if app != "" || role != "custodex_runtime" {
				t.Errorf("a pooled connection: application %q, role %q; want none, custodex_runtime", app, role)
			}
			seen++
		}
	}
	if seen < 2 {
		t.Errorf("looked at %d connections, want one of each pool at least", seen)
	}
}

// A connection that lost its role would have the rights of the user who logged in, here of a
// superuser, whom row-level security does not bind.
func TestRoleIsTakenInEachTransaction(t *testing.T) {
	t.Parallel()
	s := openStore(t, newDatabase(t))
	one, other := newApp(t, s), newApp(t, s)
	for _, pool := range s.Pools() {
		for range 3 {
			if _, err := pool.Exec(t.Context(), "RESET ROLE"); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got, err := s.Applications(t.Context(), one, "head"); err != nil || len(got) != 1 || got[0] != one {
		t.Errorf("a read of %s sees the heads of %v, %v", one, got, err)
	}
	err := s.Update(t.Context(), other, func(tx store.Tx) error {
		role, err := postgres.RoleOf(tx)
		if role != "custodex_runtime" {
			t.Errorf("a write is made as %q, %v", role, err)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
