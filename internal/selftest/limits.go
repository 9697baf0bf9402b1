package selftest

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"custodex.dev/client"
	"custodex.dev/internal/audit"
)

// limits sends more than a key may.
func limits(ctx context.Context, t *trial, c *Check) error {
	const limit, sent = 5, 15
	perMinute := limit
	k, err := t.cfg.Manage.CreateKey(ctx, t.attacker.app.ID, client.NewKey{Name: "limited", Kind: devdraft, RateLimit: &perMinute})
	if err != nil {
		return err
	}
	t.attacker.keys["limited"] = k
	h := http.Header{"X-Client-Key": {k.PublicKey}, "X-Client-Secret": {k.Secret}}
	allowed, refused := 0, 0
	for range sent {
		c.Tried++
		a, err := t.ask(ctx, http.MethodGet, "/api/v0/customers?take=1", nil, h)
		if err != nil {
			return err
		}
		switch a.status {
		case http.StatusOK:
			allowed++
		case http.StatusTooManyRequests:
			refused++
			if wait, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || wait < 1 || wait > 60 {
				c.found("a refusal for the limit", "Retry-After "+strconv.Quote(a.header.Get("Retry-After")), "1 to 60 seconds")
			}
		}
	}
	// A new minute may begin in between.
	if allowed > 2*limit || refused == 0 {
		c.found(fmt.Sprintf("%d requests of a key that may send %d a minute", sent, limit), fmt.Sprintf("%d allowed", allowed), "the limit")
	}
	return nil
}

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
	rows, err := conn.Query(ctx, `SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace AND a.attname = 'app_id' AND NOT a.attisdropped ORDER BY 1`)
	if err != nil {
		return err
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	var privileged bool
	if err := conn.QueryRow(ctx, "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user").Scan(&privileged); err != nil {
		return err
	}
	if privileged {
		c.found("the role of the database URL", "it may bypass row-level security", "the runtime role")
		return nil
	}
	for _, table := range tables {
		for _, app := range []string{"", t.attacker.app.ID} {
			c.Tried++
			n, err := foreignRows(ctx, conn, table, app)
			if err != nil {
				return fmt.Errorf("table %s: %w", table, err)
			}
			if n > 0 {
				c.found("table "+table+" as the runtime role", strconv.FormatInt(n, 10)+" rows of other applications", "none")
			}
		}
	}
	return nil
}

// foreignRows counts the rows of other applications that are seen with one application set,
// or with none. A table that may not be read shows none.
func foreignRows(ctx context.Context, conn *pgx.Conn, table, app string) (n int64, err error) {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { _ = tx.Rollback(ctx) }()
	if _, err := tx.Exec(ctx, "SELECT set_config('custodex.app', $1, true)", app); err != nil {
		return 0, err
	}
	name := pgx.Identifier{table}.Sanitize()
	var may bool
	if err := tx.QueryRow(ctx, "SELECT has_table_privilege($1, 'SELECT')", name).Scan(&may); err != nil || !may {
		return 0, err
	}
	err = tx.QueryRow(ctx, "SELECT count(*) FROM "+name+" WHERE app_id <> $1", app).Scan(&n)
	return n, err
}

// auditLog looks for the entries of what was tried, and verifies the exports.
func auditLog(ctx context.Context, t *trial, c *Check) error {
	recorded := make(map[string]bool)
	for _, app := range []string{t.victim.app.ID, t.attacker.app.ID} {
		q := client.AuditQuery{Limit: 1000}
		for {
			page, err := t.cfg.Manage.ListAudit(ctx, app, q)
			if err != nil {
				return err
			}
			for _, e := range page.Entries {
				recorded[e.RequestID] = true
				if e.Damaged {
					c.found("an entry of the log", "it was altered in the database", "as it was written")
				}
			}
			if page.Next == nil {
				break
			}
			q.Before = *page.Next
		}
		if err := t.verifyExport(ctx, c, app); err != nil {
			return err
		}
	}
	for _, a := range t.ledger {
		c.Tried++
		if !recorded[a.request] {
			c.found(a.what, "no entry in the log", "an entry with its request id")
		}
	}
	return nil
}

// verifyExport exports a log and verifies it offline against its checkpoint.
func (t *trial) verifyExport(ctx context.Context, c *Check, app string) error {
	c.Tried++
	checkpoint, err := t.cfg.Manage.FetchCheckpoint(ctx, app)
	if err != nil {
		return err
	}
	var export bytes.Buffer
	if err := t.cfg.Manage.ExportAudit(ctx, app, client.ExportQuery{}, &export); err != nil {
		return err
	}
	if _, err := audit.VerifyExport(&export, checkpoint.Key, []byte(checkpoint.Checkpoint)); err != nil {
		c.found("the export of a log", err.Error(), "one that verifies")
	}
	return nil
}

func contains(body []byte, text string) bool {
	return bytes.Contains(bytes.ToLower(body), []byte(strings.ToLower(text)))
}

func replace(s, old, new string) string {
	if old == "" {
		return s
	}
	return strings.ReplaceAll(s, old, new)
}
