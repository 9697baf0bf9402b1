package postgres_test

import (
	"testing"

	"pgregory.net/rapid"

	"custodex.dev/internal/store/postgres"
)

// TestMarks holds marks to a plain map: a writer's last mark is known until as many
// others have written as there is room for, and never mistaken.
func TestMarks(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var m postgres.Marks
		last := make(map[int64]int64)
		var order []int64 // writers, the newest last
		for mark := range rapid.Int64Range(1, 200).Draw(t, "batches") {
			w := rapid.Int64Range(1, postgres.Writers*2).Draw(t, "writer")
			m = m.With(w, mark)
			last[w] = mark
			for i, o := range order {
				if o == w {
					order = append(order[:i], order[i+1:]...)
					break
				}
			}
			order = append(order, w)
		}
		room := order[max(0, len(order)-postgres.Writers):]
		for w := range int64(postgres.Writers*2 + 2) {
			mark, known := m.Last(w)
			remembered := false
			for _, o := range room {
				remembered = remembered || o == w
			}
			switch {
			case remembered && (!known || mark != last[w]):
				t.Fatalf("writer %d: mark %d, %t, want %d", w, mark, known, last[w])
			case !remembered && known && last[w] != 0:
				t.Fatalf("writer %d was forgotten, and it is claimed that it never wrote", w)
			case !remembered && mark != 0:
				t.Fatalf("writer %d: mark %d of somebody else", w, mark)
			}
		}
	})
}
