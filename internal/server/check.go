package server

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"custodex.dev/internal/check"
	"custodex.dev/internal/config"
	"custodex.dev/internal/id"
	"custodex.dev/internal/keyring"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/postgres"
	"custodex.dev/internal/store/sqlite"
)

// openReader opens the configured database to read it, whether or not it is served.
func openReader(ctx context.Context, cfg config.Config) (st store.Store, end func(context.Context) error, err error) {
	if !cfg.DatabaseURL.IsZero() {
		const conns = 2
		st, err := postgres.Open(ctx, postgres.Config{URL: cfg.DatabaseURL, MaxConns: conns})
		if err != nil {
			return nil, nil, err
		}
		return st, st.Close, nil
	}
	r, err := sqlite.OpenReader(ctx, filepath.Join(cfg.DataDir, databaseFile))
	if err != nil {
		return nil, nil, err
	}
	return r, r.Close, nil
}

// readOnly is a store that a check cannot change.
type readOnly struct{ store.Store }

// Update fails: the keys of an application of an earlier release would be brought into an epoch.
func (readOnly) Update(context.Context, id.App, func(store.Tx) error) error {
	return errors.New("this database has keys of an earlier release; start custodex serve once, then check it")
}

// EpochInsert fails, as Update.
func (r readOnly) EpochInsert(ctx context.Context, _ store.EpochRow) error {
	return r.Update(ctx, "", nil)
}

// Check compares everything in the configured database with what must be true of it, beside a server
// that may run: every application after the given one, or only one. how says the rest. An error means
// that it could not be checked.
func Check(ctx context.Context, cfg config.Config, how check.Config, only, after id.App) (err error) {
	st, end, err := openReader(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end(context.WithoutCancel(ctx))) }()
	keys, err := openKeys(cfg)
	if err != nil {
		return err
	}
	ring := keyring.New(readOnly{st}, keys, time.Now)
	if err := checkKeys(ctx, cfg, ring); err != nil {
		return err
	}
	how.Store, how.Keys = st, ring
	if only != "" {
		return check.FindDamage(ctx, how, only)
	}
	return check.All(ctx, how, after)
}
