package framing_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/web/framing"
)

// crowded serves on a listener whose connections are counted.
func crowded(t *testing.T, cfg framing.Config, budget int64, h http.HandlerFunc) (address string, count *atomic.Int64) {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg.Answer = func(_ framing.Head, _ net.Addr, why *fault.Error) []byte { return []byte(why.Code) }
	cfg.MaxHeader = 16 << 10
	cfg.MaxBody = 64 << 10
	count = new(atomic.Int64)
	s := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute, ConnState: func(c net.Conn, state http.ConnState) {
		framing.NoteState(c, state)
		switch state {
		case http.StateNew:
			count.Add(1)
		case http.StateClosed:
			count.Add(-1)
		}
	}}
	go func() { _ = s.Serve(framing.ListenWith(inner, cfg, budget)) }()
	t.Cleanup(func() { _ = s.Close() })
	return inner.Addr().String(), count
}

func answers(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	_, _ = io.WriteString(w, "ok")
}

// open opens a connection and sends text.
func open(t *testing.T, address, text string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_, _ = io.WriteString(c, text) // it may be closed already
	return c
}

// get makes a request and reads the answer.
func get(c net.Conn) error {
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return err
	}
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		return err
	}
	return answer(c)
}

// answer reads an answer.
func answer(c net.Conn) error {
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

// Strangers with unfinished requests, of any kind, keep few connections, and requests that come whole are
// served.
func TestUnfinishedRequestsAreFew(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		text string
		most int64 // in a budget of 4 MiB
	}{
		"nothing":     {"", 345},
		"a header":    {"GET / HTTP/1.1\r\nHost: x\r\nA: " + strings.Repeat("a", 15_000), 50},
		"many fields": {"GET / HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("A: aaaaaaaa\r\n", 1000), 60},
		"a body":      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 65536\r\n\r\nx", 58},
		"a chunk":     {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nx", 58},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, count := crowded(t, framing.Config{}, 4<<20, answers)
			for range 30 {
				for range 20 {
					open(t, address, tt.text)
				}
				good := open(t, address, "")
				if err := get(good); err != nil {
					t.Errorf("a good request: %v", err)
				}
				_ = good.Close()
			}
			for deadline := time.Now().Add(time.Minute); count.Load() > tt.most; time.Sleep(10 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("%d connections are open, want at most %d", count.Load(), tt.most)
				}
			}
		})
	}
}

// Beyond the limit the connection is closed that has been idle for longest, and none that is at work.
func TestIdleConnectionsMakeRoom(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	address, count := crowded(t, framing.Config{MaxConns: 10}, 1<<20, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/long" {
			<-release
		}
		answers(w, r)
	})
	long := open(t, address, "GET /long HTTP/1.1\r\nHost: x\r\n\r\n")
	var last []net.Conn
	for range 40 {
		c := open(t, address, "")
		if err := get(c); err != nil {
			t.Fatalf("a request: %v", err)
		}
		last = append(last, c)
	}
	for deadline := time.Now().Add(time.Minute); count.Load() > 10; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d connections are open, want at most 10", count.Load())
		}
	}
	for _, c := range last[len(last)-5:] {
		if err := get(c); err != nil {
			t.Errorf("a connection that was not idle for long: %v", err)
		}
	}
	close(release)
	if err := long.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if resp, err := http.ReadResponse(bufio.NewReader(long), nil); err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("the request that was at work: %v", err)
	}
}
