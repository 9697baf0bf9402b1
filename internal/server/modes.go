package server

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"custodex.dev/internal/config"
)

// mendModes takes away rights of others on the data folder and the database in it, and
// says what it did, one sentence each. It refuses what it cannot mend. The folder may be
// entered by others, since its files are closed to them, but not written to: whoever can,
// can put other files in their place. PostgreSQL looks after its own files.
func mendModes(cfg config.Config) (mended []string, err error) {
	if !cfg.DatabaseURL.IsZero() || runtime.GOOS == "windows" { // which has no such modes
		return nil, nil
	}
	mend := func(path string, wrong func(fs.FileMode) fs.FileMode) error {
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		mode := info.Mode()
		remove := wrong(mode)
		if mode.Perm()&remove == 0 {
			return nil
		}
		right := mode &^ remove
		if err := os.Chmod(path, right); err != nil {
			return fmt.Errorf("%s is open to others (mode %04o) and cannot be changed; run as its owner: chmod %o %s",
				path, mode.Perm(), right.Perm(), path)
		}
		mended = append(mended, fmt.Sprintf("%s was open to others (mode %04o); it has mode %04o now", path, mode.Perm(), right.Perm()))
		return nil
	}
	database := filepath.Join(cfg.DataDir, databaseFile)
	err = mend(cfg.DataDir, writableFolder)
	for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
		err = errors.Join(err, mend(database+suffix, func(fs.FileMode) fs.FileMode { return 0o077 }))
	}
	return mended, err
}

// writableFolder gives the rights that a folder has too many. The group may keep its own
// on a folder with the set-group-ID bit: it is how Kubernetes gives a volume to a pod.
func writableFolder(mode fs.FileMode) fs.FileMode {
	switch {
	case mode.Perm()&0o022 == 0:
		return 0
	case mode&fs.ModeSetgid != 0:
		return 0o007 & mode.Perm()
	}
	return 0o077
}
