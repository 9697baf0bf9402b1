package web

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/url"
	"strconv"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/web/framing"
)

type refusalKey struct{}

// Refused reports whether the request of ctx is one that Answerer made: it is answered with a
// fault and must not be worked on. Only handlers inside Wrap know how.
func Refused(ctx context.Context) bool { return refusalOf(ctx) != nil }

func refusalOf(ctx context.Context) *fault.Error {
	f, _ := ctx.Value(refusalKey{}).(*fault.Error)
	return f
}

// Answerer gives requests that are refused before net/http has read them whole the answer of
// the API that owns their path. h is all that the listener serves; it must send what is
// Refused into a handler made by Wrap over one that is refusable.
func Answerer(h http.Handler) framing.Answerer {
	return func(head framing.Head, remote net.Addr, why *fault.Error) []byte {
		target, err := url.ParseRequestURI(head.Target)
		if err != nil || target.Path == "" || target.Path[0] != '/' {
			target = &url.URL{Path: "/"} // of no API
		}
		r := &http.Request{
			Method: head.Method, URL: target, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: http.Header{}, Body: http.NoBody, RemoteAddr: remote.String(),
		}
		w := &message{header: http.Header{}}
		h.ServeHTTP(w, r.WithContext(context.WithValue(context.Background(), refusalKey{}, why)))
		return w.bytes(head.Method == http.MethodHead)
	}
}

// message is an answer that is written by hand.
type message struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (m *message) Header() http.Header         { return m.header }
func (m *message) WriteHeader(status int)      { m.status = status }
func (m *message) Write(b []byte) (int, error) { return m.body.Write(b) }

func (m *message) bytes(withoutBody bool) []byte {
	m.header.Set("Connection", "close")
	var b bytes.Buffer
	b.WriteString("HTTP/1.1 " + strconv.Itoa(m.status) + " " + http.StatusText(m.status) + "\r\n")
	_ = m.header.Write(&b) // memory does not fail
	b.WriteString("\r\n")
	if !withoutBody {
		b.Write(m.body.Bytes())
	}
	return b.Bytes()
}
