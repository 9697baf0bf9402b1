package testkit

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"modernc.org/sqlite"

	"custodex.dev/internal/testkit/scratchpg"
)

// Rewinder puts a database back under those who have it open, as a failover or a restore
// does that loses commits.
type Rewinder struct {
	Keep   func() // remembers the database as it is
	Rewind func() // puts it back
}

// NewRewindable makes a fresh, empty database that can be put back. PostgreSQL gets a server
// of its own.
func NewRewindable(t testing.TB, engine string) (Database, Rewinder) {
	t.Helper()
	if engine == "sqlite" {
		db := NewDatabase(t, engine)
		return db, rewindSQLite(t, db)
	}
	cluster := scratchpg.NewCluster(t)
	return Database{Engine: engine, Dir: t.TempDir(), URL: cluster.URL("")}, rewindCluster(t, cluster)
}

// rewindCluster puts back a copy of the server's files: no other timeline and no other system
// identifier, so it is the hardest case.
func rewindCluster(t testing.TB, cluster *scratchpg.Cluster) Rewinder {
	t.Helper()
	files := filepath.Join(filepath.Dir(cluster.DataDir()), "copy")
	restart := func(from, to string) {
		t.Helper()
		if err := cluster.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(to); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if err := cluster.Restart(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	return Rewinder{
		Keep:   func() { restart(cluster.DataDir(), files) },
		Rewind: func() { restart(files, cluster.DataDir()) },
	}
}

// rewindSQLite restores a copy through the file's own locks, as the sqlite3 program does.
func rewindSQLite(t testing.TB, db Database) Rewinder {
	t.Helper()
	path, files := filepath.Join(db.Dir, "custodex.db"), filepath.Join(t.TempDir(), "copy.db")
	behind := func(fn func(*sql.Conn) error) {
		t.Helper()
		pool, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")
		if err != nil {
			t.Fatal(err)
		}
		defer pool.Close()
		conn, err := pool.Conn(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := fn(conn); err != nil {
			t.Fatal(err)
		}
	}
	return Rewinder{
		Keep: func() {
			behind(func(c *sql.Conn) error {
				_, err := c.ExecContext(context.Background(), "VACUUM INTO ?", files)
				return err
			})
		},
		Rewind: func() {
			behind(func(c *sql.Conn) error {
				return c.Raw(func(raw any) error {
					b, err := raw.(interface {
						NewRestore(from string) (*sqlite.Backup, error)
					}).NewRestore(files)
					if err != nil {
						return err
					}
					for more := true; more && err == nil; {
						more, err = b.Step(100)
					}
					return errors.Join(err, b.Finish())
				})
			})
		},
	}
}
