package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"custodex.dev/internal/config"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/keyring"
	"custodex.dev/internal/records"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/postgres"
	"custodex.dev/internal/store/sqlite"
)

// databaseFile is the name of the SQLite file in a data folder.
const databaseFile = "custodex.db"

// OpenStore opens the configured store. It refuses a store that is not ready for this
// release, with a sentence that says what to do.
func OpenStore(ctx context.Context, cfg config.Config) (store.Store, error) {
	if !cfg.DatabaseURL.IsZero() {
		st, err := postgres.Open(ctx, postgres.Config{URL: cfg.DatabaseURL, MaxConns: cfg.MaxConns, Cache: int(cfg.CustomerCache)})
		if err != nil {
			return nil, err
		}
		return st, nil
	}
	st, err := sqlite.Open(ctx, sqlite.Config{
		Path: filepath.Join(cfg.DataDir, databaseFile), Cache: int(cfg.CustomerCache),
	})
	if err != nil {
		return nil, err
	}
	return st, nil
}

func openKeys(cfg config.Config) (seal.Provider, error) { return seal.OpenProvider(cfg.MasterKey()) }

// prepareKeys refuses a master key that is not the one this database was made with,
// before a request fails on it, and a database whose initialisation did not end. A
// provider that does not answer is not a wrong key. Then it brings applications that were made
// before there were epochs into one.
func prepareKeys(ctx context.Context, cfg config.Config, st store.Store, keys seal.Provider) error {
	now := time.Now
	if cfg.Now != nil {
		now = cfg.Now
	}
	ring := keyring.New(st, keys, now)
	if err := checkKeys(ctx, cfg, ring); err != nil {
		return err
	}
	if err := ring.Prepare(ctx); err != nil {
		return fmt.Errorf("bring the applications' keys into an epoch: %w", err)
	}
	return nil
}

// checkKeys is prepareKeys without a change.
func checkKeys(ctx context.Context, cfg config.Config, ring *keyring.Keyring) error {
	err := ring.Check(ctx)
	switch {
	case errors.Is(err, fault.NotFound):
		return errors.New("this database has a schema and no operator: its initialisation did not end; run custodex init")
	case errors.Is(err, seal.ErrOpen):
		return fmt.Errorf("the master key %s is not the one this database was made with; restore that one from your backup: %w", cfg.MasterKey(), err)
	case err != nil:
		return fmt.Errorf("check the master key: %w", err)
	}
	return nil
}

// Migrate brings the schema of the configured, initialised database up to this
// release and returns how many migrations it applied.
func Migrate(ctx context.Context, cfg config.Config) (steps int, err error) {
	if err := cfg.ValidateDatabase(); err != nil {
		return 0, err
	}
	if !cfg.DatabaseURL.IsZero() {
		return postgres.Migrate(ctx, cfg.DatabaseURL)
	}
	return sqlite.Migrate(ctx, filepath.Join(cfg.DataDir, databaseFile))
}

// Roles makes the role that serves a PostgreSQL database and nothing else, so that a dump
// can be restored.
func Roles(ctx context.Context, cfg config.Config) error {
	if cfg.DatabaseURL.IsZero() {
		return errors.New("only PostgreSQL has roles; for SQLite see custodex restore")
	}
	return postgres.Roles(ctx, cfg.DatabaseURL)
}

func initSchema(ctx context.Context, cfg config.Config) error {
	if !cfg.DatabaseURL.IsZero() {
		return postgres.Init(ctx, cfg.DatabaseURL)
	}
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	return sqlite.Init(ctx, filepath.Join(cfg.DataDir, databaseFile))
}

// Init makes what a new installation needs: the data folder, the schema, the master
// key unless there is one, the system application and its first operator. The
// operator's secret is in the result. If publish is not nil, it gets the secret before
// the operator is stored (records.Service.Initialise). A database that was initialised
// before is records.ErrInitialised.
func Init(ctx context.Context, cfg config.Config, publish func(records.Issued) error) (records.Issued, error) {
	if err := cfg.Validate(); err != nil {
		return records.Issued{}, err
	}
	if err := initSchema(ctx, cfg); err != nil {
		return records.Issued{}, err
	}
	st, err := OpenStore(ctx, cfg)
	if err != nil {
		return records.Issued{}, err
	}
	issued, err := initialise(ctx, cfg, st, publish)
	return issued, errors.Join(err, st.Close(context.WithoutCancel(ctx)))
}

// initialise makes the key only for a database that is known to have no system
// application and no key of an epoch: a new key beside old data would hide that the old one is lost.
func initialise(ctx context.Context, cfg config.Config, st store.Store, publish func(records.Issued) error) (records.Issued, error) {
	_, err := st.AppGet(ctx, id.System)
	switch {
	case err == nil:
		return records.Issued{}, records.ErrInitialised
	case !errors.Is(err, fault.NotFound):
		return records.Issued{}, fmt.Errorf("look for an earlier initialisation: %w", err)
	}
	begun, err := st.EpochList(ctx) // by an initialisation that did not end
	if err != nil {
		return records.Issued{}, fmt.Errorf("look for an earlier initialisation: %w", err)
	}
	if len(begun) == 0 {
		if err := seal.CreateKeyFile(cfg.KeyFile()); err != nil && !errors.Is(err, fs.ErrExist) {
			return records.Issued{}, fmt.Errorf("make the master key: %w", err)
		}
	}
	keys, err := openKeys(cfg)
	if err != nil {
		return records.Issued{}, err
	}
	svc := records.New(records.Config{Store: st, Keys: keys, Now: cfg.Now})
	issued, err := svc.Initialise(ctx, publish)
	if errors.Is(err, seal.ErrOpen) {
		err = fmt.Errorf("an initialisation of this database began with another master key than %s, and did not end; run custodex init with that one, or with an empty database: %w", cfg.MasterKey(), err)
	}
	return issued, errors.Join(err, svc.Close(context.WithoutCancel(ctx)))
}
