package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"custodex.dev/internal/store"
)

// noteDisk remembers that the disk failed a write. A later write that succeeds proves little: it
// may have found a place in a page that is there.
func (s *Store) noteDisk(err error) {
	if errors.Is(err, store.ErrDiskFull) || errors.Is(err, store.ErrDiskFailed) {
		s.disk.Store(true)
	}
}

// checkDisk is for Ping: a disk that failed a write is of no use until a row of some size can be
// written. Requests may be kept away meanwhile, so nobody else would find out.
func (s *Store) checkDisk(ctx context.Context) error {
	if !s.disk.Load() {
		return nil
	}
	if err := s.tryDisk(ctx); err != nil {
		return err
	}
	s.disk.Store(false)
	return nil
}

// trySize is how much must fit before the disk counts as mended.
const trySize = 256 << 10

// tryDisk writes a row of no application and takes it back.
func (s *Store) tryDisk(ctx context.Context) error {
	const nobody = "app_nobody"
	conn, err := acquire(ctx, s.writes)
	if err != nil {
		return err
	}
	defer conn.Release()
	tx, err := conn.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = tx.Rollback(ending) // a connection that does not take it is closed by the pool
	}()
	if _, err := tx.Exec(ctx, s.beginWrite, nobody); err != nil {
		return err
	}
	content := make([]byte, trySize)
	_, _ = rand.Read(content) // never fails; what can be compressed would take no space
	_, err = tx.Exec(ctx, `
		INSERT INTO idempotency (
			app_id,
			scope,
			fingerprint,
			customer_id,
			reply,
			expires_at
		)
		VALUES ($1, $2, $3, $4, $5, 0)`,
		nobody, content[:32], content[32:64], [16]byte(content[64:]), content)
	return err
}
