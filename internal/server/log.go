package server

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"custodex.dev/internal/config"
)

// logFlush is how long a line below warning may wait in memory. Writing the line of
// each request by itself would cost as much as a fetch.
const logFlush = 200 * time.Millisecond

// bufferedLogWriter buffers log lines and writes them together.
type bufferedLogWriter struct {
	mu    sync.Mutex
	buf   *bufio.Writer
	timer *time.Timer // runs while lines are buffered
}

func newLogWriter(w io.Writer) *bufferedLogWriter {
	l := &bufferedLogWriter{buf: bufio.NewWriterSize(w, 64<<10)}
	l.timer = time.AfterFunc(logFlush, l.flush)
	return l
}

// Write buffers one line. It never fails: a log that cannot be written must not stop
// the server.
func (l *bufferedLogWriter) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.buf.Buffered() == 0 {
		l.timer.Reset(logFlush)
	}
	_, _ = l.buf.Write(line)
	return len(line), nil
}

func (l *bufferedLogWriter) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.buf.Flush()
}

// logHandler flushes at every warning or error, since the process may be about to end.
// It drops what net/http logs about clients that disconnect or send nonsense: those
// lines contain addresses, and the request log has what matters.
type logHandler struct {
	slog.Handler
	out *bufferedLogWriter
}

// Handle logs the record.
func (h logHandler) Handle(ctx context.Context, r slog.Record) error {
	for _, noise := range []string{"TLS handshake error", "URL query contains semicolon", "Unsolicited response"} {
		if strings.Contains(r.Message, noise) {
			return nil
		}
	}
	err := h.Handler.Handle(ctx, r)
	if r.Level >= slog.LevelWarn {
		h.out.flush()
	}
	return err
}

// WithAttrs keeps the handler around one with attributes.
func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return logHandler{h.Handler.WithAttrs(attrs), h.out}
}

// WithGroup keeps the handler around one with a group.
func (h logHandler) WithGroup(name string) slog.Handler {
	return logHandler{h.Handler.WithGroup(name), h.out}
}

// newLog makes the server's log on w. flush writes the buffered lines.
func newLog(cfg config.Config, w io.Writer) (log *slog.Logger, flush func()) {
	out := newLogWriter(w)
	opts := &slog.HandlerOptions{Level: cfg.LogLevel}
	var h slog.Handler = slog.NewJSONHandler(out, opts)
	if cfg.LogFormat == "text" {
		h = slog.NewTextHandler(out, opts)
	}
	return slog.New(logHandler{h, out}), out.flush
}
