package framing_test

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"custodex.dev/internal/web/framing"
)

// unread are requests that are refused while most of them is still on its way.
var unread = map[string]string{
	"expectation_failed": "POST / HTTP/1.1\r\nHost: x\r\nExpect: x\r\nContent-Length: 1048576\r\n\r\n",
	"bad_chunk":          "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
	"malformed_request":  "POST / HTTP/1.1\r\nContent-Length: 1048576\r\n\r\n", // no Host; net/http says so
}

// A client that sends its whole body before it reads gets the answer of a refused request.
// Before, most of such connections were reset, and the answer with them.
func TestAnswerReachesWhoStillSends(t *testing.T) {
	t.Parallel()
	addr := serve(t)
	for code, head := range unread {
		for range 10 {
			c, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			_, err = io.WriteString(c, head+strings.Repeat("x", 1<<20))
			answer, readErr := io.ReadAll(c)
			_ = c.Close()
			if err := errors.Join(err, readErr); err != nil || !strings.Contains(string(answer), "Code: "+code) {
				t.Fatalf("%s: the answer is lost: %q, %v", code, answer, err)
			}
		}
	}
}

// A client that does not stop sending is cut off, whether it sends much or little.
func TestLingeringEnds(t *testing.T) {
	t.Parallel()
	addr := serve(t)
	for size, pause := range map[int]time.Duration{1 << 20: 0, 1: 10 * time.Millisecond} {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		_, err = io.WriteString(c, unread["expectation_failed"])
		sent := 0
		for ; err == nil; sent += size {
			time.Sleep(pause)
			_, err = io.WriteString(c, strings.Repeat("x", size))
		}
		if errors.Is(err, os.ErrDeadlineExceeded) || sent > 64<<20 {
			t.Errorf("by %d bytes: %d were taken, %v", size, sent, err)
		}
	}
}

// A second Close, as that of a server which stops, does not wait.
func TestCloseWhileLingering(t *testing.T) {
	t.Parallel()
	here, there := net.Pipe()
	defer func() { _ = there.Close() }()
	c, err := framing.Listen(only{endless{here}}, framing.Config{MaxHeader: maxHeader}).Accept()
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.WriteString(there, "nonsense\r\n") }()
	if _, err := io.ReadAll(c); err == nil {
		t.Fatal("nonsense was read")
	}
	first := make(chan struct{})
	go func() { defer close(first); _ = c.Close() }()
	if _, err := io.WriteString(there, "more"); err != nil {
		t.Fatalf("nobody waits for the rest: %v", err)
	}
	_ = c.Close()
	select {
	case <-first:
	case <-time.After(time.Minute):
		t.Error("the second Close did not end the first")
	}
}

// endless is a connection that never times out.
type endless struct{ net.Conn }

func (endless) SetReadDeadline(time.Time) error { return nil }

// only is a listener with one connection.
type only struct{ net.Conn }

func (o only) Accept() (net.Conn, error) { return o.Conn, nil }
func (o only) Addr() net.Addr            { return o.LocalAddr() }
