package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// runtimeRole is the role that every connection acts as. The migration makes it.
const runtimeRole = "custodex_runtime"

// patience is how long a caller waits for a database that says nothing: for a
// connection, and then for each byte. See doc.go.
const patience = 2 * time.Second

// Time limits. The server's keep a statement from holding locks for long. Those of
// a batch are shorter than patience, so that the server still says whose statement
// it was, and the other works of the batch go on.
const (
	lockLimit  = 1500 * time.Millisecond
	readLimit  = 5 * time.Second // for one statement that reads, while rows keep coming
	writeLimit = 1700 * time.Millisecond
	idleLimit  = 2500 * time.Millisecond // in a transaction, waiting for us: its locks outlive a host that hangs by so much

	connectLimit = 5 * time.Second  // goes on when who asked for it has given up
	pingLimit    = 1 * time.Second  // for a connection that was idle to show that it lives
	rowsLimit    = 6 * time.Second  // readLimit as seen from here, for rows that trickle
	attemptLimit = 10 * time.Second // for one try of a batch, as seen from here
)

// planner makes the server run each statement as it was written to be run: along one
// index, and row by row into the next table. Plans are made once for all arguments
// and cached for a connection's life. Left alone, the planner takes an unknown LIMIT
// for a tenth of an application and joins by reading all of another table, and it
// scans and sorts what was small when the plan was made.
var planner = map[string]string{
	"enable_seqscan":    "off",
	"enable_bitmapscan": "off",
	"enable_hashjoin":   "off",
	"enable_mergejoin":  "off",
	"plan_cache_mode":   "force_generic_plan",
	"jit":               "off",
}

var errURL = errors.New("the database URL cannot be read; " +
	"it should look like postgres://user:password@host:5432/database")

// newPool makes a pool of connections whose statements may take as long as limit.
func newPool(ctx context.Context, e *endpoint, conns int, limit time.Duration) (*pgxpool.Pool, error) {
	cfg, err := pgxpool.ParseConfig(e.url.Reveal())
	if err != nil {
		return nil, errURL // the parser's own text may quote the URL
	}
	cfg.MaxConns = int32(conns)
	cfg.MinConns = 0
	cfg.PingTimeout = pingLimit
	e.prepare(cfg.ConnConfig)
	cfg.AfterConnect = e.afterConnect(limit)
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, translate(ctx, err)
	}
	return pool, nil
}

// acquire takes a connection out of a pool, or fails when patience is over.
func acquire(ctx context.Context, pool *pgxpool.Pool) (*pgxpool.Conn, error) {
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return pool.Acquire(limited)
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// guarded are the tables that row-level security must guard.
var guarded = []string{
	"head", "credential", "customer", "customer_key", "idempotency", "rate_window",
	"audit", "audit_tree", "audit_tile", "audit_alarm", "audit_block", "customer_group", "customer_item",
	"customer_tombstone", "customer_history", "app_wrap_key", "event", "job",
}

const roleRights = `
	SELECT
		r.rolsuper,
		r.rolbypassrls,
		ARRAY (
			SELECT c.relname::text
			FROM pg_class AS c
			WHERE c.oid IN (SELECT unnest($1::text[])::regclass::oid)
			AND pg_has_role(r.oid, c.relowner, 'USAGE')
		),
		ARRAY (
			SELECT c.relname::text
			FROM pg_class AS c
			WHERE c.oid IN (SELECT unnest($1::text[])::regclass::oid)
			AND NOT row_security_active(c.oid)
		)
	FROM pg_roles AS r
	WHERE r.rolname = current_user`

// checkRole refuses to serve over connections that row-level security does not bind.
func (s *Store) checkRole(ctx context.Context) error {
	var super, bypass bool
	var owned, open []string
	err := s.do(ctx, "", roleRights, []any{guarded},
		one("role", func(r pgx.Row) error { return r.Scan(&super, &bypass, &owned, &open) }))
	switch {
	case err != nil:
		return fmt.Errorf("check the database role: %w", err)
	case super:
		return roleError("is a superuser; run: ALTER ROLE " + runtimeRole + " NOSUPERUSER")
	case bypass:
		return roleError("bypasses row-level security; run: ALTER ROLE " + runtimeRole +
			" NOBYPASSRLS")
	case len(owned) > 0:
		return roleError("has the rights of the owner of table " + owned[0] +
			"; let another role own the tables")
	case len(open) > 0:
		return roleError("is not bound by row-level security on table " + open[0] +
			"; run: ALTER TABLE " + open[0] + " ENABLE ROW LEVEL SECURITY")
	}
	return nil
}

func roleError(what string) error {
	return fmt.Errorf("refusing to serve: the database role %s %s", runtimeRole, what)
}
