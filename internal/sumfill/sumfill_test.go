package sumfill_test

import (
	"compress/gzip"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/check"
	"custodex.dev/internal/customerrow"
	"custodex.dev/internal/id"
	"custodex.dev/internal/integrity"
	"custodex.dev/internal/job"
	"custodex.dev/internal/keyring"
	"custodex.dev/internal/rowsum"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/sequencer"
	"custodex.dev/internal/store"
	"custodex.dev/internal/sumfill"
	"custodex.dev/internal/testkit"
)

const release = "../../tests/testdata/release-0.1.0/sqlite/"

// testEnv is a database of release 0.1.0, whose application has its own checksum already.
type testEnv struct {
	store store.Store
	db    testkit.Database
	keys  *keyring.Keyring
	key   *seal.App
	app   id.App
	found []check.Finding
}

func newEnv(t *testing.T) *testEnv {
	t.Helper()
	e := &testEnv{db: testkit.Database{Engine: "sqlite", Dir: t.TempDir()}}
	in, err := os.Open(release + "custodex.db.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	z, err := gzip.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(z)
	if err := errors.Join(err, os.WriteFile(filepath.Join(e.db.Dir, "custodex.db"), plain, 0o600)); err != nil {
		t.Fatal(err)
	}
	e.db.Migrate(t)
	st := e.db.NewStore(t)
	raw, err := os.ReadFile(release + "master.key")
	if err != nil {
		t.Fatal(err)
	}
	master := filepath.Join(t.TempDir(), "master.key")
	if err := os.WriteFile(master, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	source, err := seal.OpenKeyFile(master)
	if err != nil {
		t.Fatal(err)
	}
	var known struct {
		App id.App `json:"app_id"`
	}
	raw, err = os.ReadFile(release + "keys.json")
	if err := errors.Join(err, json.Unmarshal(raw, &known)); err != nil {
		t.Fatal(err)
	}
	e.store, e.app, e.keys = st, known.App, keyring.New(st, source, now)
	if e.key, err = e.keys.Key(t.Context(), e.app); err != nil {
		t.Fatal(err)
	}
	guard := integrity.New(integrity.Config{Store: st, Keys: e.keys, Now: now, Log: slog.New(slog.DiscardHandler)})
	if err := guard.Fill(t.Context()); err != nil {
		t.Fatal(err)
	}
	return e
}

func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// step does one step as a new process does, and gives the cursor after it. ended says that nothing was
// left.
func (e *testEnv) step(t *testing.T, cursor []byte, size int) (after []byte, ended bool) {
	t.Helper()
	f := sumfill.New(sumfill.Config{Store: e.store, Keys: e.keys, Now: now, Log: slog.New(slog.DiscardHandler), Report: e.report})
	work, err := f.Begin(t.Context(), &job.Job{App: e.app, ID: id.NewJob()}, e.key)
	if err != nil {
		t.Fatal(err)
	}
	do, err := work.Step(t.Context(), cursor, size)
	if err != nil {
		t.Fatal(err)
	}
	if do == nil {
		return cursor, true
	}
	err = e.store.Update(t.Context(), e.app, func(tx store.Tx) error {
		effect, err := do(tx)
		after = effect.Cursor
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return after, false
}

func (e *testEnv) report(_ context.Context, _ id.App, found []check.Finding, _ ...string) {
	e.found = append(e.found, found...)
}

// fill does all steps, of so many rows, each in a process of its own.
func (e *testEnv) fill(t *testing.T, size int) (steps int) {
	t.Helper()
	var cursor []byte
	for ended := false; !ended; steps++ {
		cursor, ended = e.step(t, cursor, size)
	}
	return steps
}

func (e *testEnv) customers(t *testing.T) (list []store.CustomerRow) {
	t.Helper()
	rows, err := e.store.CustomerChanges(t.Context(), e.app, store.ChangePoint{Version: -1}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(rows, func(row store.CustomerRow) bool { return row.Deleted })
}

// Every row of an earlier release gets its checksum and every key an epoch, however many processes begin
// and end meanwhile. What a customer is does not change, its version neither.
func TestFill(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	before := e.customers(t)
	if steps := e.fill(t, 2); steps < 5 {
		t.Errorf("it took %d steps", steps)
	}
	if len(e.found) != 0 {
		t.Errorf("the findings are %+v", e.found)
	}
	after := e.customers(t)
	if len(after) != len(before) || len(after) < 3 {
		t.Fatalf("there are %d customers, before %d", len(after), len(before))
	}
	for i := range after {
		row := &after[i]
		if rowsum.Check(row.Sum, rowsum.Customer(e.key, row)) != nil || seal.EpochOf(row.Key) == 0 {
			t.Errorf("customer %s has the checksum %x and a key of epoch %d", row.ID, row.Sum, seal.EpochOf(row.Key))
		}
		if _, _, err := customerrow.Decrypt(e.key, row); err != nil || row.Version != before[i].Version {
			t.Errorf("customer %s: %v, version %d, was %d", row.ID, err, row.Version, before[i].Version)
		}
	}
	for _, table := range []string{"customer_item", "customer_group"} {
		if n := e.db.Count(t, "SELECT count(*) FROM "+table+" WHERE sum IS NULL AND app_id = '"+string(e.app)+"'"); n != 0 {
			t.Errorf("%d rows of %s have no checksum", n, table)
		}
	}
	if row, err := e.store.AppGet(t.Context(), e.app); err != nil || !row.Summed || !e.key.Summed() || rowsum.Check(row.Sum, rowsum.App(e.key, &row)) != nil {
		t.Errorf("the application is %+v, %v, want marked", row, err)
	}
	var found []check.Finding
	err := check.FindDamage(t.Context(), check.Config{Store: e.store, Keys: e.keys, Found: func(f check.Finding) { found = append(found, f) }}, e.app)
	if err != nil || slices.ContainsFunc(found, func(f check.Finding) bool { return f.Kind != check.Log }) {
		t.Errorf("the check finds %+v, %v", found, err)
	}
}

// A row whose checksum the log has, and which was altered when it lost its own, is named and gets none.
// Then it is damaged. One that only lost it gets it again.
func TestFillNamesWhatWasAltered(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	rows := e.customers(t)
	altered, stripped := rows[0].ID, rows[1].ID
	for _, row := range rows[:2] { // changed by this release, which keeps the key as it is
		err := e.store.Update(t.Context(), e.app, func(tx store.Tx) error {
			row, err := tx.CustomerGet(row.ID)
			if err != nil {
				return err
			}
			_, version, err := tx.CustomerNext()
			if err != nil {
				return err
			}
			customerrow.Number(e.key, &row, row.Seq, version)
			entry := audit.Entry{
				Time: now(), App: e.app, Action: authz.CustomerUpdate, Outcome: audit.Done, Fields: []string{"name"},
				Targets: []id.Customer{row.ID}, Sums: [][]byte{row.Sum}, Personal: sequencer.SealOrigin(e.key, audit.Origin{}),
			}
			tx.AuditAppend(sequencer.NewRow(e.key, entry))
			return tx.CustomerUpdate(row)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	item := store.ItemRow{ID: id.NewItem(), Kind: store.Transaction, At: 5, CreatedAt: 5}
	owner, err := e.store.CustomerGet(t.Context(), e.app, stripped)
	if err != nil {
		t.Fatal(err)
	}
	key, err := customerrow.Key(e.key, &owner)
	if err != nil {
		t.Fatal(err)
	}
	item.Sealed = key.SealItem(item.ID, []byte("x"))
	item.Sum = rowsum.Item(e.key, stripped, &item)
	made := audit.Entry{
		Time: now(), App: e.app, Action: authz.TransactionCreate, Outcome: audit.Done, Subject: item.ID.String(),
		Targets: []id.Customer{stripped}, Sums: [][]byte{nil, item.Sum}, Personal: sequencer.SealOrigin(e.key, audit.Origin{}),
	}
	err = e.store.Update(t.Context(), e.app, func(tx store.Tx) error {
		tx.AuditAppend(sequencer.NewRow(e.key, made))
		return tx.ItemInsert(stripped, item)
	})
	if err != nil {
		t.Fatal(err)
	}
	e.db.Exec(t, "UPDATE customer_item SET sum = NULL", "UPDATE customer_item SET at = 6 WHERE item_id = X'"+hex.EncodeToString(item.ID[:])+"'")
	e.db.Exec(t, "UPDATE customer SET sum = NULL", "UPDATE customer SET created_at = created_at - 1 WHERE customer_id = X'"+hex.EncodeToString(altered[:])+"'")
	e.fill(t, 500)
	named := map[string]bool{}
	for _, f := range e.found {
		named[f.Table+" "+f.ID] = true
	}
	want := map[string]bool{"customer " + altered.String(): true, "customer_item " + item.ID.String(): true}
	if !maps.Equal(named, want) {
		t.Errorf("the findings are %v, want %v", named, want)
	}
	if n := e.db.Count(t, "SELECT count(*) FROM customer_item WHERE sum IS NULL AND app_id = '"+string(e.app)+"'"); n != 1 {
		t.Errorf("%d items have no checksum, want the altered one", n)
	}
	for _, row := range e.customers(t) {
		_, _, err := customerrow.Decrypt(e.key, &row)
		if damaged := row.ID == altered; damaged != errors.Is(err, rowsum.ErrDamaged) || !damaged && err != nil {
			t.Errorf("customer %s (altered %t, stripped %t): %v", row.ID, damaged, row.ID == stripped, err)
		}
	}
}
