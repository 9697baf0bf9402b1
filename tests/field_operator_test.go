package tests

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"custodex.dev/internal/testkit/scratchpg"
)

// A refusal hints at its cause. Before, several said that custodex init prepares a database,
// which was there and would have been lost sight of.
func TestFieldE7HintsByCause(t *testing.T) {
	t.Parallel()
	serve := []string{"serve", "--addr", "127.0.0.1:0", "--manage-addr", "127.0.0.1:0"}
	in := install(t, "sqlite")
	if err := os.Remove(filepath.Join(in.dir, "master.key")); err != nil {
		t.Fatal(err)
	}
	admin := scratchpg.NewDatabase(t)
	u, err := url.Parse(admin)
	if err != nil {
		t.Fatal(err)
	}
	wrong, other := *u, *u
	wrong.User, other.Path = url.UserPassword(u.User.Username(), "hunter2"), "/no_such_database"
	key := filepath.Join(t.TempDir(), "master.key")
	onPostgres := func(verb []string, u *url.URL) []string {
		return append(verb, "--database-url", u.String(), "--master-key", key)
	}
	for name, tt := range map[string]struct {
		args []string
		says string
	}{
		"the key of a database is gone":     {append(serve[:len(serve):len(serve)], "--data", in.dir), "master.key"},
		"a wrong password":                  {onPostgres(serve[:len(serve):len(serve)], &wrong), "refused the user or password"},
		"a wrong password, of init":         {onPostgres([]string{"init"}, &wrong), "refused the user or password"},
		"a database that there is not":      {onPostgres(serve[:len(serve):len(serve)], &other), "no such database"},
		"migrate of an unprepared database": {[]string{"migrate", "--database-url", admin}, "initialised"},
	} {
		said := refused(t, "hunter2", tt.args...)
		if !strings.Contains(said, tt.says) {
			t.Errorf("%s: %q, want something about %s", name, said, tt.says)
		}
		prepares := strings.Contains(said, "custodex init") && name != "migrate of an unprepared database"
		if prepares || strings.Contains(said, "internal: internal") || strings.Contains(said, "28P01") && !strings.Contains(said, "hint") {
			t.Errorf("%s: %q hints at what would make it worse", name, said)
		}
	}
}
