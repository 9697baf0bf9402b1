package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"custodex.dev/internal/store/migrate"
)

// The ends of the names that a new file has until it takes the place of the old one.
const (
	preparing = ".preparing" // it is being copied and checked
	restoring = ".restoring" // it is whole, and the old one may have been moved away
)

// Restored is the outcome of Restore.
type Restored struct {
	Manifest
	Replaced string `json:"replaced,omitempty"` // the folder with the files that were there before
}

// Restore puts a backup in the place of the database at path. from is a folder that Backup
// made, or a single file that another tool copied, of which only the pages can be checked.
// What was at path moves into a folder beside it, with its write-ahead log, which must not
// meet another file. A backup that is not whole changes nothing. A restore that is
// interrupted leaves no database at path; do it again.
func Restore(ctx context.Context, path, from string, now time.Time) (r Restored, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return r, fmt.Errorf("make the data folder: %w", err)
	}
	lock, err := lockFile(path)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, lock.unlock()) }()
	source, wanted, err := findBackup(from)
	if err != nil {
		return r, err
	}
	copied := path + preparing
	if err := removeCopy(copied); err != nil { // of an interrupted restore
		return r, err
	}
	if r.Manifest, err = prepare(ctx, source, copied, wanted); err != nil {
		return r, errors.Join(err, removeCopy(copied))
	}
	// Only now: until a restore succeeds, the file of an earlier one says that it was interrupted.
	if err := os.Rename(copied, path+restoring); err != nil {
		return r, err
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return r, err
	}
	if r.Replaced, err = setAside(path, now); err != nil {
		return r, err
	}
	if err := os.Rename(path+restoring, path); err != nil {
		return r, err
	}
	return r, syncDir(filepath.Dir(path))
}

// interrupted refuses a path whose database a restore has moved away and not replaced.
func interrupted(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if _, err := os.Stat(path + restoring); err != nil {
		return nil
	}
	return fmt.Errorf("a restore of %s was interrupted; run custodex restore again", path)
}

// findBackup gives the file to copy, and its manifest if there is one.
func findBackup(from string) (source string, wanted *Manifest, err error) {
	info, err := os.Stat(from)
	if err != nil {
		return "", nil, fmt.Errorf("find the backup: %w", err)
	}
	if info.IsDir() {
		m, err := readManifest(from)
		return filepath.Join(from, backupFile), &m, err
	}
	if log, err := os.Stat(from + "-wal"); err == nil && log.Size() > 0 {
		return "", nil, fmt.Errorf("%s has a write-ahead log beside it, so it is not a copy but a database in use", from)
	}
	return from, nil, nil
}

// prepare copies the file of a backup and checks the copy.
func prepare(ctx context.Context, source, to string, wanted *Manifest) (m Manifest, err error) {
	if err := copyFile(source, to); err != nil {
		return m, fmt.Errorf("copy the backup: %w", err)
	}
	size, sum, err := hashFile(to)
	if err != nil {
		return m, err
	}
	if wanted != nil && (size != wanted.Size || sum != wanted.SHA256) {
		return m, fmt.Errorf("%s is not the file that the manifest describes: it was altered or not copied whole", source)
	}
	if m, err = claimCopy(ctx, to); err != nil {
		return m, fmt.Errorf("check %s: %w", source, err)
	}
	if err := migrate.Serves(Migrations(), m.Schema); err != nil {
		return m, err
	}
	m.Size, m.SHA256 = size, sum
	if wanted != nil {
		m.CreatedAt, m.Program = wanted.CreatedAt, wanted.Program
	}
	return m, nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return errors.Join(err, in.Close())
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, in.Close(), out.Sync(), out.Close())
}

// setAside moves a database and what SQLite keeps beside it into a new folder. The database
// goes first: without it, a log is refused by the next start.
func setAside(path string, now time.Time) (folder string, err error) {
	for _, end := range []string{"", "-wal", "-shm", "-journal"} {
		if _, err := os.Lstat(path + end); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if folder == "" {
			name := "replaced-" + now.UTC().Format("20060102T150405Z") + "-*"
			if folder, err = os.MkdirTemp(filepath.Dir(path), name); err != nil { // mode 0700
				return "", err
			}
		}
		if err := os.Rename(path+end, filepath.Join(folder, filepath.Base(path)+end)); err != nil {
			return folder, err
		}
	}
	return folder, nil
}

// removeCopy removes a file with whatever SQLite left beside it.
func removeCopy(path string) error {
	var errs []error
	for _, end := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(path + end); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
