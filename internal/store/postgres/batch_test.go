package postgres_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

type update = func(store.Tx) error

// adds is an update that inserts row with an entry.
func adds(row store.CustomerRow) update {
	return func(tx store.Tx) error {
		_, err := tx.CustomerInsert(row)
		tx.AuditAppend(newEntry(row.ID))
		return err
	}
}

// has reports whether the application holds the customer.
func has(t *testing.T, s store.Store, app id.App, row store.CustomerRow) bool {
	t.Helper()
	_, err := s.CustomerGet(t.Context(), app, row.ID)
	if err != nil && !errors.Is(err, fault.NotFound) {
		t.Fatal(err)
	}
	return err == nil
}

// wantEntries compares the number of entries in the head with the log, and both
// with want.
func wantEntries(t *testing.T, s store.Store, app id.App, want int64) []store.AuditRow {
	t.Helper()
	h, err := s.Head(t.Context(), app)
	if err != nil {
		t.Fatal(err)
	}
	log, err := s.AuditRange(t.Context(), app, 0, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	if h.Entries != want || int64(len(log)) != want {
		t.Errorf("head counts %d entries, the log has %d, want %d", h.Entries, len(log), want)
	}
	for i, e := range log {
		if e.Seq != int64(i) {
			t.Fatalf("entry %d has Seq %d: there is a gap", i, e.Seq)
		}
	}
	return log
}

// TestBatchKeepsItemsApart has items that fail in each way there is among items that
// must not notice.
func TestBatchKeepsItemsApart(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	app := newApp(t, s)
	taken, good1, good2, undone := newRow(1), newRow(2), newRow(3), newRow(4)
	mustInsert(t, s, app, taken)
	sameEmail, sameID, twice := newRow(5), newRow(6), newRow(7)
	sameEmail.EmailHash, sameID.ID = taken.EmailHash, taken.ID
	poison := newEntry()
	poison.Actor = "nul\x00"
	badRow := newRow(8)
	badRow.EmailHash = random(31)
	errOwn := errors.New("own")
	var kept store.Tx

	works := []struct {
		name string
		work any
		want func(error) bool
	}{
		{"first", adds(good1), ok},
		{"own error after a write", func(tx store.Tx) error {
			return errors.Join(adds(undone)(tx), errOwn)
		}, is(errOwn)},
		{"e-mail taken", adds(sameEmail), is(store.ErrEmailTaken)},
		{"id taken", adds(sameID), is(fault.Conflict)},
		{"conflict swallowed", func(tx store.Tx) error { _ = adds(sameEmail)(tx); return nil }, is(store.ErrEmailTaken)},
		{"refused by a check", adds(badRow), is(fault.Internal)},
		{"refusal swallowed", func(tx store.Tx) error {
			if adds(badRow)(tx) == nil || adds(newRow(9))(tx) == nil {
				return errors.New("a spoilt transaction went on")
			}
			return nil
		}, is(fault.Internal)},
		{"panic", func(tx store.Tx) error { _ = adds(undone)(tx); panic("ada@example.com") }, unclassified},
		{"nothing", func(tx store.Tx) error { kept = tx; return nil }, ok},
		{"entry", newEntry(), ok},
		{"insert twice", func(tx store.Tx) error {
			return errors.Join(adds(twice)(tx), adds(twice)(tx))
		}, is(fault.Conflict)},
		{"absent", func(tx store.Tx) error { return tx.CustomerUpdate(newRow(9)) }, is(fault.NotFound)},
		{"last", adds(good2), ok},
	}
	batch := make([]any, len(works))
	for i, w := range works {
		batch[i] = w.work
	}
	check := func(outcomes []error) {
		t.Helper()
		for i, w := range works {
			if !w.want(outcomes[i]) {
				t.Errorf("%s: %v", w.name, outcomes[i])
			}
		}
	}
	check(s.Batch(t.Context(), app, batch...))
	if !has(t, s, app, good1) || !has(t, s, app, good2) {
		t.Error("a good item was lost")
	}
	if has(t, s, app, undone) || has(t, s, app, twice) {
		t.Error("something of a failed item was kept")
	}
	wantEntries(t, s, app, 1+3)
	if r, err := s.CustomerRange(t.Context(), app); err != nil || r.Count != 3 {
		t.Errorf("CustomerRange = %+v, %v, want a count of 3", r, err)
	}
	if _, err := kept.CustomerGet(good1.ID); err == nil {
		t.Error("a transaction works after its end")
	}

	// An entry that the database refuses spoils what all share; only its own item fails.
	third := newRow(10)
	outcomes := s.Batch(t.Context(), app, newEntry(), poison, adds(third))
	if outcomes[0] != nil || outcomes[1] == nil || outcomes[2] != nil || !has(t, s, app, third) {
		t.Errorf("a poisoned entry among others: %v", outcomes)
	}
	wantEntries(t, s, app, 4+2)
}

func ok(err error) bool { return err == nil }

// unclassified is an error that nobody made a fault of.
func unclassified(err error) bool { return err != nil && fault.Of(err).Code == "internal" }

func is(target error) func(error) bool {
	return func(err error) bool { return errors.Is(err, target) }
}

// TestBatchChangesVersionOnce has a batch of changes and one of none.
func TestBatchChangesVersionOnce(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	app := newApp(t, s)
	before, err := s.Head(t.Context(), app)
	if err != nil {
		t.Fatal(err)
	}
	a, b := newRow(1), newRow(2)
	fails := func(tx store.Tx) error { _ = adds(newRow(3))(tx); return errors.New("no") }
	s.Batch(t.Context(), app, adds(a), adds(b), fails)
	s.Batch(t.Context(), app, newEntry(), fails)
	after, err := s.Head(t.Context(), app)
	if err != nil {
		t.Fatal(err)
	}
	if after.Version != before.Version+1 {
		t.Errorf("version went from %d to %d, want one more", before.Version, after.Version)
	}
	rows, err := s.CustomerChanges(t.Context(), app, store.ChangePoint{Version: before.Version}, 10)
	if err != nil || len(rows) != 2 || rows[0].Version != after.Version || rows[1].Version != after.Version {
		t.Errorf("changes = %d rows, %v, want both of version %d", len(rows), err, after.Version)
	}
}

// TestBatchLosesConnection has an item whose function always loses the connection.
func TestBatchLosesConnection(t *testing.T) {
	t.Parallel()
	url := newDatabase(t)
	s := openStore(t, url)
	app := newApp(t, s)
	admin := connect(t, url)
	runs := 0
	breaks := func(tx store.Tx) error {
		runs++
		if err := adds(newRow(9))(tx); err != nil {
			return err
		}
		var killed int
		err := admin.QueryRow(t.Context(), `SELECT count(*) FROM (
			SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
			WHERE datname = current_database() AND state = 'idle in transaction') AS k`).Scan(&killed)
		if err != nil || killed != 1 {
			return fmt.Errorf("killed %d connections: %w", killed, err)
		}
		_, err = tx.CustomerGet(id.Customer{})
		return err
	}
	first, last := newRow(1), newRow(2)
	outcomes := s.Batch(t.Context(), app, adds(first), breaks, newEntry(), adds(last))
	if outcomes[0] != nil || outcomes[2] != nil || outcomes[3] != nil {
		t.Errorf("the others did not survive: %v", outcomes)
	}
	if !errors.Is(outcomes[1], fault.Unavailable) || runs != 2 {
		t.Errorf("the item: %v after %d runs, want unavailable after 2", outcomes[1], runs)
	}
	if !has(t, s, app, first) || !has(t, s, app, last) {
		t.Error("an acknowledged customer is missing")
	}
	wantEntries(t, s, app, 3)
}

func TestUnknownApplication(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	app := id.NewApp()
	outcomes := s.Batch(t.Context(), app, newEntry(), adds(newRow(1)), func(tx store.Tx) error { return nil })
	for i, err := range outcomes {
		if !errors.Is(err, fault.NotFound) {
			t.Errorf("work %d on no application: %v, want not found", i, err)
		}
	}
	// One that a work of the batch makes is there for those after it.
	makes := func(tx store.Tx) error {
		return tx.AppInsert(store.AppRow{ID: app, Name: "New", Key: []byte{1}})
	}
	outcomes = s.Batch(t.Context(), app, newEntry(),
		func(tx store.Tx) error { _ = makes(tx); return errors.New("undo") },
		adds(newRow(1)), makes, adds(newRow(1)), makes, newEntry())
	for i, want := range []func(error) bool{is(fault.NotFound), func(err error) bool { return err != nil },
		is(fault.NotFound), ok, ok, is(fault.Conflict), ok} {
		if !want(outcomes[i]) {
			t.Errorf("work %d: %v", i, outcomes[i])
		}
	}
	wantEntries(t, s, app, 2)
}

func TestIdempotencyConflictIsNoFailure(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	app := newApp(t, s)
	key := store.IdempotencyRow{Scope: random(32), Fingerprint: random(32), Reply: []byte{1}}
	put := func(tx store.Tx) error { return tx.IdempotencyPut(key, time.Hour) }
	row := newRow(1)
	outcomes := s.Batch(t.Context(), app, put, func(tx store.Tx) error {
		if err := put(tx); !errors.Is(err, fault.Conflict) {
			return fmt.Errorf("second put: %w", err)
		}
		if got, err := tx.IdempotencyGet(key.Scope); err != nil || string(got.Fingerprint) != string(key.Fingerprint) {
			return fmt.Errorf("get after the refused put: %w", err)
		}
		return adds(row)(tx)
	})
	if outcomes[0] != nil || outcomes[1] != nil || !has(t, s, app, row) {
		t.Errorf("outcomes = %v, want none failed", outcomes)
	}
}
