package records_test

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/testkit"
)

// hurt is a test environment whose database can be changed behind its back, and what it logs.
type hurt struct {
	*testEnv
	db    testkit.Database
	count *countingStore
	log   *logged
}

type logged struct {
	mu sync.Mutex
	bytes.Buffer
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.Write(b)
}

// errors are the lines at error level.
func (l *logged) errors() (lines []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.String()) {
		if strings.Contains(line, "level=ERROR") {
			lines = append(lines, line)
		}
	}
	return lines
}

func newHurt(t *testing.T, engine string, change ...func(*records.Config)) *hurt {
	t.Helper()
	h := &hurt{db: testkit.NewDatabase(t, engine), log: &logged{}}
	h.count = newCountingStore(h.db.NewStore(t))
	change = append(change, func(c *records.Config) { c.Log = slog.New(slog.NewTextHandler(h.log, nil)) })
	h.testEnv = newEnvOn(t, h.count, change...)
	return h
}

// make makes a customer and gives its id and number, without reading it.
func (h *hurt) make(t *testing.T, in customer.Input) (id.Customer, int64) {
	t.Helper()
	c := h.mustCreate(t, h.me, in)
	r, err := h.store.CustomerRange(t.Context(), h.app.ID)
	if err != nil {
		t.Fatal(err)
	}
	return c, r.MaxSeq
}

func (h *hurt) list(t *testing.T, in records.ListRequest) records.ListResponse {
	t.Helper()
	found, err := h.ListCustomers(t.Context(), h.me, in)
	if err != nil {
		t.Fatalf("ListCustomers = %v", err)
	}
	return found
}

// One altered byte costs its own customer and nobody else: lists, searches and
// counts go on, at their usual price, and the operator is told once.
func TestDamagedCustomer(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			h := newHurt(t, engine)
			h.make(t, person("Ann", "First", "ann@example.com"))
			doomed, seq := h.make(t, person("Bob", "Second", "bob@example.com"))
			h.make(t, person("Cyd", "Third", "cyd@example.com"))
			h.db.Damage(t, h.app.ID, seq)

			for _, tt := range []struct {
				what         string
				in           customer.ListInput
				shown, total int
			}{
				{"everybody", customer.ListInput{}, 2, 3},
				{"by status", customer.ListInput{Status: text("ACTIVE")}, 2, 3},
				{"by type", customer.ListInput{Type: text("Individual")}, 2, 3},
				{"by another's name", customer.ListInput{Name: text("cyd")}, 1, 1},
				{"by its name", customer.ListInput{Name: text("bob")}, 0, 0},
				{"by its address", customer.ListInput{Email: text("bob@")}, 0, 0},
				{"by everybody's address", customer.ListInput{Email: text("@example")}, 2, 2},
			} {
				for range 3 {
					if got := h.list(t, records.ListRequest{Input: tt.in, Count: true}); len(got.Customers) != tt.shown || got.Total != tt.total || got.Next != "" {
						t.Errorf("%s: %d shown of %d, next %q; want %d of %d", tt.what, len(got.Customers), got.Total, got.Next, tt.shown, tt.total)
					}
				}
			}
			h.count.spent()
			for range 5 {
				h.list(t, records.ListRequest{Input: customer.ListInput{Name: text("ann")}})
			}
			if calls, rows := h.count.spent(); calls != 5 || rows != 5 {
				t.Errorf("5 searches cost %d calls and %d rows: an index is built for each", calls, rows)
			}
			if n := h.CorruptCustomers(); n != 1 {
				t.Errorf("%d damaged customers are counted, want 1", n)
			}
			lines := h.log.errors()
			for _, line := range lines {
				if !strings.Contains(line, "customer="+doomed.String()) || !strings.Contains(line, "app="+string(h.app.ID)) {
					t.Errorf("logged: %s", line)
				}
			}
			// Its first meeting, and the building of the index.
			if n := len(lines); n < 1 || n > 2 {
				t.Errorf("%d lines are logged for 26 requests, want 1 or 2", n)
			}

			_, err := h.FetchCustomer(t.Context(), h.me, records.ByID(doomed))
			if f := fault.Of(err); f.Kind != fault.Internal {
				t.Errorf("FetchCustomer = %v, want a fault of ours", err)
			}
			write := records.Write{Input: customer.Input{Given: text("Rob")}, Encode: encode}
			if _, err := h.UpdateCustomer(t.Context(), h.me, records.ByID(doomed), write); fault.Of(err).Kind != fault.Internal {
				t.Errorf("UpdateCustomer = %v, want a fault of ours", err)
			}

			if err := h.DeleteCustomer(t.Context(), h.me, records.BySeq(seq)); err != nil {
				t.Errorf("DeleteCustomer = %v", err)
			}
			if n := h.CorruptCustomers(); n != 0 {
				t.Errorf("after its deletion %d damaged customers are counted", n)
			}
			if got := h.list(t, records.ListRequest{Input: customer.ListInput{Type: text("Individual")}, Count: true}); got.Total != 2 {
				t.Errorf("after its deletion %d customers are counted, want 2", got.Total)
			}
			h.make(t, person("Bob", "Again", "bob@example.com")) // the address is free
		})
	}
}

