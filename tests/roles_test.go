package tests

import (
	"bytes"
	"context"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"custodex.dev/internal/testkit/scratchpg"
)

// TestSeparateRoles does what doc/operating.md says about PostgreSQL: one user owns
// and migrates the schema, another serves and can do nothing else.
func TestSeparateRoles(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	admin := scratchpg.NewDatabase(t)
	conn, err := pgx.Connect(ctx, admin)
	if err != nil {
		t.Fatal(err)
	}
	database := conn.Config().Database
	owner, server := database+"_owner", database+"_server"
	as := func(sql string) {
		t.Helper()
		sql = strings.NewReplacer("OWNER", owner, "SERVER", server).Replace(sql)
		if _, err := conn.Exec(ctx, sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	t.Cleanup(func() {
		ctx := context.Background() // the test's has ended
		for _, sql := range []string{
			`ALTER DATABASE "` + database + `" OWNER TO CURRENT_USER`,
			`REASSIGN OWNED BY "` + owner + `" TO CURRENT_USER`,
			`DROP OWNED BY "` + owner + `", "` + server + `"`,
			`DROP ROLE "` + owner + `", "` + server + `"`,
		} {
			_, _ = conn.Exec(ctx, sql) // on a server of its own it does not matter
		}
		_ = conn.Close(ctx)
	})
	as(`CREATE ROLE "OWNER" LOGIN PASSWORD 'hunter2' CREATEROLE`)
	as(`CREATE ROLE "SERVER" LOGIN NOINHERIT PASSWORD 'hunter2'`)
	if _, err := conn.Exec(ctx, `ALTER DATABASE "`+database+`" OWNER TO "`+owner+`"`); err != nil {
		t.Fatal(err)
	}

	dir := t.TempDir()
	key := filepath.Join(dir, "master.key")
	urlFile := func(user string) string {
		u, err := url.Parse(admin)
		if err != nil {
			t.Fatal(err)
		}
		u.User = url.UserPassword(user, "hunter2")
		path := filepath.Join(dir, user)
		if err := os.WriteFile(path, []byte(u.String()+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	flags := func(user string) []string {
		return []string{"--database-url-file", urlFile(user), "--master-key", key}
	}

	// Case 1: the server's user may not make a schema.
	refused(t, "hunter2", append([]string{"init"}, flags(server)...)...)
	if err := os.Remove(key); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}

	// Case 2: the owner may, and migrates.
	run(t, append([]string{"init", "--json"}, flags(owner)...)...)
	run(t, "migrate", "--database-url-file", urlFile(owner)) // which needs no key

	// Case 3: the server's user cannot serve before it may act as the runtime role,
	// and is told what is missing.
	said := refused(t, "hunter2", append([]string{"serve", "--addr", "127.0.0.1:0", "--manage-addr", "127.0.0.1:0"}, flags(server)...)...)
	if !strings.Contains(said, "GRANT custodex_runtime") {
		t.Errorf("serve without the role says %q", said)
	}

	// Case 4: then it serves, and still cannot migrate or read a table itself.
	as(`GRANT custodex_runtime TO "SERVER"`)
	text, err := os.ReadFile(urlFile(server))
	if err != nil {
		t.Fatal(err)
	}
	serverURL := strings.TrimSpace(string(text))
	p := (&installation{dir: dir, url: serverURL}).start(t)
	run(t, "ready", "--url", p.manageURL)
	p.kill()
	direct, err := pgx.Connect(ctx, serverURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = direct.Close(ctx) }()
	for _, sql := range []string{`TABLE customer`, `ALTER TABLE customer DISABLE ROW LEVEL SECURITY`, `DROP TABLE audit`} {
		if _, err := direct.Exec(ctx, sql); err == nil {
			t.Errorf("the server's user may %s", sql)
		}
	}
}

// refused runs a verb that must fail without showing the secret, and gives what it
// said.
func refused(t *testing.T, secret string, args ...string) string {
	t.Helper()
	cmd := program(t, args...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err == nil {
		t.Fatalf("custodex %s succeeded: %s", args[0], said.String())
	}
	if strings.Contains(said.String(), secret) {
		t.Errorf("custodex %s shows a password: %s", args[0], said.String())
	}
	return said.String()
}
