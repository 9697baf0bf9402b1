package tests

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"custodex.dev/internal/id"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
)

// habits are requests with something that HTTP libraries add and nobody means. Each must be
// answered as without it; before, each was an error.
func habits(header map[string]string) map[string]func(*http.Request) {
	credentials := make(map[string]bool)
	for name := range header {
		credentials[http.CanonicalHeaderKey(name)] = true
	}
	return map[string]func(*http.Request){
		"FieldA2, a body in chunks": func(r *http.Request) {
			if r.Body != nil {
				r.ContentLength = -1
			}
		},
		"FieldA5, credentials twice": func(r *http.Request) {
			for name, values := range r.Header {
				if credentials[name] {
					r.Header[name] = append(values, values[0])
				}
			}
		},
		"FieldA6, a slash at the end": func(r *http.Request) { r.URL.Path += "/" },
		"FieldA9, a body that nobody reads": func(r *http.Request) {
			if r.Method == http.MethodGet || r.Method == http.MethodDelete {
				r.Body, r.ContentLength = io.NopCloser(strings.NewReader("anything")), 8
			}
		},
		"FieldA9, an empty idempotency key": func(r *http.Request) {
			if r.Method == http.MethodPatch && r.Header.Get("Idempotency-Key") == "" { // Yativo requires one
				r.Header.Set("Idempotency-Key", "")
			}
		},
		"FieldA9, a byte order mark": func(r *http.Request) {
			if r.Body != nil && r.Method != http.MethodGet {
				r.Body, r.ContentLength = io.NopCloser(io.MultiReader(strings.NewReader("\ufeff"), r.Body)), r.ContentLength+3
			}
		},
		"FieldA9, parameters of the content type": func(r *http.Request) {
			r.Header.Set("Content-Type", `application/json; odata=verbose;charset="utf8"`)
		},
	}
}

// Every route of every API answers a request with a habit with the status that it has
// without it, which is that of a success.
func TestFieldHabitsOfHTTPLibraries(t *testing.T) {
	t.Parallel()
	s := testkit.NewServer(t, testkit.Options{})
	w := newTenant(t, s, "Habit Ltd")
	for _, f := range faces {
		header := w.credential(f.kind)
		for _, route := range f.routes {
			if f.name == "manage" && !strings.HasPrefix(route, "GET") {
				continue // these make and revoke keys
			}
			try := func(habit func(*http.Request)) answer {
				r := routeRequest(t, s, f, route, w.fresh(t, s, route))
				for name, value := range header {
					r.Header.Set(name, value)
				}
				habit(r)
				a, err := send(r)
				if err != nil {
					t.Fatalf("%s: %v", route, err)
				}
				return a
			}
			want := try(func(*http.Request) {})
			if want.status >= 300 != neverWorks[route] {
				t.Errorf("%s: %d %s without a habit", route, want.status, want.body)
			}
			for name, habit := range habits(header) {
				if got := try(habit); got.status != want.status {
					t.Errorf("%s %s: %d %s, want %d", name, route, got.status, got.body, want.status)
				}
			}
		}
	}
}

// routeRequest is a request of a route about w's own data that succeeds, without credentials.
func routeRequest(t *testing.T, s *testkit.Server, f face, route string, w *tenantWorld) *http.Request {
	t.Helper()
	method, path, text, err := w.request(f, route, w)
	if err != nil {
		t.Fatal(err)
	}
	body := io.Reader(nil)
	if text != "" {
		body = strings.NewReader(text)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, f.base(s)+path, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if f.kind == tenant.Yativo {
		r.Header.Set("Idempotency-Key", string(id.NewRequest()))
	}
	return r
}

// What is refused before it is a request is answered in the form of the API that owns the
// path. Before, it was text or nothing.
func TestFieldA10AnswersOutsideTheEnvelope(t *testing.T) {
	t.Parallel()
	s := testkit.NewServer(t, testkit.Options{})
	envelopes := map[string]string{ // a path, and the member that holds the status or code
		"/api/v0/customers": "statusCode", "/api/v1/customer": "status_code", "/api/v1/customers": "error", "/customer/x": "status_code",
		"/": "statusCode", "/docs": "statusCode", "/healthz": "statusCode", "*": "statusCode", "/manage/v1/apps": "error",
	}
	for path, member := range envelopes {
		host := strings.TrimPrefix(s.URL, "http://")
		if strings.HasPrefix(path, "/manage") {
			host = strings.TrimPrefix(s.ManageURL, "http://")
		}
		for text, want := range map[string]int{
			"POST %s HTTP/1.1\r\n\r\n": 400,
			"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}":    400,
			"POST %s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n":                              400,
			"POST %s HTTP/1.1\r\nHost: x\r\nBad Header: y\r\n\r\n":                                        400,
			"POST %s HTTP/1.1\r\nHost: x\r\nExpect: a miracle\r\nContent-Length: 2\r\n\r\n{}":             417,
			"POST %s HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("y", 17<<10) + "\r\n\r\n":               431,
			"POST %s HTTP/3.0\r\nHost: x\r\n\r\n":                                                         400,
			"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}":             400,
			"POST %s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n{}": 400,
		} {
			resp, body := raw(t, host, fmt.Sprintf(text, path))
			var object map[string]any
			if err := json.Unmarshal(body, &object); err != nil || object[member] == nil {
				t.Errorf("%.60q: %s, no %s", fmt.Sprintf(text, path), body, member)
			}
			if resp.StatusCode != want || !resp.Close || resp.Header.Get("X-Request-Id") == "" || !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
				t.Errorf("%.60q: %d, close %v, %v, want %d", fmt.Sprintf(text, path), resp.StatusCode, resp.Close, resp.Header, want)
			}
		}
	}
}

// The answer to a body that is announced to be too large does not wait for it, on any route.
func TestFieldC6AnnouncedTooLarge(t *testing.T) {
	t.Parallel()
	s := testkit.NewServer(t, testkit.Options{})
	w := newTenant(t, s, "Large Ltd")
	for _, f := range faces {
		host := strings.TrimPrefix(s.URL, "http://")
		if f.name == "manage" {
			host = strings.TrimPrefix(s.ManageURL, "http://")
		}
		for _, route := range f.routes {
			method, path, _, err := w.request(f, route, w)
			if err != nil {
				t.Fatal(err)
			}
			head := method + " " + path + " HTTP/1.1\r\nHost: x\r\nIdempotency-Key: k\r\nContent-Length: 70000\r\n"
			for name, value := range w.credential(f.kind) {
				head += name + ": " + value + "\r\n"
			}
			resp, body := raw(t, host, head+"\r\n{")
			if resp.StatusCode != http.StatusRequestEntityTooLarge || !resp.Close {
				t.Errorf("%s: %d, close %v: %s", route, resp.StatusCode, resp.Close, body)
			}
		}
	}
}

// raw sends bytes on a connection of its own and reads one answer, which must come before the 30 s
// for which a server waits for the rest of a request.
func raw(t *testing.T, host, text string) (*http.Response, []byte) {
	t.Helper()
	c, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(c, text) // the answer says whether it arrived
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatalf("%.60q: %v", text, err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, body
}
