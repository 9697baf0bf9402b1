package body_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/web/body"
)

// code is the code of err's fault, or "" for no error.
func code(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		t.Fatalf("error is %T, want *fault.Error", err)
	}
	return f.Code
}

func TestRead(t *testing.T) {
	t.Parallel()
	const text = `{"a":1}`
	tests := []struct {
		name   string
		method string
		body   string
		change func(*http.Request)
		max    int64
		code   string
		kind   fault.Kind
	}{
		{name: "plain", body: text},
		{name: "charset", body: text, change: set("Content-Type", "application/json; charset=UTF-8")},
		{name: "charset without hyphen", body: text, change: set("Content-Type", `application/json;charset="utf8"`)},
		{name: "other parameter", body: text, change: set("Content-Type", "application/json; odata=verbose")},
		{name: "type in capitals", body: text, change: set("Content-Type", "Application/JSON")},
		{name: "no type", body: text, change: func(r *http.Request) { r.Header.Del("Content-Type") }},
		{name: "empty type", body: text, change: set("Content-Type", "")},
		{name: "identity", body: text, change: set("Content-Encoding", "identity")},
		{name: "no body", body: "", change: set("Content-Type", "text/plain")},
		{name: "no body on GET", method: "GET", change: set("Content-Type", "application/json")},
		{name: "exactly the limit", body: text, max: int64(len(text))},
		{name: "default limit", body: strings.Repeat("x", body.DefaultMax)},

		{name: "over the limit", body: text, max: 6, code: "body_too_large", kind: fault.TooLarge},
		{name: "over the default limit", body: strings.Repeat("x", body.DefaultMax+1),
			code: "body_too_large", kind: fault.TooLarge},
		{name: "over a limit below ours", body: text, code: "body_too_large", kind: fault.TooLarge,
			change: func(r *http.Request) { r.Body = http.MaxBytesReader(nil, r.Body, 3) }},
		{name: "chunked", body: text, change: chunked},
		{name: "chunked, exactly the limit", body: text, max: int64(len(text)), change: chunked},
		{name: "chunked and empty", body: "", change: func(r *http.Request) { chunked(r); r.Header.Set("Content-Type", "text/plain") }},
		{name: "chunked, over the limit", body: text, max: 6, code: "body_too_large", kind: fault.TooLarge, change: chunked},
		{name: "chunked, over a limit below ours", body: text, code: "body_too_large", kind: fault.TooLarge,
			change: func(r *http.Request) { chunked(r); r.Body = http.MaxBytesReader(nil, r.Body, 3) }},
		{name: "chunked text", body: text, code: "unsupported_media_type", kind: fault.Invalid,
			change: func(r *http.Request) { chunked(r); r.Header.Set("Content-Type", "text/plain") }},
		{name: "unknown length", body: text, change: func(r *http.Request) { r.ContentLength = -1 }},
		{name: "length and coding", body: text, code: "ambiguous_length", kind: fault.Invalid,
			change: func(r *http.Request) { chunked(r); r.Header.Set("Content-Length", "7") }},
		{name: "two lengths", body: text, code: "ambiguous_length", kind: fault.Invalid,
			change: func(r *http.Request) { r.Header["Content-Length"] = []string{"7", "8"} }},
		{name: "short", body: text, code: "short_body", kind: fault.Invalid,
			change: func(r *http.Request) { r.ContentLength = 8 }},
		{name: "gzip", body: text, code: "unsupported_content_encoding", kind: fault.Invalid,
			change: set("Content-Encoding", "gzip")},
		{name: "form", body: text, code: "unsupported_media_type", kind: fault.Invalid,
			change: set("Content-Type", "application/x-www-form-urlencoded")},
		{name: "text", body: text, code: "unsupported_media_type", kind: fault.Invalid,
			change: set("Content-Type", "text/json")},
		{name: "json suffix", body: text, code: "unsupported_media_type", kind: fault.Invalid,
			change: set("Content-Type", "application/problem+json")},
		{name: "latin 1", body: text, code: "unsupported_media_type", kind: fault.Invalid,
			change: set("Content-Type", "application/json; charset=iso-8859-1")},
		{name: "utf-16", body: text, code: "unsupported_media_type", kind: fault.Invalid,
			change: set("Content-Type", "application/json; odata=verbose; charset=utf-16")},
		{name: "nonsense type", body: text, code: "unsupported_media_type", kind: fault.Invalid,
			change: set("Content-Type", ";;")},
		{name: "two types", body: text, code: "unsupported_media_type", kind: fault.Invalid,
			change: func(r *http.Request) {
				r.Header["Content-Type"] = []string{"application/json", "application/json; charset=utf-8"}
			}},
		{name: "one type twice", body: text,
			change: func(r *http.Request) {
				r.Header["Content-Type"] = []string{"application/json", "application/json"}
			}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			method := tt.method
			if method == "" {
				method = "POST"
			}
			r := httptest.NewRequest(method, "/", strings.NewReader(tt.body))
			r.Header.Set("Content-Type", "application/json")
			if tt.change != nil {
				tt.change(r)
			}
			got, err := body.Read(r, tt.max)
			if c := code(t, err); c != tt.code {
				t.Fatalf("Read = error %q, want %q", c, tt.code)
			}
			if err != nil {
				if !errors.Is(err, tt.kind) {
					t.Errorf("kind of %v, want %v", err, tt.kind)
				}
				return
			}
			if string(got) != tt.body {
				t.Errorf("Read = %d bytes, want %d", len(got), len(tt.body))
			}
		})
	}
}

