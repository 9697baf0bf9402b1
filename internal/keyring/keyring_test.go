package keyring_test

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/chacha20poly1305"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/keyring"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/storetest"
	"custodex.dev/internal/testkit"
)

// countingProvider counts what it is asked, and fails with err if it is set.
type countingProvider struct {
	seal.Provider
	unwrapped, wrapped atomic.Int32
	err                error
}

func (p *countingProvider) Unwrap(ctx context.Context, epoch int64, wrapped []byte) ([]byte, error) {
	p.unwrapped.Add(1)
	if p.err != nil {
		return nil, p.err
	}
	return p.Provider.Unwrap(ctx, epoch, wrapped)
}

func (p *countingProvider) Wrap(ctx context.Context, epoch int64, key []byte) ([]byte, error) {
	p.wrapped.Add(1)
	return p.Provider.Wrap(ctx, epoch, key)
}

func (p *countingProvider) UnwrapRoot(ctx context.Context, app id.App, wrapped []byte) ([]byte, error) {
	if p.err != nil {
		return nil, p.err
	}
	return p.Provider.(seal.RootOpener).UnwrapRoot(ctx, app, wrapped)
}

// testEnv is a store and the provider of its keys.
type testEnv struct {
	store    store.Store
	provider *countingProvider
}

func newEnv(t *testing.T, engine string) *testEnv {
	t.Helper()
	master, err := seal.NewMasterKey(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	return &testEnv{testkit.NewStore(t, engine), &countingProvider{Provider: master}}
}

// ring is the keyring of a process that starts.
func (e *testEnv) ring() *keyring.Keyring { return keyring.New(e.store, e.provider, time.Now) }

// newApp makes an application in the newest epoch.
func (e *testEnv) newApp(t *testing.T, name string) id.App {
	t.Helper()
	app := id.NewApp()
	_, row, err := e.ring().NewApp(t.Context(), app)
	if err != nil {
		t.Fatal(err)
	}
	row.Name = name
	e.insert(t, row)
	return app
}

func (e *testEnv) insert(t *testing.T, row store.AppRow) {
	t.Helper()
	if err := e.store.Update(t.Context(), row.ID, func(tx store.Tx) error { return tx.AppInsert(row) }); err != nil {
		t.Fatal(err)
	}
}

// oldApp makes an application as it was made before there were epochs.
func (e *testEnv) oldApp(t *testing.T, root []byte) id.App {
	t.Helper()
	app := id.NewApp()
	e.insert(t, store.AppRow{ID: app, Name: "Old", Key: wrapBefore(t, make([]byte, seal.KeySize), root, app)})
	return app
}

// wrapBefore encrypts a root as the master key did before there were epochs.
func wrapBefore(t *testing.T, master, root []byte, app id.App) []byte {
	t.Helper()
	aead, err := chacha20poly1305.NewX(master)
	if err != nil {
		t.Fatal(err)
	}
	bound := []byte{1}
	for _, s := range []string{string(app), string(make([]byte, 16)), "application", "application key"} {
		bound = append(append(bound, byte(len(s))), s...)
	}
	out := make([]byte, 25)
	out[0] = 1
	_, _ = rand.Read(out[1:])
	return aead.Seal(out, out[1:25], root, bound)
}

func TestKeysAreUnwrappedOnce(t *testing.T) {
	t.Parallel()
	e := newEnv(t, "sqlite")
	one, other := e.newApp(t, "One"), e.newApp(t, "Other")
	e.provider.unwrapped.Store(0)
	ring := e.ring()
	first, err := ring.Key(t.Context(), one)
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if again, err := ring.Key(t.Context(), one); again != first || err != nil {
				t.Errorf("Key again = %p, %v, want %p", again, err, first)
			}
		})
	}
	group.Wait()
	if theirs, err := ring.Key(t.Context(), other); theirs == first || err != nil {
		t.Errorf("Key of another application = %p, %v, want a key of its own", theirs, err)
	}
	if n := e.provider.unwrapped.Load(); n != 1 {
		t.Errorf("the provider was asked %d times, want once for the epoch", n)
	}
}

