package postgres

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// errSilent is what a read or a write fails with when the server has said nothing
// for as long as a caller waits.
var errSilent = errors.New("the database has been silent for " + patience.String())

// wire is a connection that does not wait for ever. While somebody waits for bytes
// to come or to go, and none do for patience, it is closed. Only silence counts: rows
// that keep coming may take as long as they like, and so may we between two
// statements.
//
// A deadline of the socket would be shorter to write, but pgx sets deadlines of its
// own, from another goroutine, when a context ends. And a connection that is closed
// leaves its place in the pool soon, while pgx would first drain it for 15 seconds.
type wire struct{ net.Conn }

// Read gives what has come, or fails with errSilent.
func (w wire) Read(b []byte) (int, error) { return w.watched(w.Conn.Read, b) }

// Write sends b, or fails with errSilent.
func (w wire) Write(b []byte) (int, error) { return w.watched(w.Conn.Write, b) }

func (w wire) watched(do func([]byte) (int, error), b []byte) (int, error) {
	t := time.AfterFunc(patience, func() { _ = w.Close() })
	n, err := do(b)
	if !t.Stop() && err != nil {
		err = errSilent
	}
	return n, err
}

// watch makes wires of the connections that dial makes. That of a request to cancel
// a statement is one of them.
func watch(dial pgconn.DialFunc) pgconn.DialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return wire{conn}, nil
	}
}
