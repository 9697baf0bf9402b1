package selftest

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"
)

// database looks past the server, as its runtime role.
func database(ctx context.Context, t *trial, c *Check) error {
	if t.cfg.DatabaseURL.Reveal() == "" {
		c.Skipped = "no database URL was given"
		return nil
	}
	conn, err := pgx.Connect(ctx, t.cfg.DatabaseURL.Reveal())
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	var privileged bool
	if err := conn.QueryRow(ctx, "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user").Scan(&privileged); err != nil {
		return err
	}
	if privileged {
		c.Tried++
		c.found("the user of the database URL", "it may bypass row-level security", "the server's user")
		return nil
	}
	// The server's user need not inherit the role's rights; the server takes the role as well.
	if _, err := conn.Exec(ctx, "SET ROLE custodex_runtime"); err != nil {
		return fmt.Errorf("take the role that serves: %w", err)
	}
	// The register of applications is no application's: the server reads it to know whom a key
	// belongs to, and it holds no personal data.
	rows, err := conn.Query(ctx, `SELECT c.relname, c.relrowsecurity FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace AND a.attname = 'app_id' AND NOT a.attisdropped
AND c.relname <> 'application' ORDER BY 1`)
	if err != nil {
		return err
	}
	tables, err := pgx.CollectRows(rows, pgx.RowToStructByPos[table])
	if err != nil {
		return err
	}
	if len(tables) == 0 {
		return errors.New("the database holds no tables of Custodex")
	}
	own, err := visible(ctx, conn, "customer", t.attacker.app.ID, "= $1")
	if err != nil {
		return err
	}
	if own == 0 {
		return errors.New("the database does not show the customer that the self-test made: is it the server's?")
	}
	for _, table := range tables {
		c.Tried++
		if !table.Guarded { // it may be empty now
			c.found("table "+table.Name, "row-level security is off", "on")
		}
		for _, app := range []string{"", t.attacker.app.ID} {
			c.Tried++
			n, err := visible(ctx, conn, table.Name, app, "<> $1")
			if err != nil {
				return fmt.Errorf("table %s: %w", table.Name, err)
			}
			if n > 0 {
				c.found("table "+table.Name+" as the runtime role", strconv.FormatInt(n, 10)+" rows of other applications", "none")
			}
		}
	}
	return nil
}

// table is one with rows of applications.
type table struct {
	Name    string
	Guarded bool // by row-level security
}

// visible counts the rows of a table that are seen with one application set, or with none, and
// whose own application compares to it so.
func visible(ctx context.Context, conn *pgx.Conn, table, app, compares string) (n int64, err error) {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { _ = tx.Rollback(ctx) }()
	if _, err := tx.Exec(ctx, "SELECT set_config('custodex.app', $1, true)", app); err != nil {
		return 0, err
	}
	err = tx.QueryRow(ctx, "SELECT count(*) FROM "+pgx.Identifier{table}.Sanitize()+" WHERE app_id "+compares, app).Scan(&n)
	return n, err
}
