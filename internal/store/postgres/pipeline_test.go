package postgres_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/postgres"
)

// together is a batch of works that decide on the same few things, and what they have done.
type together struct {
	hot     []store.CustomerRow
	group   int64
	address []byte // that several want
	scope   []byte // of several requests with one idempotency key
	history bool   // changes keep what was before, which two of one state cannot both do
}

// bump changes one hot customer, found in one of three ways.
func (b *together) bump(i, by int) update {
	return func(tx store.Tx) (err error) {
		var row store.CustomerRow
		switch by {
		case 0:
			row, err = tx.CustomerGet(b.hot[i].ID)
		case 1:
			row, err = tx.CustomerGetBySeq(b.hot[i].Seq)
		case 2:
			row, err = tx.CustomerGetByEmail(b.hot[i].EmailHash)
		}
		if err != nil {
			return err
		}
		if b.history {
			err := tx.HistoryAppend(store.HistoryRow{Customer: row.Seq, At: row.UpdatedAt, Version: row.Version, Sealed: []byte{1}})
			if err != nil {
				return err
			}
		}
		row.UpdatedAt++
		tx.AuditAppend(newEntry(row.ID))
		return tx.CustomerUpdate(row)
	}
}

// regroup changes the group, which is read before.
func (b *together) regroup(tx store.Tx) error {
	g, err := tx.GroupGet(b.group)
	if err != nil {
		return err
	}
	g.UpdatedAt++
	tx.AuditAppend(newEntry())
	return tx.GroupUpdate(g)
}

// getOrCreate answers with the customer of the address, or makes it.
func (b *together) getOrCreate(row store.CustomerRow) update {
	row.EmailHash = b.address
	return func(tx store.Tx) error {
		tx.AuditAppend(newEntry(row.ID))
		_, err := tx.CustomerGetByEmail(b.address)
		if !errors.Is(err, fault.NotFound) {
			return err
		}
		_, err = tx.CustomerInsert(row)
		return err
	}
}

// keyed makes a customer unless the idempotency key was used.
func (b *together) keyed(row store.CustomerRow) update {
	return func(tx store.Tx) error {
		tx.AuditAppend(newEntry(row.ID))
		_, err := tx.IdempotencyGet(b.scope)
		if !errors.Is(err, fault.NotFound) {
			return err
		}
		if _, err := tx.CustomerInsert(row); err != nil {
			return err
		}
		return tx.IdempotencyPut(store.IdempotencyRow{Scope: b.scope, Fingerprint: random(32), Customer: row.ID, Reply: []byte{1}}, time.Hour)
	}
}

// TestWorksOfABatchSeeNoHalfOfOthers runs works side by side that all decide on the same customers,
// address, key and group: what is left is as if they had run one after the other.
func TestWorksOfABatchSeeNoHalfOfOthers(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			runTogether(t, s, seed)
		})
	}
}

