package tests

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"custodex.dev/internal/testkit"
)

// TestOperator does what the manual says, on both databases: set-up, a backup under load, a
// crash, a restore. Nothing that was acknowledged before the backup is lost, and every answer
// afterwards is right: fetch, list, search, and an audit log that verifies. SOAK_RESTORES repeats it;
// make soak sets that. TestOperatorFailover and TestOperatorPointInTime lose commits under running
// servers.
func TestOperator(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			op := newOperator(t, engine)
			for round := range operatorRounds(t) {
				p := op.in.start(t)
				l := &ledger{customers: make(map[string]*told), keys: make(map[string]string)}
				backedUp, done := make(chan struct{}), make(chan struct{})
				go func() {
					defer close(done)
					load(t, p, l, round, func() { <-backedUp; time.Sleep(200 * time.Millisecond) })
				}()
				before := func() map[string]bool {
					defer close(backedUp) // also if the backup fails
					return op.backupUnder(t, p, l)
				}()
				<-done // the server was killed
				op.restore(t)
				p = op.in.start(t)
				op.compare(t, p, l, before)
				p.kill()
			}
		})
	}
}

// operator is an installation with its backups.
type operator struct {
	in      *installation
	pg      *pgInstallation // nil on SQLite
	backups string
	newest  string

	checkpoint string // of the audit log, from before the newest backup
}

func newOperator(t *testing.T, engine string) *operator {
	t.Helper()
	op := &operator{backups: t.TempDir()}
	if engine != "postgres" {
		op.in = install(t, engine)
		return op
	}
	op.pg = newPGInstallation(t)
	op.in = installOn(t, op.pg.url("custodex_owner"))
	return op
}

func operatorRounds(t *testing.T) int {
	t.Helper()
	return roundsOf(t, "SOAK_RESTORES", 1)
}

// backupUnder waits for some customers, makes a backup and gives what had been acknowledged
// before it began, with a checkpoint of the audit log.
func (op *operator) backupUnder(t *testing.T, p *process, l *ledger) (before map[string]bool) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); len(before) < 20 && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		l.mu.Lock()
		before = make(map[string]bool)
		for id := range maps.Keys(l.customers) {
			before[id] = true
		}
		l.mu.Unlock()
	}
	op.newest = filepath.Join(op.backups, fmt.Sprint(time.Now().UnixNano()))
	op.checkpoint = op.newest + ".checkpoint"
	p.checkpoint(t, op.checkpoint)
	if op.pg == nil {
		run(t, "backup", "--data", op.in.dir, "--out", op.newest)
	} else if out, err := op.pg.tool(t, "pg_dump", "--format", "custom", "--file", op.newest, op.in.url); err != nil {
		t.Errorf("pg_dump: %v\n%s", err, out)
	}
	return before
}

// restore brings the newest backup back: on SQLite after the mistake of copying it over the
// file, which serve must refuse; on PostgreSQL into a new server.
func (op *operator) restore(t *testing.T) {
	t.Helper()
	if op.pg == nil {
		file := filepath.Join(op.newest, "custodex.db")
		if log, err := os.Stat(filepath.Join(op.in.dir, "custodex.db-wal")); err == nil && log.Size() > 0 {
			if out, err := exec.Command("cp", file, filepath.Join(op.in.dir, "custodex.db")).CombinedOutput(); err != nil {
				t.Fatalf("cp: %v %s", err, out)
			}
			said := refused(t, "hunter2", append([]string{"serve", "--addr", "127.0.0.1:0", "--manage-addr", "127.0.0.1:0"}, op.in.database()...)...)
			if !strings.Contains(said, "does not belong to it") || !strings.Contains(said, "custodex restore") {
				t.Errorf("serve of a backup with another log says %q", said)
			}
		}
		run(t, "restore", "--data", op.in.dir, "--from", op.newest)
		return
	}
	op.pg = newPGInstallation(t)
	owner := op.pg.file(t, "custodex_owner")
	run(t, "init", "--roles-only", "--database-url-file", owner)
	if out, err := op.pg.tool(t, "pg_restore", "--exit-on-error", "--single-transaction", "--dbname", op.pg.url("custodex_owner"), op.newest); err != nil {
		t.Fatalf("pg_restore: %v\n%s", err, out)
	}
	run(t, "migrate", "--database-url-file", owner)
	op.pg.do(t, "GRANT custodex_runtime TO custodex_server")
	op.in.url = op.pg.url("custodex_server")
}

// compare asks for every customer that a client was told of. What is older than the backup
// must be there; what is newer may be, and then everywhere.
func (op *operator) compare(t *testing.T, p *process, l *ledger, before map[string]bool) {
	t.Helper()
	if len(before) == 0 {
		t.Fatal("nothing was acknowledged before the backup: the test shows nothing")
	}
	found := 0
	listed := make(map[string]bool)
	for _, id := range p.list(t) {
		listed[id] = true
	}
	for id, want := range l.customers {
		a, err := p.call(t.Context(), "GET", "/api/v0/customers/"+id, nil)
		if err != nil || a.status != 200 && a.status != 404 {
			t.Errorf("customer %s: %v, %d %s", id, err, a.status, a.body)
			continue
		}
		if a.status == 404 && before[id] {
			t.Errorf("customer %s was acknowledged before the backup and is lost", id)
		}
		name := strings.TrimSuffix(strings.TrimSuffix(want.family, "-b"), "-c")
		s, err := p.call(t.Context(), "GET", "/api/v0/customers?email="+name+"@kill.example", nil)
		if err != nil || s.status != 200 {
			t.Fatalf("search: %v, %d %s", err, s.status, s.body)
		}
		if found := strings.Contains(string(s.body), id); found != (a.status == 200) || listed[id] != found {
			t.Errorf("customer %s: fetch says %d, found %t, listed %t", id, a.status, found, listed[id])
		}
		if a.status == 200 {
			found++
		}
	}
	p.verifyAudit(t, op.checkpoint)
	t.Logf("%d acknowledged before the backup, %d of %d there after the restore", len(before), found, len(l.customers))
}
