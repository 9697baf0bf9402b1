package sequencer_test

import (
	"context"
	"math/rand/v2"
	"reflect"
	"regexp"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/id"
	"custodex.dev/internal/sequencer"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/storetest"
	"custodex.dev/internal/testkit"
)

// randomLog is what a log of random entries is about.
type randomLog struct {
	random    *rand.Rand
	customers []id.Customer
	actors    []string
	first, at time.Time
}

func newRandomLog(seed uint64, customers int) *randomLog {
	l := &randomLog{random: rand.New(rand.NewPCG(seed, 0)), first: time.Now().UTC().Truncate(time.Millisecond)}
	for range customers {
		l.customers = append(l.customers, id.NewCustomer())
	}
	for range 9 {
		l.actors = append(l.actors, string(id.NewCredential()))
	}
	l.at = l.first
	return l
}

func (l *randomLog) customer() id.Customer { return l.customers[l.random.IntN(len(l.customers))] }

// record adds n entries: reads, lists of up to 20 customers, and some about nobody. Later entries
// are about other customers and actors than earlier ones, in part.
func (l *randomLog) record(t testing.TB, e *testEnv, n int) {
	t.Helper()
	actors := l.actors[l.random.IntN(6):][:4]
	for n > 0 {
		rows := make([]store.AuditRow, min(n, 1000))
		n -= len(rows)
		for i := range rows {
			made := entry(e.app, e.key)
			made.Actor, made.Targets = actors[l.random.IntN(4)], nil
			switch l.random.IntN(10) {
			case 0:
			case 1:
				for range l.random.IntN(20) {
					made.Targets = append(made.Targets, l.customer())
				}
			default:
				made.Targets = append(made.Targets, l.customer())
			}
			l.at = l.at.Add(time.Duration(l.random.IntN(4)) * time.Millisecond)
			made.Time = l.at
			rows[i] = sequencer.NewRow(e.key, made)
		}
		if err := e.store.Record(t.Context(), e.app, rows...); err != nil {
			t.Fatal(err)
		}
	}
}

// query asks for something at random. One customer in three was never there.
func (l *randomLog) query(entries int64) (list store.AuditList, limit int) {
	yes := func() bool { return l.random.IntN(3) == 0 }
	moment := func() int64 { return l.first.UnixMilli() + l.random.Int64N(l.at.Sub(l.first).Milliseconds()+10) }
	if !yes() {
		c := l.customer()
		if yes() {
			c = id.NewCustomer()
		}
		list.Customer = &c
	}
	if yes() {
		list.Actor = l.actors[l.random.IntN(len(l.actors))]
	}
	if yes() {
		list.From = moment()
	}
	if yes() {
		list.To = moment()
	}
	if yes() {
		list.Before = l.random.Int64N(entries + 10)
	}
	if yes() {
		list.Since = l.random.Int64N(entries)
	}
	if yes() {
		list.Action = "customer.fetch"
	}
	return list, []int{0, 1, 1000, 1000, 1000}[l.random.IntN(5)]
}

// wantEqualToScan compares lists with those that read every entry.
func (l *randomLog) wantEqualToScan(t *testing.T, e *testEnv, when string, rounds int) {
	t.Helper()
	entries := e.entries(t)
	for range rounds {
		list, limit := l.query(entries)
		got, err := e.List(t.Context(), e.app, list, limit)
		if err != nil {
			t.Fatal(err)
		}
		want, err := e.store.AuditList(t.Context(), e.app, list, limit)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(want, got) {
			t.Fatalf("%s: List(%+v, %d) gives %d entries that are not the %d of a scan", when, list, limit, len(got), len(want))
		}
	}
}

