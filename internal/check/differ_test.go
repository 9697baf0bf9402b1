package check

import (
	"slices"
	"testing"
)

// TestEventsBesideGaps: an event that was altered to look like its neighbour moves no other one, and where
// the log has lost entries only their events are accused.
func TestEventsBesideGaps(t *testing.T) {
	t.Parallel()
	log := []uint64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	with := func(w []uint64, at int, v ...uint64) []uint64 {
		return slices.Concat(w[:at], v, w[at+len(v):])
	}
	for _, test := range []struct {
		name      string
		log, rows []uint64
		were      int64
		want      []int
	}{
		{"nothing was lost", log, with(log, 4, 6, 99), 10, []int{5, 4}},
		{"two were lost", slices.Concat(log[:3], log[5:]), log, 10, []int{4, 3}},
		{"two were lost, and one was altered", slices.Concat(log[:3], log[5:]), with(log, 8, 99), 10, []int{8, 4, 3}},
		{"a log that is older than events", slices.Concat([]uint64{50, 51, 52}, log), with(log, 8, 99), 10, []int{8}},
		{"one is not compared", log, with(log, 4, 0), 10, nil},
	} {
		w := newTold(100)
		w.gaps, w.hashes, w.all = true, test.log, int64(len(test.log))
		if got := w.differ(test.rows, test.were); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}
