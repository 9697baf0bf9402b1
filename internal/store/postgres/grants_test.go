package postgres_test

import (
	"strings"
	"testing"

	"custodex.dev/internal/redact"
	"custodex.dev/internal/store/postgres"
)

// rightsQuery lists what the role may do with each table, sequence and function.
const rightsQuery = `
	SELECT coalesce(string_agg(line, E'\n' ORDER BY line), '')
	FROM (
		SELECT c.relname || ' ' || a.privilege_type AS line
		FROM pg_class AS c, aclexplode(c.relacl) AS a
		WHERE a.grantee = 'custodex_runtime'::regrole
		UNION ALL
		SELECT p.proname || ' ' || a.privilege_type
		FROM pg_proc AS p, aclexplode(p.proacl) AS a
		WHERE a.grantee = 'custodex_runtime'::regrole
		UNION ALL
		SELECT n.nspname || ' ' || a.privilege_type
		FROM pg_namespace AS n, aclexplode(n.nspacl) AS a
		WHERE a.grantee = 'custodex_runtime'::regrole
	) AS rights`

// TestFieldE1GrantsAgain: a dump restored into another server has lost the role and with it
// every right. Migrate gives back exactly what the migrations gave.
func TestFieldE1GrantsAgain(t *testing.T) {
	t.Parallel()
	address := newDatabase(t)
	admin := connect(t, address)
	rights := func() (text string) {
		t.Helper()
		if err := admin.QueryRow(t.Context(), rightsQuery).Scan(&text); err != nil {
			t.Fatal(err)
		}
		return text
	}
	want := rights()
	if strings.Count(want, "\n") < 20 {
		t.Fatalf("the role has few rights: %q", want)
	}
	execute(t, admin, "DROP OWNED BY custodex_runtime") // its rights in this database
	if got := rights(); got != "" {
		t.Fatalf("the rights are still there: %q", got)
	}
	refuses(t, address, "the role custodex_runtime has no rights on the tables")
	for range 2 { // the second finds everything there
		if steps, err := postgres.Migrate(t.Context(), redact.NewSecret(address)); steps != 0 || err != nil {
			t.Fatalf("Migrate = %d, %v", steps, err)
		}
		if got := rights(); got != want {
			t.Errorf("rights after Migrate:\n%s\nwant:\n%s", got, want)
		}
	}
	openStore(t, address)
}