// An index that holds a customer from before it was damaged, or lost its key,
// neither shows it nor searches for ever.
func TestDamageUnderAnIndex(t *testing.T) {
	t.Parallel()
	h := newHurt(t, "sqlite")
	var seqs []int64
	for range 6 {
		_, seq := h.make(t, person("Ada", "B", ""))
		seqs = append(seqs, seq)
	}
	if n := h.found(t, "ada"); n != 6 { // the index is there now
		t.Fatalf("%d are found", n)
	}
	h.db.Damage(t, h.app.ID, seqs[5])
	h.db.Damage(t, h.app.ID, seqs[4])
	h.db.DropKey(t, h.app.ID, seqs[3])
	got := h.list(t, records.ListRequest{Input: customer.ListInput{Name: text("ada"), Take: text("1")}, Count: true})
	if len(got.Customers) != 1 || got.Customers[0].Seq != seqs[2] || got.Next == "" || got.Total != 3 {
		t.Errorf("%d shown of %d, next %q; want the newest that can be opened, of 3, and a cursor", len(got.Customers), got.Total, got.Next)
	}
	if n := h.CorruptCustomers(); n != 2 {
		t.Errorf("%d damaged customers are counted, want 2", n)
	}
}

// More damaged customers in a row than a page is filled up for: the page is short,
// and the walk goes on behind them.
func TestWalkPastManyDamaged(t *testing.T) {
	t.Parallel()
	h := newHurt(t, "sqlite")
	h.make(t, person("Ann", "Oldest", ""))
	const many = 2500
	h.load(t, h.app.ID, crowd(many))
	r, err := h.store.CustomerRange(t.Context(), h.app.ID)
	if err != nil {
		t.Fatal(err)
	}
	h.db.DropKey(t, h.app.ID, upTo(r.MinSeq+1, r.MaxSeq)...)
	h.found(t, "ann") // the index is there now
	h.count.spent()
	for _, in := range []customer.ListInput{{}, {Type: text("Individual")}} {
		in.Take = text("10")
		shown, pages := 0, 0
		for cursor := ""; ; pages++ {
			got := h.list(t, records.ListRequest{Input: in, Cursor: cursor})
			shown += len(got.Customers)
			if cursor = got.Next; cursor == "" {
				break
			}
		}
		if shown != 1 || pages < 1 || pages > 3 {
			t.Errorf("a walk over %d that cannot be opened showed %d customers behind %d pages, want 1 behind a few", many, shown, pages)
		}
		if _, rows := h.count.spent(); rows > 4*many {
			t.Errorf("it cost %d rows", rows)
		}
	}
}

// Neither memory nor log grows with a database that is damaged all over, and what
// was mended is no longer counted.
func TestManyDamaged(t *testing.T) {
	t.Parallel()
	h := newHurt(t, "sqlite")
	h.load(t, h.app.ID, crowd(1500))
	r, err := h.store.CustomerRange(t.Context(), h.app.ID)
	if err != nil {
		t.Fatal(err)
	}
	h.db.Damage(t, h.app.ID, upTo(r.MinSeq, r.MaxSeq)...)
	h.found(t, "given")
	if n, lines := h.CorruptCustomers(), len(h.log.errors()); n != 1000 || lines > 2*1001 {
		t.Errorf("%d are counted and %d lines logged, want 1000 and as many for each meeting", n, lines)
	}
	h.db.Damage(t, h.app.ID, upTo(r.MinSeq, r.MaxSeq)...) // mends them
	if _, err := h.FetchCustomer(t.Context(), h.me, records.BySeq(r.MinSeq)); err != nil {
		t.Fatal(err)
	}
	if n := h.CorruptCustomers(); n != 999 {
		t.Errorf("%d are counted after one could be opened again, want 999", n)
	}
}

func upTo(from, to int64) (seqs []int64) {
	for seq := from; seq <= to; seq++ {
		seqs = append(seqs, seq)
	}
	return seqs
}
