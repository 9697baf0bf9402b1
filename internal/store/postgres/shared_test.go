package postgres_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/postgres"
)

// two opens one database twice, as two servers do.
func two(t *testing.T) (stores [2]*postgres.Store, app id.App) {
	t.Helper()
	url := newDatabase(t)
	stores = [2]*postgres.Store{openStore(t, url), openStore(t, url)}
	return stores, newApp(t, stores[0])
}

// race runs fn from many goroutines on both stores.
func race(stores [2]*postgres.Store, goroutines int, fn func(s *postgres.Store, n int)) {
	var group sync.WaitGroup
	for n := range goroutines {
		group.Go(func() { fn(stores[n%2], n) })
	}
	group.Wait()
}

func TestTwoStoresShareUniqueEmail(t *testing.T) {
	t.Parallel()
	stores, app := two(t)
	const emails = 8
	var hashes [emails][]byte
	for i := range hashes {
		hashes[i] = random(32)
	}
	var wins [emails]atomic.Int64
	race(stores, 16, func(s *postgres.Store, n int) {
		mine := newRow(1)
		mine.EmailHash = nil
		if _, err := insert(t.Context(), s, app, mine); err != nil {
			t.Error(err)
		}
		for i := range emails {
			row := newRow(1)
			row.EmailHash = hashes[(i+n)%emails]
			_, err := insert(t.Context(), s, app, row)
			if err == nil {
				wins[(i+n)%emails].Add(1)
				continue
			}
			if f := fault.Of(err); f.Code != "email_taken" {
				t.Errorf("insert of a taken e-mail: %v", err)
			}
			// By way of an update it is taken as well.
			mine.EmailHash = row.EmailHash
			err = s.Update(t.Context(), app, func(tx store.Tx) error { return tx.CustomerUpdate(mine) })
			if !errors.Is(err, store.ErrEmailTaken) {
				t.Errorf("update to a taken e-mail: %v", err)
			}
		}
	})
	for i := range wins {
		if n := wins[i].Load(); n != 1 {
			t.Errorf("e-mail %d was given to %d customers, want 1", i, n)
		}
	}
}

func TestTwoStoresShareTheLog(t *testing.T) {
	t.Parallel()
	stores, app := two(t)
	const goroutines, each = 16, 25
	var macs sync.Map
	race(stores, goroutines, func(s *postgres.Store, n int) {
		for i := range each {
			if i%5 == 0 {
				if _, err := insert(t.Context(), s, app, newRow(1)); err != nil {
					t.Error(err)
				}
				continue
			}
			e := newEntry()
			if err := s.Record(t.Context(), app, e); err != nil {
				t.Error(err)
			}
			macs.Store(string(e.MAC), 0)
		}
	})
	log := wantEntries(t, stores[1], app, goroutines*each)
	for _, e := range log {
		macs.Delete(string(e.MAC))
	}
	macs.Range(func(any, any) bool { t.Error("an acknowledged entry is missing"); return false })
}

func TestTwoStoresShareRates(t *testing.T) {
	t.Parallel()
	stores, app := two(t)
	const limit = 100
	var sum atomic.Int64
	race(stores, 12, func(s *postgres.Store, n int) {
		for range 10 {
			g, err := s.RateTake(t.Context(), app,
				store.RateTake{Credential: "cred_a", Window: 7, Want: 3, Limit: limit})
			if err != nil {
				t.Error(err)
			}
			if g.Granted < 0 || g.Granted > 3 || g.Taken > limit {
				t.Errorf("grant = %+v, want 0 to 3 of at most %d", g, limit)
			}
			sum.Add(g.Granted)
		}
	})
	if sum.Load() != limit {
		t.Errorf("grants add up to %d, want %d", sum.Load(), limit)
	}
}

func TestTwoStoresSeeEachOther(t *testing.T) {
	t.Parallel()
	stores, app := two(t)
	after := store.ChangePoint{}
	for n := range 30 {
		row := newRow(int64(n))
		mustInsert(t, stores[n%2], app, row)
		other := stores[(n+1)%2]
		h, err := other.Head(t.Context(), app)
		if err != nil {
			t.Fatal(err)
		}
		changed, err := other.CustomerChanges(t.Context(), app, after, 100)
		if err != nil {
			t.Fatal(err)
		}
		if len(changed) != 1 || changed[0].ID != row.ID || changed[0].Version != h.Version {
			t.Fatalf("change %d is not seen through the other store: %d rows, head %+v", n, len(changed), h)
		}
		after = store.ChangePoint{Version: changed[0].Version, Seq: changed[0].Seq}
	}
}

// TestTwoStoresMakeOneApplication races the one write that finds no head to lock.
func TestTwoStoresMakeOneApplication(t *testing.T) {
	t.Parallel()
	stores, _ := two(t)
	for range 10 {
		app := id.NewApp()
		var made atomic.Int64
		race(stores, 6, func(s *postgres.Store, n int) {
			err := s.Update(t.Context(), app, func(tx store.Tx) error {
				err := tx.AppInsert(store.AppRow{ID: app, Name: fmt.Sprint(n), Key: []byte{1}})
				tx.AuditAppend(newEntry())
				return err
			})
			switch {
			case err == nil:
				made.Add(1)
			case !errors.Is(err, fault.Conflict):
				t.Errorf("AppInsert in a race: %v", err)
			}
		})
		if made.Load() != 1 {
			t.Errorf("the application was made %d times, want once", made.Load())
		}
		wantEntries(t, stores[0], app, 1)
	}
}
