package customer_test

import (
	"testing"
	"time"

	"custodex.dev/internal/customer"
)

// TestTimes writes one moment in the ways of ISO 8601, and what is no time at all.
func TestTimes(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)
	for _, s := range []string{
		"2026-01-01", "20260101", "2026-001", "2026001", "2026-W01-4", "2026W014", "2026-01-01T00:00Z", "2026-01-01T00:00:00Z",
		"2026-01-01T00:00:00+0000", "2026-01-01T02:00+02", "2026-01-01T02:00:00+02:00", "20260101T000000Z", "20260101T0000Z",
		"20260101T00Z", "2026-01-01t00:00:00z", "2026-01-01 00:00:00Z", "2026-01-01T00:00:00", "2026-01-01T00:00:00.000Z",
		"2026-01-01T00:00:00,000Z", "2025-12-31T24:00:00Z", "2025-12-31T19:00:00-05:00", "2025-12-31T18:30:00-0530",
		"2025-12-31T19:00:00\u221205:00", "2026-01-01T00:00:00.0004Z",
	} {
		got, problems := customer.ListInput{CreatedFrom: sent(s)}.Parse(0)
		if problems != nil || !got.CreatedFrom.Equal(at) {
			t.Errorf("%q is %v, %v", s, got.CreatedFrom, codes(problems))
		}
	}
	for s, want := range map[string]time.Time{
		"2016-12-31T23:59:60Z": time.Date(2016, 12, 31, 23, 59, 59, 0, time.UTC), "2024-366": time.Date(2024, 12, 31, 0, 0, 0, 0, time.UTC),
		"2020-W53-7": time.Date(2021, 1, 3, 0, 0, 0, 0, time.UTC), "2026-02-28T10:20:30.4567Z": time.Date(2026, 2, 28, 10, 20, 30, 456e6, time.UTC),
	} {
		if got, problems := (customer.ListInput{CreatedFrom: sent(s)}).Parse(0); problems != nil || !got.CreatedFrom.Equal(want) {
			t.Errorf("%q is %v, %v, want %v", s, got.CreatedFrom, codes(problems), want)
		}
	}
	for _, s := range []string{
		"", " 2026-01-01", "2026-01-01 ", "2026", "2026-1-1", "2026-13-01", "2026-02-29", "2026-00-10", "2026-01-00", "2026-366", "2026-000", "2026-W54-1", "2026-W53-5x",
		"2026-W01-8", "2026-W01", "2025-W53-1", "2026-0101", "202601-01", "2026-01-01T", "2026-01-01T25:00Z", "2026-01-01T24:01Z", "2026-01-01T10:60Z",
		"2026-01-01T10:00:61Z", "2026-01-01T1000:00Z", "2026-01-01T10:0000Z", "2026-01-01T10:00:00.Z", "2026-01-01T10:00.5Z", "2026-01-01T10:00+2",
		"2026-01-01T10:00+24", "2026-01-01T10:00+02:60", "2026-01-01T10:00+02:00x", "2026-01-01T10:00ZZ", "2026-01-01T10:00 Z", "now", "1767225600",
		"01/02/2026", "２０２６-01-01", "-2026-01-01", "2026-01-01T+02",
	} {
		if got, problems := (customer.ListInput{CreatedFrom: sent(s)}).Parse(0); len(problems) != 1 {
			t.Errorf("%q is the time %v", s, got.CreatedFrom)
		}
	}
}
