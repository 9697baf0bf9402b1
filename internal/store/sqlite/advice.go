package sqlite

import (
	"errors"

	lib "modernc.org/sqlite/lib"

	"custodex.dev/internal/store/migrate"
)

// Advice says what an operator can do about an error of Open, Init or Migrate that
// SQLite gave; "" if nothing is known.
func Advice(err error) string {
	if advice := migrate.Advice(err); advice != "" {
		return advice
	}
	switch {
	case errors.Is(err, errForeignLog):
		return "to restore a backup, run custodex restore, which also removes the old log; if nobody restored anything, " +
			"put back the database file that the files -wal and -shm belong to"
	case errors.Is(err, errPages):
		return "stop here, keep a copy of the data folder, and run custodex restore with a backup"
	}
	switch codeOf(err) & 0xff {
	case lib.SQLITE_FULL, lib.SQLITE_IOERR:
		return "the disk of the data folder is full or failing; free space on it or check it, then start again"
	case lib.SQLITE_CANTOPEN, lib.SQLITE_READONLY, lib.SQLITE_PERM:
		return "this user must be able to write to the data folder and every file in it"
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		return "the file is no intact database; stop here and restore a backup"
	}
	return ""
}
