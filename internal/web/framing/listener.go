package framing

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"custodex.dev/internal/safe"
)

// Config is what Listen needs. Answer must be set.
type Config struct {
	Answer    Answerer
	MaxHeader int           // most bytes of a request line and its header
	MaxBody   int64         // most bytes of a body that are kept
	MaxConns  int           // most connections at once; 0: any number
	TLS       *tls.Config   // nil: plain
	Handshake time.Duration // how long that of TLS may take
	Log       *slog.Logger  // gets handshakes that fail; needed with TLS
}

// Listen wraps the connections of l. With TLS it makes the handshakes, so that it knows which
// connections speak HTTP/2; these it leaves alone.
func Listen(l net.Listener, cfg Config) net.Listener {
	if cfg.TLS == nil {
		return plain{l, cfg, newCrowd(cfg.MaxConns)}
	}
	t := &secureListener{Listener: l, cfg: cfg, crowd: newCrowd(cfg.MaxConns), ready: make(chan accepted), closed: make(chan struct{})}
	go t.acceptLoop()
	return t
}

func (cfg Config) follow(c net.Conn, of *crowd, m *member) *follower {
	return &follower{
		Conn: c, answer: cfg.Answer, crowd: of, member: m,
		scan: scanner{maxHeader: cfg.MaxHeader, maxBody: cfg.MaxBody},
	}
}

type plain struct {
	net.Listener
	cfg   Config
	crowd *crowd
}

func (p plain) Accept() (net.Conn, error) {
	c, err := p.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return p.cfg.follow(c, p.crowd, p.crowd.join(c)), nil
}

// secureListener hands out connections whose handshake is over.
type secureListener struct {
	net.Listener
	cfg    Config
	crowd  *crowd
	ready  chan accepted
	closed chan struct{}
	close  sync.Once
}

type accepted struct {
	conn net.Conn
	err  error
}

// acceptLoop accepts until the listener is closed. Other errors are for those who call Accept; they
// also wait before they call it again.
func (s *secureListener) acceptLoop() {
	for {
		c, err := s.Listener.Accept()
		if err == nil {
			go s.handshake(c)
			continue
		}
		if !s.give(accepted{err: err}) || errors.Is(err, net.ErrClosed) {
			return
		}
	}
}

// give reports whether somebody took a.
func (s *secureListener) give(a accepted) bool {
	select {
	case s.ready <- a:
		return true
	case <-s.closed:
		return false
	}
}

// handshake makes c ready, or closes it. A panic, as of a function in Config.TLS, ends c alone.
func (s *secureListener) handshake(c net.Conn) {
	m := s.crowd.join(c)
	followed := false
	defer func() {
		if p := recover(); p != nil {
			s.cfg.Log.Error("panic in a TLS handshake", "cause", safe.Recovered(p))
			_ = c.Close() // nobody has it
		}
		if !followed {
			s.crowd.leave(m)
		}
	}()
	t := tls.Server(c, s.cfg.TLS)
	ctx, cancel := context.WithTimeout(context.Background(), s.cfg.Handshake)
	defer cancel()
	s.crowd.await(m, &s.crowd.unfinished, weightOfHandshake)
	err := t.HandshakeContext(ctx)
	s.crowd.came(m)
	if err != nil {
		if plain, ok := errors.AsType[tls.RecordHeaderError](err); ok && plain.Conn != nil && looksLikeHTTP(plain.RecordHeader) {
			_, _ = c.Write(s.cfg.Answer(Head{}, c.RemoteAddr(), errPlainOnTLS)) // else nobody reads it
			s.crowd.linger(m, c)
		}
		if op, ok := errors.AsType[*net.OpError](err); ok {
			err = op.Err // without the addresses
		}
		s.cfg.Log.Debug("TLS handshake failed", "cause", err)
		_ = c.Close() // nothing was promised to it
		return
	}
	var whole net.Conn = t
	if t.ConnectionState().NegotiatedProtocol != "h2" {
		whole, followed = encrypted{s.cfg.follow(t, s.crowd, m), t}, true
	}
	if !s.give(accepted{conn: whole}) {
		_ = whole.Close()
	}
}

// looksLikeHTTP reports whether the first bytes of a connection are those of a plain request.
func looksLikeHTTP(header [5]byte) bool {
	switch string(header[:]) {
	case "GET /", "HEAD ", "POST ", "PUT /", "PATCH", "DELET", "OPTIO":
		return true
	}
	return false
}

// encrypted is a conn whose bytes came by TLS. net/http asks it for the state.
type encrypted struct {
	*follower
	tls *tls.Conn
}

func (e encrypted) ConnectionState() tls.ConnectionState { return e.tls.ConnectionState() }

func (s *secureListener) Accept() (net.Conn, error) {
	select {
	case a := <-s.ready:
		return a.conn, a.err
	case <-s.closed:
		return nil, net.ErrClosed
	}
}

func (s *secureListener) Close() error {
	s.close.Do(func() { close(s.closed) })
	return s.Listener.Close()
}
