package framing

import (
	"bytes"
	"net"
	"sync/atomic"
	"time"

	"custodex.dev/internal/fault"
)

// Answerer makes the whole answer, header and body, to a request that cannot be served. It
// says that the connection closes.
type Answerer func(head Head, remote net.Addr, why *fault.Error) []byte

// follower follows the requests that net/http reads.
type follower struct {
	net.Conn
	answer Answerer
	scan   scanner
	crowd  *crowd
	member *member
	rest   []byte // came together with the end of a message

	refused atomic.Bool // the client may be sending still; false again once it is closed
}

// Read gives bytes of one message. After a message that is refused it fails for good, with
// the fault.
func (c *follower) Read(p []byte) (int, error) {
	if c.scan.err != nil {
		return 0, c.scan.err
	}
	var n int
	var err error
	if len(c.rest) > 0 {
		n = copy(p, c.rest)
		c.rest = c.rest[n:]
	} else if n, err = c.await(p); n == 0 {
		return 0, err
	}
	if !c.scan.begun {
		c.crowd.state(c.member, false) // net/http says so once it has read the header
	}
	passed := c.scan.scan(p[:n])
	if c.scan.err != nil {
		c.refused.Store(true)
	}
	switch {
	case c.scan.err != nil && passed == 0:
		return 0, c.scan.err
	case c.scan.err != nil:
		return passed, nil
	case passed < n:
		c.rest = append(bytes.Clone(p[passed:n]), c.rest...)
		return passed, nil // err comes again
	}
	return passed, err
}

// await reads what comes next. While it waits for the rest of a request, or for the first one, the
// connection may be closed for others.
func (c *follower) await(p []byte) (int, error) {
	weight := c.scan.weight()
	if weight == 0 {
		c.member.turn = 0 // its next request is another; nobody looks at one who is not waited for
		return c.Conn.Read(p)
	}
	among := &c.crowd.unfinished
	if !c.scan.begun && c.scan.size == 0 {
		among = &c.crowd.silent
	}
	c.crowd.await(c.member, among, weight)
	defer c.crowd.came(c.member)
	return c.Conn.Read(p)
}

// between reports whether nothing of the next request has come. Nobody may be reading.
func (c *follower) between() bool { return !c.scan.begun && len(c.rest) == 0 }

// ownHeader is the header of what net/http answers by itself. Handlers' answers have a date
// and are never like that.
const ownHeader = "Content-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"

// Write passes answers on. It words those that net/http gives by itself.
func (c *follower) Write(b []byte) (int, error) {
	line, ok := bytes.CutPrefix(b, []byte("HTTP/1.1 "))
	if !ok {
		return c.Conn.Write(b)
	}
	status, header, _ := bytes.Cut(line, []byte("\r\n"))
	if !bytes.HasPrefix(header, []byte(ownHeader)) {
		return c.Conn.Write(b)
	}
	why := c.scan.err
	if why == nil {
		why = ofStatus(string(status))
	}
	c.refused.Store(true)
	if _, err := c.Conn.Write(c.answer(c.scan.head.Head, c.RemoteAddr(), why)); err != nil {
		return 0, err
	}
	return len(b), nil
}

// CloseWrite is for net/http, which does the same as Close with some requests.
func (c *follower) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// Close lingers after a request that was refused. A second Close ends that, and so does the crowd.
func (c *follower) Close() error {
	defer c.crowd.leave(c.member)
	if c.refused.Swap(false) {
		c.crowd.linger(c.member, c.Conn)
	}
	return c.Conn.Close()
}

// The most that linger reads, at once and in all, for how long, and how long it waits for more.
const (
	lingerBuffer = 16 << 10
	lingerBytes  = 16 << 20
	lingerTime   = 5 * time.Second
	lingerIdle   = 500 * time.Millisecond
)

// linger says that nothing more is answered, and discards what the client still sends. To
// close before it was read would reset the connection, and the client would lose the answer
// that is on its way.
func linger(c net.Conn) {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite() // if it fails, so does what follows
	}
	end := time.Now().Add(lingerTime)
	buffer := make([]byte, lingerBuffer)
	for left := lingerBytes; left > 0; {
		deadline := time.Now().Add(lingerIdle)
		if deadline.After(end) {
			deadline = end
		}
		if err := c.SetReadDeadline(deadline); err != nil {
			return
		}
		n, err := c.Read(buffer)
		if err != nil {
			return // any end will do
		}
		left -= n
	}
}
