package storetest

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// now is the time of rows whose time does not matter.
const now = int64(1_790_000_000_123)

// newApp makes one more application.
func (e env) newApp(t *testing.T) id.App {
	t.Helper()
	app := id.NewApp()
	err := e.Update(e.ctx, app, func(tx store.Tx) error {
		return tx.AppInsert(store.AppRow{ID: app, Name: "An application", Key: secret(72), CreatedAt: now})
	})
	if err != nil {
		t.Fatalf("Update(AppInsert) = %v", err)
	}
	return app
}

// other is e for one more application of the same store.
func (e env) other(t *testing.T) env {
	t.Helper()
	e.app = e.newApp(t)
	return e
}

// secret gives n bytes that look like ciphertext.
func secret(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

// newCustomer gives a row that can be inserted.
func newCustomer() store.CustomerRow {
	return store.CustomerRow{
		ID:        id.NewCustomer(),
		Status:    1,
		Type:      2,
		EmailHash: secret(32),
		EmailForm: 1,
		CreatedAt: now,
		UpdatedAt: now,
		Sealed:    secret(300),
		Key:       secret(60),
		Sum:       secret(32),
	}
}

// insert adds the customers in one Update and returns them as stored.
func (e env) insert(t *testing.T, rows ...store.CustomerRow) []store.CustomerRow {
	t.Helper()
	e.mustUpdate(t, func(tx store.Tx) error {
		for i := range rows {
			seq, err := tx.CustomerInsert(rows[i])
			if err != nil {
				return err
			}
			rows[i].Seq = seq
		}
		return nil
	})
	for i := range rows {
		got, err := e.CustomerGet(e.ctx, e.app, rows[i].ID)
		if err != nil {
			t.Fatalf("CustomerGet of an inserted customer = %v", err)
		}
		rows[i].Version = got.Version
	}
	return rows
}

// insertOne adds one customer.
func (e env) insertOne(t *testing.T, row store.CustomerRow) (store.CustomerRow, error) {
	t.Helper()
	err := e.Update(e.ctx, e.app, func(tx store.Tx) (err error) {
		row.Seq, err = tx.CustomerInsert(row)
		return err
	})
	return row, err
}

func (e env) mustUpdate(t *testing.T, fn func(tx store.Tx) error) {
	t.Helper()
	if err := e.Update(e.ctx, e.app, fn); err != nil {
		t.Fatalf("Update = %v, want nil", err)
	}
}

func (e env) mustHead(t *testing.T) store.Head {
	t.Helper()
	h, err := e.Head(e.ctx, e.app)
	if err != nil {
		t.Fatalf("Head = %v", err)
	}
	h.Lineage = store.Lineage{} // it differs from store to store
	return h
}

// newEntry gives an audit entry about the customers.
func newEntry(about ...id.Customer) store.AuditRow {
	row := store.AuditRow{
		At:       now,
		Actor:    "cred_abcdefghijkmnpqr",
		Action:   "customers.read",
		Outcome:  1,
		Detail:   []byte("detail"),
		Personal: secret(90),
	}
	row.MACFunc = macOf(row.Personal)
	for _, c := range about {
		row.Targets = append(row.Targets, c[:]...)
	}
	return row
}

// macOf is the checksum of newEntry's rows.
func macOf(personal []byte) func(int64) []byte {
	return func(seq int64) []byte {
		mac := sha256.Sum256(binary.BigEndian.AppendUint64(clone(personal), uint64(seq)))
		return mac[:]
	}
}

// log reads the whole audit log.
func (e env) log(t *testing.T) []store.AuditRow {
	t.Helper()
	rows, err := e.AuditRange(e.ctx, e.app, 0, 1<<20)
	if err != nil {
		t.Fatalf("AuditRange = %v", err)
	}
	return rows
}

// same compares rows; an absent slice and an empty one are the same.
func same[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func wantKind(t *testing.T, what string, err error, kind fault.Kind) {
	t.Helper()
	if err == nil || !errors.Is(err, kind) {
		t.Errorf("%s = %v, want %v", what, err, kind)
	}
}

func noError(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s = %v, want nil", what, err)
	}
}

// race runs fn n times at once and returns the errors.
func race(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			errs[i] = fn(i)
		})
	}
	close(start)
	wg.Wait()
	return errs
}

// mustRace is race for what must not fail.
func mustRace(t *testing.T, n int, fn func(i int) error) {
	t.Helper()
	for _, err := range race(n, fn) {
		if err != nil {
			t.Fatalf("one of %d at once = %v, want nil", n, err)
		}
	}
}

// wantOneWinner fails unless one error is nil and all others are target.
func wantOneWinner(t *testing.T, errs []error, target error) {
	t.Helper()
	won := 0
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, target):
			t.Errorf("a loser got %v, want %v", err, target)
		}
	}
	if won != 1 {
		t.Errorf("%d of %d won, want 1", won, len(errs))
	}
}

// errOurs is an error that only a test can have made.
var errOurs = errors.New("an error of the caller's")

func clone(b []byte) []byte { return bytes.Clone(b) }
