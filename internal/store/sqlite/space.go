package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	lib "modernc.org/sqlite/lib"

	"custodex.dev/internal/store"
)

// full reports whether err says that the disk has no space. The second code is that of
// the shared memory beside the log, which SQLite extends when it opens the file.
func full(err error) bool {
	code := codeOf(err)
	return code&0xff == lib.SQLITE_FULL || code == lib.SQLITE_IOERR_SHMSIZE
}

// noteSpace remembers whether the last batch found the disk full.
func (s *Store) noteSpace(err error) {
	if err == nil || full(err) {
		s.full.Store(err != nil)
	}
}

// checkSpace is for Ping: a disk that was full at the last write is full until a file of
// some size can be written. Requests may be kept away meanwhile, so nobody else would
// find out.
func (s *Store) checkSpace() error {
	if !s.full.Load() {
		return nil
	}
	if err := s.tryDisk(); err != nil {
		return store.ErrDiskFull.Because(fmt.Errorf("the disk of %s has no space left: %w", s.path, err))
	}
	s.full.Store(false)
	return nil
}

// trySize is how much must fit before a full disk counts as mended.
const trySize = 1 << 20

// tryDisk writes a file beside the database and removes it.
func tryDisk(path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".space-*")
	if err != nil {
		return err
	}
	_, err = f.Write(make([]byte, trySize))
	return errors.Join(err, f.Close(), os.Remove(f.Name()))
}
