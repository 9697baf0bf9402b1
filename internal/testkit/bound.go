package testkit

import (
	"errors"
	"os"
	"time"

	"custodex.dev/internal/fault"
)

// Bound gives how long something may take that takes at most d on a quiet machine. Only
// `make timing` holds a call to d itself. Anywhere else a machine may be so busy that d is
// over before the call has run at all; then it has ten seconds more, which is still far below
// the time after which a server gives up a request.
func Bound(d time.Duration) time.Duration {
	if os.Getenv("TIMING_SAMPLES") != "" {
		return d
	}
	return d + 10*time.Second
}

// Patiently opens a store, again and again for up to a minute if the database does not answer
// in the two seconds that a store waits for it: on a busy machine a new PostgreSQL may not.
func Patiently[S any](open func() (S, error)) (S, error) {
	for end := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		s, err := open()
		if !errors.Is(err, fault.Unavailable) || time.Now().After(end) {
			return s, err
		}
	}
}
