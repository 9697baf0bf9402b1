package postgres_test

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/redact"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/postgres"
	"custodex.dev/internal/testkit/scratchpg"
)

// disclose gives the row that an access shows, and how many rows it was shown.
func disclose(ctx context.Context, s store.Store, app id.App, c id.Customer) (row store.CustomerRow, shown int, err error) {
	err = s.Disclose(ctx, app, store.CustomerRef{ID: c}, func(r *store.CustomerRow) (store.AuditRow, error) {
		row, shown = *r, shown+1
		return newEntry(r.ID), nil
	})
	return row, shown, err
}

// wantStored compares what an access shows with the row of the database, and tells whether the store read
// it there. That it did not is wanted if cached is set.
func wantStored(t *testing.T, what string, s *postgres.Store, app id.App, c id.Customer, cached bool) {
	t.Helper()
	want, missing := s.CustomerGet(t.Context(), app, c)
	before := s.Pools()[0].Stat().AcquireCount()
	got, _, err := disclose(t.Context(), s, app, c)
	read := s.Pools()[0].Stat().AcquireCount() != before
	switch {
	case errors.Is(missing, fault.NotFound) && errors.Is(err, fault.NotFound):
	case missing != nil || err != nil:
		t.Errorf("%s: Disclose = %v, CustomerGet = %v", what, err, missing)
	case !cmp.Equal(want, got):
		t.Errorf("%s (-stored +shown):\n%s", what, cmp.Diff(want, got))
	}
	if read == cached {
		t.Errorf("%s: the row was read from the database: %t", what, read)
	}
}

// A second access needs no read, before and after a change of another customer, by whichever store.
func TestCacheAnswersAlone(t *testing.T) {
	t.Parallel()
	stores, app := two(t)
	s := stores[0]
	one, other := newRow(1), newRow(2)
	mustInsert(t, s, app, one)
	other.Seq = mustInsert(t, s, app, other)
	wantStored(t, "the first access", s, app, one.ID, false) // from here on it is known what changes
	wantStored(t, "the second", s, app, one.ID, false)
	wantStored(t, "the third", s, app, one.ID, true)
	for i, by := range []*postgres.Store{s, stores[1]} {
		err := by.Update(t.Context(), app, func(tx store.Tx) error { return tx.CustomerUpdate(other) })
		if err != nil {
			t.Fatal(err)
		}
		wantStored(t, "after a change of another", s, app, one.ID, true)
		wantStored(t, "of the other itself", s, app, other.ID, false)
		wantStored(t, "of the other again", s, app, other.ID, true)
		wantEntries(t, s, app, int64(5+3*(i+1)))
	}
}

// The checksum that another store gives a customer of an earlier release is seen at once: a row without
// one, which would count as damaged, is never kept.
func TestCacheTakesNoRowWithoutSum(t *testing.T) {
	t.Parallel()
	stores, app := two(t)
	s := stores[0]
	row := newRow(1)
	row.Sum = nil
	mustInsert(t, s, app, row)
	for range 3 {
		wantStored(t, "without a checksum", s, app, row.ID, false)
	}
	row.Sum = random(32)
	if err := stores[1].Update(t.Context(), app, func(tx store.Tx) error { return tx.CustomerReseal(row) }); err != nil {
		t.Fatal(err)
	}
	wantStored(t, "with one", s, app, row.ID, false)
	wantStored(t, "again", s, app, row.ID, true)
}

// A row that was read before a change, and comes when the change has been looked for, is not kept.
func TestCacheTakesNoLateRow(t *testing.T) {
	t.Parallel()
	stores, app := two(t)
	s := stores[0]
	row, other := newRow(1), newRow(2)
	mustInsert(t, s, app, row)
	mustInsert(t, s, app, other)
	for range 2 {
		wantStored(t, "an access", s, app, other.ID, false) // from here on it is known what changes
	}
	late, err := s.CustomerGet(t.Context(), app, row.ID)
	if err != nil {
		t.Fatal(err)
	}
	for i, by := range []*postgres.Store{s, stores[1]} {
		row.Status = uint8(2 + i)
		if err := by.Update(t.Context(), app, func(tx store.Tx) error { return tx.CustomerUpdate(row) }); err != nil {
			t.Fatal(err)
		}
		wantStored(t, "an access to another", s, app, other.ID, true)
		s.TakeIn(app, late)
		wantStored(t, "an access", s, app, row.ID, false)
		wantStored(t, "another", s, app, row.ID, true)
		late.Version++
	}
}

