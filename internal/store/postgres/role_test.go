package postgres_test

import (
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"

	"custodex.dev/internal/redact"
	"custodex.dev/internal/store/migrate"
	"custodex.dev/internal/store/postgres"
	"custodex.dev/internal/testkit/scratchpg"
)

// refuses opens the database and wants an error that holds the words.
func refuses(t *testing.T, address string, words ...string) error {
	t.Helper()
	s, err := postgres.Open(t.Context(), postgres.Config{URL: redact.NewSecret(address)})
	if err == nil {
		_ = s.Close(t.Context())
		t.Fatalf("Open succeeded, want an error with %q", words)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("Open: %v, want it to say %q", err, w)
		}
	}
	return err
}

func TestOpenRefusesSchema(t *testing.T) {
	t.Parallel()
	address := scratchpg.NewDatabase(t)
	if err := refuses(t, address, "custodex init"); !errors.Is(err, migrate.ErrNotInitialised) {
		t.Errorf("Open = %v, want ErrNotInitialised", err)
	}
	if _, err := postgres.Migrate(t.Context(), redact.NewSecret(address)); !errors.Is(err, migrate.ErrNotInitialised) {
		t.Errorf("Migrate = %v, want ErrNotInitialised", err)
	}
	if err := postgres.Init(t.Context(), redact.NewSecret(address)); err != nil {
		t.Fatal(err)
	}
	if steps, err := postgres.Migrate(t.Context(), redact.NewSecret(address)); steps != 0 || err != nil {
		t.Errorf("Migrate of the newest schema = %d, %v, want 0, nil", steps, err)
	}
	execute(t, connect(t, address),
		"INSERT INTO schema_version (version_id, is_applied) VALUES (9999, true)")
	if err := refuses(t, address, "newer", "9999"); !errors.Is(err, migrate.ErrNewer) {
		t.Errorf("Open = %v, want ErrNewer", err)
	}
	if err := postgres.Init(t.Context(), redact.NewSecret(address)); !errors.Is(err, migrate.ErrNewer) {
		t.Errorf("Init = %v, want ErrNewer", err)
	}
}

func TestOpenRefusesURL(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"postgres://u:hidden@h:notaport/x", "postgres://u:hidden@127.0.0.1:1/x"} {
		err := refuses(t, address)
		if strings.Contains(err.Error(), "hidden") {
			t.Errorf("Open shows the password: %v", err)
		}
	}
}

func TestOpenRefusesUnguardedTables(t *testing.T) {
	t.Parallel()
	address := newDatabase(t)
	admin := connect(t, address)
	execute(t, admin, "ALTER TABLE audit DISABLE ROW LEVEL SECURITY")
	refuses(t, address, "audit", "ENABLE ROW LEVEL SECURITY")
	execute(t, admin, "ALTER TABLE audit ENABLE ROW LEVEL SECURITY")
	execute(t, admin, "ALTER TABLE customer OWNER TO custodex_runtime")
	refuses(t, address, "owner of table customer")
}

func TestInitTogether(t *testing.T) {
	t.Parallel()
	var group sync.WaitGroup
	for range 3 {
		address := scratchpg.NewDatabase(t)
		for range 2 {
			group.Go(func() {
				if err := postgres.Init(t.Context(), redact.NewSecret(address)); err != nil {
					t.Errorf("Init beside others: %v", err)
				}
			})
		}
	}
	group.Wait()
}

// TestFieldD5RolesOfTheServer finds roles that somebody else made. It has a server of its own, because roles belong to the whole server.
func TestFieldD5RolesOfTheServer(t *testing.T) {
	t.Parallel()
	c := scratchpg.NewCluster(t)
	root := connect(t, c.URL(""))
	for _, sql := range []string{
		"CREATE ROLE keeper LOGIN PASSWORD 'hidden'",
		"CREATE ROLE server LOGIN PASSWORD 'hidden'",
		"CREATE DATABASE records OWNER keeper",
	} {
		execute(t, root, sql)
	}
	keeper, server := login(t, c.URL("records"), "keeper"), login(t, c.URL("records"), "server")

	// Case 1: an owner who may not make roles is told who can.
	err := postgres.Init(t.Context(), redact.NewSecret(keeper))
	if err == nil || !strings.Contains(err.Error(), "CREATE ROLE custodex_runtime") {
		t.Fatalf("Init without the right to make roles: %v", err)
	}
	// Case 2: with the role there, an owner who is no superuser is enough.
	execute(t, root, "CREATE ROLE custodex_runtime NOLOGIN")
	if err := postgres.Init(t.Context(), redact.NewSecret(keeper)); err != nil {
		t.Fatal(err)
	}
	refuses(t, keeper, "GRANT custodex_runtime")
	execute(t, root, "GRANT custodex_runtime TO keeper")
	openStore(t, keeper)
	// Case 3: another user may serve, once it is a member.
	refuses(t, server, "GRANT custodex_runtime")
	execute(t, root, "GRANT custodex_runtime TO server")
	s := openStore(t, server)
	app := newApp(t, s)
	row := newRow(1)
	mustInsert(t, s, app, row)
	if yes, err := s.CustomerElsewhere(t.Context(), newApp(t, s), row.ID); !yes || err != nil {
		t.Errorf("CustomerElsewhere = %t, %v, want true", yes, err)
	}
	if yes, err := s.CustomerElsewhere(t.Context(), app, row.ID); yes || err != nil {
		t.Errorf("CustomerElsewhere of its own application = %t, %v, want false", yes, err)
	}
	// Case 4: a role that row-level security would not bind.
	execute(t, root, "ALTER ROLE custodex_runtime BYPASSRLS")
	refuses(t, server, "NOBYPASSRLS")
	execute(t, root, "ALTER ROLE custodex_runtime NOBYPASSRLS SUPERUSER")
	refuses(t, server, "NOSUPERUSER")
	execute(t, root, "ALTER ROLE custodex_runtime NOSUPERUSER")
	execute(t, root, "REVOKE custodex_runtime FROM keeper")
	execute(t, root, "GRANT keeper TO custodex_runtime")
	refuses(t, server, "rights of the owner")
}

func login(t *testing.T, address, user string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(user, "hidden")
	return u.String()
}
