// Package sleep waits, as time.Sleep does, but no longer than a context lives. It must never be
// what a test synchronises with.
package sleep

import (
	"context"
	"time"
)

// For waits for d. If ctx ends first, it returns the error of ctx at once.
func For(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
