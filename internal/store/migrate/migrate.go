// Package migrate brings the schema of a database up, and says whether a schema
// and this program go together. It runs the numbered SQL files of one engine, in
// order, one transaction each, forward only. It knows no table but its own.
//
// Two programs must not migrate one database at a time. On PostgreSQL a session
// lock sees to that. SQLite has none that goose could use: the adapter takes a
// lock on a file before it calls Up.
package migrate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// Engine is the kind of database.
type Engine string

// The engines.
const (
	SQLite   Engine = "sqlite"
	Postgres Engine = "postgres"
)

// table holds the versions that were applied.
const table = "schema_version"

// The ways a schema can be unfit. Check adds both versions to the sentence.
var (
	ErrNotInitialised = errors.New("the database was not initialised; run custodex init")
	ErrOlder          = errors.New("the schema is older than this program; run custodex migrate")
	ErrNewer          = errors.New("the schema is newer than this program; upgrade custodex")
)

// series is how many numbers of migrations go together. Those of one hundred only add what
// an older program need not know, so a program serves every schema of its hundred, and the
// previous release serves the next schema. A migration that an older program cannot live
// with begins the next hundred, as 0101.
const series = 100

// tooNew reports whether a program that knows the schema up to newest cannot serve current.
func tooNew(current, newest int64) bool { return current/series > newest/series }

// Up applies every migration of fsys that db does not have yet, and returns how
// many that were. A failed one leaves the schema as it was before that one. It
// refuses a schema of a later series than fsys with ErrNewer.
func Up(ctx context.Context, db *sql.DB, engine Engine, fsys fs.FS) (int, error) {
	current, newest, err := Version(ctx, db, engine, fsys)
	if err != nil {
		return 0, err
	}
	if tooNew(current, newest) {
		return 0, unfit(ErrNewer, current, newest)
	}
	if current > newest {
		return 0, nil
	}
	p, err := provider(db, engine, fsys)
	if err != nil {
		return 0, err
	}
	done, err := p.Up(ctx)
	if err != nil {
		return 0, fmt.Errorf("migrate: %w", err)
	}
	return len(done), nil
}

// Version gives the schema's version, 0 if the database was not initialised, and
// the newest version in fsys. It changes nothing.
func Version(ctx context.Context, db *sql.DB, engine Engine, fsys fs.FS) (current, newest int64, err error) {
	p, err := provider(db, engine, fsys)
	if err != nil {
		return 0, 0, err
	}
	for _, source := range p.ListSources() {
		newest = max(newest, source.Version)
	}
	var exists bool
	if err := db.QueryRowContext(ctx, tableExistsQuery(engine), table).Scan(&exists); err != nil {
		return 0, 0, fmt.Errorf("look for the schema's version: %w", err)
	}
	if !exists {
		return 0, newest, nil
	}
	query := "SELECT COALESCE(MAX(version_id), 0) FROM " + table
	if err := db.QueryRowContext(ctx, query).Scan(&current); err != nil {
		return 0, 0, fmt.Errorf("read the schema's version: %w", err)
	}
	return current, newest, nil
}

// Check returns nil if the schema is the newest in fsys or a later one of the same series,
// and else one of ErrNotInitialised, ErrOlder and ErrNewer. It changes nothing.
func Check(ctx context.Context, db *sql.DB, engine Engine, fsys fs.FS) error {
	current, newest, err := Version(ctx, db, engine, fsys)
	switch {
	case err != nil:
		return err
	case current == 0:
		return ErrNotInitialised
	case current < newest:
		return unfit(ErrOlder, current, newest)
	case tooNew(current, newest):
		return unfit(ErrNewer, current, newest)
	}
	return nil
}

// Serves reports whether a program with the migrations in fsys can serve a schema, once
// it has migrated it if it is older.
func Serves(fsys fs.FS, schema int64) error {
	names, err := fs.Glob(fsys, "[0-9]*.sql") // sorted
	if err != nil || len(names) == 0 {
		return errors.Join(err, errors.New("migrate: there are no migrations"))
	}
	newest, err := goose.NumericComponent(names[len(names)-1])
	if err == nil && tooNew(schema, newest) {
		err = unfit(ErrNewer, schema, newest)
	}
	return err
}

func unfit(err error, current, newest int64) error {
	return fmt.Errorf("%w (schema %d, program %d)", err, current, newest)
}

func tableExistsQuery(engine Engine) string {
	if engine == Postgres {
		return "SELECT to_regclass($1) IS NOT NULL"
	}
	return "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?)"
}

func provider(db *sql.DB, engine Engine, fsys fs.FS) (*goose.Provider, error) {
	opts := []goose.ProviderOption{
		goose.WithTableName(table),
		goose.WithDisableGlobalRegistry(true),
		goose.WithLogger(goose.NopLogger()),
	}
	dialect := goose.DialectSQLite3
	if engine == Postgres {
		dialect = goose.DialectPostgres
		// Every second, for five minutes: a long migration elsewhere is waited for.
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
		if err != nil {
			return nil, fmt.Errorf("migrate: %w", err)
		}
		opts = append(opts, goose.WithSessionLocker(locker))
	}
	p, err := goose.NewProvider(dialect, db, fsys, opts...)
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	return p, nil
}
