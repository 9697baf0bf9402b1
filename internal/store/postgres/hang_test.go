package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/postgres"
	"custodex.dev/internal/testkit"
	"custodex.dev/internal/testkit/scratchpg"
)

// soon is when a call must have ended that meets a database that says nothing: what
// the store allows itself, and room for a busy machine.
var soon = testkit.Bound(3500 * time.Millisecond)

// calls are one of each kind of call on a store, by name.
func calls(s store.Store, app id.App, row store.CustomerRow) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"Ping":        s.Ping,
		"Time":        func(ctx context.Context) error { _, err := s.Time(ctx); return err },
		"Head":        func(ctx context.Context) error { _, err := s.Head(ctx, app); return err },
		"CustomerGet": func(ctx context.Context) error { _, err := s.CustomerGet(ctx, app, row.ID); return err },
		"CustomerList": func(ctx context.Context) error {
			_, err := s.CustomerList(ctx, app, store.CustomerList{Take: 10})
			return err
		},
		"CustomerScan": func(ctx context.Context) error {
			return s.CustomerScan(ctx, app, 0, 1<<62, func(*store.CustomerRow) error { return nil })
		},
		"AuditList": func(ctx context.Context) error {
			_, err := s.AuditList(ctx, app, store.AuditList{}, 10)
			return err
		},
		"RateTake": func(ctx context.Context) error {
			_, err := s.RateTake(ctx, app, store.RateTake{Credential: "cred_a", Window: 7, Want: 1, Limit: 1 << 40})
			return err
		},
		"Record": func(ctx context.Context) error { return s.Record(ctx, app, newEntry()) },
		"Disclose": func(ctx context.Context) error {
			return s.Disclose(ctx, app, store.CustomerRef{ID: row.ID}, func(*store.CustomerRow) (store.AuditRow, error) { return newEntry(), nil })
		},
		"Update": func(ctx context.Context) error { _, err := insert(ctx, s, app, newRow(1)); return err },
	}
}

// crowd makes many calls of each kind at once, more than there are connections and
// than fit into a batch, and wants each to end soon and say that the database is
// away.
func crowd(t *testing.T, s store.Store, apps []id.App, row store.CustomerRow) {
	t.Helper()
	var group sync.WaitGroup
	var mu sync.Mutex
	var longest time.Duration
	for _, app := range apps {
		for name, call := range calls(s, app, row) {
			for range 12 {
				group.Go(func() {
					begun := time.Now()
					err := call(t.Context())
					if !errors.Is(err, fault.Unavailable) {
						t.Errorf("%s while the database hangs: %v, want %v", name, err, fault.Unavailable)
					}
					took := time.Since(begun)
					if took > soon {
						t.Errorf("%s while the database hangs took %v", name, took)
					}
					mu.Lock()
					longest = max(longest, took)
					mu.Unlock()
				})
			}
		}
	}
	group.Wait()
	t.Logf("no call took longer than %v", longest)
}

// recovers wants every call to work again within a few seconds.
func recovers(t *testing.T, s store.Store, app id.App, row store.CustomerRow) {
	t.Helper()
	begun := time.Now()
	for name, call := range calls(s, app, row) {
		for {
			err := call(t.Context())
			if err == nil {
				break
			}
			if time.Since(begun) > testkit.Bound(5*time.Second) {
				t.Fatalf("%s, %v after the database is back: %v", name, time.Since(begun), err)
			}
			pauseBriefly(t)
		}
	}
	t.Logf("everything works again after %v", time.Since(begun))
}

// TestServerHangs freezes the server under load: nothing waits for it for long, and
// afterwards nothing is lost, doubled or left over.
func TestServerHangs(t *testing.T) {
	t.Parallel()
	c := scratchpg.NewCluster(t)
	initialise(t, c.URL(""))
	labelled(t, func(running func() int) {
		s := openStore(t, c.URL(""))
		apps := make([]id.App, 6) // more than can commit at a time
		for i := range apps {
			apps[i] = newApp(t, s)
		}
		row := newRow(1)
		mustInsert(t, s, apps[0], row)
		recovers(t, s, apps[0], row) // makes connections
		before := running()

		w := newWriters(t, s, apps[1])
		w.advance(t, 50)
		if err := c.Freeze(); err != nil {
			t.Fatal(err)
		}
		crowd(t, s, apps, row)
		if err := c.Thaw(); err != nil {
			t.Fatal(err)
		}
		recovers(t, s, apps[0], row)
		w.advance(t, 50)
		w.end(t)
		for _, app := range apps {
			h, err := s.Head(t.Context(), app)
			if err != nil {
				t.Fatal(err)
			}
			wantEntries(t, s, app, h.Entries)
		}
		settles(t, s, before, running)
	})
}

