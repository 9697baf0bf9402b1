package integrity_test

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"testing"
	"time"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/check"
	"custodex.dev/internal/credential"
	"custodex.dev/internal/id"
	"custodex.dev/internal/integrity"
	"custodex.dev/internal/rowsum"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/sequencer"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
)

// testEnv is a Guard over a store with an application of a release before the checksums.
type testEnv struct {
	*integrity.Guard
	store store.Store
	app   id.App
	key   *seal.App

	mu     sync.Mutex
	alarms []string
}

// Key gives the one key.
func (e *testEnv) Key(context.Context, id.App) (*seal.App, error) { return e.key, nil }

func now() time.Time { return time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC) }

func newEnv(t *testing.T, engine string) *testEnv {
	t.Helper()
	return newEnvOn(t, testkit.NewStore(t, engine))
}

func newEnvOn(t *testing.T, st store.Store) *testEnv {
	t.Helper()
	e := &testEnv{store: st, app: id.NewApp()}
	var err error
	if e.key, err = seal.OpenApp(e.app, seal.NewAppKey()); err != nil {
		t.Fatal(err)
	}
	entry := audit.Entry{Time: now(), App: e.app, Action: authz.AppCreate, Outcome: audit.Done, Personal: sequencer.SealOrigin(e.key, audit.Origin{})}
	err = e.store.Update(t.Context(), e.app, func(tx store.Tx) error {
		tx.AuditAppend(sequencer.NewRow(e.key, entry))
		return tx.AppInsert(store.AppRow{ID: e.app, Name: "Shop", Key: []byte("wrapped"), CreatedAt: 1})
	})
	if err != nil {
		t.Fatal(err)
	}
	e.restart()
	return e
}

// restart gives the Guard of another process.
func (e *testEnv) restart() {
	e.Guard = integrity.New(integrity.Config{
		Store: e.store, Keys: e, Now: now, Log: slog.New(slog.DiscardHandler),
		Raise: func(_ context.Context, _ id.App, damage string) error {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.alarms = append(e.alarms, damage)
			return nil
		},
	})
}

// check gives what the Guard says of the credential.
func (e *testEnv) check(t *testing.T, c id.Credential) error {
	t.Helper()
	app, err := e.store.AppGet(t.Context(), e.app)
	if err != nil {
		t.Fatal(err)
	}
	row, err := e.store.CredentialGet(t.Context(), e.app, c)
	if err != nil {
		t.Fatal(err)
	}
	return e.Credential(t.Context(), e.key, &app, &row)
}

// TestFill: the rows of an earlier release are taken as they are, once. Afterwards a missing checksum
// is damage, in every process, also if all of an application were removed.
func TestFill(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t, engine)
			_, _, row := credential.Mint(e.key, tenant.Credential{App: e.app, Kind: tenant.Devdraft, Name: "k", CreatedAt: now()})
			row.Sum = nil
			update := func(fn func(tx store.Tx) error) {
				t.Helper()
				if err := e.store.Update(t.Context(), e.app, fn); err != nil {
					t.Fatal(err)
				}
			}
			update(func(tx store.Tx) error { return tx.CredentialInsert(row) })
			if err := e.check(t, row.ID); err != nil {
				t.Errorf("before Fill: %v", err)
			}
			for range 2 {
				if err := e.Fill(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if head, err := e.store.Head(t.Context(), e.app); err != nil || head.Entries != 2 {
				t.Errorf("Head = %+v, %v, want 2 entries", head, err)
			}
			if err := e.check(t, row.ID); err != nil {
				t.Errorf("after Fill: %v", err)
			}
			// Case 1: one checksum is removed.
			update(func(tx store.Tx) error { return tx.CredentialUpdate(row) })
			if err := e.check(t, row.ID); !errors.Is(err, rowsum.ErrDamaged) {
				t.Errorf("without a checksum: %v, want damaged", err)
			}
			// Case 2: all of them, and the process is another one.
			update(func(tx store.Tx) error {
				app, err := tx.AppGet()
				app.Sum = nil
				return errors.Join(err, tx.AppUpdate(app))
			})
			wantDamaged := func(when string) {
				t.Helper()
				if err := e.check(t, row.ID); !errors.Is(err, rowsum.ErrDamaged) {
					t.Errorf("%s: %v, want damaged", when, err)
				}
				if n := e.Altered(); n == 0 {
					t.Errorf("%s: no row is counted as altered", when)
				}
			}
			e.Forget()
			wantDamaged("without all checksums, forgotten")
			for range 2 {
				e.restart()
				wantDamaged("without all checksums, before Fill")
				if err := e.Fill(t.Context()); err != nil {
					t.Fatal(err)
				}
				wantDamaged("without all checksums, after Fill")
			}
		})
	}
}

