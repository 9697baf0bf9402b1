package framing

import (
	"bytes"
	"net"

	"custodex.dev/internal/fault"
)

// Answerer makes the whole answer, header and body, to a request that cannot be served. It
// says that the connection closes.
type Answerer func(head Head, remote net.Addr, why *fault.Error) []byte

// conn follows the requests that net/http reads.
type conn struct {
	net.Conn
	answer Answerer
	scan   scanner
	rest   []byte // came together with the end of a message
}

// Read gives bytes of one message. After a message that is refused it fails for good, with
// the fault.
func (c *conn) Read(p []byte) (int, error) {
	if c.scan.err != nil {
		return 0, c.scan.err
	}
	var n int
	var err error
	if len(c.rest) > 0 {
		n = copy(p, c.rest)
		c.rest = c.rest[n:]
	} else if n, err = c.Conn.Read(p); n == 0 {
		return 0, err
	}
	passed := c.scan.scan(p[:n])
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

// ownHeader is the header of what net/http answers by itself. Handlers' answers have a date
// and are never like that.
const ownHeader = "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"

// Write passes answers on. It words those that net/http gives by itself.
func (c *conn) Write(b []byte) (int, error) {
	const version = "HTTP/1.1 "
	line := bytes.IndexByte(b, '\r')
	if line < len(version)+3 || !bytes.HasPrefix(b, []byte(version)) || !bytes.HasPrefix(b[line:], []byte(ownHeader)) {
		return c.Conn.Write(b)
	}
	why := c.scan.err
	if why == nil {
		why = ofStatus(string(b[len(version) : len(version)+3]))
	}
	if _, err := c.Conn.Write(c.answer(c.scan.head.Head, c.RemoteAddr(), why)); err != nil {
		return 0, err
	}
	return len(b), nil
}

// CloseWrite is for net/http, which closes in two steps so that the client can read an answer.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