func set(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// chunked makes r look as net/http leaves a chunked request.
func chunked(r *http.Request) {
	r.TransferEncoding, r.ContentLength = []string{"chunked"}, -1
}

// A body beyond the limit is refused by its announced length: nothing is read.
func TestReadTouchesNothingTooLarge(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest("POST", "/", nil)
	r.Body, r.ContentLength = io.NopCloser(untouchable{t}), body.DefaultMax+1
	if _, err := body.Read(r, 0); !errors.Is(err, fault.TooLarge) {
		t.Errorf("Read = %v, want %v", err, fault.TooLarge)
	}
}

type untouchable struct{ t *testing.T }

func (u untouchable) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.EOF
}

// The cause of a broken connection names the peer; the fault must not.
func TestReadHidesTheConnection(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest("POST", "/", nil)
	r.ContentLength = 5
	r.Body = io.NopCloser(io.MultiReader(strings.NewReader("{"), broken{}))
	_, err := body.Read(r, 0)
	if c := code(t, err); c != "short_body" {
		t.Fatalf("Read = error %q, want short_body", c)
	}
	if strings.Contains(err.Error(), "203.0.113.9") {
		t.Errorf("Read = %q, names the peer", err)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) {
	return 0, &net.OpError{Op: "read", Net: "tcp", Err: errors.New("203.0.113.9 reset")}
}

// What net/http itself makes of odd framing, over a real connection.
func TestReadBehindServer(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, err := body.Read(r, 16)
		if err != nil {
			w.Header().Set("Code", fault.Of(err).Code)
		}
		_, _ = w.Write(data)
	}))
	t.Cleanup(srv.Close)
	tests := []struct{ name, request, code, body string }{
		{"length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", "", "{}"},
		{"chunked", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
			"", "{}"},
		{"chunked, cut off", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", "short_body", ""},
		{"chunked, large", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n11\r\n12345678901234567", "body_too_large", ""},
		{"neither", "POST / HTTP/1.1\r\nHost: x\r\n\r\n", "", ""},
		{"short", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n{}", "short_body", ""},
		{"large", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 17\r\n\r\n", "body_too_large", ""},
		{"GET", "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", srv.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := io.WriteString(conn, tt.request); err != nil {
				t.Fatal(err)
			}
			if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			var got bytes.Buffer
			if _, err := got.ReadFrom(resp.Body); err != nil {
				t.Fatal(err)
			}
			if c := resp.Header.Get("Code"); c != tt.code || got.String() != tt.body {
				t.Errorf("answer %q with code %q, want %q with %q", got.String(), c, tt.body, tt.code)
			}
		})
	}
}

// A body that nobody wants is read, so that the next request begins after it, and bounded.
func TestIgnore(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		body   string
		change func(*http.Request)
		code   string
	}{
		{"none", "", func(*http.Request) {}, ""},
		{"any bytes of any type", "\xff not JSON", set("Content-Type", "text/plain"), ""},
		{"chunked", "{}", chunked, ""},
		{"over the limit", strings.Repeat("x", 17), func(*http.Request) {}, "body_too_large"},
		{"chunked, over the limit", strings.Repeat("x", 17), chunked, "body_too_large"},
		{"short", "x", func(r *http.Request) { r.ContentLength = 2 }, "short_body"},
		{"two lengths", "x", func(r *http.Request) { r.Header["Content-Length"] = []string{"1", "2"} }, "ambiguous_length"},
	} {
		r := httptest.NewRequest(http.MethodDelete, "/", strings.NewReader(tt.body))
		tt.change(r)
		if c := code(t, body.Ignore(r, 16)); c != tt.code {
			t.Errorf("%s: error %q, want %q", tt.name, c, tt.code)
			continue
		}
		if rest, _ := io.ReadAll(r.Body); tt.code == "" && len(rest) > 0 {
			t.Errorf("%s: %d bytes were left", tt.name, len(rest))
		}
	}
}
