package server

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"custodex.dev/internal/config"
	"custodex.dev/internal/store/sqlite"
)

// ErrPostgres is a backup or restore of a database that has its own tools for it.
var ErrPostgres = errors.New("this verb is for SQLite; PostgreSQL is backed up and restored with its own tools")

// Backup copies the database of a data folder into the new folder dir, while a server may
// use it.
func Backup(ctx context.Context, cfg config.Config, dir, version string) (sqlite.Manifest, error) {
	if !cfg.DatabaseURL.IsZero() {
		return sqlite.Manifest{}, ErrPostgres
	}
	return sqlite.Backup(ctx, filepath.Join(cfg.DataDir, databaseFile), dir, time.Now(), version)
}

// Restore puts the backup from in the place of the database of a data folder. No server
// may use it.
func Restore(ctx context.Context, cfg config.Config, from string) (sqlite.Restored, error) {
	if !cfg.DatabaseURL.IsZero() {
		return sqlite.Restored{}, ErrPostgres
	}
	return sqlite.Restore(ctx, filepath.Join(cfg.DataDir, databaseFile), from, time.Now())
}