func (e *testEnv) blocks(t *testing.T) []store.BlockRow {
	t.Helper()
	rows, err := e.store.BlockList(t.Context(), e.app, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func (e *testEnv) makeBlocks(t testing.TB) {
	t.Helper()
	if _, err := e.Sequence(t.Context(), e.app); err != nil {
		t.Fatal(err)
	}
	if err := e.MakeBlocks(t.Context(), e.app); err != nil {
		t.Fatal(err)
	}
}

// blockDamage is what somebody with the database and no key can do to the blocks.
var blockDamage = map[string]string{
	"filters emptied":            "UPDATE audit_block SET filter = x''",
	"filters with no bit set":    "UPDATE audit_block SET filter = x'080000000000000000'",
	"times moved away":           "UPDATE audit_block SET first_at = 1, last_at = 2",
	"blocks exchanged":           "UPDATE audit_block SET filter = (SELECT filter FROM audit_block AS o WHERE o.n = 2), sum = (SELECT sum FROM audit_block AS o WHERE o.n = 2) WHERE n <> 2",
	"block renumbered":           "UPDATE audit_block SET n = 77 WHERE n = 1",
	"one block removed":          "DELETE FROM audit_block WHERE n = 1",
	"all blocks removed":         "DELETE FROM audit_block",
	"checksums cut to the start": "UPDATE audit_block SET sum = (SELECT sum FROM audit_block AS o WHERE o.n = 0)",
}

// Lists with filters equal full scans on random logs, whatever was done to the blocks, and the blocks
// are what they were once the background work has passed.
func TestListsEqualScans(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			db := testkit.NewDatabase(t, engine)
			e := newEnv(t, db.NewStore(t))
			l := newRandomLog(5, 8000)
			for range 7 {
				l.record(t, e, store.BlockEntries/2)
			}
			l.wantEqualToScan(t, e, "without blocks", 10)
			e.makeBlocks(t)
			made := e.blocks(t)
			if len(made) != 3 {
				t.Fatalf("%d blocks of %d entries, want 3", len(made), e.entries(t))
			}
			l.wantEqualToScan(t, e, "with blocks", 60)
			for name, sql := range blockDamage {
				if engine == "postgres" {
					sql = regexp.MustCompile(`x'([0-9a-f]*)'`).ReplaceAllString(sql, `decode('$1', 'hex')`)
				}
				db.Exec(t, sql)
				l.wantEqualToScan(t, e, name, 10)
				db.Exec(t, "DELETE FROM audit_block WHERE n = 77")
				e.makeBlocks(t)
				if diff := cmp.Diff(made, e.blocks(t)); diff != "" {
					t.Errorf("%s: made again, the blocks differ (-want +got):\n%.500s", name, diff)
				}
			}
		})
	}
}

// A list reads the blocks that may match and no other.
func TestListsSkipBlocks(t *testing.T) {
	t.Parallel()
	st := storetest.NewHooked(testkit.NewStore(t, "sqlite"))
	e := newEnv(t, st)
	l := newRandomLog(6, 3000)
	l.record(t, e, store.BlockEntries)
	once := entry(e.app, e.key)
	if err := e.store.Record(t.Context(), e.app, sequencer.NewRow(e.key, once)); err != nil {
		t.Fatal(err)
	}
	l.record(t, e, 6*store.BlockEntries)
	e.makeBlocks(t)
	var lists atomic.Int64
	st.Set(storetest.Hooks{Before: func(_ context.Context, method string, _ id.App) error {
		if method == "AuditList" {
			lists.Add(1)
		}
		return nil
	}})
	defer st.Set(storetest.Hooks{})
	for name, list := range map[string]store.AuditList{
		"customer": {Customer: &once.Targets[0]}, "credential": {Actor: once.Actor},
	} {
		lists.Store(0)
		rows, err := e.List(t.Context(), e.app, list, 10)
		if err != nil || len(rows) != 1 || rows[0].Seq != store.BlockEntries+1 {
			t.Errorf("by %s: %d entries, %v, want the one", name, len(rows), err)
		}
		if n := lists.Load(); n > 3 { // the tail, the block, and perhaps a false one
			t.Errorf("by %s: %d parts of the log are read, want its end and one block", name, n)
		}
	}
	lists.Store(0)
	if rows, err := e.List(t.Context(), e.app, store.AuditList{To: l.first.UnixMilli() - 1}, 10); err != nil || len(rows) > 1 || lists.Load() > 2 {
		t.Errorf("before the first: %d entries in %d parts, %v", len(rows), lists.Load(), err)
	}
}

// The blocks of a log that is complete are made without anybody asking, of an older log too.
func TestBlocksAreMadeInTheBackground(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := testkit.NewStore(t, "sqlite")
		e := newEnv(t, st)
		l := newRandomLog(7, 100)
		if err := e.stop(); err != nil {
			t.Fatal(err)
		}
		e.store = st // nobody is notified: the log is older than the process
		l.record(t, e, store.BlockEntries)
		e.start(t, st)
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := len(e.blocks(t)); n != 1 {
			t.Errorf("%d blocks after a restart, want 1", n)
		}
		l.record(t, e, store.BlockEntries-1)
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := len(e.blocks(t)); n != 2 {
			t.Errorf("%d blocks while running, want 2", n)
		}
	})
}