// What the log says of checksums cannot be hidden by altering or removing the entry that says it.
func TestFillWithoutItsEntry(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		for _, change := range []string{
			"UPDATE audit SET action = 'customer.fetch' WHERE seq = 1",
			"DELETE FROM audit WHERE seq = 1",
			"UPDATE audit SET seq = 7 WHERE seq = 1",
		} {
			t.Run(engine+"/"+change, func(t *testing.T) {
				t.Parallel()
				db := testkit.NewDatabase(t, engine)
				e := newEnvOn(t, db.NewStore(t))
				_, _, row := credential.Mint(e.key, tenant.Credential{App: e.app, Kind: tenant.Devdraft, Name: "k", CreatedAt: now()})
				row.Sum = nil
				err := e.store.Update(t.Context(), e.app, func(tx store.Tx) error { return tx.CredentialInsert(row) })
				if err := errors.Join(err, e.Fill(t.Context())); err != nil {
					t.Fatal(err)
				}
				db.Exec(t, change, "UPDATE credential SET sum = NULL, revoked_at = 5", "UPDATE application SET sum = NULL")
				e.restart()
				if err := e.Fill(t.Context()); err != nil {
					t.Fatal(err)
				}
				if err := e.check(t, row.ID); !errors.Is(err, rowsum.ErrDamaged) {
					t.Errorf("after Fill: %v, want damaged", err)
				}
				if app, err := e.store.AppGet(t.Context(), e.app); err != nil || app.Sum != nil {
					t.Errorf("the row is %+v, %v, want no checksum", app, err)
				}
			})
		}
	}
}

// Checksums that were lost with a database's last changes are given again without a start.
func TestFillAgainAfterLostChanges(t *testing.T) {
	t.Parallel()
	e := newEnv(t, "sqlite")
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); e.Run(ctx) }()
	defer func() { stop(); <-ended }()
	filled := func(app id.App) {
		t.Helper()
		for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
			row, err := e.store.AppGet(t.Context(), app)
			if err != nil || time.Now().After(end) {
				t.Fatalf("the row is %+v, %v, want a checksum", row, err)
			}
			if row.Sum != nil {
				return
			}
		}
	}
	filled(e.app)
	other := id.NewApp()
	entry := audit.Entry{Time: now(), App: other, Action: authz.AppCreate, Outcome: audit.Done, Personal: sequencer.SealOrigin(e.key, audit.Origin{})}
	err := e.store.Update(t.Context(), other, func(tx store.Tx) error {
		tx.AuditAppend(sequencer.NewRow(e.key, entry))
		return tx.AppInsert(store.AppRow{ID: other, Name: "As before its checksum", Key: []byte("wrapped"), CreatedAt: 1})
	})
	if err != nil {
		t.Fatal(err)
	}
	e.Forget()
	filled(other)
}

// Many findings about other rows crowd out no row that must be refused, and the same findings told again
// are counted once.
func TestFoundKeepsWhatIsRefused(t *testing.T) {
	t.Parallel()
	e := newEnv(t, "sqlite")
	_, _, row := credential.Mint(e.key, tenant.Credential{App: e.app, Kind: tenant.Devdraft, Name: "k", CreatedAt: now()})
	err := e.store.Update(t.Context(), e.app, func(tx store.Tx) error { return tx.CredentialInsert(row) })
	if err := errors.Join(err, e.Fill(t.Context())); err != nil {
		t.Fatal(err)
	}
	findings := []check.Finding{}
	for i := range 5000 {
		findings = append(findings, check.Finding{Kind: check.Altered, App: e.app, Table: "customer", ID: strconv.Itoa(i)})
	}
	e.Found(t.Context(), e.app, findings, "customer")
	about := check.Finding{Kind: check.PutBack, App: e.app, Table: integrity.Credentials, ID: string(row.ID)}
	for _, found := range [][]check.Finding{{about}, {about, {Kind: check.Altered, App: e.app, Table: about.Table, ID: about.ID}}} {
		e.Found(t.Context(), e.app, found, integrity.Credentials)
		if err := e.check(t, row.ID); !errors.Is(err, rowsum.ErrDamaged) {
			t.Errorf("told of %d findings: %v, want damaged", len(found), err)
		}
	}
	e.Found(t.Context(), e.app, nil, integrity.Credentials)
	if err := e.check(t, row.ID); err != nil {
		t.Errorf("found in order: %v", err)
	}
}

