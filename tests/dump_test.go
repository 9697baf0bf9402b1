package tests

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"custodex.dev/internal/testkit/scratchpg"
)

// pgInstallation is an installation on a cluster of its own with the two users of
// doc/operating.md.
type pgInstallation struct {
	cluster *scratchpg.Cluster
	root    *pgx.Conn
	dir     string
}

// newPGInstallation starts a cluster and runs the first block of SQL of doc/operating.md.
func newPGInstallation(t *testing.T) *pgInstallation {
	t.Helper()
	pg := &pgInstallation{cluster: scratchpg.NewCluster(t), dir: t.TempDir()}
	pg.root = pg.connect(t, "")
	for _, sql := range []string{
		`CREATE ROLE custodex_owner LOGIN PASSWORD 'hunter2' CREATEROLE`,
		`CREATE DATABASE custodex OWNER custodex_owner`,
		`CREATE ROLE custodex_server LOGIN NOINHERIT PASSWORD 'hunter2'`,
	} {
		pg.do(t, sql)
	}
	return pg
}

func (pg *pgInstallation) connect(t *testing.T, database string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), pg.cluster.URL(database))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) }) // the cluster may have ended
	return conn
}

func (pg *pgInstallation) do(t *testing.T, sql string) {
	t.Helper()
	if _, err := pg.root.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// url is the address of the database for a user.
func (pg *pgInstallation) url(user string) string {
	_, rest, _ := strings.Cut(pg.cluster.URL("custodex"), "@")
	return "postgres://" + user + ":hunter2@" + rest
}

// file is url in a file.
func (pg *pgInstallation) file(t *testing.T, user string) string {
	t.Helper()
	path := filepath.Join(pg.dir, user)
	if err := os.WriteFile(path, []byte(pg.url(user)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// tool runs pg_dump or pg_restore.
func (pg *pgInstallation) tool(t *testing.T, name string, args ...string) (string, error) {
	t.Helper()
	out, err := exec.Command(pg.cluster.Program(name), args...).CombinedOutput()
	return string(out), err
}

// TestFieldC17Dump restores a dump into another server by the steps of doc/operating.md, and
// then without them: every refusal names the role and the way out, which is then gone.
func TestFieldC17Dump(t *testing.T) {
	t.Parallel()
	old := newPGInstallation(t)
	in := installOn(t, old.url("custodex_owner"))
	p := in.start(t)
	a, err := p.call(t.Context(), "POST", "/api/v0/customers", map[string]any{
		"first_name": "Ada", "last_name": "Lovelace", "phone_number": "+15551234567", "email": "ada@example.com"})
	if err != nil || a.status != 201 {
		t.Fatalf("create: %v, %d %s", err, a.status, a.body)
	}
	var ada customerJSON
	decode(t, a.body, &ada)
	dump := filepath.Join(t.TempDir(), "custodex.dump")
	if out, err := old.tool(t, "pg_dump", "-Fc", "--file", dump, old.url("custodex_owner")); err != nil {
		t.Fatalf("pg_dump: %v\n%s", err, out)
	}
	p.kill()

	// serves checks the restored database with the server's user.
	serves := func(pg *pgInstallation) {
		t.Helper()
		pg.do(t, "GRANT custodex_runtime TO custodex_server")
		restored := *in
		restored.url = pg.url("custodex_server")
		p := restored.start(t)
		defer p.kill()
		if a, err := p.call(t.Context(), "GET", "/api/v0/customers/"+ada.ID, nil); err != nil || a.status != 200 {
			t.Errorf("fetch from the restored database: %v, %d %s", err, a.status, a.body)
		}
		if a, err := p.call(t.Context(), "PATCH", "/api/v0/customers/"+ada.ID, map[string]any{"last_name": "King"}); err != nil || a.status != 200 {
			t.Errorf("change in the restored database: %v, %d %s", err, a.status, a.body)
		}
	}
	serve := func(pg *pgInstallation) string {
		t.Helper()
		return refused(t, "hunter2", "serve", "--addr", "127.0.0.1:0", "--manage-addr", "127.0.0.1:0",
			"--database-url-file", pg.file(t, "custodex_server"), "--master-key", filepath.Join(in.dir, "master.key"))
	}

	t.Run("by the manual", func(t *testing.T) {
		pg := newPGInstallation(t)
		run(t, "init", "--roles-only", "--database-url-file", pg.file(t, "custodex_owner"))
		out, err := pg.tool(t, "pg_restore", "--exit-on-error", "--single-transaction", "--dbname", pg.url("custodex_owner"), dump)
		if err != nil {
			t.Fatalf("pg_restore: %v\n%s", err, out)
		}
		run(t, "migrate", "--database-url-file", pg.file(t, "custodex_owner"))
		serves(pg)
	})
	t.Run("without the roles", func(t *testing.T) {
		pg := newPGInstallation(t)
		if out, err := pg.tool(t, "pg_restore", "--dbname", pg.url("custodex_owner"), dump); err == nil {
			t.Fatalf("pg_restore without the role has no errors: this test shows nothing\n%s", out)
		}
		for _, c := range []struct{ sql, says string }{
			{"SELECT 1", "the role custodex_runtime is missing"},
			{"CREATE ROLE custodex_runtime NOLOGIN", "GRANT custodex_runtime"},
			{"GRANT custodex_runtime TO custodex_server", "the role custodex_runtime has no rights on the tables"},
		} {
			pg.do(t, c.sql)
			if said := serve(pg); !strings.Contains(said, c.says) || strings.Contains(said, "42501") {
				t.Errorf("after %q serve says %q, want %q", c.sql, said, c.says)
			}
		}
		pg.do(t, "GRANT custodex_runtime TO custodex_owner")
		if out := run(t, "migrate", "--database-url-file", pg.file(t, "custodex_owner")); !strings.Contains(string(out), "steps taken: 0") {
			t.Errorf("migrate says %s", out)
		}
		serves(pg)
	})
}