// A name may change, and is shown anew.
func TestNameIsReadEachTime(t *testing.T) {
	t.Parallel()
	e := newEnv(t, "sqlite")
	one, other := e.newApp(t, "One"), e.newApp(t, "Other")
	ring := e.ring()
	for _, want := range []string{"One", "Another"} {
		err := e.store.Update(t.Context(), one, func(tx store.Tx) error {
			row, err := tx.AppGet()
			row.Name = want
			return errors.Join(err, tx.AppUpdate(row))
		})
		if row, e := ring.App(t.Context(), one); row.Name != want || err != nil || e != nil {
			t.Errorf("App = %q, %v, %v, want %s", row.Name, err, e, want)
		}
	}
	if row, err := ring.App(t.Context(), other); row.Name != "Other" || err != nil {
		t.Errorf("App of another = %q, %v", row.Name, err)
	}
	if _, err := ring.App(t.Context(), id.NewApp()); !errors.Is(err, fault.NotFound) {
		t.Errorf("App of no application: %v", err)
	}
}

func TestFailureIsNotRemembered(t *testing.T) {
	t.Parallel()
	e := newEnv(t, "sqlite")
	app := e.newApp(t, "One")
	ring := e.ring()
	if key, err := ring.Key(t.Context(), id.NewApp()); key != nil || !errors.Is(err, fault.NotFound) {
		t.Errorf("Key of no application = %p, %v, want not found", key, err)
	}
	e.provider.err = fault.New(fault.Unavailable, "kms", "try again")
	if key, err := ring.Key(t.Context(), app); key != nil || !errors.Is(err, fault.Unavailable) {
		t.Errorf("Key without a key service = %p, %v, want unavailable", key, err)
	}
	e.provider.err = nil
	if key, err := ring.Key(t.Context(), app); key == nil || err != nil {
		t.Errorf("Key after the failures = %p, %v", key, err)
	}
}

// Keys open under the application and the epoch that they were made for, and under no other, and
// not at all if one of them is gone.
func TestKeysOfAnotherPlace(t *testing.T) {
	t.Parallel()
	for name, alter := range map[string]string{
		"another application's root":     "UPDATE application SET wrapped_key = (SELECT wrapped_key FROM application AS o WHERE o.app_id <> application.app_id LIMIT 1) WHERE app_id = (SELECT MIN(app_id) FROM application)",
		"another application's wrap key": "UPDATE app_wrap_key SET wrapped_key = (SELECT wrapped_key FROM app_wrap_key AS o WHERE o.app_id <> app_wrap_key.app_id LIMIT 1) WHERE app_id = (SELECT MIN(app_id) FROM application)",
		"a root as a wrap key":           "UPDATE app_wrap_key SET wrapped_key = (SELECT wrapped_key FROM application AS a WHERE a.app_id = app_wrap_key.app_id)",
		"no wrap key":                    "DELETE FROM app_wrap_key",
		"another epoch":                  "UPDATE app_wrap_key SET epoch = 2",
		"no epoch":                       "DELETE FROM key_epoch",
		"an altered epoch":               "UPDATE key_epoch SET wrapped_key = CAST(x'0201' || randomblob(72) AS BLOB)",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := testkit.NewDatabase(t, "sqlite")
			master, err := seal.NewMasterKey(make([]byte, seal.KeySize))
			if err != nil {
				t.Fatal(err)
			}
			e := &testEnv{db.NewStore(t), &countingProvider{Provider: master}}
			apps := []id.App{e.newApp(t, "One"), e.newApp(t, "Other")}
			if err := e.store.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			db.Exec(t, alter)
			e.store = db.NewStore(t)
			slices.Sort(apps)
			for i, app := range apps {
				altered := i == 0 || !strings.HasPrefix(name, "another application")
				if key, err := e.ring().Key(t.Context(), app); (key == nil) != altered || errors.Is(err, seal.ErrOpen) != altered {
					t.Errorf("Key = %p, %v; altered: %t", key, err, altered)
				}
			}
		})
	}
}

// Processes that start at once on a database of before there were epochs agree on one epoch and one
// wrap key, and what the root derives stays as it was.
func TestOldApplicationsEnterAnEpoch(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t, engine)
			root := seal.NewAppKey()
			app := e.oldApp(t, root)
			want, err := seal.OpenApp(app, root)
			if err != nil {
				t.Fatal(err)
			}
			customers := make([][]byte, 8)
			keys := make([]*seal.App, len(customers))
			var group sync.WaitGroup
			ids := make([]id.Customer, len(customers))
			for i := range customers {
				group.Go(func() {
					ring := e.ring()
					if err := ring.Prepare(t.Context()); err != nil {
						t.Errorf("Prepare: %v", err)
						return
					}
					key, err := ring.Key(t.Context(), app)
					if err != nil {
						t.Errorf("Key: %v", err)
						return
					}
					ids[i], keys[i] = id.NewCustomer(), key
					_, customers[i] = key.NewCustomer(ids[i])
				})
			}
			group.Wait()
			if t.Failed() {
				return
			}
			for _, key := range keys {
				if string(key.EmailHash("a")) != string(want.EmailHash("a")) || !key.Signer().Equal(want.Signer()) {
					t.Error("what the root derives has changed")
				}
				for i, wrapped := range customers {
					if _, err := key.OpenCustomer(ids[i], wrapped); err != nil {
						t.Errorf("a customer of another process: %v", err)
					}
				}
			}
			if epochs, err := e.store.EpochList(t.Context()); err != nil || len(epochs) != 1 || epochs[0].Epoch != 1 || epochs[0].Provider != "file" {
				t.Errorf("the epochs are %+v, %v, want one", epochs, err)
			}
			if wraps, err := e.store.WrapKeyList(t.Context(), app); err != nil || len(wraps) != 1 {
				t.Errorf("%d wrap keys, %v, want one", len(wraps), err)
			}
		})
	}
}

