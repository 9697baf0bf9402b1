package bench_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"custodex.dev/internal/bench"
)

func TestWire(t *testing.T) {
	t.Parallel()
	connections := map[string]bool{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		connections[r.RemoteAddr] = true
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get("X-Client-Key") != "key" || r.Header.Get("X-Client-Secret") != "secret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Link", `</next?cursor=x>; rel="next"`)
		w.Header().Set("X-Total-Count", "42")
		switch r.URL.Path {
		case "/base/chunked":
			for range 3 {
				_, _ = io.WriteString(w, strings.Repeat("x", 5000))
				w.(http.Flusher).Flush()
			}
		case "/base/close":
			w.Header().Set("Connection", "close")
		case "/base/teapot":
			w.WriteHeader(http.StatusTeapot)
		default:
			_, _ = io.WriteString(w, r.Method+" "+r.URL.RequestURI()+" "+string(body)+" "+r.Header.Get("Idempotency-Key"))
		}
	}))
	defer srv.Close()
	w, err := bench.NewWire(t.Context(), srv.URL+"/base/", "key", "secret")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	call := func(path string, want int) {
		t.Helper()
		if err := w.Call("GET", path, nil, want); err != nil {
			t.Errorf("GET %s = %v", path, err)
		}
	}
	// Case 1: one connection serves many requests, with bodies of both kinds.
	for range 3 {
		if err := w.Call("POST", "/echo?a=b", []byte(`{"x":1}`), 200, "Idempotency-Key: k1"); err != nil {
			t.Fatal(err)
		}
		status, body, link, total := w.Answer()
		if status != 200 || body != `POST /base/echo?a=b {"x":1} k1` || link != `</next?cursor=x>; rel="next"` || total != 42 {
			t.Errorf("answer = %d %q %q %d", status, body, link, total)
		}
		call("/chunked", 200)
		if _, body, _, _ := w.Answer(); body != strings.Repeat("x", 15000) {
			t.Errorf("a chunked body of %d bytes, want 15000", len(body))
		}
	}
	if len(connections) != 1 {
		t.Errorf("%d connections for 6 requests", len(connections))
	}
	// Case 2: an unwanted status is an error, and the connection goes on.
	if err := w.Call("GET", "/teapot", nil, 200); err == nil || err.Error() != "answered 418" {
		t.Errorf("GET /teapot = %v, want its status", err)
	}
	call("/echo", 200)
	// Case 3: a connection that the server closed is dialled anew.
	call("/close", 200)
	call("/echo", 200)
	srv.CloseClientConnections()
	if err := w.Call("GET", "/echo", nil, 200); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("a lost connection = %v, want an error without the secret", err)
	}
	call("/echo", 200)
}

func TestWireRefusesWhatCannotBe(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"localhost:8080", "ftp://x", "http://u:p@x", "http://x?q", "http://"} {
		if _, err := bench.NewWire(t.Context(), base, "k", "s"); err == nil {
			t.Errorf("%q is taken for an address", base)
		}
	}
	if _, err := bench.NewWire(t.Context(), "http://x", "k\r\nX: y", "s"); err == nil {
		t.Error("a key with a line break is taken")
	}
}
