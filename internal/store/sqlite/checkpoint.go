package sqlite

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
)

const (
	// checkpointEvery is the number of commits after which the log is copied into
	// the database file. So many rows of an import count as another commit: the log
	// of 64 imports would take most of a gigabyte.
	checkpointEvery = 64
	checkpointRows  = 256
	// restartFrames is the length of the log, in pages, from which on writers pause
	// so that it can start again from its beginning.
	restartFrames = 8192
)

// checkpointer copies the write-ahead log into the database file beside the
// writer, so that no request waits for it. SQLite's automatic checkpoint would run
// inside a commit and swallow its errors: a failed fsync of the database file
// would go unnoticed and lose rows later.
type checkpointer struct {
	store   *Store
	mu      sync.Mutex // held during a copy: conn serves one goroutine at a time
	conn    *conn
	commits int64 // since the last; the committer's
	wake    chan struct{}

	// A commit that finds the whole log copied begins it anew, and must begin a
	// new epoch then. Nobody tells it; so every commit does during a copy, and one after.
	copying atomic.Bool
	renew   atomic.Bool

	cancel context.CancelFunc
	done   sync.WaitGroup
}

func newCheckpointer(ctx context.Context, s *Store, path string) (*checkpointer, error) {
	c, err := connect(ctx, path, smallCache)
	if err != nil {
		return nil, err
	}
	// How long writers may be held up by a reader that is in the way of a restart.
	if _, err := c.exec(ctx, "PRAGMA busy_timeout = 50"); err != nil {
		return nil, errors.Join(err, c.close())
	}
	cp := &checkpointer{store: s, conn: c, wake: make(chan struct{}, 1)}
	cp.renew.Store(true)
	ctx, cp.cancel = context.WithCancel(context.WithoutCancel(ctx))
	cp.done.Go(func() { cp.run(ctx) })
	return cp, nil
}

// committed counts a commit that changed so many rows. It is called by the committer
// and does not block.
func (cp *checkpointer) committed(rows int64) {
	if cp.commits += 1 + rows/checkpointRows; cp.commits < checkpointEvery {
		return
	}
	cp.commits = 0
	select {
	case cp.wake <- struct{}{}:
	default:
	}
}

func (cp *checkpointer) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-cp.wake:
		}
		frames, err := cp.copy("PRAGMA wal_checkpoint(PASSIVE)")
		if err == nil && frames >= restartFrames {
			cp.restart()
		}
	}
}

// restart copies the little that was written meanwhile, with writers paused, and
// has the next commit begin the log anew. Without it a busy log would only grow.
func (cp *checkpointer) restart() {
	cp.store.writing.Lock()
	defer cp.store.writing.Unlock()
	// An error is dealt with in copy; a reader that is in the way is no error, the
	// next round tries again.
	_, _ = cp.copy("PRAGMA wal_checkpoint(RESTART)")
}

// copy runs a checkpoint and returns the length of the log.
func (cp *checkpointer) copy(pragma string) (frames int64, err error) {
	cp.mu.Lock()
	defer cp.mu.Unlock()
	cp.copying.Store(true)
	defer func() {
		cp.renew.Store(true) // before copying ends, see beginsLog
		cp.copying.Store(false)
	}()
	var busy, moved int64
	err = cp.conn.each(context.Background(), pragma, nil, scanTo(&busy, &frames, &moved))
	if loses(err, true) {
		cp.store.fail()
	}
	return frames, err
}

// beginsLog reports whether the transaction that the writer has just begun may be the
// first of a log. SQLite decides that when the transaction begins.
func (cp *checkpointer) beginsLog() bool {
	copying := cp.copying.Load() // first: a copy that ends now has set renew
	return cp.renew.Swap(false) || copying
}

// stop ends the copying.
func (cp *checkpointer) stop() {
	cp.cancel()
	cp.done.Wait()
}

// close empties the log into the file and closes the connection.
func (cp *checkpointer) close() error {
	_, err := cp.copy("PRAGMA wal_checkpoint(TRUNCATE)")
	return errors.Join(err, cp.conn.close())
}
