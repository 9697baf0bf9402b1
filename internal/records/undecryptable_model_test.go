package records_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/records"
	"custodex.dev/internal/search"
)

// With any customers damaged or erased, pages, walks and counts are those of a
// model in which they have no name and are not shown: from the index, from an
// index, and without one.
func TestListEqualsModelWithDamage(t *testing.T) {
	t.Parallel()
	for _, memory := range []int64{0, 1} {
		t.Run(fmt.Sprintf("memory=%d", memory), func(t *testing.T) {
			t.Parallel()
			h := newHurt(t, "sqlite", func(c *records.Config) { c.SearchMemory = memory })
			rnd := rand.New(rand.NewPCG(11, uint64(memory)))
			var rows []search.Entry // newest first
			var hidden []bool
			for i := range 120 {
				in := person(pick(rnd, []string{"Ada", "Bob"}), "B", "")
				e := search.Entry{First: in.Given.Value, Last: "B", Status: 1, Type: uint8(customer.Individual)}
				if rnd.IntN(3) == 0 {
					in.Status, e.Status = text(customer.Blacklisted.String()), uint8(customer.Blacklisted)
				}
				_, e.Seq = h.make(t, in)
				lost := rnd.IntN(3) == 0 || i > 40 && i < 90 // many in a row, too
				switch {
				case lost && rnd.IntN(2) == 0:
					h.db.Damage(t, h.app.ID, e.Seq)
				case lost:
					h.db.DropKey(t, h.app.ID, e.Seq)
				}
				if lost {
					e.First, e.Last = "", ""
				}
				rows, hidden = append([]search.Entry{e}, rows...), append([]bool{lost}, hidden...)
			}
			for range 120 {
				h.compareHidden(t, rnd, rows, hidden)
			}
		})
	}
}

func (h *hurt) compareHidden(t *testing.T, rnd *rand.Rand, rows []search.Entry, hidden []bool) {
	t.Helper()
	var in customer.ListInput
	var f search.Filter
	if rnd.IntN(3) == 0 {
		f.Name = pick(rnd, []string{"ada", "b", "bob b", "zz"})
		in.Name = text(f.Name)
	}
	if rnd.IntN(2) == 0 {
		status := pick(rnd, []customer.Status{customer.Active, customer.Blacklisted})
		in.Status, f.Status = text(status.String()), new(uint8(status))
	}
	if rnd.IntN(3) == 0 {
		in.Type, f.Type = text(customer.Individual.String()), new(uint8(customer.Individual))
	}
	take := 1 + rnd.IntN(7)
	in.Take = text(fmt.Sprint(take))
	var places, shown []int64 // numbers of those that match, and of those to be seen
	for i, e := range rows {
		if search.Match(f, e) {
			places = append(places, e.Seq)
			if !hidden[i] {
				shown = append(shown, e.Seq)
			}
		}
	}
	var walked []int64
	for cursor := ""; ; {
		got := h.list(t, records.ListRequest{Input: in, Cursor: cursor, Count: true})
		for _, c := range got.Customers {
			walked = append(walked, c.Seq)
		}
		if got.Total != len(places) {
			t.Fatalf("%+v: total %d, want %d", f, got.Total, len(places))
		}
		if cursor = got.Next; cursor == "" {
			break
		}
		if len(got.Customers) != take {
			t.Fatalf("%+v: a page of %d with more to come, want %d", f, len(got.Customers), take)
		}
	}
	if fmt.Sprint(walked) != fmt.Sprint(shown) {
		t.Fatalf("%+v: a walk showed\n%v, want\n%v", f, walked, shown)
	}
	// A page by skip begins after so many places, seen or not.
	skip := rnd.IntN(len(places) + 2)
	in.Skip = text(fmt.Sprint(skip))
	got := h.list(t, records.ListRequest{Input: in})
	want := shown
	for len(want) > 0 && skip > 0 && (skip >= len(places) || want[0] > places[skip]) {
		want = want[1:]
	}
	want = want[:min(take, len(want))]
	var page []int64
	for _, c := range got.Customers {
		page = append(page, c.Seq)
	}
	if fmt.Sprint(page) != fmt.Sprint(want) {
		t.Fatalf("%+v skip %d take %d: %v, want %v", f, skip, take, page, want)
	}
}
