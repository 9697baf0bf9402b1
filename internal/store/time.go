package store

import "time"

// Rows hold a time as milliseconds since 1970, and no time as 0.

// Millis gives the form of t in a row.
func Millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// Instant gives the time of a row's value, in UTC.
func Instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
