package store

import "custodex.dev/internal/fault"

// The faults of the contract. Both adapters return them, with a cause where the driver
// gave one. Find them with errors.Is; their codes are for logs and callers.
var (
	// ErrAppRemoved is an insert into an application that was removed.
	ErrAppRemoved = fault.New(fault.Conflict, "application_removed", "This application was removed")
	// ErrCommitUnknown is a commit whose outcome could not be found out in time.
	ErrCommitUnknown = fault.New(fault.Unavailable, "commit_unknown",
		"It is not known whether this was done; a retry with the same idempotency key is safe")
	// ErrDiskFull is a write for which the disk of the database has no space.
	ErrDiskFull = fault.New(fault.Unavailable, "disk_full", "The database is not available; try again")
	// ErrDiskFailed is a read or write that the disk of the database server failed. SQLite
	// has no such server.
	ErrDiskFailed = fault.New(fault.Unavailable, "disk_failed", "The database is not available; try again")
	// ErrEmailTaken is an insert or update of a customer whose e-mail hash another
	// customer of the application has.
	ErrEmailTaken = fault.New(fault.Conflict, "email_taken", "Another customer has this email")
	// ErrExists is an insert of something whose identifier is taken.
	ErrExists = fault.New(fault.Conflict, "already_exists", "It exists already")
	// ErrKeyUsed is an IdempotencyPut over a row that has not expired.
	ErrKeyUsed = fault.New(fault.Conflict, "idempotency_key_used", "The idempotency key was used already")
	// ErrLockTimeout is a wait for a lock that somebody else held for too long. SQLite
	// has one writer and never returns it.
	ErrLockTimeout = fault.New(fault.Unavailable, "lock_timeout", "The server is busy; try again")
	// ErrTreeMoved is a TreePut on a tree that no longer has the expected size.
	ErrTreeMoved = fault.New(fault.Conflict, "tree_moved", "The audit tree has grown meanwhile")
)

// NotFound is the fault of an absent row; noun is what is missing, for the log.
func NotFound(noun string) error {
	return fault.New(fault.NotFound, noun+"_not_found", noun+" not found")
}
