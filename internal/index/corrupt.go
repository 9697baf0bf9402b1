package index

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// CorruptTracker knows the customers that this process read and could not decrypt, because a stored
// value of theirs was altered. Each is logged when it is read first, and once more by every build of
// an index, which reads all of them. It is safe for concurrent use.
type CorruptTracker struct {
	log   *slog.Logger
	count atomic.Int64

	mu   sync.Mutex
	apps map[id.App]map[int64]struct{} // by sequence number
}

// maxTracked is how many customers of an application are remembered and logged. Where there are
// more, it is the database or the key that is wrong, and neither memory nor log may grow with it.
const maxTracked = 1000

// NewCorruptTracker returns a tracker that knows of no customer.
func NewCorruptTracker(log *slog.Logger) *CorruptTracker {
	return &CorruptTracker{log: log, apps: make(map[id.App]map[int64]struct{})}
}

// Count returns how many customers are known that cannot be decrypted.
func (t *CorruptTracker) Count() int { return int(t.count.Load()) }

// Note records the outcome of decrypting a row: err is nil, or why it failed. A customer that was
// erased, which is fault.NotFound, is not corrupt.
func (t *CorruptTracker) Note(ctx context.Context, app id.App, row *store.CustomerRow, err error) {
	if err == nil || errors.Is(err, fault.NotFound) {
		t.Forget(app, row.Seq)
		return
	}
	if n, first := t.add(app, row.Seq); first {
		t.log.ErrorContext(ctx, "a customer cannot be opened", "app", app, "customer", row.ID.String(), "number", row.Seq, "cause", err)
		if n == maxTracked {
			t.log.ErrorContext(ctx, "more customers cannot be opened; no more of them are logged", "app", app)
		}
	}
}

// Forget is for a customer that can be decrypted again, or is gone. It costs next to nothing as long
// as nothing is corrupt.
func (t *CorruptTracker) Forget(app id.App, seq int64) {
	if t.count.Load() == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := t.apps[app][seq]; ok {
		delete(t.apps[app], seq)
		t.count.Add(-1)
	}
}

func (t *CorruptTracker) add(app id.App, seq int64) (n int, first bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	known := t.apps[app]
	if known == nil {
		known = make(map[int64]struct{})
		t.apps[app] = known
	}
	if _, ok := known[seq]; ok || len(known) == maxTracked {
		return len(known), false
	}
	known[seq] = struct{}{}
	t.count.Add(1)
	return len(known), true
}

// replace makes what other knows of an application all that is known of it.
func (t *CorruptTracker) replace(app id.App, other *CorruptTracker) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count.Add(int64(len(other.apps[app]) - len(t.apps[app])))
	t.apps[app] = other.apps[app]
}
