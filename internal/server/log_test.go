package server

import (
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"custodex.dev/internal/config"
)

type lines struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lines) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.b.String(), "\n")
}

// Lines wait together for a moment; a warning brings all out at once; the end
// loses none.
func TestLogIsGathered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out lines
		log, flush := newLog(config.Default(), &out)
		log.Info("one")
		log.With("k", "v").Info("two")
		if out.count() != 0 {
			t.Errorf("%d lines were written at once", out.count())
		}
		time.Sleep(logFlush)
		synctest.Wait()
		if out.count() != 2 {
			t.Errorf("after %v there are %d lines, want 2", logFlush, out.count())
		}
		log.Info("three")
		log.Log(t.Context(), slog.LevelWarn, "four")
		if out.count() != 4 {
			t.Errorf("after a warning there are %d lines, want 4", out.count())
		}
		log.Warn("http: TLS handshake error from 192.0.2.1")
		log.Info("five")
		flush()
		if out.count() != 5 {
			t.Errorf("at the end there are %d lines, want 5", out.count())
		}
	})
}
