package sqlite_test

import (
	"context"
	"encoding/binary"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/sqlite"
)

// insert adds a customer and gives it as it is stored.
func insert(t *testing.T, s *sqlite.Store, app id.App, row store.CustomerRow) store.CustomerRow {
	t.Helper()
	err := s.Update(t.Context(), app, func(tx store.Tx) (err error) {
		row.Seq, err = tx.CustomerInsert(row)
		return err
	})
	if err != nil {
		t.Fatalf("CustomerInsert = %v", err)
	}
	return row
}

// wantStored compares every cached way to a customer with the rows of the file.
func wantStored(t *testing.T, what string, s *sqlite.Store, app id.App, c store.CustomerRow) {
	t.Helper()
	ctx := t.Context()
	stored, err := s.CustomerBySeq(ctx, app, []int64{c.Seq}) // is not cached
	if err != nil {
		t.Fatal(err)
	}
	one := func(row store.CustomerRow, err error) []store.CustomerRow {
		t.Helper()
		if errors.Is(err, fault.NotFound) {
			return []store.CustomerRow{}
		}
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		return []store.CustomerRow{row}
	}
	page, err := s.CustomerList(ctx, app, store.CustomerList{Take: 10})
	if err != nil {
		t.Fatal(err)
	}
	page = slices.DeleteFunc(page, func(r store.CustomerRow) bool { return r.Seq != c.Seq })
	for way, got := range map[string][]store.CustomerRow{
		"CustomerGet":      one(s.CustomerGet(ctx, app, c.ID)),
		"CustomerGetBySeq": one(s.CustomerGetBySeq(ctx, app, c.Seq)),
		"CustomerList":     append([]store.CustomerRow{}, page...),
	} {
		if diff := cmp.Diff(append([]store.CustomerRow{}, stored...), got); diff != "" {
			t.Errorf("%s: %s (-stored +got):\n%s", what, way, diff)
		}
	}
}

// Whatever changes a customer, what was read before is not what is read afterwards.
func TestCacheFollowsEveryChange(t *testing.T) {
	t.Parallel()
	s := open(t)
	app := addApp(t, s)
	var group int64
	err := s.Update(t.Context(), app, func(tx store.Tx) (err error) {
		group, err = tx.GroupInsert(store.GroupRow{Sealed: []byte("x")})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	c := benchCustomer()
	c.Group = group
	c = insert(t, s, app, c)
	wantStored(t, "a new customer", s, app, c)
	wantStored(t, "the same again", s, app, c)
	change := func(what string, fn func(tx store.Tx) error) {
		t.Helper()
		err := s.Update(t.Context(), app, fn)
		wantStored(t, what, s, app, c)
		wantStored(t, what+", again", s, app, c)
		if err != nil && !errors.Is(err, errGivenUp) {
			t.Errorf("%s = %v", what, err)
		}
	}
	change("an update", func(tx store.Tx) error {
		c.Sealed, c.Status = random(99), 2
		return tx.CustomerUpdate(c)
	})
	change("an update that is given up", func(tx store.Tx) error {
		given := c
		given.Sealed = random(99)
		return errors.Join(tx.CustomerUpdate(given), errGivenUp)
	})
	change("the end of its group", func(tx store.Tx) error { return tx.GroupDelete(group) })
	change("its deletion", func(tx store.Tx) error { return tx.CustomerDelete(c.ID) })
}

var errGivenUp = errors.New("given up")

// A second look needs no connection, and what is cached is its application's alone.
func TestCacheAnswersAlone(t *testing.T) {
	t.Parallel()
	s := open(t)
	app, other := addApp(t, s), addApp(t, s)
	c := insert(t, s, app, benchCustomer())
	if _, err := s.CustomerGet(t.Context(), app, c.ID); err != nil {
		t.Fatal(err)
	}
	giveBack := s.TakeReaders()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := s.CustomerGet(ctx, app, c.ID); err != nil {
		t.Errorf("CustomerGet with no connection = %v", err)
	}
	if _, err := s.CustomerGetBySeq(ctx, app, c.Seq); err != nil {
		t.Errorf("CustomerGetBySeq with no connection = %v", err)
	}
	if _, err := s.CustomerGet(ctx, other, c.ID); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("another application's CustomerGet with no connection = %v, want it to wait for one", err)
	}
	giveBack()
	if _, err := s.CustomerGet(t.Context(), other, c.ID); !errors.Is(err, fault.NotFound) {
		t.Errorf("another application's CustomerGet = %v, want %v", err, fault.NotFound)
	}
	if _, err := s.CustomerGetBySeq(t.Context(), other, c.Seq); !errors.Is(err, fault.NotFound) {
		t.Errorf("another application's CustomerGetBySeq = %v, want %v", err, fault.NotFound)
	}
}

// Readers beside a writer see no change undone: what was acknowledged before a read
// began, or was seen by an earlier read, is the least that it gives; and a page holds
// what its filter says. The cache is so small that rows come and go.
func TestCacheIsNeverBehind(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "custodex.db")
	if err := sqlite.Init(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path, Cache: 8000})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close(context.Background()) }()
	app := addApp(t, s)
	const customers, rounds = 6, 150
	var rows [customers]store.CustomerRow
	var acked [customers]atomic.Uint64
	for i := range rows {
		row := benchCustomer()
		row.CreatedAt, row.Sealed = int64(i), make([]byte, 400)
		rows[i] = insert(t, s, app, row)
	}
	var writers, readers sync.WaitGroup
	for i := range rows {
		writers.Go(func() {
			for n := uint64(1); n <= rounds; n++ {
				row := rows[i]
				row.Status = uint8(1 + n%2)
				row.Sealed = binary.BigEndian.AppendUint64(make([]byte, 0, 400), n)[:400]
				err := s.Update(t.Context(), app, func(tx store.Tx) error { return tx.CustomerUpdate(row) })
				if err != nil {
					t.Errorf("update = %v", err)
					return
				}
				acked[i].Store(n)
			}
		})
	}
	var ended atomic.Bool
	for range 4 {
		readers.Go(func() {
			var seen [customers]uint64
			look := func(i int, least uint64, row store.CustomerRow) {
				n := binary.BigEndian.Uint64(row.Sealed)
				if n < least {
					t.Errorf("customer %d: change %d was read, %d had been acknowledged or read before", i, n, least)
				}
				seen[i] = max(seen[i], n)
			}
			for !ended.Load() {
				for i := range rows {
					least := max(acked[i].Load(), seen[i])
					row, err := s.CustomerGet(t.Context(), app, rows[i].ID)
					if err != nil {
						t.Error(err)
						return
					}
					look(i, least, row)
				}
				least := seen
				for i := range least {
					least[i] = max(least[i], acked[i].Load())
				}
				page, err := s.CustomerList(t.Context(), app, store.CustomerList{Take: 3})
				if err != nil || len(page) != 3 {
					t.Errorf("CustomerList = %d customers, %v", len(page), err)
					return
				}
				for n, row := range page {
					look(customers-1-n, least[customers-1-n], row)
				}
				page, err = s.CustomerList(t.Context(), app, store.CustomerList{Status: 1, Take: 2})
				if err != nil || slices.ContainsFunc(page, func(r store.CustomerRow) bool { return r.Status != 1 }) {
					t.Errorf("a list by status has other customers, or failed: %v", err)
					return
				}
			}
		})
	}
	writers.Wait()
	ended.Store(true)
	readers.Wait()
	if n := s.Cached(); n < 1 || n > 2*8 {
		t.Errorf("%d customers are cached in 8000 bytes", n)
	}
}
