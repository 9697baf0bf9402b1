package tests

import (
	"context"
	"database/sql"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"custodex.dev/internal/testkit"
)

// execOn runs statements on the database of an installation that is not served.
func (in *installation) execOn(t *testing.T, statements ...string) {
	t.Helper()
	var exec func(query string) error
	if in.url != "" {
		conn, err := pgx.Connect(t.Context(), in.url)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
		exec = func(query string) error { _, err := conn.Exec(t.Context(), query); return err }
	} else {
		db, err := sql.Open("sqlite", "file:"+filepath.Join(in.dir, "custodex.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		exec = func(query string) error { _, err := db.ExecContext(t.Context(), query); return err }
	}
	for _, query := range statements {
		if err := exec(query); err != nil {
			t.Fatal(err)
		}
	}
}

// The manual promises that a program serves the schema of the next release, so that replicas can be
// replaced one by one, and one can go back. Here this program is the older one. A schema of the
// next hundred it refuses.
func TestFieldC16NewerSchema(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			in := install(t, engine)
			applied := map[string]string{"sqlite": "1", "postgres": "true"}[engine]
			in.execOn(t,
				"CREATE TABLE of_the_next_release (app_id text NOT NULL, seq INTEGER NOT NULL)",
				"ALTER TABLE customer ADD COLUMN of_the_next_release INTEGER",
				"ALTER TABLE audit ADD COLUMN of_the_next_release text NOT NULL DEFAULT ''",
				"ALTER TABLE head ADD COLUMN of_the_next_release INTEGER NOT NULL DEFAULT 0",
				"ALTER TABLE credential ADD COLUMN of_the_next_release INTEGER",
				"INSERT INTO schema_version (version_id, is_applied) SELECT MAX(version_id) + 1, "+applied+" FROM schema_version")
			p := in.start(t)
			body := map[string]string{"first_name": "Ada", "last_name": "Lovelace", "phone_number": "+442079460000", "email": "ada@shop.example"}
			made, err := p.call(t.Context(), "POST", "/api/v0/customers", body)
			if err != nil || made.status != http.StatusCreated {
				t.Fatalf("create = %d %s, %v", made.status, made.body, err)
			}
			var customer struct {
				ID string `json:"id"`
			}
			decode(t, made.body, &customer)
			for _, path := range []string{"/api/v0/customers/" + customer.ID, "/api/v0/customers?name=lovelace"} {
				got, err := p.call(t.Context(), "GET", path, nil)
				if err != nil || got.status != http.StatusOK || !strings.Contains(string(got.body), customer.ID) {
					t.Errorf("GET %s = %d %s, %v", path, got.status, got.body, err)
				}
			}
			if log := p.auditLog(t); len(log) < 4 {
				t.Errorf("the log has %d entries", len(log))
			}
			p.kill()

			in.execOn(t, "INSERT INTO schema_version (version_id, is_applied) SELECT (MAX(version_id) / 100 + 1) * 100 + 1, "+applied+" FROM schema_version")
			cmd := program(t, append([]string{"serve", "--addr", "127.0.0.1:0", "--manage-addr", "127.0.0.1:0"}, in.database()...)...)
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), "the schema is newer than this program") {
				t.Errorf("serve on a schema of the next hundred = %v, %s", err, out)
			}
		})
	}
}
