package postgres_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/postgres"
	"custodex.dev/internal/testkit"
)

// TestCommitIsNotAnswered has a COMMIT that the server has done or will do while the
// network is silent. The caller is told soon that nobody knows; what waited behind it,
// that it was not done; and a retry with the same key finds what was done.
func TestCommitIsNotAnswered(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]cut{"done": cutSilent, "comes late": cutHold} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			direct := newDatabase(t)
			p, through := newProxy(t, direct)
			s, app := openStore(t, through), newApp(t, openStore(t, direct))
			mustInsert(t, s, app, newRow(1)) // so that the connection knows its statements
			scope, row, behind := random(32), newRow(2), newRow(3)

			p.arm(c)
			begun := time.Now()
			waits := make(chan error, 1)
			err := s.Update(t.Context(), app, func(tx store.Tx) error {
				go func() { _, err := insert(t.Context(), s, app, behind); waits <- err }()
				return keyed(scope, row)(tx)
			})
			if f := fault.Of(err); f.Kind != fault.Unavailable || f.Code != "commit_unknown" {
				t.Errorf("Update whose COMMIT was not answered: %v, want unavailable, commit_unknown", err)
			}
			if f := fault.Of(<-waits); f.Kind != fault.Unavailable || f.Code != "database_unavailable" {
				t.Errorf("Update behind it: %v, want unavailable, database_unavailable", f)
			}
			if took := time.Since(begun); took > soon {
				t.Errorf("to say so took %v", took)
			}

			p.release()
			for begun := time.Now(); ; pauseBriefly(t) {
				err := s.Update(t.Context(), app, keyed(scope, row))
				if err == nil {
					break
				}
				if !errors.Is(err, fault.Unavailable) || time.Since(begun) > testkit.Bound(5*time.Second) {
					t.Fatalf("Update again, %v after the network is back: %v", time.Since(begun), err)
				}
			}
			if !has(t, s, app, row) || has(t, s, app, behind) {
				t.Error("what was acknowledged is missing, or what was not done is there")
			}
			wantEntries(t, s, app, 2) // of the first row and of the retried one
		})
	}
}

// TestOneLostConnectionIsNoOutage has a long transaction that loses its connection, once.
// That is told to nobody who waits behind it.
func TestOneLostConnectionIsNoOutage(t *testing.T) {
	t.Parallel()
	url := newDatabase(t)
	s := openStore(t, url)
	app, admin := newApp(t, s), connect(t, url)
	waits := make(chan error, 1)
	err := s.Update(t.Context(), app, func(tx store.Tx) error {
		if err := adds(newRow(1))(tx); err != nil {
			return err
		}
		go func() { waits <- s.Record(t.Context(), app, newEntry()) }()
		<-time.After(postgres.Patience + 100*time.Millisecond)
		execute(t, admin, `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
			WHERE datname = current_database() AND state = 'idle in transaction'`)
		return adds(newRow(2))(tx)
	})
	if !errors.Is(err, fault.Unavailable) {
		t.Errorf("Update that lost its connection: %v, want %v", err, fault.Unavailable)
	}
	if err := <-waits; err != nil {
		t.Errorf("Record behind it: %v", err)
	}
}

// TestForgottenConnections lets a firewall forget the connections of a store that was
// idle. The next calls find that out and make new ones.
func TestForgottenConnections(t *testing.T) {
	t.Parallel()
	direct := newDatabase(t)
	p, through := newProxy(t, direct)
	s := openStore(t, through)
	app, row := newApp(t, s), newRow(1)
	mustInsert(t, s, app, row)
	recovers(t, s, app, row) // makes connections
	p.forget()
	<-time.After(1100 * time.Millisecond) // younger idle ones are trusted unasked
	var group sync.WaitGroup
	for _, name := range []string{"CustomerGet", "Record"} {
		group.Go(func() {
			begun := time.Now()
			if err := calls(s, app, row)[name](t.Context()); err != nil {
				t.Errorf("%s on a forgotten connection: %v after %v", name, err, time.Since(begun))
			}
		})
	}
	group.Wait()
}

// TestSlowIsNotSilent has answers that take longer in all than anybody waits for a
// silent database, and keep coming.
func TestSlowIsNotSilent(t *testing.T) {
	t.Parallel()
	direct := newDatabase(t)
	p, through := newProxy(t, direct)
	s := openStore(t, through)
	app, row := newApp(t, s), newRow(1)
	mustInsert(t, s, app, row)
	for range 12 {
		mustInsert(t, s, app, newRow(1))
	}
	recovers(t, s, app, row) // makes connections
	p.delay(120 * time.Millisecond)
	var group sync.WaitGroup
	for name, call := range map[string]func() error{
		"CustomerScan": func() error { return calls(s, app, row)["CustomerScan"](t.Context()) },
		"Update":       func() error { return calls(s, app, row)["Update"](t.Context()) },
	} {
		group.Go(func() {
			begun := time.Now()
			if err := call(); err != nil {
				t.Errorf("%s with answers that come slowly: %v", name, err)
			}
			if took := time.Since(begun); took < postgres.Patience {
				t.Errorf("%s took %v only: the test tested nothing", name, took)
			}
		})
	}
	group.Wait()
}
