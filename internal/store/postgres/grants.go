package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"custodex.dev/internal/redact"
)

// A dump holds neither roles nor, if they are missing where it is restored, what was granted
// to them. Roles and grants are therefore statements that can be run again, and they are
// taken from the migrations, so that there is one text of each.

var (
	roleBlock  = regexp.MustCompile(`(?s)\bDO \$\$.*?\$\$;`)
	grantLines = regexp.MustCompile(`(?m)^(?:GRANT|REVOKE)\b[^;]*;`)
)

// roleStatements makes the role that serves, and gives the current user membership of it.
func roleStatements() ([]string, error) { return statements(roleBlock) }

// grantStatements gives the role its rights on the tables of the newest schema.
func grantStatements() ([]string, error) {
	found, err := statements(grantLines)
	return slices.DeleteFunc(found, obsolete), err
}

// statements are those of all migrations that match, in order.
func statements(pattern *regexp.Regexp) (found []string, err error) {
	names, err := fs.Glob(Migrations(), "*.sql") // sorted
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := fs.ReadFile(Migrations(), name)
		if err != nil {
			return nil, err
		}
		found = append(found, pattern.FindAllString(string(text), -1)...)
	}
	if len(found) == 0 {
		return nil, errors.New("the migrations hold no such statement")
	}
	return found, nil
}

// obsolete reports whether a statement is about what a later migration dropped: every sequence.
func obsolete(statement string) bool { return strings.Contains(statement, " ON SEQUENCE ") }

// Roles makes the role custodex_runtime, which belongs to the whole server, and
// nothing else: a dump can be restored into the database then. The user of the URL needs the
// right to make roles unless the role is there. It refuses a pooler that gives each transaction
// another connection, as Init does.
func Roles(ctx context.Context, url redact.Secret) error {
	e, err := find(ctx, url)
	if err != nil {
		return err
	}
	if e.pooled {
		return errPooledRoles
	}
	return withSchema(ctx, e, func(db *sql.DB) error {
		roles, err := roleStatements()
		if err != nil {
			return err
		}
		return inOneTransaction(ctx, db, roles)
	})
}

// grantAgain is for a newest schema whose role or grants may have been lost on the way
// into another server.
func grantAgain(ctx context.Context, db *sql.DB) error {
	roles, err := roleStatements()
	if err != nil {
		return err
	}
	grants, err := grantStatements()
	if err != nil {
		return err
	}
	return inOneTransaction(ctx, db, append(roles, grants...))
}

// grantLock keeps two programs from granting at a time, which PostgreSQL refuses.
const grantLock = "SELECT pg_advisory_xact_lock(hashtext('custodex grants'))"

func inOneTransaction(ctx context.Context, db *sql.DB, queries []string) (err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tx.Rollback())
		}
	}()
	if _, err := tx.ExecContext(ctx, grantLock); err != nil {
		return err
	}
	for _, query := range queries {
		if _, err := tx.ExecContext(ctx, query); err != nil {
			return fmt.Errorf("make the role %s and its grants: %w", runtimeRole, err)
		}
	}
	return tx.Commit()
}

// lostRole names the cause when the version of a schema cannot be read: the role that reads
// it is missing, or its rights are.
func lostRole(ctx context.Context, db *sql.DB, err error) error {
	if pg, ok := errors.AsType[*pgconn.PgError](err); !ok || pg.Code != "42501" {
		return err
	}
	var there bool
	query := "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)"
	if db.QueryRowContext(ctx, query, runtimeRole).Scan(&there) != nil {
		return err
	}
	what := "has no rights on the tables"
	if !there {
		what = "is missing"
	}
	return &lostRoleError{"the role " + runtimeRole + " " + what + ", as after a dump was restored into another server", err}
}

// lostRoleError is the sentence and its cause.
type lostRoleError struct {
	text  string
	cause error
}

func (e *lostRoleError) Error() string { return e.text }

func (e *lostRoleError) Unwrap() error { return e.cause }