// A group or an item that a comparison found to be wrong and that its checksum tells of is one row, not
// two. It is none once it fits again, or is deleted, and is never refused for what was found.
func TestFoundIsCountedOnce(t *testing.T) {
	t.Parallel()
	e := newEnv(t, "sqlite")
	e.key.SetSummed(true)
	owner, item, group := id.NewCustomer(), store.ItemRow{ID: id.NewItem(), Sealed: []byte("x")}, store.GroupRow{Seq: 3, Sealed: []byte("x")}
	findings := []check.Finding{
		{Kind: check.Altered, App: e.app, Table: integrity.Items, ID: item.ID.String(), Owner: owner},
		{Kind: check.PutBack, App: e.app, Table: integrity.Groups, ID: "3"},
	}
	uses := func() []error {
		return []error{e.Item(t.Context(), e.key, e.app, owner, &item), e.Group(t.Context(), e.key, e.app, &group)}
	}
	want := func(what string, n int) {
		t.Helper()
		if got := e.Altered(); got != n {
			t.Errorf("%s: %d rows are altered, want %d", what, got, n)
		}
	}
	damaged := func(what string, is bool) {
		t.Helper()
		for _, err := range uses() {
			if errors.Is(err, rowsum.ErrDamaged) != is {
				t.Errorf("%s: %v, want damaged %t", what, err, is)
			}
		}
	}
	e.Found(t.Context(), e.app, findings)
	damaged("without a checksum", true)
	want("without a checksum", 2)
	item.Sum, group.Sum = rowsum.Item(e.key, owner, &item), rowsum.Group(e.key, &group)
	damaged("put right", false)
	want("put right", 0)
	e.Found(t.Context(), e.app, findings)
	want("found again", 2)
	e.Gone(e.app, integrity.Items, owner.String())
	e.Gone(e.app, integrity.Groups, "3")
	want("deleted", 0)
}

// A log whose first entry is gone says nothing about checksums, so that their absence is damage.
func TestFillWithoutTheFirstEntry(t *testing.T) {
	t.Parallel()
	e := newEnv(t, "sqlite")
	other := id.NewApp()
	err := e.store.Update(t.Context(), other, func(tx store.Tx) error {
		return tx.AppInsert(store.AppRow{ID: other, Name: "Shop", Key: []byte("wrapped"), CreatedAt: 1})
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Fill(t.Context()); err != nil {
		t.Fatal(err)
	}
	if row, err := e.store.AppGet(t.Context(), other); err != nil || row.Sum != nil {
		t.Errorf("the row is %+v, %v, want no checksum", row, err)
	}
	if e.Altered() != 1 {
		t.Errorf("%d rows are altered, want 1", e.Altered())
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); e.Run(ctx) }()
	for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		e.mu.Lock()
		n := len(e.alarms)
		e.mu.Unlock()
		if n > 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("no alarm")
		}
	}
	stop()
	<-ended
}

// An application that was marked stays so for this process, though its row is put back to before the mark.
func TestMarkIsNotTakenBack(t *testing.T) {
	t.Parallel()
	e := newEnv(t, "sqlite")
	row, err := e.store.AppGet(t.Context(), e.app)
	if err != nil {
		t.Fatal(err)
	}
	for _, summed := range []bool{true, false} {
		row.Summed = summed
		row.Sum = rowsum.App(e.key, &row)
		if err := e.App(t.Context(), e.key, &row); err != nil || !e.key.Summed() {
			t.Errorf("with a row that says %t: %v, marked: %t", summed, err, e.key.Summed())
		}
	}
}
