package postgres_test

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

	"custodex.dev/internal/id"
	"custodex.dev/internal/redact"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/postgres"
	"custodex.dev/internal/testkit"
	"custodex.dev/internal/testkit/scratchpg"
)

// newStore opens a store on a database of its own.
func newStore(t testing.TB) *postgres.Store {
	t.Helper()
	return openStore(t, newDatabase(t))
}

// newDatabase makes an initialised database.
func newDatabase(t testing.TB) string {
	t.Helper()
	url := scratchpg.NewDatabase(t)
	initialise(t, url)
	return url
}

func initialise(t testing.TB, url string) {
	t.Helper()
	if err := postgres.Init(t.Context(), redact.NewSecret(url)); err != nil {
		t.Fatalf("Init: %v", err)
	}
}

func openStore(t testing.TB, url string) *postgres.Store {
	t.Helper()
	s, err := testkit.Patiently(func() (*postgres.Store, error) {
		return postgres.Open(t.Context(), postgres.Config{URL: redact.NewSecret(url), MaxConns: 12})
	})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

// newApp makes an application.
func newApp(t testing.TB, s store.Store) id.App {
	t.Helper()
	app := id.NewApp()
	err := s.Update(t.Context(), app, func(tx store.Tx) error {
		return tx.AppInsert(store.AppRow{ID: app, Name: "Test", Key: []byte{1}, CreatedAt: 1})
	})
	if err != nil {
		t.Fatalf("make an application: %v", err)
	}
	return app
}

// newRow makes a customer with random sealed parts.
func newRow(at int64) store.CustomerRow {
	return store.CustomerRow{
		ID:        id.NewCustomer(),
		Status:    1,
		Type:      1,
		EmailHash: random(32),
		EmailForm: 1,
		CreatedAt: at,
		UpdatedAt: at,
		Sealed:    random(400),
		Key:       random(72),
		Sum:       random(32),
	}
}

// newEntry makes an audit entry that nothing else resembles.
func newEntry(targets ...id.Customer) store.AuditRow {
	e := store.AuditRow{
		At:       time.Now().UnixMilli(),
		Actor:    "cred_abcdefghijkmnpqr",
		Action:   "customers.get",
		Outcome:  1,
		Detail:   random(60),
		Personal: random(90),
		MAC:      random(32),
	}
	for _, c := range targets {
		e.Targets = append(e.Targets, c[:]...)
	}
	return e
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

// insert adds a customer with its audit entry.
func insert(ctx context.Context, s store.Store, app id.App, row store.CustomerRow) (seq int64, err error) {
	err = s.Update(ctx, app, func(tx store.Tx) error {
		var err error
		if seq, err = tx.CustomerInsert(row); err != nil {
			return err
		}
		tx.AuditAppend(newEntry(row.ID))
		return nil
	})
	return seq, err
}

func mustInsert(t testing.TB, s store.Store, app id.App, row store.CustomerRow) int64 {
	t.Helper()
	seq, err := insert(t.Context(), s, app, row)
	if err != nil {
		t.Fatalf("insert a customer: %v", err)
	}
	return seq
}