// runTogether runs one batch. The seed decides on the order, and on which kinds of work there are: where
// only one kind goes wrong, no other makes the whole batch begin again and hides it.
func runTogether(t *testing.T, s *postgres.Store, seed uint64) {
	shuffle := rand.New(rand.NewPCG(seed, 1))
	history, failing := seed%8 >= 4, seed%8 == 7
	kind := func(k uint64) bool { return seed%4 == k || seed%4 == 3 }
	app := newApp(t, s)
	b := &together{address: random(32), scope: random(32), history: history}
	for n := range 3 {
		row := newRow(int64(n))
		row.Seq = mustInsert(t, s, app, row)
		b.hot = append(b.hot, row)
	}
	err := s.Update(t.Context(), app, func(tx store.Tx) (err error) {
		b.group, err = tx.GroupInsert(store.GroupRow{CreatedAt: 1, UpdatedAt: 1, Sealed: []byte{1}})
		tx.AuditAppend(newEntry())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	before, err := s.Head(t.Context(), app)
	if err != nil {
		t.Fatal(err)
	}
	type one struct {
		work update
		want func(error) bool
	}
	var works []one
	bumps := 0
	if kind(0) {
		bumps = 3 + shuffle.IntN(8)
	}
	for i := range b.hot {
		for n := range bumps {
			works = append(works, one{b.bump(i, n%3), ok})
		}
	}
	const same = 4
	made := same // customers
	for n := range same {
		works = append(works, one{adds(newRow(int64(300 + n))), ok}, one{b.regroup, ok})
		if kind(1) {
			wants := newRow(int64(500 + n))
			wants.EmailHash = b.address
			works = append(works, one{b.getOrCreate(newRow(int64(100 + n))), ok},
				one{adds(wants), func(err error) bool { return err == nil || errors.Is(err, store.ErrEmailTaken) }})
		}
		if kind(2) {
			works = append(works, one{b.keyed(newRow(int64(200 + n))), ok})
		}
	}
	for _, k := range []uint64{1, 2} {
		if kind(k) {
			made++
		}
	}
	if failing {
		undone := errors.New("undone")
		works = append(works, one{func(tx store.Tx) error { return errors.Join(adds(newRow(600))(tx), undone) }, is(undone)})
	}
	taken := newRow(400)
	taken.EmailHash = b.hot[0].EmailHash
	works = append(works, one{adds(taken), is(store.ErrEmailTaken)})
	shuffle.Shuffle(len(works), func(i, j int) { works[i], works[j] = works[j], works[i] })

	batch := make([]any, len(works))
	for i, w := range works {
		batch[i] = w.work
	}
	done := 0
	for i, err := range s.Batch(t.Context(), app, batch...) {
		if !works[i].want(err) {
			t.Errorf("work %d: %v", i, err)
		}
		if err == nil {
			done++
		}
	}
	for i, was := range b.hot {
		now, err := s.CustomerGet(t.Context(), app, was.ID)
		if err != nil || now.UpdatedAt != was.UpdatedAt+int64(bumps) {
			t.Errorf("customer %d was changed %d times, %v, want %d", i, now.UpdatedAt-was.UpdatedAt, err, bumps)
		}
		states, err := s.HistoryList(t.Context(), app, was.Seq, store.HistoryList{Take: 100})
		if err != nil || history && len(states) != bumps {
			t.Errorf("customer %d has %d states before, %v, want %d", i, len(states), err, bumps)
		}
	}
	if g, err := s.GroupGet(t.Context(), app, b.group); err != nil || g.UpdatedAt != 1+same {
		t.Errorf("the group was changed %d times, %v, want %d", g.UpdatedAt-1, err, same)
	}
	after, err := s.Head(t.Context(), app)
	if err != nil {
		t.Fatal(err)
	}
	if got := after.Customers - before.Customers; got != int64(made) {
		t.Errorf("%d customers were made, want %d", got, made)
	}
	wantEntries(t, s, app, before.Entries+int64(done))
}

// TestRemovalInABatch removes the application in a batch that adds something of each kind to it: nothing is
// added once it is removed.
func TestRemovalInABatch(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	app := newApp(t, s)
	hash := random(32)
	reads := func(tx store.Tx) error { // so that the insert of the same address waits for its turn
		_, err := tx.CustomerGetByEmail(hash)
		return err
	}
	waits := newRow(1)
	waits.EmailHash = hash
	removes := func(tx store.Tx) error {
		tx.AuditAppend(newEntry())
		return tx.AppUpdate(store.AppRow{Name: "Gone", RemovedAt: 1})
	}
	outcomes := s.Batch(t.Context(), app, removes,
		func(tx store.Tx) error {
			return tx.CredentialInsert(store.CredentialRow{ID: "cred_abcdefghijkmnpqr", Kind: "devdraft", PublicKey: "ck_removed"})
		},
		func(tx store.Tx) error {
			_, err := tx.GroupInsert(store.GroupRow{CreatedAt: 1, UpdatedAt: 1, Sealed: []byte{1}})
			return err
		},
		func(tx store.Tx) error { return tx.JobInsert(store.JobRow{ID: "job_abcdefghijkmnpqr"}) },
		reads, adds(waits))
	for i, want := range []func(error) bool{ok, is(store.ErrAppRemoved), is(store.ErrAppRemoved), is(store.ErrAppRemoved),
		is(fault.NotFound), is(store.ErrAppRemoved)} {
		if !want(outcomes[i]) {
			t.Errorf("work %d: %v", i, outcomes[i])
		}
	}
}

// TestImportBesideCreates has an import told its first number before others add customers: the numbers go on
// behind all of them.
func TestImportBesideCreates(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	app := newApp(t, s)
	imports := func(tx store.Tx) error {
		first, _, err := tx.CustomerNext()
		if err != nil {
			return err
		}
		tx.AuditAppend(newEntry())
		seqs, err := tx.CustomerInsertAll([]store.CustomerRow{newRow(1), newRow(2), newRow(3)})
		if err == nil && seqs[0] != first {
			return fmt.Errorf("told %d, got %d", first, seqs[0])
		}
		return err
	}
	afterARead := func(tx store.Tx) error { // as a step of a job, which is alone from here on
		if _, _, err := tx.CustomerNext(); err != nil {
			return err
		}
		if _, err := tx.JobCount(); err != nil {
			return err
		}
		_, err := tx.CustomerInsertAll([]store.CustomerRow{newRow(7)})
		tx.AuditAppend(newEntry())
		return err
	}
	outcomes := s.Batch(t.Context(), app, imports, adds(newRow(4)), afterARead, adds(newRow(5)))
	for i, err := range append(outcomes, s.Update(t.Context(), app, adds(newRow(6)))) {
		if err != nil {
			t.Errorf("work %d: %v", i, err)
		}
	}
	if h, err := s.Head(t.Context(), app); err != nil || h.Customers != 7 {
		t.Errorf("%d customers, %v, want 7", h.Customers, err)
	}
}

// TestNumbersOfABatchAscend makes many customers at once: each has the number that it was told before.
func TestNumbersOfABatchAscend(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	app := newApp(t, s)
	told := make([]int64, 40)
	got := make([]int64, len(told))
	batch := make([]any, len(told))
	for i := range batch {
		row := newRow(int64(i))
		batch[i] = func(tx store.Tx) (err error) {
			if told[i], _, err = tx.CustomerNext(); err != nil {
				return err
			}
			tx.AuditAppend(newEntry(row.ID))
			got[i], err = tx.CustomerInsert(row)
			return err
		}
	}
	for i, err := range s.Batch(t.Context(), app, batch...) {
		if err != nil || got[i] != told[i] {
			t.Errorf("work %d was told %d and got %d, %v", i, told[i], got[i], err)
		}
	}
	sorted := slices.Compact(slices.Sorted(slices.Values(got)))
	if len(sorted) != len(got) {
		t.Errorf("%d numbers for %d customers", len(sorted), len(got))
	}
}
