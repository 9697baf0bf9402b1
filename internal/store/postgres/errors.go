package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/store"
)

// retrySoon is how long a caller should wait after a moment's trouble.
const retrySoon = time.Second

// sqlError is what a server's error looks like in our logs. The server's own text
// can quote values of rows (class 22 does in its message, class 23 in its detail),
// so those parts are left out; the full error stays reachable by errors.As.
type sqlError struct{ pg *pgconn.PgError }

func (e sqlError) Error() string {
	s := "postgres " + e.pg.Code
	if e.pg.ConstraintName != "" {
		s += " on " + e.pg.ConstraintName
	}
	if !strings.HasPrefix(e.pg.Code, "22") && !strings.HasPrefix(e.pg.Code, "23") {
		s += ": " + e.pg.Message
	}
	return s
}

func (e sqlError) Unwrap() error { return e.pg }

// errAway is the fault of works that waited behind one that the database failed.
var errAway = fault.New(fault.Unavailable, "database_unavailable",
	"The database cannot be reached; try again").After(retrySoon)

// translate turns a driver's error into a fault. ctx is the caller's context, before
// any limit of ours: if that has ended, its error is the answer.
func translate(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	if ended := ctx.Err(); ended != nil {
		return ended
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return translateSQL(pg)
	}
	if lost(err) {
		return fault.Wrap(err, fault.Unavailable, "database_unavailable",
			"The database cannot be reached; try again").After(retrySoon)
	}
	return fault.Wrap(err, fault.Internal, "internal", "Internal server error")
}

func translateSQL(pg *pgconn.PgError) error {
	cause := sqlError{pg}
	unavailable := func(code, message string) error {
		return fault.Wrap(cause, fault.Unavailable, code, message).After(retrySoon)
	}
	switch pg.Code {
	case "23505": // unique_violation
		if pg.ConstraintName == "customer_email" {
			return store.ErrEmailTaken
		}
		return store.ErrExists.Because(cause)
	case "40001", "40P01": // serialization_failure, deadlock_detected
		return unavailable("serialization", "The server is busy; try again")
	case "55P03": // lock_not_available
		return store.ErrLockTimeout.Because(cause).After(retrySoon)
	case "57014": // query_canceled, by statement_timeout: we never cancel
		return unavailable("statement_timeout", "The server is busy; try again")
	case "53100": // disk_full
		return store.ErrDiskFull.Because(fmt.Errorf("the disk of the database server has no space left: %w", cause)).After(retrySoon)
	case "58030": // io_error
		return store.ErrDiskFailed.Because(fmt.Errorf("the disk of the database server fails: %w", cause)).After(retrySoon)
	case "25006": // read_only_sql_transaction: the connection leads to a standby
		return unavailable("database_read_only", "The database takes no writes; try again")
	}
	switch pg.Code[:min(2, len(pg.Code))] {
	case "53": // insufficient_resources: connections, memory
		return unavailable("database_full", "The database is out of resources; try again")
	case "08", "57": // connection_exception, operator_intervention
		return unavailable("database_unavailable", "The database cannot be reached; try again")
	}
	if broken(pg) {
		return unavailable("database_unavailable", "The database cannot be reached; try again")
	}
	return fault.Wrap(cause, fault.Internal, "internal", "Internal server error")
}

// broken reports whether the connection is of no more use after this error: the server
// has ended it, or somebody between us and the server has lost theirs. A proxy need not
// say how severe an error is, or says so in one field only.
func broken(pg *pgconn.PgError) bool {
	for _, severity := range []string{pg.SeverityUnlocalized, pg.Severity} {
		if severity == "FATAL" || severity == "PANIC" {
			return true
		}
	}
	switch pg.Code {
	case "57P01", "57P02", "57P03", "57P05": // shutdown, crash, not up yet, idle for too long
		return true
	}
	return strings.HasPrefix(pg.Code, "08") // connection_exception
}

// answered reports whether err, in answer to a COMMIT and what travelled with it, is a
// refusal that the server itself has decided on: then nothing was committed. Whoever
// passes the answers on can die, and so can a part of a database that is spread over
// machines. They say so in a class of their own, or in one for internal errors.
func answered(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok || broken(pg) || len(pg.Code) != 5 {
		return false
	}
	switch pg.Code[:2] {
	case "XX", "58", "HV": // internal_error, system_error, error of a foreign server
		return false
	}
	return pg.Code != "40003" // statement_completion_unknown
}

// lost reports whether err says that there is no connection, or none any more, so
// that another one may do better. Nothing is said about what the server has done.
func lost(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return broken(pg)
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, pgconn.ErrConnClosed) ||
		errors.Is(err, errTooLong) || silent(err)
}

// silent reports whether err came of waiting: for an answer, or for a connection.
// Whoever asked has waited enough, so that nothing is tried again for them.
func silent(err error) bool {
	if errors.Is(err, errTooLong) {
		return false
	}
	return errors.Is(err, errSilent) || errors.Is(err, context.DeadlineExceeded) || pgconn.Timeout(err)
}

// clashed reports whether err is a failure of the transaction that a new one, with
// the same work, can be expected to escape.
func clashed(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == "40001" || pg.Code == "40P01")
}

// lockHeld reports whether err is that somebody else held a lock for too long.
func lockHeld(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "55P03"
}

// isAnswer reports whether err was made by us out of what a statement returned.
func isAnswer(err error) bool {
	_, ok := errors.AsType[*fault.Error](err)
	return ok
}

// ignoreAbsent makes nil of fault.NotFound: nothing is held of what is not there.
func ignoreAbsent(err error) error {
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	return err
}
