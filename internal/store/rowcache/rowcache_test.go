package rowcache_test

import (
	"testing"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/rowcache"
)

func newRow(seq int64) *store.CustomerRow {
	return &store.CustomerRow{ID: id.NewCustomer(), Seq: seq, Sealed: make([]byte, 500)}
}

// A row is found by its id and its number until it is dropped, by itself, with its application or with
// all; and in its application alone.
func TestRows(t *testing.T) {
	t.Parallel()
	app, other := id.NewApp(), id.NewApp()
	for name, drop := range map[string]func(*rowcache.Rows, *store.CustomerRow){
		"Drop":    func(c *rowcache.Rows, r *store.CustomerRow) { c.Drop(app, r.ID) },
		"DropApp": func(c *rowcache.Rows, _ *store.CustomerRow) { c.DropApp(app) },
		"DropAll": func(c *rowcache.Rows, _ *store.CustomerRow) { c.DropAll() },
	} {
		rows := rowcache.New(4000) // two rows are a generation
		first, second, theirs := newRow(1), newRow(2), newRow(1)
		rows.Add(app, first)
		rows.Add(other, theirs)
		rows.Add(app, second) // the first is of the old generation now
		if rows.Get(app, first.ID) != first || rows.GetBySeq(app, 1) != first || rows.GetBySeq(other, 1) != theirs {
			t.Errorf("%s: a row that was added is not found", name)
		}
		if rows.Get(other, first.ID) != nil || rows.GetBySeq(other, 2) != nil {
			t.Errorf("%s: another application has the row", name)
		}
		drop(rows, first)
		if rows.Get(app, first.ID) != nil || rows.GetBySeq(app, 1) != nil {
			t.Errorf("%s: the row is still there", name)
		}
		if kept := rows.GetBySeq(other, 1) == theirs; kept != (name != "DropAll") {
			t.Errorf("%s: another application's row is kept: %t", name, kept)
		}
	}
}

// What is asked for stays, and the memory is bounded.
func TestRowsThatAreAskedForStay(t *testing.T) {
	t.Parallel()
	app, rows := id.NewApp(), rowcache.New(20_000)
	hot := newRow(1)
	rows.Add(app, hot)
	for seq := range int64(1000) {
		rows.Add(app, newRow(2+seq))
		if rows.Get(app, hot.ID) != hot {
			t.Fatalf("a row that is asked for all the time is gone after %d others", seq)
		}
	}
	if n := rows.Len(); n > 20 {
		t.Errorf("%d rows are kept in 20000 bytes", n)
	}
	newer := *hot
	rows.Add(app, &newer)
	if rows.GetBySeq(app, 1) != &newer {
		t.Error("an older row is found")
	}
	newer.Seq = 2000
	rows.Add(app, &newer)
	if rows.GetBySeq(app, 1) != nil || rows.GetBySeq(app, 2000) != &newer {
		t.Error("a customer is found by the number of one before it")
	}
}
