package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"custodex.dev/internal/redact"
	"custodex.dev/internal/store/migrate"
)

//go:embed migration/*.sql
var embedded embed.FS

// Migrations are the numbered SQL files of this engine.
func Migrations() fs.FS {
	sub, err := fs.Sub(embedded, "migration")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return sub
}

// Init makes the schema in a database that exists and has none. One that has the
// newest schema is left as it is; an older or newer one is refused as Open refuses
// it. The user of the URL becomes the owner of the tables; it needs the right to
// create them and, the first time on a server, a role.
func Init(ctx context.Context, url redact.Secret) error {
	return withSchema(ctx, url, func(db *sql.DB) error {
		current, _, err := migrate.Version(ctx, db, migrate.Postgres, Migrations())
		if err != nil || current > 0 {
			err = errors.Join(err, migrate.Check(ctx, db, migrate.Postgres, Migrations()))
			if !errors.Is(err, migrate.ErrOlder) || used(ctx, db) {
				return err
			}
			// An Init was interrupted between two migrations; nothing is there yet.
		}
		_, err = migrate.Up(ctx, db, migrate.Postgres, Migrations())
		return err
	})
}

// used reports whether the database holds an application, or cannot say.
func used(ctx context.Context, db *sql.DB) bool {
	var some bool
	err := db.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM application)").Scan(&some)
	return err != nil || some
}

// Migrate brings an initialised database to the newest schema and returns how many
// steps that took. Two at a time wait for each other.
func Migrate(ctx context.Context, url redact.Secret) (steps int, err error) {
	err = withSchema(ctx, url, func(db *sql.DB) error {
		err := migrate.Check(ctx, db, migrate.Postgres, Migrations())
		if !errors.Is(err, migrate.ErrOlder) {
			return err
		}
		steps, err = migrate.Up(ctx, db, migrate.Postgres, Migrations())
		return err
	})
	return steps, err
}

// checkSchema refuses a schema that does not go with this program.
func checkSchema(ctx context.Context, url redact.Secret) error {
	return withSchema(ctx, url, func(db *sql.DB) error {
		return migrate.Check(ctx, db, migrate.Postgres, Migrations())
	}, stdlib.OptionAfterConnect(becomeRuntimeIfThere))
}

// withSchema runs fn on a connection of database/sql, which the migrations want.
func withSchema(ctx context.Context, url redact.Secret, fn func(*sql.DB) error, opts ...stdlib.OptionOpenDB) (err error) {
	cfg, err := pgx.ParseConfig(url.Reveal())
	if err != nil {
		return errURL
	}
	cfg.ConnectTimeout = connectLimit
	db := stdlib.OpenDB(*cfg, opts...)
	defer func() { err = errors.Join(err, db.Close()) }()
	err = fn(db)
	if err != nil && !unfit(err) {
		err = translate(ctx, err)
	}
	return err
}

func unfit(err error) bool {
	return errors.Is(err, migrate.ErrNotInitialised) || errors.Is(err, migrate.ErrOlder) ||
		errors.Is(err, migrate.ErrNewer)
}

// becomeRuntimeIfThere is becomeRuntime for a server that may not have the role yet.
func becomeRuntimeIfThere(ctx context.Context, conn *pgx.Conn) error {
	err := becomeRuntime(ctx, conn)
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "22023" {
		return nil // no such role
	}
	return err
}
