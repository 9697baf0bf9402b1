package sqlite

import (
	"context"
	"errors"

	lib "modernc.org/sqlite/lib"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/store"
)

// coded is a driver's error: code is SQLite's extended result code.
type coded interface {
	error
	Code() int
}

func codeOf(err error) int {
	if e, ok := errors.AsType[coded](err); ok {
		return e.Code()
	}
	return 0
}

// errInUse is a database that another process has locked.
var errInUse = errors.New("is in use")

var errFailed = fault.New(fault.Unavailable, "storage_failed",
	"The server cannot write to its disk and must be restarted")

// errMoved is a file that is open here and that nobody else would find.
var errMoved = fault.New(fault.Unavailable, "database_moved",
	"The database file was moved or replaced; put it back and restart the server")

// translate turns a driver's error into a fault, by its code. It is the only place
// that does.
func translate(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	code := codeOf(err)
	switch code {
	case lib.SQLITE_CONSTRAINT_UNIQUE, lib.SQLITE_CONSTRAINT_PRIMARYKEY, lib.SQLITE_CONSTRAINT_ROWID:
		return store.ErrExists.Because(err)
	case lib.SQLITE_CONSTRAINT_FOREIGNKEY:
		return store.NotFound("application")
	}
	if full(err) {
		return store.ErrDiskFull.Because(err)
	}
	switch code & 0xff {
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED, lib.SQLITE_PROTOCOL:
		return fault.Wrap(err, fault.Unavailable, "database_busy", "The server is busy; try again")
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		return fault.Wrap(err, fault.Unavailable, "database_damaged", "The database is not available; try again")
	case lib.SQLITE_IOERR, lib.SQLITE_NOMEM, lib.SQLITE_CANTOPEN, lib.SQLITE_READONLY:
		return fault.Wrap(err, fault.Unavailable, "database_unavailable", "The database is not available; try again")
	}
	return fault.Wrap(err, fault.Internal, "internal", "Internal server error")
}

// breaks reports whether err may have ended the transaction it happened in, as
// SQLite does by itself after some errors.
func breaks(err error) bool {
	switch codeOf(err) & 0xff {
	case lib.SQLITE_FULL, lib.SQLITE_IOERR, lib.SQLITE_NOMEM, lib.SQLITE_BUSY,
		lib.SQLITE_INTERRUPT, lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB, lib.SQLITE_CANTOPEN,
		lib.SQLITE_READONLY:
		return true
	}
	return false
}

// loses reports whether err means that what was written may not be on disk, now
// or ever: after a failed fsync the system may forget the pages it could not
// write, and a second fsync would succeed without them. At a commit any failed
// write or sync counts; a full disk does not, SQLite finds that out beforehand.
func loses(err error, atCommit bool) bool {
	switch code := codeOf(err); code {
	case lib.SQLITE_IOERR_FSYNC, lib.SQLITE_IOERR_DIR_FSYNC:
		return true
	default:
		return atCommit && code&0xff == lib.SQLITE_IOERR
	}
}
