package framing_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/web/framing"
)

// dialTLS says text to a listener that speaks TLS, and gives what came back and was logged.
func dialTLS(t *testing.T, cfg *tls.Config, text string) (answer, log string, err error) {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r, w := io.Pipe()
	l := framing.Listen(inner, framing.Config{
		Answer: func(_ framing.Head, _ net.Addr, why *fault.Error) []byte { return []byte("Code: " + why.Code) },
		TLS:    cfg, Handshake: 5 * time.Second, Log: slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	t.Cleanup(func() { _ = l.Close() })
	c, err := net.Dial("tcp", inner.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	lines := make(chan string)
	go func() {
		line := make([]byte, 4<<10)
		n, _ := r.Read(line)
		lines <- string(line[:n])
	}()
	_, err = io.WriteString(c, text)
	read, readErr := io.ReadAll(c)
	return string(read), <-lines, errors.Join(err, readErr)
}

// Plain HTTP where TLS is spoken gets an answer, also while it is still being sent.
func TestPlainOnTLS(t *testing.T) {
	t.Parallel()
	answer, log, err := dialTLS(t, &tls.Config{}, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 8388608\r\n\r\n"+strings.Repeat("x", 8<<20))
	if answer != "Code: malformed_request" || err != nil || !strings.Contains(log, "TLS handshake failed") {
		t.Errorf("answer %q, %v, log %q", answer, err, log)
	}
}

// A panic in a handshake closes its connection and nothing else.
func TestHandshakePanics(t *testing.T) {
	t.Parallel()
	var hello bytes.Buffer
	_ = tls.Client(recording{to: &hello}, &tls.Config{ServerName: "x"}).Handshake() // ends once it has said hello
	answer, log, err := dialTLS(t, &tls.Config{
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { panic("a defect") },
	}, hello.String())
	if answer != "" || err != nil || !strings.Contains(log, "level=ERROR") || !strings.Contains(log, "panic of type string") {
		t.Errorf("answer %q, %v, log %q", answer, err, log)
	}
}

// recording is a connection that keeps what is written and answers nothing.
type recording struct {
	net.Conn
	to *bytes.Buffer
}

func (r recording) Write(b []byte) (int, error)    { return r.to.Write(b) }
func (recording) Read([]byte) (int, error)         { return 0, io.EOF }
func (recording) SetWriteDeadline(time.Time) error { return nil }
