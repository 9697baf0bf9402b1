package framing_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/web/framing"
)

const maxHeader = 2 << 10

// messages are streams of bytes, the number of requests in them that net/http may serve, and
// the code of the fault that ends them; "" is a clean end.
var messages = []struct {
	name, text string
	served     int
	code       string
}{
	{"no body", "GET /a HTTP/1.1\r\nHost: x\r\n\r\n", 1, ""},
	{"a length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", 1, ""},
	{"two requests", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}GET / HTTP/1.1\r\nHost: x\r\n\r\n", 2, ""},
	{"chunks", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1;x=y\r\n}\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", 2, ""},
	{"trailers", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n0A\r\n0123456789\r\n0\r\nA: b\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", 2, ""},
	{"expects", "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n{}", 1, ""},
	{"a blank line after POST", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", 2, ""},

	{"length and coding", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0, "ambiguous_length"},
	{"coding and length", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n", 0, "ambiguous_length"},
	{"two lengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 0, "ambiguous_length"},
	{"a list of lengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2, 2\r\n\r\n{}", 0, "ambiguous_length"},
	{"a signed length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +2\r\n\r\n{}", 0, "ambiguous_length"},
	{"an empty length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\n", 0, "ambiguous_length"},
	{"an unknown coding", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 0, "bad_transfer_coding"},
	{"two codings", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 0, "bad_transfer_coding"},
	{"a coding twice", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0, "bad_transfer_coding"},
	{"chunks in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0, "bad_transfer_coding"},
	{"a length and chunks in HTTP/1.0", "POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", 0, "ambiguous_length"},
	{"GET with chunks in HTTP/1.0", "GET / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n", 0, "bad_transfer_coding"},
	{"a tab before the coding's colon", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n", 0, "malformed_request"},
	{"a folded line", "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", 0, "malformed_request"},
	{"NUL", "GET / HTTP/1.1\r\nHost: x\x00\r\n\r\n", 0, "malformed_request"},
	{"a bare CR", "GET / HTTP/1.1\r\nHost: x\rA: b\r\n\r\n", 0, "malformed_request"},
	{"two blanks", "GET  / HTTP/1.1\r\nHost: x\r\n\r\n", 0, "malformed_request"},
	{"expects too much", "POST / HTTP/1.1\r\nHost: x\r\nExpect: 200-ok\r\nContent-Length: 2\r\n\r\n{}", 0, "expectation_failed"},
	{"a large header", "GET / HTTP/1.1\r\nHost: x\r\nA: " + strings.Repeat("b", maxHeader) + "\r\n\r\n", 0, "header_too_large"},
	{"a large request line", "GET /" + strings.Repeat("b", maxHeader) + " HTTP/1.1\r\nHost: x\r\n\r\n", 0, "header_too_large"},

	{"a chunk's size is no number", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n{}\r\n0\r\n\r\n", 1, "bad_chunk"},
	{"a chunk's size in C", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n", 1, "bad_chunk"},
	{"a blank before an extension", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2 ;a\r\n{}\r\n0\r\n\r\n", 1, "bad_chunk"},
	{"a chunk is longer than its size", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n", 1, "bad_chunk"},
	{"a chunk's line ends in LF", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\n{}\r\n0\r\n\r\n", 1, "bad_chunk"},
	{"a chunk without end", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\n0\r\n\r\n", 1, "bad_chunk"},
	{"a huge chunk", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", 1, "bad_chunk"},
	{"an endless extension", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2;" + strings.Repeat("x", 5000) + "\r\n{}\r\n0\r\n\r\n", 1, "bad_chunk"},
	{"a chunk's extension has NUL", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2;\x00\r\n{}\r\n0\r\n\r\n", 1, "bad_chunk"},
	{"the last chunk's line ends in LF", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\n\r\n", 1, "bad_chunk"},
	{"a trailer's line ends in LF", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\n\r\n", 1, "bad_chunk"},
	{"the trailer ends in LF", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n\n", 1, "bad_chunk"},
	{"an endless trailer", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + strings.Repeat("A: b\r\n", 700) + "\r\n", 1, "bad_chunk"},
	{"a bad trailer", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nGET / HTTP/1.1\r\n\r\n", 1, "bad_chunk"},
	{"a bad request after a good one", "GET / HTTP/1.1\r\nHost: x\r\n\r\nPOST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: x\r\n\r\n", 1, "bad_transfer_coding"},
}

// serve makes a server whose answers say what was read, or the code of the fault.
func serve(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	answer := func(head framing.Head, _ net.Addr, why *fault.Error) []byte {
		return fmt.Appendf(nil, "HTTP/1.1 400 Bad Request\r\nCode: %s\r\nPath: %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", why.Code, head.Target)
	}
	srv := &httptest.Server{Listener: framing.Listen(l, framing.Config{Answer: answer, MaxHeader: maxHeader}), Config: &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			data, err := io.ReadAll(r.Body)
			w.Header().Set("Served", string(data))
			if err != nil {
				w.Header().Set("Code", "bad_chunk") // net/http saw it, or we did: TestScanner tells
				w.Header().Set("Connection", "close")
			}
			if f, ok := errors.AsType[*fault.Error](err); ok {
				w.Header().Set("Code", f.Code)
			}
		}),
	}}
	srv.Start()
	t.Cleanup(srv.Close)
	return l.Addr().String()
}

// say writes the pieces and gives the number of requests that were served, and the last
// answer.
func say(t *testing.T, addr string, pieces ...string) (served int, last *http.Response) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	go func() {
		for _, p := range pieces {
			_, _ = io.WriteString(c, p) // an error shows in the answers
			if len(pieces) > 1 {
				time.Sleep(time.Millisecond)
			}
		}
		_ = c.(*net.TCPConn).CloseWrite()
	}()
	in := bufio.NewReader(c)
	for {
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			return served, last
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		if _, ok := resp.Header["Served"]; ok {
			served++
		}
		last = resp
	}
}

// TestFieldA2Framing sends every stream in one piece and cut at random, and over net/http's
// own buffer: what is served and what is refused does not depend on it. Before, a length
// beside a coding was dropped without a word.
func TestFieldA2Framing(t *testing.T) {
	t.Parallel()
	addr := serve(t)
	for _, m := range messages {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			seed := rand.Uint64()
			r := rand.New(rand.NewPCG(seed, 0))
			for try := range 4 {
				pieces := []string{m.text}
				for range try * 2 {
					i := r.IntN(len(pieces))
					if n := len(pieces[i]); n > 1 {
						at := 1 + r.IntN(n-1)
						pieces = append(pieces[:i], append([]string{pieces[i][:at], pieces[i][at:]}, pieces[i+1:]...)...)
					}
				}
				served, last := say(t, addr, pieces...)
				code := ""
				if last != nil {
					code = last.Header.Get("Code")
				}
				if served != m.served || code != m.code {
					t.Errorf("%d pieces, of seed %d: %d served, fault %q, want %d and %q; they are\n%q", len(pieces), seed, served, code, m.served, m.code, pieces)
				}
			}
		})
	}
}

// TestScanner reads the same streams without net/http, in one piece, byte by byte and cut in
// halves: the faults are those of this package.
func TestScanner(t *testing.T) {
	t.Parallel()
	for _, m := range messages {
		for name, in := range map[string]io.Reader{
			"whole": strings.NewReader(m.text), "bytes": iotest.OneByteReader(strings.NewReader(m.text)),
			"halves": iotest.HalfReader(strings.NewReader(m.text)),
		} {
			c, err := framing.Listen(only{stream{in: in}}, framing.Config{MaxHeader: maxHeader}).Accept()
			if err != nil {
				t.Fatal(err)
			}
			passed, err := io.ReadAll(c)
			code := ""
			if f, ok := errors.AsType[*fault.Error](err); ok {
				code = f.Code
			}
			if code != m.code || (code == "") != (string(passed) == m.text) {
				t.Errorf("%s, %s: fault %q after %q, want %q", m.name, name, code, passed, m.code)
			}
		}
	}
}

// A control character is refused in every part of a head; a tab stands in values alone.
func TestControlCharacters(t *testing.T) {
	t.Parallel()
	for c := range byte(0x80) {
		if c >= ' ' && c != 0x7f || c == '\n' {
			continue // LF ends a line
		}
		for part, text := range map[string]string{
			"method": "GE%sT / HTTP/1.1\r\nHost: x\r\n\r\n", "target": "GET /%sa HTTP/1.1\r\nHost: x\r\n\r\n",
			"name": "GET / HTTP/1.1\r\nHost: x\r\nA%sB: c\r\n\r\n", "value": "GET / HTTP/1.1\r\nHost: x\r\nA: b%sc\r\n\r\n",
		} {
			l, err := framing.Listen(only{stream{in: strings.NewReader(fmt.Sprintf(text, string(rune(c))))}}, framing.Config{MaxHeader: maxHeader}).Accept()
			if err != nil {
				t.Fatal(err)
			}
			_, err = io.ReadAll(l)
			f, refused := errors.AsType[*fault.Error](err)
			if tab := c == '\t' && part == "value"; tab == refused || refused && f.Code != "malformed_request" {
				t.Errorf("%q in a %s: %v", c, part, err)
			}
		}
	}
}

// stream is a connection that can only be read.
type stream struct {
	net.Conn
	in io.Reader
}

func (s stream) Read(p []byte) (int, error) { return s.in.Read(p) }

// What net/http refuses by itself gets our answer, with the path.
func TestFieldA10OwnAnswers(t *testing.T) {
	t.Parallel()
	addr := serve(t)
	for text, want := range map[string]string{
		"GET /a HTTP/1.1\r\n\r\n":                       "malformed_request", // no Host
		"GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n": "malformed_request",
		"GET /a HTTP/2.0\r\nHost: x\r\n\r\n":            "unsupported_protocol",
		"GET /a HTTP/1.1\r\nHost: a b\r\n\r\n":          "malformed_request",
	} {
		served, last := say(t, addr, text)
		if last == nil || served != 0 || last.Header.Get("Code") != want || last.Header.Get("Path") != "/a" {
			t.Errorf("%q: %d served, %+v, want %s", text, served, last, want)
		}
	}
}
