package page_test

import (
	"testing"

	"pgregory.net/rapid"

	"custodex.dev/internal/page"
)

// Positions are in one order, newest first, and Before and Compare agree on it.
func TestPositionOrder(t *testing.T) {
	t.Parallel()
	newer, older := page.Position{CreatedAt: 2, Seq: 1}, page.Position{CreatedAt: 1, Seq: 9}
	if !newer.Before(older) || newer.Compare(older) >= 0 {
		t.Errorf("%+v is not before %+v", newer, older)
	}
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) page.Position {
			return page.Position{
				CreatedAt: rapid.Int64Range(-2, 2).Draw(t, name+" created"),
				Seq:       rapid.Int64Range(-2, 2).Draw(t, name+" seq"),
			}
		}
		p, q, r := draw("p"), draw("q"), draw("r")
		if p.Before(q) != (p.Compare(q) < 0) || (p == q) != (p.Compare(q) == 0) || p.Compare(q) != -q.Compare(p) {
			t.Errorf("%+v and %+v: Before %v, Compare %d and %d", p, q, p.Before(q), p.Compare(q), q.Compare(p))
		}
		if p.Before(q) && q.Before(r) && !p.Before(r) {
			t.Errorf("%+v, %+v and %+v are in no order", p, q, r)
		}
	})
}
