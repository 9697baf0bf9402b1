package main

import "testing"

func TestInterval(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		ratios []float64
		want   string
	}{
		{[]float64{1.5}, "1.500 [1.500, 1.500]"},
		{[]float64{3, 1, 2}, "2.000 [1.000, 3.000]"},
		{[]float64{10, 9, 8, 7, 6, 5, 4, 3, 2, 1}, "5.500 [2.000, 9.000]"},
		{[]float64{1, 2, 3, 4, 5, 6}, "3.500 [1.000, 6.000]"},
		{[]float64{20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19}, "10.500 [6.000, 15.000]"},
	} {
		if got := interval(tt.ratios); got != tt.want {
			t.Errorf("interval(%v) = %s, want %s", tt.ratios, got, tt.want)
		}
	}
}