// settles wants no connection in use and no goroutine more than before.
func settles(t *testing.T, s *postgres.Store, before int, running func() int) {
	t.Helper()
	deadline := time.Now().Add(testkit.Bound(8 * time.Second))
	for {
		left := ""
		for i, pool := range s.Pools() {
			if st := pool.Stat(); st.AcquiredConns() > 0 || st.ConstructingConns() > 0 {
				left += fmt.Sprintf("pool %d has %d connections in use and %d in the making; ",
					i, st.AcquiredConns(), st.ConstructingConns())
			}
		}
		if n := running(); n > before {
			left += fmt.Sprintf("%d goroutines, %d before", n, before)
		}
		if left == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(left)
		}
		pauseBriefly(t)
	}
}

// writers add customers one after the other, each under an idempotency key of its
// own, and send each again until it is acknowledged, as clients do.
type writers struct {
	store  store.Store
	app    id.App
	cancel context.CancelFunc
	group  sync.WaitGroup

	mu      sync.Mutex
	acked   []id.Customer
	again   int // tries after one that was not acknowledged
	unknown int // tries whose outcome was not known
}

func newWriters(t *testing.T, s store.Store, app id.App) *writers {
	t.Helper()
	w := &writers{store: s, app: app}
	ctx, cancel := context.WithCancel(t.Context())
	w.cancel = cancel
	t.Cleanup(cancel)
	for range 8 {
		w.group.Go(func() {
			for ctx.Err() == nil {
				w.write(t, ctx, newRow(1))
			}
		})
	}
	return w
}

// write sends one row until it is acknowledged.
func (w *writers) write(t *testing.T, ctx context.Context, row store.CustomerRow) {
	scope := random(32)
	for ctx.Err() == nil {
		begun := time.Now()
		err := w.store.Update(ctx, w.app, keyed(scope, row))
		if took := time.Since(begun); took > soon {
			t.Errorf("an Update took %v: %v", took, err)
		}
		w.mu.Lock()
		if err == nil {
			w.acked = append(w.acked, row.ID)
			w.mu.Unlock()
			return
		}
		w.again++
		if errors.Is(err, fault.Unavailable) && fault.Of(err).Code == "commit_unknown" {
			w.unknown++
		}
		w.mu.Unlock()
		if !errors.Is(err, fault.Unavailable) && ctx.Err() == nil {
			t.Errorf("an Update under load: %v", err)
		}
	}
}

// keyed inserts row unless the key says that it was done.
func keyed(scope []byte, row store.CustomerRow) update {
	return func(tx store.Tx) error {
		_, err := tx.IdempotencyGet(scope)
		if !errors.Is(err, fault.NotFound) {
			return err
		}
		if _, err := tx.CustomerInsert(row); err != nil {
			return err
		}
		tx.AuditAppend(newEntry(row.ID))
		return tx.IdempotencyPut(store.IdempotencyRow{Scope: scope, Fingerprint: random(32), Customer: row.ID, Reply: []byte{1}}, time.Hour)
	}
}

// advance waits until so many more rows were acknowledged.
func (w *writers) advance(t *testing.T, rows int) {
	t.Helper()
	done := func() int { w.mu.Lock(); defer w.mu.Unlock(); return len(w.acked) }
	for before := done(); done() < before+rows; {
		pauseBriefly(t)
	}
}

// end stops the writers and wants every acknowledged row to be there, and no row and
// no entry twice.
func (w *writers) end(t *testing.T) {
	t.Helper()
	w.cancel()
	w.group.Wait()
	var there []id.Customer
	err := w.store.CustomerScan(t.Context(), w.app, 0, 1<<62, func(row *store.CustomerRow) error {
		there = append(there, row.ID)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range w.acked {
		if !slices.Contains(there, c) {
			t.Error("an acknowledged customer is missing")
		}
	}
	log := wantEntries(t, w.store, w.app, int64(len(there)))
	entries := make(map[string]int)
	for _, e := range log {
		entries[string(e.Targets)]++
	}
	for _, c := range there {
		if n := entries[string(c[:])]; n != 1 {
			t.Errorf("a customer has %d entries, want one", n)
		}
	}
	t.Logf("%d rows acknowledged, %d tries again, %d outcomes unknown", len(w.acked), w.again, w.unknown)
}
