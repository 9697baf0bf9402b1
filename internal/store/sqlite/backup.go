package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"custodex.dev/internal/store/migrate"
)

// backupFile is the database in a backup.
const backupFile = "custodex.db"

// Backup copies the database at path into the new folder dir, with a manifest. A server
// may write meanwhile: the copy is the state of one moment, with everything in it that was
// acknowledged before Backup was called. Nobody but the owner can read the copy. A backup that
// fails leaves nothing.
func Backup(ctx context.Context, path, dir string, now time.Time, version string) (m Manifest, err error) {
	if err := findFile(path, false); err != nil {
		return m, err
	}
	if err := checkIdleLog(path); err != nil {
		return m, err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return m, fmt.Errorf("make the folder of the backup: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir)) // it was made here
		}
	}()
	to := filepath.Join(dir, backupFile)
	if err := copyDatabase(ctx, path, to); err != nil {
		return m, err
	}
	if m, err = claimCopy(ctx, to); err != nil {
		return m, err
	}
	m.CreatedAt, m.Program = now.UTC().Truncate(time.Second), version
	if m.Size, m.SHA256, err = hashFile(to); err != nil {
		return m, err
	}
	return m, m.write(dir)
}

// checkIdleLog is checkLog for a database that may be served. A server has done it.
func checkIdleLog(path string) error {
	lock, err := lockFile(path)
	if errors.Is(err, errInUse) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = checkLog(path)
	return errors.Join(err, lock.unlock())
}

// copyDatabase writes the state of one moment into a new file. VACUUM leaves out what was
// deleted.
func copyDatabase(ctx context.Context, path, to string) (err error) {
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	db, err := openDB(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.ExecContext(ctx, "VACUUM INTO ?", to); err != nil {
		return fmt.Errorf("copy the database: %w", err)
	}
	return nil
}

// claimCopy checks a copy that nobody has open and describes it. It gives the copy an epoch
// of its own, so that no write-ahead log of the original is taken for its own.
func claimCopy(ctx context.Context, path string) (m Manifest, err error) {
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: "mode=rw&_pragma=synchronous(FULL)"}
	if abs, err := filepath.Abs(path); err == nil {
		u.Path = filepath.ToSlash(abs)
	}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return m, fmt.Errorf("open the copy: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := checkPages(ctx, db, true); err != nil {
		return m, err
	}
	if m.Schema, _, err = migrate.Version(ctx, db, migrate.SQLite, Migrations()); err != nil {
		return m, err
	}
	if m.Schema == 0 {
		return m, migrate.ErrNotInitialised
	}
	if m.Logs, err = readLogs(ctx, db); err != nil {
		return m, fmt.Errorf("read the audit logs: %w", err)
	}
	return m, startEpoch(ctx, db)
}

func readLogs(ctx context.Context, db *sql.DB) (logs []Log, err error) {
	rows, err := db.QueryContext(ctx, `
		SELECT
			h.app_id,
			h.customers,
			h.entries,
			COALESCE(t.size, 0),
			COALESCE(t.checkpoint, '')
		FROM head AS h
		LEFT JOIN audit_tree AS t ON t.app_id = h.app_id
		ORDER BY h.app_id`)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var l Log
		if err := rows.Scan(&l.App, &l.Customers, &l.Entries, &l.TreeSize, &l.Checkpoint); err != nil {
			return nil, err
		}
		logs = append(logs, l)
	}
	return logs, rows.Err()
}
