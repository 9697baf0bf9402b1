package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/redact"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/postgres"
	"custodex.dev/internal/store/storetest"
	"custodex.dev/internal/testkit/scratchpg"
)

// with adds an option to the address of a database.
func with(address, option string) string {
	if strings.Contains(address, "?") {
		return address + "&" + option
	}
	return address + "?" + option
}

// newPooler starts a pooler before the server of the shared scratch databases.
func newPooler(t *testing.T, mode scratchpg.PoolMode, size int) *scratchpg.Pooler {
	t.Helper()
	return scratchpg.NewPooler(t, scratchpg.NewDatabase(t), mode, size)
}

// TestFieldD1SessionPooler runs the whole suite through a pooler that refuses unknown
// parameters in the startup packet. Settings used to be sent there.
func TestFieldD1SessionPooler(t *testing.T) {
	t.Parallel()
	p := newPooler(t, scratchpg.PoolSessions, 30)
	storetest.Run(t, func(t *testing.T) store.Store {
		s := openStore(t, p.URL(t, newDatabase(t)))
		if s.Pooled() {
			t.Error("a pooler in session mode was taken for one in transaction mode")
		}
		return s
	})
}

// TestFieldD2TransactionPooler runs the whole suite through a pooler that gives each
// transaction another connection. Role, settings and prepared statements used to be
// lost there.
func TestFieldD2TransactionPooler(t *testing.T) {
	t.Parallel()
	p := newPooler(t, scratchpg.PoolTransactions, 8)
	storetest.Run(t, func(t *testing.T) store.Store {
		s := openStore(t, p.URL(t, newDatabase(t)))
		if !s.Pooled() {
			t.Error("the pooler was not found")
		}
		return s
	})
}

// TestFieldD2QueryModes opens the store with each way to run statements that the URL
// can ask for: it is respected, or refused if it cannot work.
func TestFieldD2QueryModes(t *testing.T) {
	t.Parallel()
	direct := newDatabase(t)
	p := newPooler(t, scratchpg.PoolTransactions, 8)
	for mode, address := range map[string]string{
		"cache_statement": direct, // PgBouncer knows it from 1.21 on
		"cache_describe":  p.URL(t, direct),
		"describe_exec":   p.URL(t, direct),
	} {
		s := openStore(t, with(address, "default_query_exec_mode="+mode))
		app, row := newApp(t, s), newRow(1)
		mustInsert(t, s, app, row)
		for name, call := range calls(s, app, row) {
			if err := call(t.Context()); err != nil {
				t.Errorf("%s with %s: %v", name, mode, err)
			}
		}
	}
	for _, mode := range []string{"exec", "simple_protocol"} {
		refuses(t, with(direct, "default_query_exec_mode="+mode), "cache_describe")
	}
}

// TestFieldD2RowsOfOthers has two applications and strangers share two connections of
// the server. A statement that names no application sees the rows of its own
// transaction's and nothing else, and leaves nothing behind.
func TestFieldD2RowsOfOthers(t *testing.T) {
	t.Parallel()
	direct, _, mine, theirs, _ := furnished(t)
	through := newPooler(t, scratchpg.PoolTransactions, 2).URL(t, direct)
	s := openStore(t, through)
	var group sync.WaitGroup
	for n := range 8 {
		app := []id.App{mine, theirs}[n%2]
		group.Go(func() {
			for range 25 {
				for _, table := range postgres.Guarded {
					apps, err := s.Applications(t.Context(), app, table)
					if err != nil || len(apps) != 1 || apps[0] != app {
						t.Errorf("%s through the pooler: rows of %v, %v, want of %v only", table, apps, err, app)
					}
				}
				err := s.Update(t.Context(), app, func(tx store.Tx) error {
					_, err := tx.CustomerInsert(newRow(1))
					return err
				})
				if err != nil {
					t.Errorf("Update through the pooler: %v", err)
				}
			}
		})
	}
	for range 2 {
		group.Go(func() { stranger(t, through) })
	}
	group.Wait()
}

// stranger is another client of the pooler with the same user: nothing of ours may
// reach it.
func stranger(t *testing.T, through string) {
	cfg, err := pgx.ParseConfig(through)
	if err != nil {
		t.Error(err)
		return
	}
	cfg.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	conn, err := pgx.ConnectConfig(t.Context(), cfg)
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = conn.Close(t.Context()) }()
	for range 300 {
		var app, role, timeout string
		err := conn.QueryRow(t.Context(), `SELECT COALESCE(current_setting('custodex.app', true), ''),
			current_user::text, current_setting('statement_timeout')`).Scan(&app, &role, &timeout)
		if err != nil || app != "" || role == "custodex_runtime" || timeout != "0" {
			t.Errorf("a stranger found application %q, role %q, statement_timeout %q: %v", app, role, timeout, err)
			return
		}
	}
}

