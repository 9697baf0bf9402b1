package postgres

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"

	"custodex.dev/internal/store/migrate"
)

// Advice says what an operator can do about an error of Open, Init or Migrate that came
// from the server or from the way to it; "" if nothing is known.
func Advice(err error) string {
	if advice := migrate.Advice(err); advice != "" {
		return advice
	}
	if _, ok := errors.AsType[*lostRoleError](err); ok {
		return "run custodex migrate with the database URL of the owner: it makes the role and its grants again; " +
			"then GRANT " + runtimeRole + " to the server's user"
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		if lost(err) {
			return "is PostgreSQL running, and can this machine reach it? Check host and port of the database URL"
		}
		return ""
	}
	switch pg.Code {
	case "28P01", "28000":
		return "PostgreSQL refused the user or password; check the database URL and pg_hba.conf"
	case "3D000":
		return "there is no such database; check the name in the database URL, or let an administrator create it"
	case "42501":
		return "this database user lacks a right: schemas are made and migrated by the owner of the database, " +
			"and the server's user needs the role " + runtimeRole + " with its grants (doc/operating.md, On PostgreSQL)"
	case "22023":
		return "the role " + runtimeRole + " is missing, as in a cluster that a dump was restored into; " +
			"doc/operating.md, On PostgreSQL, says how to make it"
	case "53300":
		return "PostgreSQL has no connection left; lower max-conns or raise its max_connections"
	case "53100":
		return "the disk of PostgreSQL is full"
	}
	return ""
}
