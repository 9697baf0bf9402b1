package testkit

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"path/filepath"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"; the store has registered "sqlite"

	"custodex.dev/internal/id"
)

// What somebody does to the database behind a server's back. A SQLite store may
// have the customer in its cache and not notice, if it was read before.

// Damage alters a byte in the sealed fields of each of the customers. To do it once
// more mends them.
func (db Database) Damage(t testing.TB, app id.App, seqs ...int64) {
	t.Helper()
	db.behind(t, seqs, func(tx *sql.Tx, seq int64) (sql.Result, error) {
		var sealed []byte
		if err := tx.QueryRow(fmt.Sprintf("SELECT sealed FROM customer WHERE app_id = '%s' AND seq = %d", app, seq)).Scan(&sealed); err != nil {
			return nil, err
		}
		sealed[len(sealed)/2] ^= 1
		literal := fmt.Sprintf("X'%x'", sealed)
		if db.Engine == "postgres" {
			literal = fmt.Sprintf(`'\x%x'`, sealed)
		}
		return tx.Exec(fmt.Sprintf("UPDATE customer SET sealed = %s WHERE app_id = '%s' AND seq = %d", literal, app, seq))
	})
}

// DropKey deletes the rows with the keys of the customers.
func (db Database) DropKey(t testing.TB, app id.App, seqs ...int64) {
	t.Helper()
	db.behind(t, seqs, func(tx *sql.Tx, seq int64) (sql.Result, error) {
		return tx.Exec(fmt.Sprintf("DELETE FROM customer_key WHERE app_id = '%s' AND seq = %d", app, seq))
	})
}

// AddJob adds a job that another replica seems to have leased for good. Its encrypted part cannot be read.
func (s *Server) AddJob(t testing.TB, app id.App) id.Job {
	t.Helper()
	job := id.NewJob()
	empty := map[string]string{"sqlite": "X''", "postgres": `'\x'`}[s.Database.Engine]
	s.Database.Exec(t, fmt.Sprintf(`
		INSERT INTO job (
			app_id, job_id, kind, state, actor, sealed, cursor, done, total, error,
			created_at, started_at, ended_at, holder, generation, lease_until
		) VALUES ('%s', '%s', 'load', 'running', '%s', %s, %[4]s, 40, 100, '', 1790000000000, 1790000000000, 0, 'another', 1, 99000000000000)`,
		app, job, s.Operator.ID, empty))
	return job
}

// Exec runs statements as somebody with every right to the database, in one transaction.
func (db Database) Exec(t testing.TB, statements ...string) {
	t.Helper()
	numbers := make([]int64, len(statements))
	for i := range numbers {
		numbers[i] = int64(i)
	}
	db.behind(t, numbers, func(tx *sql.Tx, i int64) (sql.Result, error) {
		_, err := tx.Exec(statements[i])
		return driver.RowsAffected(1), err
	})
}

// Count gives the one number that a query finds.
func (db Database) Count(t testing.TB, query string) (n int64) {
	t.Helper()
	conn := db.open(t)
	defer conn.Close()
	if err := conn.QueryRow(query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func (db Database) open(t testing.TB) *sql.DB {
	t.Helper()
	name, source := "pgx", db.URL
	if db.Engine == "sqlite" {
		name, source = "sqlite", "file:"+filepath.Join(db.Dir, "custodex.db")+"?_txlock=immediate&_pragma=busy_timeout(5000)"
	}
	conn, err := sql.Open(name, source)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// behind runs fn, which changes one row, for each number, in one transaction.
func (db Database) behind(t testing.TB, seqs []int64, fn func(tx *sql.Tx, seq int64) (sql.Result, error)) {
	t.Helper()
	conn := db.open(t)
	defer conn.Close()
	tx, err := conn.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for _, seq := range seqs {
		done, err := fn(tx, seq)
		if err != nil {
			t.Fatalf("change customer %d: %v", seq, err)
		}
		if n, err := done.RowsAffected(); n != 1 || err != nil {
			t.Fatalf("%d rows of customer %d were changed (%v), want 1", n, seq, err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}
