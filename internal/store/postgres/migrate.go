package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"io/fs"
	"strconv"

	"github.com/jackc/pgx/v5"
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
	e, err := find(ctx, url)
	if err != nil {
		return err
	}
	if done, err := changeable(ctx, e); done {
		return err
	}
	return withSchema(ctx, e, func(db *sql.DB) error {
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
// steps that took. It makes the role and its grants again, for a database that came from
// a dump. Two at a time wait for each other.
func Migrate(ctx context.Context, url redact.Secret) (steps int, err error) {
	e, err := find(ctx, url)
	if err != nil {
		return 0, err
	}
	if done, err := changeable(ctx, e); done {
		return 0, err
	}
	err = withSchema(ctx, e, func(db *sql.DB) error {
		err := migrate.Check(ctx, db, migrate.Postgres, Migrations())
		if errors.Is(err, migrate.ErrOlder) {
			steps, err = migrate.Up(ctx, db, migrate.Postgres, Migrations())
		}
		if err != nil {
			return err
		}
		return grantAgain(ctx, db)
	})
	return steps, err
}

// checkSchema refuses a schema that does not go with this program. It looks as the
// role that serves, because the user of the URL may have no rights of its own.
func checkSchema(ctx context.Context, e *endpoint) error {
	return withSchema(ctx, e, func(db *sql.DB) error {
		return lostRole(ctx, db, migrate.Check(ctx, db, migrate.Postgres, Migrations()))
	}, stdlib.OptionAfterConnect(e.becomeRuntimeIfThere))
}

// withSchema runs fn on a connection of database/sql, which the migrations want.
func withSchema(ctx context.Context, e *endpoint, fn func(*sql.DB) error, opts ...stdlib.OptionOpenDB) (err error) {
	cfg, err := pgx.ParseConfig(e.url.Reveal())
	if err != nil {
		return errURL
	}
	dial := cfg.DialFunc
	e.prepare(cfg)
	if len(opts) == 0 {
		// A step may build an index of millions of rows, or wait for another program's
		// migration, and the server says nothing until it is done.
		cfg.DialFunc = dial
		opts = append(opts, stdlib.OptionAfterConnect(e.asAsked))
	}
	db := stdlib.OpenDB(*cfg, opts...)
	defer func() { err = errors.Join(err, db.Close()) }()
	err = fn(db)
	if err != nil && !unfit(err) {
		err = translate(ctx, err)
	}
	return err
}

// unfit reports whether err has its sentence already.
func unfit(err error) bool {
	if _, ok := errors.AsType[*lostRoleError](err); ok {
		return true
	}
	return errors.Is(err, migrate.ErrNotInitialised) || errors.Is(err, migrate.ErrOlder) ||
		errors.Is(err, migrate.ErrNewer)
}

// asAsked makes the settings that the URL asks for, and no others: a migration may
// take its time.
func (e *endpoint) asAsked(ctx context.Context, conn *pgx.Conn) error {
	if len(e.own) == 0 {
		return e.hosts.ready(ctx, conn)
	}
	if _, err := conn.PgConn().Exec(ctx, "SELECT "+calls(e.own, false)).ReadAll(); err != nil {
		return err
	}
	return e.hosts.ready(ctx, conn)
}

// becomeRuntimeIfThere takes the role unless the server does not have it, so that whoever asks
// afterwards gets an error that says what is missing. Behind a pooler it begins a transaction,
// and everything that is asked over this connection is asked in it: the pooler keeps one
// connection of the server for it, and there the role. Closing the connection rolls it back.
func (e *endpoint) becomeRuntimeIfThere(ctx context.Context, conn *pgx.Conn) error {
	begin := ""
	if e.pooled {
		begin = "BEGIN READ ONLY; "
	}
	sql := begin + "SELECT " + calls(e.own, e.pooled) + "; " +
		"SELECT set_config('role', rolname, " + strconv.FormatBool(e.pooled) + ") " +
		"FROM pg_roles WHERE rolname = '" + runtimeRole + "'"
	if _, err := conn.PgConn().Exec(ctx, sql).ReadAll(); err != nil {
		return noMember(err)
	}
	return e.hosts.ready(ctx, conn)
}
