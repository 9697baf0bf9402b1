package sqlite

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

const (
	manifestFile   = "manifest.json"
	manifestFormat = "custodex-backup/1"
)

// Manifest describes a backup. Its checksum shows accidents; against forgery there are the
// checkpoints, which are signed.
type Manifest struct {
	Format    string    `json:"format"`
	CreatedAt time.Time `json:"created_at"`
	Program   string    `json:"program"` // version of the custodex that made it
	Schema    int64     `json:"schema"`
	Size      int64     `json:"size"` // of custodex.db, in bytes
	SHA256    string    `json:"sha256"`
	Logs      []Log     `json:"logs"`
}

// Log is the state of an application and of its audit log in a backup.
type Log struct {
	App        string `json:"app"`
	Customers  int64  `json:"customers"`
	Entries    int64  `json:"entries"`
	TreeSize   int64  `json:"tree_size"`  // entries that the checkpoint covers
	Checkpoint string `json:"checkpoint"` // as custodex audit checkpoint prints it; "" if the tree is missing
}

// write is the last step of a backup: one without a manifest was not finished. It makes the
// backup durable, also its name in the folder that it is in.
func (m *Manifest) write(dir string) error {
	m.Format = manifestFormat
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(dir, manifestFile), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, '\n'))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	return errors.Join(syncDir(dir), syncDir(filepath.Dir(dir)))
}

// readManifest reads the manifest of the backup in a folder.
func readManifest(dir string) (m Manifest, err error) {
	text, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if errors.Is(err, fs.ErrNotExist) {
		return m, fmt.Errorf("%s is no backup, or one that was interrupted: it has no %s", dir, manifestFile)
	}
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("read %s of the backup: %w", manifestFile, err)
	}
	if m.Format != manifestFormat {
		return m, fmt.Errorf("this backup has the format %q, which this release does not know", m.Format)
	}
	return m, nil
}

// hashFile syncs a file and gives its size and checksum.
func hashFile(path string) (size int64, sum string, err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return 0, "", err
	}
	hash := sha256.New()
	size, err = io.Copy(hash, f)
	err = errors.Join(err, f.Sync(), f.Close())
	return size, hex.EncodeToString(hash.Sum(nil)), err
}