// One application whose row is damaged keeps neither the others nor the server from starting.
func TestPrepareLeavesDamagedRows(t *testing.T) {
	t.Parallel()
	e := newEnv(t, "sqlite")
	damaged, put := e.oldApp(t, seal.NewAppKey()), e.oldApp(t, seal.NewAppKey())
	root := seal.NewAppKey()
	whole := e.oldApp(t, root)
	old, err := e.store.AppGet(t.Context(), put)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.ring().Key(t.Context(), put); err != nil {
		t.Fatal(err)
	}
	for app, wrapped := range map[id.App][]byte{damaged: {0}, put: old.Key} {
		if err := e.store.Update(t.Context(), app, func(tx store.Tx) error {
			return tx.AppRekey(store.AppRow{ID: app, Key: wrapped})
		}); err != nil {
			t.Fatal(err)
		}
	}
	ring := e.ring()
	if err := ring.Prepare(t.Context()); err != nil {
		t.Errorf("Prepare beside damaged rows: %v", err)
	}
	if row, err := e.store.AppGet(t.Context(), whole); err != nil || seal.EpochOf(row.Key) != 1 {
		t.Errorf("the application beside them is in epoch %d, %v", seal.EpochOf(row.Key), err)
	}
	for _, app := range []id.App{damaged, put} {
		if key, err := ring.Key(t.Context(), app); key != nil || !errors.Is(err, seal.ErrOpen) || !strings.Contains(err.Error(), string(app)) {
			t.Errorf("Key of a damaged row = %p, %v, want %v with its name", key, err, seal.ErrOpen)
		}
	}
}

// A process that dies at any step leaves what the next one goes on from.
func TestInterruptedEntry(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"EpochList", "EpochInsert", "AppGet", "Tx.AppGet", "Tx.AppRekey", "Tx.Commit", "WrapKeyList"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t, "sqlite")
			app := e.oldApp(t, seal.NewAppKey())
			died := errors.New("died")
			hooked := storetest.NewHooked(e.store)
			hooked.Set(storetest.Hooks{Before: func(_ context.Context, method string, _ id.App) error {
				if method == step {
					return died
				}
				return nil
			}})
			whole := e.store
			e.store = hooked
			if _, err := e.ring().Key(t.Context(), app); !errors.Is(err, died) {
				t.Fatalf("Key = %v, want to die in %s", err, step)
			}
			e.store = whole
			if _, err := e.ring().Key(t.Context(), app); err != nil {
				t.Errorf("Key of the next process: %v", err)
			}
		})
	}
}

// A provider that cannot open what was made before there were epochs says so.
func TestCheck(t *testing.T) {
	t.Parallel()
	e := newEnv(t, "sqlite")
	if err := e.ring().Check(t.Context()); !errors.Is(err, fault.NotFound) {
		t.Errorf("Check of an empty database = %v, want not found", err)
	}
	e.insert(t, store.AppRow{ID: id.System, Name: "system", Key: wrapBefore(t, make([]byte, seal.KeySize), seal.NewAppKey(), id.System)})
	other, err := seal.NewMasterKey(append(make([]byte, seal.KeySize-1), 1))
	if err != nil {
		t.Fatal(err)
	}
	wrong := keyring.New(e.store, other, time.Now)
	for _, state := range []string{"before epochs", "in an epoch"} {
		if err := e.ring().Check(t.Context()); err != nil {
			t.Errorf("%s: Check = %v", state, err)
		}
		if err := wrong.Check(t.Context()); !errors.Is(err, seal.ErrOpen) {
			t.Errorf("%s: Check with another master key = %v, want %v", state, err, seal.ErrOpen)
		}
		if err := e.ring().Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}
