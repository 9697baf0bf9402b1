package postgres_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/postgres"
	"custodex.dev/internal/testkit"
	"custodex.dev/internal/testkit/scratchpg"
)

// TestCommitIsCut loses the connection in COMMIT, on every side of the moment that
// counts, and wants each update done exactly once and reported as done.
func TestCommitIsCut(t *testing.T) {
	t.Parallel()
	direct := newDatabase(t)
	p, through := newProxy(t, direct)
	s, app := openStore(t, through), newApp(t, openStore(t, direct))
	runs := 0
	once := func(row store.CustomerRow) update {
		runs = 0
		return func(tx store.Tx) error { runs++; return adds(row)(tx) }
	}
	mustInsert(t, s, app, newRow(0)) // so that the connection knows its statements
	const rounds = 12
	for round := range rounds {
		for _, c := range []cut{cutBefore, cutAfter, cutMeanwhile} {
			row := newRow(int64(round))
			p.arm(c)
			outcomes := s.Batch(t.Context(), app, once(row), newEntry())
			if outcomes[0] != nil || outcomes[1] != nil {
				t.Fatalf("cut %d in round %d: %v", c, round, outcomes)
			}
			if !has(t, s, app, row) {
				t.Fatalf("cut %d in round %d: the acknowledged customer is missing", c, round)
			}
			if c == cutBefore && runs != 2 || c == cutAfter && runs != 1 {
				t.Errorf("cut %d in round %d: the function ran %d times", c, round, runs)
			}
		}
	}
	if p.cuts != 3*rounds {
		t.Errorf("the proxy cut %d connections, want %d", p.cuts, 3*rounds)
	}
	wantEntries(t, s, app, 1+3*rounds*2)
}

// TestFieldD4CommitIsAnsweredByOthers has a COMMIT answered by somebody who has lost
// the server: a proxy, or a node that asks others. Its error used to be taken for the
// server's own, so that a committed update was answered with 500.
func TestFieldD4CommitIsAnsweredByOthers(t *testing.T) {
	t.Parallel()
	direct := newDatabase(t)
	p, through := newProxy(t, direct)
	s, app := openStore(t, through), newApp(t, openStore(t, direct))
	mustInsert(t, s, app, newRow(0)) // so that the connection knows its statements
	want := int64(1)
	for _, code := range []string{"XX000", "XX001", "08006", "08007", "08P01", "57P01", "57P02", "57P03", "58000", "58030", "40003", "HV000", ""} {
		for _, severity := range []string{"ERROR", "FATAL", ""} {
			for _, c := range []cut{cutLie, cutRefuse} {
				row := newRow(1)
				p.saying(severity, code)
				p.arm(c)
				outcomes := s.Batch(t.Context(), app, adds(row), newEntry())
				if outcomes[0] != nil || outcomes[1] != nil {
					t.Errorf("COMMIT answered with %s %q, cut %d: %v", severity, code, c, outcomes)
				}
				if !has(t, s, app, row) {
					t.Errorf("COMMIT answered with %s %q, cut %d: the customer is missing", severity, code, c)
				}
				want += 2
			}
		}
	}
	wantEntries(t, s, app, want)
}

// TestFieldD4RefusedForGood has every COMMIT refused with an error that might be a
// proxy's, and never done. That is told, and soon.
func TestFieldD4RefusedForGood(t *testing.T) {
	t.Parallel()
	direct := newDatabase(t)
	p, through := newProxy(t, direct)
	s, app := openStore(t, through), newApp(t, openStore(t, direct))
	mustInsert(t, s, app, newRow(0))
	for code, want := range map[string]fault.Kind{"XX000": fault.Internal, "08006": fault.Unavailable, "57P01": fault.Unavailable} {
		row := newRow(1)
		p.saying("ERROR", code)
		p.armForGood(cutRefuse)
		begun := time.Now()
		_, err := insert(t.Context(), s, app, row)
		if !errors.Is(err, want) {
			t.Errorf("every COMMIT answered with %s: %v, want %v", code, err, want)
		}
		if took := time.Since(begun); took > testkit.Bound(6*time.Second) {
			t.Errorf("to say so took %v", took)
		}
		p.arm(cutNever)
		if has(t, s, app, row) {
			t.Errorf("every COMMIT answered with %s: the customer is there", code)
		}
	}
}

