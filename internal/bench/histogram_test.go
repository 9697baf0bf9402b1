package bench_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"custodex.dev/internal/bench"
)

// A quantile is never below the true one and at most 1 % above it.
func TestHistogramQuantiles(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.OneOf(
			rapid.Int64Range(0, 300), rapid.Int64Range(0, int64(time.Second)), rapid.Int64Range(0, int64(time.Hour)),
		), 1, 200).Draw(t, "durations")
		q := rapid.SampledFrom([]float64{0.01, 0.5, 0.9, 0.99, 0.999, 1}).Draw(t, "q")
		cut := rapid.IntRange(0, len(list)).Draw(t, "cut")
		a, b := bench.NewHistogram(), bench.NewHistogram() // merged, they are as one
		for i, d := range list {
			if i < cut {
				a.Add(time.Duration(d))
			} else {
				b.Add(time.Duration(d))
			}
		}
		a.Merge(&b)
		slices.Sort(list)
		rank := int(q*float64(len(list)) + 0.5)
		want := time.Duration(list[max(rank, 1)-1])
		got := a.Quantile(q)
		if got < want || float64(got) > float64(want)*1.01 {
			t.Errorf("quantile(%g) = %v, want %v", q, got, want)
		}
		if count, longest := a.Seen(); count != int64(len(list)) || longest != time.Duration(list[len(list)-1]) {
			t.Errorf("count %d, max %v", count, longest)
		}
	})
}

func TestHistogramOfNothingAndOfTheAbsurd(t *testing.T) {
	t.Parallel()
	h := bench.NewHistogram()
	if got := h.Quantile(0.99); got != 0 {
		t.Errorf("quantile of nothing = %v", got)
	}
	h.Add(-time.Second) // a clock that went back
	h.Add(1 << 62)      // 146 years
	if got := h.Quantile(1); got <= 24*time.Hour/4 {
		t.Errorf("quantile(1) = %v, want a very long time", got)
	}
}
