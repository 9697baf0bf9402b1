package postgres_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/postgres"
)

// TestPlans asks the server how it would run what requests wait for, acting as the
// runtime role with its row-level security: with the settings that connections have,
// and with the planner's own. A condition that is not leak-proof would show as a
// filter without its index.
func TestPlans(t *testing.T) {
	t.Parallel()
	url := newDatabase(t)
	s := openStore(t, url)
	app, other := newApp(t, s), newApp(t, s)
	ids := fill(t, s, app, 12_000)
	fill(t, s, other, 3000)
	for range 2 {
		rows := make([]store.AuditRow, 1500)
		for i := range rows {
			rows[i] = newEntry(ids[i])
		}
		if err := s.Record(t.Context(), app, rows...); err != nil {
			t.Fatal(err)
		}
	}
	admin := connect(t, url)
	furnish(t, admin, app)
	furnish(t, admin, other)
	execute(t, admin, "VACUUM ANALYZE")

	want := map[string]string{
		"get":              "Index Scan using customer_", // by id: one index is as good as the other
		"get at":           "Index Scan using customer_",
		"get at by seq":    "Index Scan using customer_pkey on customer",
		"since":            "customer_change on customer",
		"list":             "Index Only Scan Backward using customer_newest",
		"list status":      "Index Only Scan Backward using customer_status",
		"list after":       "Index Only Scan Backward using customer_newest",
		"list deep":        "Index Only Scan Backward using customer_newest",
		"list deep status": "Index Only Scan Backward using customer_status",
		"by seq":           "Index Scan using customer_pkey on customer",
		"changes":          "customer_change on customer",
		"get by seq":       "Index Scan using customer_pkey on customer",
		"get by email":     "Index Scan using customer_email on customer",
		"delete":           "Index Scan using customer_item_", // both begin with the customer
		"group":            "Index Scan using customer_group_pkey",
		"groups":           "Index Only Scan Backward using customer_group_newest",
		"count groups":     "Index Only Scan using customer_group_newest",
		"delete group":     "Index Scan using customer_group_pkey",
		"item":             "Index Scan using customer_item_",
		"items":            "Index Only Scan Backward using customer_item_newest",
		"items after":      "Index Only Scan Backward using customer_item_newest",
		"count items":      "Index Only Scan using customer_item_newest",
		"insert item":      "Index Scan using customer_", // by id, as above
		"history":          "Index Scan Backward using customer_history_pkey",
		"next history":     "Index Scan using customer_history_pkey",
		"insert history":   "customer_history_pkey",
		"scan":             "Index Scan using customer_pkey on customer",
		"range":            "customer_pkey on customer",
		"audit list":       "Index Scan Backward using audit_pkey",
		"by public key":    "credential_public_key on credential",
		"lock head":        "head_pkey on head",
	}
	served := connect(t, url)
	for name, value := range postgres.Planner {
		execute(t, served, "SET "+name+" = "+value)
	}
	free := connect(t, url)
	execute(t, free, "SET plan_cache_mode = force_custom_plan")
	for _, conn := range []*pgx.Conn{served, free} {
		execute(t, conn, "SET ROLE custodex_runtime")
		execute(t, conn, "SELECT set_config('custodex.app', '"+string(app)+"', false)")
	}
	for name, st := range postgres.Statements(app, ids[77]) {
		index, known := want[name]
		if !known {
			t.Errorf("no plan is expected of %q", name)
		}
		plan := explain(t, served, st)
		if bad := badNode.FindString(plan); bad != "" {
			t.Errorf("%s: as served, plan with %s\n%s", name, bad, plan)
		}
		if !strings.Contains(plan, index) {
			t.Errorf("%s: as served, plan without %s\n%s", name, index, plan)
		}
		// Nothing but row-level security could keep the planner from an index here.
		plan = explain(t, free, st)
		if strings.Contains(plan, "Seq Scan on customer") {
			t.Errorf("%s: as the planner likes, plan with Seq Scan\n%s", name, plan)
		}
	}
}

// badNode matches what reads or holds more than is asked for. Merge Append is none: it
// takes the next row of two indexes.
var badNode = regexp.MustCompile(`(?m)^\s*(?:->\s+)?(?:Seq Scan|Sort|Incremental Sort|Hash|Merge Join|Bitmap|Materialize)[^:\n]*\(cost`)

// furnish gives an application what fill does not: groups with customers in one of
// them, items, and what is left of deleted customers.
func furnish(t *testing.T, admin *pgx.Conn, app id.App) {
	t.Helper()
	for _, sql := range []string{
		`INSERT INTO customer_group (app_id, seq, created_at, updated_at, sealed)
			SELECT $1, i, i, i, '' FROM generate_series(1, 2000) AS i`,
		`UPDATE customer SET group_seq = 7 WHERE app_id = $1 AND seq % 50 = 0`,
		`INSERT INTO customer_item (app_id, customer_seq, kind, item_id, at, created_at, sealed)
			SELECT app_id, seq, 1 + i % 2, gen_random_uuid(), i, i, repeat('x', 200)::bytea
			FROM customer, generate_series(1, 3000) AS i
			WHERE app_id = $1 AND (seq % 1500 = 0 OR i < 3)`,
		`INSERT INTO customer_history (app_id, customer_seq, at, version, sealed)
			SELECT app_id, seq, i, i, repeat('x', 200)::bytea
			FROM customer, generate_series(1, 3000) AS i
			WHERE app_id = $1 AND (seq % 1500 = 0 OR i < 3)`,
		`INSERT INTO customer_tombstone (app_id, version, seq)
			SELECT $1, i / 10, 1000000 + i FROM generate_series(1, 3000) AS i`,
	} {
		execute(t, admin, sql, string(app))
	}
}

func explain(t *testing.T, conn *pgx.Conn, st postgres.Statement) string {
	t.Helper()
	args := make([]string, len(st.Args))
	for i, a := range st.Args {
		switch a := a.(type) {
		case string:
			args[i] = "'" + a + "'"
		case [16]byte:
			args[i] = fmt.Sprintf("'%x'", a)
		case []byte:
			args[i] = fmt.Sprintf(`'\x%x'`, a)
		case []int64:
			args[i] = "'{" + strings.Trim(strings.ReplaceAll(fmt.Sprint(a), " ", ","), "[]") + "}'"
		default:
			args[i] = fmt.Sprint(a)
		}
	}
	execute(t, conn, "DEALLOCATE ALL")
	execute(t, conn, "PREPARE asked AS "+st.SQL)
	rows, err := conn.Query(t.Context(), "EXPLAIN EXECUTE asked ("+strings.Join(args, ", ")+")",
		pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		t.Fatalf("explain: %v\n%s", err, st.SQL)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("explain: %v\n%s", err, st.SQL)
	}
	return strings.Join(lines, "\n")
}

// connect makes a connection of its own, with the rights of whoever owns the server.
func connect(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	cfg.DefaultQueryExecMode = pgx.QueryExecModeDescribeExec
	conn, err := pgx.ConnectConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.PgConn().Conn().Close() })
	return conn
}

func execute(t testing.TB, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}