// Whatever changes a customer, by whichever store, what was shown before is not what is shown afterwards,
// and the access leaves one entry.
func TestCacheFollowsEveryChange(t *testing.T) {
	t.Parallel()
	stores, app := two(t)
	for i, by := range stores {
		s := stores[0]
		var group int64
		row := newRow(1)
		change := func(what string, cached bool, fn func(tx store.Tx) error) {
			t.Helper()
			if err := by.Update(t.Context(), app, fn); err != nil && !errors.Is(err, errGivenUp) {
				t.Errorf("%s = %v", what, err)
			}
			wantStored(t, what, s, app, row.ID, cached)
			wantStored(t, what+", again", s, app, row.ID, row.Seq != 0)
		}
		err := by.Update(t.Context(), app, func(tx store.Tx) (err error) {
			if group, err = tx.GroupInsert(store.GroupRow{Sealed: []byte("x")}); err != nil {
				return err
			}
			row.Group = group
			row.Seq, err = tx.CustomerInsert(row)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		wantStored(t, "a new customer", s, app, row.ID, false)
		wantStored(t, "the same again", s, app, row.ID, i > 0)
		change("an update", false, func(tx store.Tx) error {
			row.Sealed, row.Status = random(99), 2
			return tx.CustomerUpdate(row)
		})
		change("an update that is given up", true, func(tx store.Tx) error {
			given := row
			given.Sealed = random(99)
			return errors.Join(tx.CustomerUpdate(given), errGivenUp)
		})
		change("the end of its group", false, func(tx store.Tx) error { return tx.GroupDelete(group) })
		change("many changes", false, func(tx store.Tx) error {
			for range 4500 / 500 {
				rows := make([]store.CustomerRow, 500)
				for i := range rows {
					rows[i] = newRow(1)
				}
				if _, err := tx.CustomerInsertAll(rows); err != nil {
					return err
				}
			}
			row.Sealed = random(99)
			return tx.CustomerUpdate(row)
		})
		row.Seq = 0
		change("its deletion", false, func(tx store.Tx) error { return tx.CustomerDelete(row.ID) })
	}
}

var errGivenUp = errors.New("given up")

// An error that an old row leads to is none: the function is shown the newest.
func TestCacheGivesNoOldErrors(t *testing.T) {
	t.Parallel()
	stores, app := two(t)
	row := newRow(1)
	mustInsert(t, stores[0], app, row)
	for range 2 {
		wantStored(t, "an access", stores[0], app, row.ID, false)
	}
	row.Status = 2
	if err := stores[1].Update(t.Context(), app, func(tx store.Tx) error { return tx.CustomerUpdate(row) }); err != nil {
		t.Fatal(err)
	}
	err := stores[0].Disclose(t.Context(), app, store.CustomerRef{ID: row.ID}, func(r *store.CustomerRow) (store.AuditRow, error) {
		if r.Status != 2 {
			return store.AuditRow{}, errGivenUp
		}
		return newEntry(r.ID), nil
	})
	if err != nil {
		t.Errorf("Disclose = %v", err)
	}
	wantEntries(t, stores[0], app, 4)
}

// A database that lost commits has another history: nothing of the old one is shown, although no version
// tells. The row is altered behind the store to see where it comes from.
func TestCacheEndsWithItsHistory(t *testing.T) {
	t.Parallel()
	shared := newDatabase(t)
	for name, lose := range map[string]string{
		"the last batch is gone":  "UPDATE head SET recent = '{}', version = version + 1",
		"the version is an older": "UPDATE head SET version = version - 1",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openStore(t, shared)
			app := newApp(t, s)
			row := newRow(1)
			mustInsert(t, s, app, row)
			for range 2 {
				wantStored(t, "an access", s, app, row.ID, false)
			}
			admin := connect(t, shared)
			execute(t, admin, lose+" WHERE app_id = $1", string(app))
			execute(t, admin, "UPDATE customer SET status = 2 WHERE app_id = $1", string(app))
			wantStored(t, name, s, app, row.ID, false)
		})
	}
	t.Run("the server is another", func(t *testing.T) {
		t.Parallel()
		cluster := scratchpg.NewCluster(t)
		initialise(t, cluster.URL(""))
		s := openStore(t, cluster.URL(""))
		app := newApp(t, s)
		row := newRow(1)
		mustInsert(t, s, app, row)
		for range 2 {
			wantStored(t, "an access", s, app, row.ID, false)
		}
		if err := errors.Join(cluster.Kill(), cluster.Restart(context.Background())); err != nil {
			t.Fatal(err)
		}
		execute(t, connect(t, cluster.URL("")), "UPDATE customer SET status = 2 WHERE app_id = $1", string(app))
		wantStored(t, "after the restart", s, app, row.ID, false)
	})
}