// A block whose entries are integrated by one process is stored with them, without being read again,
// and is the same as one that is made from the stored entries.
func TestBlocksAreGathered(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			db := testkit.NewDatabase(t, engine)
			e := newEnv(t, db.NewStore(t))
			if err := e.stop(); err != nil { // no background work from here on
				t.Fatal(err)
			}
			l := newRandomLog(9, 500)
			for _, n := range []int{100, 3000, 2000, 5000, 7, 1, 4000} {
				l.record(t, e, n)
				if _, err := e.Sequence(t.Context(), e.app); err != nil {
					t.Fatal(err)
				}
			}
			gathered := e.blocks(t)
			db.Exec(t, "DELETE FROM audit_block")
			e.makeBlocks(t)
			if diff := cmp.Diff(e.blocks(t), gathered); diff != "" || len(gathered) != 3 {
				t.Errorf("%d blocks are gathered, want 3 as they are made later (-made +gathered):\n%.500s", len(gathered), diff)
			}
		})
	}
}

// A row that a list finds missing or altered is made again without a start.
func TestBlocksAreMadeAgain(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			db := testkit.NewDatabase(t, engine)
			e := newEnv(t, db.NewStore(t))
			if err := e.stop(); err != nil { // no background work from here on
				t.Fatal(err)
			}
			l := newRandomLog(10, 100)
			l.record(t, e, 3*store.BlockEntries)
			e.makeBlocks(t)
			want := e.blocks(t)
			for _, change := range []string{"DELETE FROM audit_block WHERE n = 1", "UPDATE audit_block SET first_at = 0 WHERE n = 2", "DELETE FROM audit_block"} {
				db.Exec(t, change)
				c := id.NewCustomer()
				if _, err := e.List(t.Context(), e.app, store.AuditList{Customer: &c}, 10); err != nil {
					t.Fatal(err)
				}
				if err := e.MakeMissingBlocks(t.Context(), e.app); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, e.blocks(t)); diff != "" {
					t.Errorf("after %s (-want +got):\n%.500s", change, diff)
				}
			}
		})
	}
}

// An entry that was altered keeps its block from being summarised: a filter of what was not written
// would hide it.
func TestNoBlockOfAlteredEntries(t *testing.T) {
	t.Parallel()
	db := testkit.NewDatabase(t, "sqlite")
	e := newEnv(t, db.NewStore(t))
	l := newRandomLog(8, 100)
	l.record(t, e, 2*store.BlockEntries)
	if _, err := e.Sequence(t.Context(), e.app); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, "DELETE FROM audit_block", "UPDATE audit SET targets = x'' WHERE seq = 9")
	if err := e.MakeBlocks(t.Context(), e.app); err != nil {
		t.Fatal(err)
	}
	if rows := e.blocks(t); len(rows) != 1 || rows[0].N != 1 {
		t.Errorf("%d blocks, want the second alone", len(rows))
	}
	l.wantEqualToScan(t, e, "with an altered entry", 10)
}

// At most 24 bytes for an entry with one target; lists of 100 take what doc/audit.md says.
func TestBlockSpace(t *testing.T) {
	t.Parallel()
	e := newEnv(t, testkit.NewStore(t, "sqlite"))
	for targets, most := range map[int]int{1: 24, 100: 160} {
		rows := make([]store.AuditRow, store.BlockEntries)
		for i := range rows {
			made := entry(e.app, e.key)
			made.Targets = nil
			for range targets {
				made.Targets = append(made.Targets, id.NewCustomer())
			}
			rows[i] = sequencer.NewRow(e.key, made)
			rows[i].Seq, rows[i].MAC = int64(i), rows[i].MACFunc(int64(i))
		}
		block, whole := sequencer.NewBlock(e.app, e.key, 0, rows)
		if !whole {
			t.Fatal("the entries are not as they were written")
		}
		size := len(block.Filter) + len(block.Sum) + 3*8
		t.Logf("%d targets: %.1f bytes an entry", targets, float64(size)/store.BlockEntries)
		if size > most*store.BlockEntries {
			t.Errorf("%d targets: %d bytes for %d entries, want at most %d each", targets, size, store.BlockEntries, most)
		}
	}
}
