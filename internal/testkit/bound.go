package testkit

import (
	"os"
	"time"
)

// Bound gives how long something may take that takes at most d on a quiet machine. Only
// `make timing` holds a call to d itself; anywhere else a machine may be so busy that d is
// over before the call has run at all, and the bound is only there to tell slow from never.
func Bound(d time.Duration) time.Duration {
	if os.Getenv("TIMING_SAMPLES") != "" {
		return d
	}
	return 10 * d
}