// TestFieldD2PoolerIsChecked refuses through the pooler what is refused without.
func TestFieldD2PoolerIsChecked(t *testing.T) {
	t.Parallel()
	direct := newDatabase(t)
	through := newPooler(t, scratchpg.PoolTransactions, 2).URL(t, direct)
	admin := connect(t, direct)
	execute(t, admin, "ALTER TABLE audit DISABLE ROW LEVEL SECURITY")
	refuses(t, through, "audit", "ENABLE ROW LEVEL SECURITY")
	execute(t, admin, "ALTER TABLE audit ENABLE ROW LEVEL SECURITY")

	user := strings.ToLower(fmt.Sprintf("u%x", random(8)))
	execute(t, admin, "CREATE ROLE "+user+" LOGIN NOINHERIT PASSWORD 'hidden'")
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		conn, err := pgx.Connect(ctx, direct)
		if err != nil {
			t.Error(err)
			return
		}
		_, dropped := conn.Exec(ctx, "DROP ROLE "+user)
		if err := errors.Join(dropped, conn.Close(ctx)); err != nil {
			t.Error(err)
		}
	})
	asUser := login(t, direct, user)
	asUser = scratchpg.NewPooler(t, asUser, scratchpg.PoolTransactions, 2).URL(t, asUser)
	refuses(t, asUser, "GRANT custodex_runtime")
	execute(t, admin, "GRANT custodex_runtime TO "+user)
	s := openStore(t, asUser)
	app, row := newApp(t, s), newRow(1)
	mustInsert(t, s, app, row)
	recovers(t, s, app, row) // every call works, with no rights but the role's
	refuses(t, with(direct, "pooler=statement"), "pooler")
}

// TestFieldD2SchemaThroughPooler leaves the schema alone where the lock against
// another program would not hold.
func TestFieldD2SchemaThroughPooler(t *testing.T) {
	t.Parallel()
	direct := scratchpg.NewDatabase(t)
	through := redact.NewSecret(newPooler(t, scratchpg.PoolTransactions, 2).URL(t, direct))
	if err := postgres.Init(t.Context(), through); err == nil || !strings.Contains(err.Error(), "own address") {
		t.Errorf("Init through the pooler: %v, want a refusal that names the server's own address", err)
	}
	if err := postgres.Roles(t.Context(), through); err == nil || !strings.Contains(err.Error(), "own address") {
		t.Errorf("Roles through the pooler: %v, want a refusal that names the server's own address", err)
	}
	initialise(t, direct)
	if err := postgres.Init(t.Context(), through); err != nil {
		t.Errorf("Init through the pooler with nothing to do: %v", err)
	}
	if steps, err := postgres.Migrate(t.Context(), through); steps != 0 || err != nil {
		t.Errorf("Migrate through the pooler with nothing to do = %d, %v", steps, err)
	}
}

// TestFieldD2OwnSettings has settings in the URL that a pooler refuses in the startup
// packet.
func TestFieldD2OwnSettings(t *testing.T) {
	t.Parallel()
	direct := with(newDatabase(t), "work_mem=5MB")
	for name, address := range map[string]string{
		"direct":      direct,
		"session":     newPooler(t, scratchpg.PoolSessions, 20).URL(t, direct),
		"transaction": newPooler(t, scratchpg.PoolTransactions, 2).URL(t, direct),
	} {
		s := openStore(t, address)
		for setting, want := range map[string]string{
			"work_mem": "5MB", "statement_timeout": "5s", "enable_seqscan": "off", "TimeZone": "UTC",
		} {
			if got, err := s.Setting(t.Context(), setting); got != want || err != nil {
				t.Errorf("%s: %s is %q, %v, want %q", name, setting, got, err, want)
			}
		}
	}
}

// TestFieldD2PoolerDies kills the pooler's connections to the server under load: only
// fault.Unavailable may come of it.
func TestFieldD2PoolerDies(t *testing.T) {
	t.Parallel()
	direct := newDatabase(t)
	s := openStore(t, newPooler(t, scratchpg.PoolTransactions, 3).URL(t, direct))
	app, admin := newApp(t, s), connect(t, direct)
	w := newWriters(t, s, app)
	for range 10 {
		w.advance(t, 20)
		execute(t, admin, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid()`)
		if _, err := s.Head(t.Context(), app); err != nil && !errors.Is(err, fault.Unavailable) {
			t.Errorf("Head while connections end: %v", err)
		}
	}
	w.advance(t, 20)
	w.end(t)
}
