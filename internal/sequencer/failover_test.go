package sequencer_test

import (
	"testing"

	"custodex.dev/internal/id"
	"custodex.dev/internal/sequencer"
	"custodex.dev/internal/store"
	"custodex.dev/internal/testkit"
)

// recordAbout adds n entries about a customer and signs them.
func (e *testEnv) recordAbout(t *testing.T, c id.Customer, n int) {
	t.Helper()
	rows := make([]store.AuditRow, n)
	for i := range rows {
		made := entry(e.app, e.key)
		made.Targets = []id.Customer{c}
		rows[i] = sequencer.NewRow(e.key, made)
	}
	if err := e.store.Record(t.Context(), e.app, rows...); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Sequence(t.Context(), e.app); err != nil {
		t.Fatal(err)
	}
}

// A database that lost its last commits got other entries in their places from another server. The one
// that had gathered the lost ones made the filter of the block of them: it hid the others.
func TestBlocksAfterAFailover(t *testing.T) {
	t.Parallel()
	lost, kept, rest := id.NewCustomer(), id.NewCustomer(), id.NewCustomer()
	for _, engine := range testkit.Engines {
		for name, before := range map[string]int{"in the middle of a block": store.BlockEntries - 100, "after a block": store.BlockEntries} {
			t.Run(engine+"/"+name, func(t *testing.T) {
				t.Parallel()
				db := testkit.NewDatabase(t, engine)
				e := newEnv(t, db.NewStore(t))
				if err := e.stop(); err != nil { // no background work from here on
					t.Fatal(err)
				}
				e.recordAbout(t, rest, store.BlockEntries-151)
				keepLog(t, db)
				e.recordAbout(t, lost, before-(store.BlockEntries-150))
				if err := e.MakeMissingBlocks(t.Context(), e.app); err != nil {
					t.Fatal(err)
				}
				putBackLog(t, db)
				db.Exec(t, "DELETE FROM audit_block")
				other := *e
				other.Sequencer = sequencer.New(sequencer.Config{Store: e.store, Keys: e.keys})
				other.recordAbout(t, kept, before-(store.BlockEntries-150))
				if open, err := e.Visit(t.Context(), e.app); err != nil || !open {
					t.Fatalf("Visit = %t, %v, want an alarm", open, err)
				}
				if open := e.closeAlarm(t); open {
					t.Fatal("an alarm is open after an operator has taken the log as it is")
				}
				e.recordAbout(t, rest, 150)
				if err := e.MakeMissingBlocks(t.Context(), e.app); err != nil {
					t.Fatal(err)
				}
				if rows := e.blocks(t); len(rows) != 1 {
					t.Errorf("there are %d blocks, want 1", len(rows))
				}
				for c, want := range map[id.Customer]int{kept: before - (store.BlockEntries - 150), lost: 0} {
					list, err := e.List(t.Context(), e.app, store.AuditList{Customer: &c}, 1000)
					if err != nil || len(list) != want {
						t.Errorf("List = %d entries, %v, want %d", len(list), err, want)
					}
				}
			})
		}
	}
}
