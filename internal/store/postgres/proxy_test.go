package postgres_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"
)

// cut says what a proxy does to a connection that carries a COMMIT.
type cut int32

const (
	cutNever     cut = iota
	cutBefore        // the server never gets it
	cutAfter         // the server has done it, and the answer is withheld
	cutMeanwhile     // the server gets it while both sides lose the connection
	cutSilent        // the server has done it, and says nothing any more
	cutHold          // the server gets it late: the whole network stands still from here on
	cutLie           // the server has done it, and the proxy says that there was an error
	cutRefuse        // the server never gets it, and the proxy says that there was an error
)

// proxy stands between a store and a server. Armed, it cuts the next connection in
// its COMMIT, once.
type proxy struct {
	t      *testing.T
	server string
	listen net.Listener

	mu    sync.Mutex
	armed cut
	cuts  int
	held  chan struct{} // open while nothing passes
	dead  chan struct{} // closed when the lines that there are carry nothing any more
	slow  time.Duration // before each message of the server
	says  []byte        // the error of cutLie and cutRefuse, as a message
	again int           // how often more it is armed after it has fired
}

// newProxy gives a proxy to the server of address, and its own address.
func newProxy(t *testing.T, address string) (*proxy, string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{t: t, server: u.Host, listen: l, held: make(chan struct{}), dead: make(chan struct{})}
	close(p.held)
	var group sync.WaitGroup
	group.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			group.Go(func() { p.serve(client) })
		}
	})
	t.Cleanup(func() { _ = l.Close(); p.release(); group.Wait() })
	u.Host = l.Addr().String()
	return p, u.String()
}

// saying makes the message with which the proxy lies. A severity may be absent.
func (p *proxy) saying(severity, code string) {
	body := ""
	if severity != "" {
		body = "S" + severity + "\x00"
	}
	body += "C" + code + "\x00Mthe connection behind me was lost\x00\x00"
	p.mu.Lock()
	defer p.mu.Unlock()
	p.says = append(binary.BigEndian.AppendUint32([]byte{'E'}, uint32(len(body)+4)), body...)
}

func (p *proxy) arm(c cut) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed, p.again = c, 0
}

// armForGood arms it for each COMMIT until arm is called.
func (p *proxy) armForGood(c cut) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed, p.again = c, 1<<30
}

// hold stops everything where it is, as a network does that loses all packets: what
// is sent arrives once release is called.
func (p *proxy) hold() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held = make(chan struct{})
}

func (p *proxy) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.held:
	default:
		close(p.held)
	}
}

// forget makes the lines that there are carry nothing any more, without a word, as a
// firewall does that lost its table. New ones work.
func (p *proxy) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.dead)
	p.dead = make(chan struct{})
}

// delay lets every message of the server come late.
func (p *proxy) delay(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.slow = d
}

// pass waits until the network carries something.
func (p *proxy) pass() {
	p.mu.Lock()
	held := p.held
	p.mu.Unlock()
	<-held
}

// fire takes the cut that is due, if any.
func (p *proxy) fire() cut {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.armed
	if c == cutNever {
		return c
	}
	p.cuts++
	if p.again > 0 {
		p.again--
	} else {
		p.armed = cutNever
	}
	return c
}

func (p *proxy) serve(client net.Conn) {
	p.pass()
	server, err := net.Dial("tcp", p.server)
	if err != nil {
		_ = client.Close()
		return
	}
	p.mu.Lock()
	dead := p.dead
	p.mu.Unlock()
	l := &line{proxy: p, client: client, server: server, dead: dead, commits: make(map[string]bool)}
	var group sync.WaitGroup
	group.Go(func() { _ = l.up(); l.close() })
	group.Go(func() { _ = l.down(); l.close() })
	group.Wait()
}

// line is one connection through the proxy.
type line struct {
	*proxy
	client, server net.Conn
	dead           chan struct{}   // closed: it carries nothing
	commits        map[string]bool // prepared statements that are a COMMIT
	mute           sync.Mutex      // held while answers are withheld
	muted          bool
	silent         bool // muted for good, and not closed
	lies           bool // muted, and then an error
}

// lie sends the error of the proxy and ends the connection.
func (l *line) lie() error {
	l.mu.Lock()
	says := l.says
	l.mu.Unlock()
	if err := l.send(l.client, says); err != nil {
		return err
	}
	return io.EOF
}

