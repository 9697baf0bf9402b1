package postgres

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Times for the hosts of a URL that names more than one.
const (
	greetLimit = 1 * time.Second        // for a host to answer while a connection is made
	checkAfter = 750 * time.Millisecond // of silence, the host is asked whether it is there
	checkLimit = 750 * time.Millisecond // for its answer
	hungFor    = 1 * time.Second        // before a host that did not answer is tried again
)

// errHung is the error of a dial to a host that did not answer a moment ago.
var errHung = errors.New("the host has not answered a moment ago")

// hosts remembers which hosts of the URL are silent. It matters only if there are
// several: then a host that hangs must not cost every new connection a wait before
// the next host is tried, and what waits for it does better elsewhere.
type hosts struct {
	several bool

	mu    sync.Mutex
	known map[string]*host
}

// host is one address.
type host struct {
	hung  atomic.Bool
	heard atomic.Uint64      // reads that gave something
	retry time.Time          // of a hung one; under hosts.mu
	asked bool               // a check is under way; under hosts.mu
	wires map[*wire]struct{} // under hosts.mu
}

func newHosts(cfg *pgconn.Config) *hosts {
	h := &hosts{known: make(map[string]*host)}
	for _, f := range cfg.Fallbacks {
		h.several = h.several || f.Host != cfg.Host || f.Port != cfg.Port
	}
	return h
}

// watch makes wires of the connections that dial makes. That of a request to cancel
// a statement is one of them.
func (h *hosts) watch(dial pgconn.DialFunc) pgconn.DialFunc {
	if !h.several {
		return func(ctx context.Context, network, address string) (net.Conn, error) {
			ctx, cancel := context.WithTimeout(ctx, patience)
			defer cancel()
			conn, err := dial(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &wire{Conn: conn}, nil
		}
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		one, err := h.enter(address)
		if err != nil {
			return nil, err
		}
		ctx, cancel := context.WithTimeout(ctx, greetLimit)
		defer cancel()
		heard := one.heard.Load()
		conn, err := dial(ctx, network, address)
		if err != nil {
			if timedOut(err) {
				h.giveUp(one, heard)
			}
			return nil, err
		}
		w := &wire{Conn: conn, hosts: h, host: one, heard: heard}
		w.ask = func() { h.check(one, dial, network, address) }
		h.mu.Lock()
		one.wires[w] = struct{}{}
		h.mu.Unlock()
		return w, nil
	}
}

// enter gives the host of an address, or errHung. One dial a while is let through to
// a hung host, to see whether it is back.
func (h *hosts) enter(address string) (*host, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	one := h.known[address]
	if one == nil {
		one = &host{wires: make(map[*wire]struct{})}
		h.known[address] = one
	}
	if one.hung.Load() {
		if time.Now().Before(one.retry) {
			return nil, errHung
		}
		one.retry = time.Now().Add(hungFor)
	}
	return one, nil
}

// giveUp notes that a host hangs, and ends its connections: what waits for them is
// tried elsewhere. A host that was heard of meanwhile, over whatever connection, is
// only busy.
func (h *hosts) giveUp(one *host, heard uint64) {
	if one.heard.Load() != heard {
		return
	}
	h.mu.Lock()
	one.hung.Store(true)
	one.retry = time.Now().Add(hungFor)
	var wires []*wire
	for w := range one.wires {
		wires = append(wires, w)
	}
	h.mu.Unlock()
	for _, w := range wires {
		_ = w.Close()
	}
}

func (h *hosts) forget(w *wire) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(w.host.wires, w)
}

// check asks a host over a new connection whether it speaks TLS, which each answers
// at once with one byte, however slow the statement is that somebody waits for.
func (h *hosts) check(one *host, dial pgconn.DialFunc, network, address string) {
	h.mu.Lock()
	busy := one.asked || one.hung.Load()
	one.asked = one.asked || !busy
	h.mu.Unlock()
	if busy {
		return
	}
	heard := one.heard.Load()
	err := greet(dial, network, address)
	h.mu.Lock()
	one.asked = false
	h.mu.Unlock()
	if timedOut(err) {
		h.giveUp(one, heard)
	}
}

// timedOut reports whether err is that nothing has come, and no refusal.
func timedOut(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	n, ok := errors.AsType[net.Error](err)
	return ok && n.Timeout()
}

func greet(dial pgconn.DialFunc, network, address string) error {
	ctx, cancel := context.WithTimeout(context.Background(), checkLimit)
	defer cancel()
	deadline, _ := ctx.Deadline()
	conn, err := dial(ctx, network, address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(deadline); err != nil {
		return err
	}
	// SSLRequest: its length, and the number that stands for it.
	if _, err := conn.Write([]byte{0, 0, 0, 8, 4, 210, 22, 47}); err != nil {
		return err
	}
	_, err = io.ReadFull(conn, make([]byte, 1))
	return err
}

// ready notes that a connection is made: from now on a statement's silence counts, and
// no more that of a greeting.
func (h *hosts) ready(_ context.Context, conn *pgx.Conn) error {
	inner := conn.PgConn().Conn()
	if t, ok := inner.(*tls.Conn); ok {
		inner = t.NetConn()
	}
	if w, ok := inner.(*wire); ok {
		w.greeted.Store(true)
	}
	return nil
}
