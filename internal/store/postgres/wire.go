package postgres

import (
	"errors"
	"net"
	"sync/atomic"
	"time"
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
type wire struct {
	net.Conn

	// Of a URL with several hosts only.
	hosts   *hosts
	host    *host
	heard   uint64      // of the host, before this connection
	ask     func()      // asks the host whether it is there
	greeted atomic.Bool // the connection was made
}

// Read gives what has come, or fails with errSilent.
func (w *wire) Read(b []byte) (int, error) {
	n, err := w.watched(w.Conn.Read, b)
	if n > 0 && w.host != nil {
		w.host.heard.Add(1)
		w.host.hung.Store(false)
	}
	return n, err
}

// Write sends b, or fails with errSilent.
func (w *wire) Write(b []byte) (int, error) { return w.watched(w.Conn.Write, b) }

// Close ends the connection.
func (w *wire) Close() error {
	if w.host != nil {
		w.hosts.forget(w)
	}
	return w.Conn.Close()
}

func (w *wire) watched(do func([]byte) (int, error), b []byte) (int, error) {
	if w.host != nil {
		return w.watchedAmongOthers(do, b)
	}
	t := time.AfterFunc(patience, func() { _ = w.Conn.Close() })
	n, err := do(b)
	if !t.Stop() && err != nil {
		err = errSilent
	}
	return n, err
}

// watchedAmongOthers is watched where there are other hosts to turn to. A host that
// does not greet is given up. One that is silent later is asked whether it is there.
func (w *wire) watchedAmongOthers(do func([]byte) (int, error), b []byte) (int, error) {
	limit := patience
	if !w.greeted.Load() {
		limit = greetLimit
	} else {
		asks := time.AfterFunc(checkAfter, w.ask)
		defer asks.Stop()
	}
	t := time.AfterFunc(limit, func() {
		if limit == greetLimit {
			w.hosts.giveUp(w.host, w.heard)
		}
		_ = w.Close()
	})
	n, err := do(b)
	if !t.Stop() && err != nil {
		err = errSilent
	}
	return n, err
}