// send carries bytes to one of the two ends, if the line carries any.
func (l *line) send(to net.Conn, b []byte) error {
	l.pass()
	select {
	case <-l.dead:
		return nil
	default:
	}
	_, err := to.Write(b)
	return err
}

func (l *line) close() { _ = l.client.Close(); _ = l.server.Close() }

// up carries what the client sends, message by message, and looks for a COMMIT that
// is executed: Parse gives a statement a name, Bind makes it the portal that the next
// Execute runs, and Sync ends what travels together.
func (l *line) up() error {
	r := bufio.NewReader(l.client)
	if err := l.greet(r); err != nil {
		return err
	}
	var flight []byte
	commits := false
	for {
		kind, body, err := message(r)
		if err != nil {
			return err
		}
		flight = append(flight, kind)
		flight = binary.BigEndian.AppendUint32(flight, uint32(len(body)+4))
		flight = append(flight, body...)
		switch kind {
		case 'P': // Parse: name, SQL
			name, sql := text(body)
			sql, _ = text([]byte(sql))
			l.commits[name] = sql == "COMMIT"
		case 'B': // Bind: portal, name
			_, after := text(body)
			name, _ := text([]byte(after))
			commits = commits || l.commits[name]
			continue
		case 'E', 'D':
			continue
		}
		if commits {
			if err := l.commit(flight); err != nil {
				return err
			}
		} else if err := l.send(l.server, flight); err != nil {
			return err
		}
		flight, commits = flight[:0], false
	}
}

// greet carries the message that begins a connection, which has no type. A client that
// asks for TLS, as it does without sslmode in the URL, is told that there is none.
func (l *line) greet(r *bufio.Reader) error {
	const sslRequest = 80877103
	for {
		first := make([]byte, 4)
		if _, err := io.ReadFull(r, first); err != nil {
			return err
		}
		rest := make([]byte, binary.BigEndian.Uint32(first)-4)
		if _, err := io.ReadFull(r, rest); err != nil {
			return err
		}
		if len(rest) != 4 || binary.BigEndian.Uint32(rest) != sslRequest {
			return l.send(l.server, append(first, rest...))
		}
		if err := l.send(l.client, []byte{'N'}); err != nil {
			return err
		}
	}
}

// commit carries a flight with a COMMIT, or cuts.
func (l *line) commit(flight []byte) error {
	c := l.fire()
	switch c {
	case cutBefore:
		return io.EOF
	case cutRefuse:
		return l.lie()
	case cutAfter, cutSilent, cutLie:
		// What the server answers is read and thrown away by down, until it is ready.
		l.mute.Lock()
		l.muted, l.silent, l.lies = true, c == cutSilent, c == cutLie
		l.mute.Unlock()
	case cutHold:
		l.hold()
	}
	if err := l.send(l.server, flight); err != nil {
		return err
	}
	if c == cutMeanwhile {
		return io.EOF
	}
	return nil
}

// down carries what the server sends. Muted, it ends the connection at the moment
// the server is ready again.
func (l *line) down() error {
	r := bufio.NewReader(l.server)
	for {
		kind, body, err := message(r)
		if err != nil {
			return err
		}
		l.mute.Lock()
		muted, silent, lies := l.muted, l.silent, l.lies
		l.mute.Unlock()
		if muted {
			if kind == 'Z' && lies { // ReadyForQuery
				return l.lie()
			}
			if kind == 'Z' && !silent {
				return io.EOF
			}
			continue
		}
		head := binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(body)+4))
		l.mu.Lock()
		slow := l.slow
		l.mu.Unlock()
		time.Sleep(slow)
		if err := l.send(l.client, append(head, body...)); err != nil {
			return err
		}
	}
}

func message(r *bufio.Reader) (kind byte, body []byte, err error) {
	head := make([]byte, 5)
	if _, err := io.ReadFull(r, head); err != nil {
		return 0, nil, err
	}
	n := binary.BigEndian.Uint32(head[1:])
	if n < 4 || n > 1<<26 {
		return 0, nil, fmt.Errorf("a message of %d bytes", n)
	}
	body = make([]byte, n-4)
	_, err = io.ReadFull(r, body)
	return head[0], body, err
}

// text cuts the text that a zero byte ends off the front of b.
func text(b []byte) (s, after string) {
	for i, c := range b {
		if c == 0 {
			return string(b[:i]), string(b[i+1:])
		}
	}
	return string(b), ""
}
