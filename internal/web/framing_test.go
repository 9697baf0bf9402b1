package web_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"custodex.dev/internal/web"
)

// TestWrapClosesAfterHTTP10 sends HTTP/1.0 messages whose end depends on whether
// their reader knows the chunked coding, with a second request where one of the two
// readings ends. It must never be served.
func TestWrapClosesAfterHTTP10(t *testing.T) {
	t.Parallel()
	var served atomic.Int64
	srv := httptest.NewServer(web.Wrap("test", web.Handle(func(w http.ResponseWriter, r *http.Request) error {
		served.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		web.JSON(w, http.StatusOK, []byte("{}"))
		return nil
	}, fail), web.Config{}))
	t.Cleanup(srv.Close)
	const smuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
	for _, message := range []string{
		"POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + smuggled,
		"POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n" + smuggled,
		"GET / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n" + smuggled,
	} {
		served.Store(0)
		conn, err := net.Dial("tcp", srv.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, message); err != nil {
			t.Fatal(err)
		}
		answer, _ := io.ReadAll(conn) // the connection may be reset once it was answered
		if n := strings.Count(string(answer), "HTTP/1."); n != 1 || served.Load() != 1 {
			t.Errorf("%q: %d answers, %d requests served, want one", message, n, served.Load())
		}
	}
}
