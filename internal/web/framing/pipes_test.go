package framing_test

import (
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/web/framing"
)

// pipes is a listener whose connections are in memory, for synctest.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error { close(p.closed); return nil }
func (pipes) Addr() net.Addr { return &net.TCPAddr{} }

// piped serves in memory. open makes a connection, says text and returns once nothing moves; what the
// server answers then is lost.
func piped(t *testing.T, cfg framing.Config, budget int64, h http.HandlerFunc) (open func(text string) net.Conn, count *atomic.Int64) {
	t.Helper()
	cfg.Answer = func(_ framing.Head, _ net.Addr, why *fault.Error) []byte { return []byte(why.Code) }
	cfg.MaxHeader, cfg.MaxBody = 16<<10, 64<<10
	count = new(atomic.Int64)
	s := &http.Server{Handler: h, ConnState: func(c net.Conn, state http.ConnState) {
		framing.NoteState(c, state)
		switch state {
		case http.StateNew:
			count.Add(1)
		case http.StateClosed:
			count.Add(-1)
		}
	}}
	p := pipes{make(chan net.Conn), make(chan struct{})}
	go func() { _ = s.Serve(framing.ListenWith(p, cfg, budget)) }()
	t.Cleanup(func() { _ = s.Close() })
	return func(text string) net.Conn {
		here, there := net.Pipe()
		t.Cleanup(func() { _ = here.Close() })
		p.conns <- there
		go func() { _, _ = io.WriteString(here, text) }()
		synctest.Wait()
		return here
	}, count
}

// drip sends a byte now and then and reads what is answered, until the connection is closed.
func drip(c net.Conn) {
	go func() { _, _ = io.Copy(io.Discard, c) }()
	for {
		if _, err := io.WriteString(c, "x"); err != nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// Strangers whose requests were refused, and who go on sending, keep few connections.
func TestLingeringConnectionsAreFew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const most = 36 // in a budget of 1 MiB
		open, count := piped(t, framing.Config{}, 1<<20, answers)
		var drips sync.WaitGroup
		defer drips.Wait() // lingering ends by itself
		for range 100 {
			c := open("nonsense\r\n")
			drips.Go(func() { drip(c) })
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if n := count.Load(); n > most+1 || n < most/2 {
			t.Errorf("%d connections linger, want about %d", n, most)
		}
	})
}

// A new connection finds room while strangers hold all places, unless requests are worked on over all.
func TestStrangersMakeRoom(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		text string
		full bool
	}{
		"silent":     {"", false},
		"unfinished": {"GET / HTTP/1.1\r\n", false},
		"half sent":  {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nx", false},
		"at work":    {"GET /long HTTP/1.1\r\nHost: x\r\n\r\n", true},
	} {
		synctest.Test(t, func(t *testing.T) {
			const most = 10
			release := make(chan struct{})
			defer close(release)
			open, _ := piped(t, framing.Config{MaxConns: most}, 1<<20, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/long" {
					<-release
				}
				answers(w, r)
			})
			for range 2 * most {
				open(tt.text)
			}
			if err := get(open("")); (err != nil) != tt.full {
				t.Errorf("%s: a good request: %v", name, err)
			}
		})
	}
}

// A connection is not idle once a byte of its next request has come, also while the one before is answered.
func TestBegunRequestIsNotIdle(t *testing.T) {
	t.Parallel()
	for name, early := range map[string]int{"later": 0, "a byte at once": 1, "a line at once": 16} {
		synctest.Test(t, func(t *testing.T) {
			open, _ := piped(t, framing.Config{MaxConns: 2}, 1<<20, answers)
			const next = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
			first := open(next + next[:early])
			if err := answer(first); err != nil {
				t.Fatal(err)
			}
			_, _ = io.WriteString(first, next[early:20])
			second := open("")
			if err := get(second); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			third := open("") // closes the second, which is idle
			if err := get(third); err != nil {
				t.Errorf("%s: a new connection: %v", name, err)
			}
			_, _ = io.WriteString(first, next[20:])
			if err := answer(first); err != nil {
				t.Errorf("%s: a request that had begun: %v", name, err)
			}
			if err := get(second); err == nil {
				t.Errorf("%s: the idle connection is open", name)
			}
		})
	}
}
