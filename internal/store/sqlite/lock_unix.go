//go:build unix

package sqlite

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// fileLock keeps other processes away from the database. It is on a file of its
// own, because closing any handle of the database would drop SQLite's own locks.
type fileLock struct{ f *os.File }

// lockFile takes the lock or says who has it: it does not wait.
func lockFile(path string) (*fileLock, error) {
	f, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the database: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = fmt.Errorf("%s %w; stop the custodex that serves or migrates it first", path, errInUse)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &fileLock{f}, nil
}

// unlock lets go. The file stays: removing it would let two processes hold locks
// on two files of one name. To close it alone would leave the lock with a child that
// another goroutine is just starting, until that runs its program.
func (l *fileLock) unlock() error {
	return errors.Join(syscall.Flock(int(l.f.Fd()), syscall.LOCK_UN), l.f.Close())
}
