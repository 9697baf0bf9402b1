package sequencer_test

import (
	"bytes"
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/keyring"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/sequencer"
	"custodex.dev/internal/store"
)

// testEnv is a running Sequencer over a store with one application.
type testEnv struct {
	*sequencer.Sequencer
	store  store.Store // notifies the sequencer
	keys   *keyring.Keyring
	app    id.App
	key    *seal.App
	source seal.Provider
	stop   func() error  // ends Run and closes the sequencer; once
	ahead  *atomic.Int64 // nanoseconds; running sequencers read it
	rate   int           // of checks; from the next start on
}

func newEnv(t testing.TB, st store.Store) *testEnv {
	t.Helper()
	master, err := seal.NewMasterKey(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	e := &testEnv{keys: keyring.New(st, master, time.Now), source: master, ahead: new(atomic.Int64)}
	e.start(t, st)
	e.app = e.newApp(t)
	if e.key, err = e.keys.Key(t.Context(), e.app); err != nil {
		t.Fatal(err)
	}
	return e
}

// start runs a Sequencer, as a process does that begins.
func (e *testEnv) start(t testing.TB, st store.Store) {
	t.Helper()
	e.Sequencer = sequencer.New(sequencer.Config{Store: st, Keys: e.keys, CheckRate: e.rate, Now: func() time.Time { return time.Now().Add(e.skew()) }})
	e.store = e.Notifying(st)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	s := e.Sequencer
	go func() {
		s.Run(ctx)
		close(ended)
	}()
	running := true
	e.stop = func() error {
		if !running {
			return nil
		}
		running = false
		cancel()
		<-ended
		return s.Close(context.Background())
	}
	stop := e.stop
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
}

// forgetKeys makes the next process open all keys again.
func (e *testEnv) forgetKeys(st store.Store) { e.keys = keyring.New(st, e.source, time.Now) }

// newApp makes an application whose log has one entry.
func (e *testEnv) newApp(t testing.TB) id.App {
	t.Helper()
	return e.insertApp(t, id.NewApp())
}

func (e *testEnv) insertApp(t testing.TB, app id.App) id.App {
	t.Helper()
	key, row, err := e.keys.NewApp(t.Context(), app)
	if err != nil {
		t.Fatal(err)
	}
	row.Name, row.CreatedAt, row.Tree = "Shop", 1, sequencer.EmptyTree(app, key, time.Now())
	err = e.store.Update(t.Context(), app, func(tx store.Tx) error {
		tx.AuditAppend(sequencer.NewRow(key, entry(app, key)))
		return tx.AppInsert(row)
	})
	if err != nil {
		t.Fatal(err)
	}
	return app
}

func entry(app id.App, key *seal.App) audit.Entry {
	return audit.Entry{
		Time: time.Now().UTC().Truncate(time.Millisecond), App: app, Actor: string(id.NewCredential()),
		Action: authz.CustomerFetch, Outcome: audit.Refused, Code: "not_found", Dialect: "devdraft",
		Request: id.NewRequest(), Targets: []id.Customer{id.NewCustomer()}, Personal: sequencer.SealOrigin(key, audit.Origin{}),
	}
}

// later makes the entries that follow younger.
func (e *testEnv) later(d time.Duration) { e.ahead.Add(int64(d)) }

func (e *testEnv) skew() time.Duration { return time.Duration(e.ahead.Load()) }

// record adds n entries to the application's log.
func (e *testEnv) record(t *testing.T, n int) {
	t.Helper()
	for range n {
		made := entry(e.app, e.key)
		made.Time = made.Time.Add(e.skew())
		if err := e.store.Record(t.Context(), e.app, sequencer.NewRow(e.key, made)); err != nil {
			t.Fatal(err)
		}
	}
}

// recordFormer adds n entries as release 0.1.0 did.
func (e *testEnv) recordFormer(t *testing.T, n int) {
	t.Helper()
	for range n {
		if err := e.store.Record(t.Context(), e.app, sequencer.NewFormerRow(e.key, entry(e.app, e.key))); err != nil {
			t.Fatal(err)
		}
	}
}

// recordAll adds n entries at once.
func (e *testEnv) recordAll(t *testing.T, n int) {
	t.Helper()
	rows := make([]store.AuditRow, n)
	for i := range rows {
		made := entry(e.app, e.key)
		made.Time = made.Time.Add(e.skew())
		rows[i] = sequencer.NewRow(e.key, made)
	}
	if err := e.store.Record(t.Context(), e.app, rows...); err != nil {
		t.Fatal(err)
	}
}

// sequenced is the number of entries in the application's signed tree.
func (e *testEnv) sequenced(t *testing.T) int64 {
	t.Helper()
	tree, err := e.store.TreeGet(t.Context(), e.app)
	if errors.Is(err, fault.NotFound) {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	return tree.Size
}

// entries is the number of entries in the application's log.
func (e *testEnv) entries(t testing.TB) int64 {
	t.Helper()
	head, err := e.store.Head(t.Context(), e.app)
	if err != nil {
		t.Fatal(err)
	}
	return head.Entries
}

// wantAllSequenced fails unless every entry is in the signed tree.
func (e *testEnv) wantAllSequenced(t *testing.T, when string) {
	t.Helper()
	if got, want := e.sequenced(t), e.entries(t); got != want {
		t.Errorf("%s %d of %d entries are sequenced", when, got, want)
	}
}

// verify exports the whole log and verifies it against an earlier checkpoint, if
// trusted is one.
func (e *testEnv) verify(t *testing.T, trusted []byte) audit.Report {
	t.Helper()
	tree, err := e.Sequence(t.Context(), e.app)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := e.Export(t.Context(), e.app, &out, sequencer.Export{Tree: tree, To: tree.Size}); err != nil {
		t.Fatal(err)
	}
	report, err := audit.VerifyExport(&out, sequencer.VerifierKeys(e.app, e.key), trusted)
	if err != nil {
		t.Fatal(err)
	}
	return report
}
