package server

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"custodex.dev/internal/store"
)

// pinged is a store whose answer to Ping is set.
type pinged struct {
	store.Store
	answer atomic.Pointer[error]
}

func (p *pinged) Ping(context.Context) error {
	if err := p.answer.Load(); err != nil {
		return *err
	}
	return nil
}

func (p *pinged) Failed() <-chan struct{} { return nil }

// A full disk makes the server not ready, and one line of level error names the disk;
// another says when it is over. The cause is for the log and not for the probe.
func TestFieldC12ReadinessIsLogged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out lines
		st := &pinged{}
		s := &Server{store: st, log: slog.New(slog.NewTextHandler(&out, nil))}
		ctx, cancel := context.WithCancel(t.Context())
		go s.watchReadiness(ctx)
		time.Sleep(3 * watchEvery)
		full := error(store.ErrDiskFull.Because(errors.New("the disk of /data/custodex.db has no space left")))
		st.answer.Store(&full)
		if got := s.ready(ctx); got != "the disk of the database is full" {
			t.Errorf("ready = %q", got)
		}
		time.Sleep(3 * watchEvery)
		st.answer.Store(nil)
		time.Sleep(3 * watchEvery)
		cancel()
		synctest.Wait()
		log := out.b.String()
		if out.count() != 2 || !strings.Contains(log, "level=ERROR") || !strings.Contains(log, "/data/custodex.db") || !strings.Contains(log, "ready again") {
			t.Errorf("the log has %d lines, want one error and its end:\n%s", out.count(), log)
		}
	})
}