// The entry of an access whose COMMIT is cut is there once, and the access is answered.
func TestCommitOfAnAccessIsCut(t *testing.T) {
	t.Parallel()
	direct := newDatabase(t)
	p, through := newProxy(t, direct)
	s, app := openStore(t, through), newApp(t, openStore(t, direct))
	row := newRow(1)
	mustInsert(t, s, app, row)
	want := int64(1)
	for range 4 {
		for _, c := range []cut{cutBefore, cutAfter, cutMeanwhile} {
			for range 2 {
				if _, _, err := disclose(t.Context(), s, app, row.ID); err != nil {
					t.Fatal(err)
				}
				want++
			}
			p.arm(c)
			if _, shown, err := disclose(t.Context(), s, app, row.ID); err != nil {
				t.Errorf("cut %d: %v after %d rows", c, err, shown)
			}
			want++
		}
	}
	wantEntries(t, s, app, want)
}

// Readers and writers on two stores see no change undone: what was acknowledged before an access began,
// or was seen by an earlier one, is the least that it shows, of the customer and of the end of its group.
// One cache is so small that rows come and go.
func TestCacheIsNeverBehind(t *testing.T) {
	t.Parallel()
	url := newDatabase(t)
	small, err := postgres.Open(t.Context(), postgres.Config{URL: redact.NewSecret(url), MaxConns: 12, Cache: 8000})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = small.Close(context.Background()) }()
	stores := [2]*postgres.Store{openStore(t, url), small}
	app := newApp(t, small)
	const customers, rounds, readers = 6, 60, 6
	var rows [customers]store.CustomerRow
	var groups [customers]int64
	err = small.Update(t.Context(), app, func(tx store.Tx) (err error) {
		for i := range rows {
			if groups[i], err = tx.GroupInsert(store.GroupRow{Sealed: []byte("x")}); err != nil {
				return err
			}
			rows[i] = newRow(int64(i))
			rows[i].Group, rows[i].Sealed = groups[i], make([]byte, 400)
			if rows[i].Seq, err = tx.CustomerInsert(rows[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var acked [customers]atomic.Uint64 // even: its group is there
	var writers, others sync.WaitGroup
	for i := range rows {
		writers.Go(func() {
			row, group := rows[i], groups[i]
			for n := uint64(2); n <= 2*rounds; n += 2 {
				err := stores[(uint64(i)+n/2)%2].Update(t.Context(), app, func(tx store.Tx) (err error) {
					row.Group = group
					row.Sealed = binary.BigEndian.AppendUint64(make([]byte, 0, 400), n)[:400]
					return tx.CustomerUpdate(row)
				})
				acked[i].Store(n)
				if err == nil && n%10 == 0 {
					gone := group
					err = stores[n/2%2].Update(t.Context(), app, func(tx store.Tx) (err error) {
						group, err = tx.GroupInsert(store.GroupRow{Sealed: []byte("x")})
						return errors.Join(err, tx.GroupDelete(gone))
					})
					acked[i].Store(n + 1)
				}
				if err != nil {
					t.Errorf("update = %v", err)
					return
				}
			}
		})
	}
	var ended atomic.Bool
	for r := range readers {
		others.Go(func() {
			var seen [customers]uint64
			for !ended.Load() {
				for i := range rows {
					least := max(acked[i].Load(), seen[i])
					row, _, err := disclose(t.Context(), stores[r%2], app, rows[i].ID)
					if err != nil {
						t.Error(err)
						return
					}
					seen[i] = binary.BigEndian.Uint64(row.Sealed)
					if row.GroupGone {
						seen[i]++
					}
					if seen[i] < least {
						t.Errorf("customer %d: change %d was shown, %d had been acknowledged or shown before", i, seen[i], least)
						return
					}
				}
			}
		})
	}
	writers.Wait()
	ended.Store(true)
	others.Wait()
}
