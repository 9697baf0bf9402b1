// Package testkit gives tests real parts: a store on a fresh database of either
// engine, and a whole server with credentials, listening on loopback. It is
// imported by tests only.
//
// Start from NewServer and NewStore. Both clean up after the test.
package testkit

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"custodex.dev/internal/config"
	"custodex.dev/internal/redact"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/postgres"
	"custodex.dev/internal/store/sqlite"
	"custodex.dev/internal/testkit/scratchpg"
)

// Engines lists the stores that every behaviour must be the same on.
var Engines = []string{"sqlite", "postgres"}

// Database is where a server keeps its data.
type Database struct {
	Engine string
	Dir    string // data folder of SQLite; for either engine, the folder of the key file
	URL    string // of PostgreSQL
}

// NewDatabase makes a fresh, empty database.
func NewDatabase(t testing.TB, engine string) Database {
	t.Helper()
	db := Database{Engine: engine, Dir: t.TempDir()}
	switch engine {
	case "sqlite":
	case "postgres":
		db.URL = scratchpg.NewDatabase(t)
	default:
		t.Fatalf("there is no engine %q", engine)
	}
	return db
}

// Config is the configuration of a server on this database: any free loopback
// port, and a quiet log.
func (db Database) Config() config.Config {
	cfg := config.Default()
	cfg.Addr, cfg.ManageAddr = "127.0.0.1:0", "127.0.0.1:0"
	cfg.LogLevel = slog.LevelWarn
	cfg.DrainTime = time.Nanosecond // no balancer looks
	cfg.MasterKeyFile = filepath.Join(db.Dir, "master.key")
	if db.Engine == "postgres" {
		cfg.DatabaseURL = redact.NewSecret(db.URL)
	} else {
		cfg.DataDir = db.Dir
	}
	return cfg
}

// NewStore opens a store on a fresh, migrated database.
func NewStore(t testing.TB, engine string) store.Store {
	t.Helper()
	return NewDatabase(t, engine).NewStore(t)
}

// NewPooledStore opens a store on a fresh, migrated database, through a PgBouncer that gives each
// transaction one of size connections.
func NewPooledStore(t testing.TB, size int) store.Store {
	t.Helper()
	db := NewDatabase(t, "postgres")
	if err := postgres.Init(t.Context(), redact.NewSecret(db.URL)); err != nil {
		t.Fatalf("make the schema: %v", err)
	}
	db.URL = scratchpg.NewPooler(t, db.URL, scratchpg.PoolTransactions, size).URL(t, db.URL)
	return db.NewStore(t)
}

// Migrate brings the database of an earlier release to the newest schema.
func (db Database) Migrate(t testing.TB) {
	t.Helper()
	_, err := Patiently(func() (int, error) {
		if db.Engine == "postgres" {
			return postgres.Migrate(context.Background(), redact.NewSecret(db.URL))
		}
		return sqlite.Migrate(context.Background(), filepath.Join(db.Dir, "custodex.db"))
	})
	if err != nil {
		t.Fatalf("migrate a %s database: %v", db.Engine, err)
	}
}

// NewStore migrates the database and opens a store on it.
func (db Database) NewStore(t testing.TB) store.Store {
	t.Helper()
	ctx := context.Background()
	st, err := Patiently(func() (store.Store, error) {
		if db.Engine == "postgres" {
			url := redact.NewSecret(db.URL)
			if err := postgres.Init(ctx, url); err != nil {
				return nil, err
			}
			return postgres.Open(ctx, postgres.Config{URL: url})
		}
		path := filepath.Join(db.Dir, "custodex.db")
		if err := sqlite.Init(ctx, path); err != nil {
			return nil, err
		}
		return sqlite.Open(ctx, sqlite.Config{Path: path})
	})
	if err != nil {
		t.Fatalf("open a %s store: %v", db.Engine, err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := st.Close(ctx); err != nil {
			t.Errorf("close the store: %v", err)
		}
	})
	return st
}
