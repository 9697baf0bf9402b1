package server

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"custodex.dev/internal/config"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
)

// appStore answers AppGet with a fixed row or error.
type appStore struct {
	store.Store
	row store.AppRow
	err error
}

func (s appStore) AppGet(context.Context, id.App) (store.AppRow, error) { return s.row, s.err }

// A database that cannot be read is not an empty one: a new master key beside it
// would hide that the old key is lost.
func TestInitialiseMakesNoKeyWhenTheDatabaseFails(t *testing.T) {
	t.Parallel()
	cfg := config.Config{DataDir: t.TempDir()}
	failing := appStore{err: fault.New(fault.Unavailable, "database_unavailable", "try again")}
	if _, err := initialise(t.Context(), cfg, failing, nil); !errors.Is(err, fault.Unavailable) {
		t.Errorf("initialise = %v, want the store's error", err)
	}
	if _, err := os.Stat(cfg.KeyFile()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the master key exists (%v), want none", err)
	}
}

func (s appStore) EpochList(context.Context) ([]store.EpochRow, error) {
	return []store.EpochRow{{Epoch: 1, State: store.EpochActive}}, nil
}

// An initialisation that was killed after it had stored the key of an epoch goes on with the same
// master key, and says so if it is another one. It makes none.
func TestInitialiseGoesOnWithItsMasterKey(t *testing.T) {
	t.Parallel()
	cfg := config.Config{DataDir: t.TempDir()}
	killed := errors.New("killed")
	if _, err := Init(t.Context(), cfg, func(records.Issued) error { return killed }); !errors.Is(err, killed) {
		t.Fatalf("Init = %v, want it to end before the operator is stored", err)
	}
	other := cfg
	other.MasterKeyFile = filepath.Join(t.TempDir(), "other.key")
	if _, err := Init(t.Context(), other, nil); err == nil || !strings.Contains(err.Error(), "there is no master key at") {
		t.Errorf("Init with a file that is not there = %v", err)
	}
	if _, err := os.Stat(other.MasterKeyFile); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the other master key exists (%v), want none", err)
	}
	if err := seal.CreateKeyFile(other.MasterKeyFile); err != nil {
		t.Fatal(err)
	}
	if _, err := Init(t.Context(), other, nil); !errors.Is(err, seal.ErrOpen) || !strings.Contains(err.Error(), "began with another master key") {
		t.Errorf("Init with another master key = %v", err)
	}
	if _, err := Init(t.Context(), cfg, nil); err != nil {
		t.Errorf("Init with the first master key = %v", err)
	}
}

// unwrapError is a provider whose Unwrap fails.
type unwrapError struct {
	seal.Provider
	err error
}

func (u unwrapError) Unwrap(context.Context, int64, []byte) ([]byte, error) { return nil, u.err }

// Only a key that does not fit is reported as another database's key.
func TestWrongKeyIsToldFromAProviderThatFails(t *testing.T) {
	t.Parallel()
	const wrongKey = "is not the one this database was made with"
	timeout := fault.New(fault.Unavailable, "provider_timeout", "try again")
	for _, c := range []struct {
		cause error
		wrong bool
	}{{seal.ErrOpen, true}, {timeout, false}, {context.DeadlineExceeded, false}} {
		err := prepareKeys(t.Context(), config.Config{}, appStore{row: store.AppRow{Key: []byte{2, 1}}}, unwrapError{err: c.cause})
		if !errors.Is(err, c.cause) {
			t.Errorf("prepareKeys after %v = %v, which drops the cause", c.cause, err)
		} else if got := strings.Contains(err.Error(), wrongKey); got != c.wrong {
			t.Errorf("prepareKeys after %v = %v; says that the key is wrong: %v, want %v", c.cause, err, got, c.wrong)
		}
	}
}
