package sleep_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"custodex.dev/internal/sleep"
)

func TestFor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		wait, timeout time.Duration
		took          time.Duration
		err           error
	}{
		{"waits", time.Second, time.Hour, time.Second, nil},
		{"context ends first", time.Hour, time.Second, time.Second, context.DeadlineExceeded},
		{"context has ended", time.Hour, 0, 0, context.DeadlineExceeded},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), c.timeout)
				defer cancel()
				began := time.Now()
				err := sleep.For(ctx, c.wait)
				if took := time.Since(began); took != c.took || !errors.Is(err, c.err) {
					t.Errorf("For(%v) with a timeout of %v = %v after %v, want %v after %v", c.wait, c.timeout, err, took, c.err, c.took)
				}
			})
		})
	}
}