// TestCommitIsCutAmongOthers lets another server commit to the application between
// the loss and the question.
func TestCommitIsCutAmongOthers(t *testing.T) {
	t.Parallel()
	direct := newDatabase(t)
	p, through := newProxy(t, direct)
	s, other := openStore(t, through), openStore(t, direct)
	app := newApp(t, other)
	stop := make(chan struct{})
	var group sync.WaitGroup
	extra := 0
	group.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if err := other.Record(t.Context(), app, newEntry()); err != nil {
				t.Error(err)
				return
			}
			extra++
		}
	})
	const rounds = 20
	for round := range rounds {
		p.arm([]cut{cutBefore, cutAfter, cutMeanwhile}[round%3])
		row := newRow(int64(round))
		_, err := insert(t.Context(), s, app, row)
		if err != nil {
			t.Errorf("round %d: %v", round, err)
		}
		if !has(t, other, app, row) {
			t.Errorf("round %d: the acknowledged customer is missing", round)
		}
	}
	close(stop)
	group.Wait()
	wantEntries(t, other, app, int64(rounds+extra))
}

// TestCommitOfNewApplicationIsCut has no head to lock when it asks.
func TestCommitOfNewApplicationIsCut(t *testing.T) {
	t.Parallel()
	direct := newDatabase(t)
	p, through := newProxy(t, direct)
	s := openStore(t, through)
	newApp(t, s)
	for _, c := range []cut{cutBefore, cutAfter, cutMeanwhile} {
		p.arm(c)
		wantEntries(t, s, newApp(t, s), 0)
	}
}

// TestOutcomeForgotten makes the head forget the batch whose outcome is asked for:
// then nothing is claimed.
func TestOutcomeForgotten(t *testing.T) {
	t.Parallel()
	direct := newDatabase(t)
	p, through := newProxy(t, direct)
	s := openStore(t, through)
	app := newApp(t, s)
	admin := connect(t, direct)
	execute(t, admin, `CREATE FUNCTION flood() RETURNS trigger LANGUAGE plpgsql AS
		'BEGIN new.recent := ARRAY(SELECT generate_series(1, 64)); RETURN new; END'`)
	execute(t, admin, "CREATE TRIGGER flood BEFORE UPDATE ON head FOR EACH ROW EXECUTE FUNCTION flood()")
	p.arm(cutAfter)
	err := s.Record(t.Context(), app, newEntry())
	if f := fault.Of(err); !errors.Is(err, store.ErrCommitUnknown) || f.RetryAfter == 0 {
		t.Errorf("Record whose outcome was forgotten: %v, want unavailable, commit_unknown", err)
	}
}

// TestServerIsKilled kills the server under load and looks for what was acknowledged.
func TestServerIsKilled(t *testing.T) {
	t.Parallel()
	c := scratchpg.NewCluster(t)
	var stores [2]*postgres.Store
	initialise(t, c.URL(""))
	for i := range stores {
		stores[i] = openStore(t, c.URL(""))
	}
	app := newApp(t, stores[0])
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var mu sync.Mutex
	acked := make(map[string]bool) // customer ids and checksums of entries
	ack := func(key string) { mu.Lock(); acked[key] = true; mu.Unlock() }
	done := func() int { mu.Lock(); defer mu.Unlock(); return len(acked) }
	var group sync.WaitGroup
	for n := range 12 {
		s := stores[n%2]
		group.Go(func() {
			for ctx.Err() == nil {
				row, entry := newRow(1), newEntry()
				err := s.Update(ctx, app, func(tx store.Tx) error {
					_, err := tx.CustomerInsert(row)
					tx.AuditAppend(entry)
					return err
				})
				if err == nil {
					ack(string(row.ID[:]))
					ack(string(entry.MAC))
				} else if !errors.Is(err, fault.Unavailable) && ctx.Err() == nil {
					t.Errorf("Update while the server is killed: %v", err)
				}
			}
		})
	}
	for range 3 {
		for before := done(); done() < before+200; {
			pauseBriefly(t)
		}
		if err := c.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := c.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for before := done(); done() < before+200; {
		pauseBriefly(t)
	}
	cancel()
	group.Wait()

	h, err := stores[1].Head(t.Context(), app)
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]int)
	for _, e := range wantEntries(t, stores[1], app, h.Entries) {
		seen[string(e.MAC)]++
	}
	err = stores[0].CustomerScan(t.Context(), app, 0, 1<<62, func(row *store.CustomerRow) error {
		seen[string(row.ID[:])]++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for key := range acked {
		if seen[key] != 1 {
			t.Fatalf("something acknowledged is there %d times, want once", seen[key])
		}
	}
	t.Logf("%d acknowledged rows survived 3 kills", len(acked))
}

// pauseBriefly waits for others to get on; it gives up with the test.
func pauseBriefly(t *testing.T) {
	t.Helper()
	select {
	case <-time.After(5 * time.Millisecond):
	case <-t.Context().Done():
		t.Fatal(t.Context().Err())
	}
}
