package sqlite_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	lib "modernc.org/sqlite/lib"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/page"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/sqlite"
)

// create is a write that uses most tables.
func create(t *testing.T, s store.Store, app id.App) error {
	row := benchCustomer()
	return s.Update(t.Context(), app, func(tx store.Tx) error {
		if _, err := tx.CustomerInsert(row); err != nil {
			return err
		}
		tx.AuditAppend(benchEntry(row.ID))
		return tx.IdempotencyPut(store.IdempotencyRow{
			Scope: random(32), Fingerprint: random(32), Customer: row.ID, Reply: random(99),
		}, time.Hour)
	})
}

// state is what create adds one to each of.
func state(t *testing.T, s store.Store, app id.App) string {
	t.Helper()
	h, err := s.Head(t.Context(), app)
	if err != nil {
		t.Fatalf("Head = %v", err)
	}
	r, err := s.CustomerRange(t.Context(), app)
	if err != nil {
		t.Fatalf("CustomerRange = %v", err)
	}
	log, err := s.AuditRange(t.Context(), app, 0, 1000)
	if err != nil {
		t.Fatalf("AuditRange = %v", err)
	}
	rows := 0
	err = s.CustomerScan(t.Context(), app, 0, 1<<62, func(*store.CustomerRow) error { rows++; return nil })
	if err != nil {
		t.Fatalf("CustomerScan = %v", err)
	}
	return fmt.Sprintf("version %d, entries %d and %d, customers %d and %d", h.Version, h.Entries, len(log), r.Count, rows)
}

func stateAfter(n int) string {
	return fmt.Sprintf("version %d, entries %d and %d, customers %d and %d", n, n, n, n, n)
}

// TestEveryStatementMayFail fails the first statement of a create, then the second
// and so on, with errors that a disk gives. Nothing of the create may be left, the
// answer is Unavailable, and the next create works.
func TestEveryStatementMayFail(t *testing.T) {
	t.Parallel()
	for _, code := range []sqlite.CodedError{
		lib.SQLITE_FULL, lib.SQLITE_IOERR_WRITE, lib.SQLITE_IOERR_READ, lib.SQLITE_NOMEM, lib.SQLITE_BUSY,
	} {
		t.Run(fmt.Sprint(int(code)), func(t *testing.T) {
			t.Parallel()
			s := open(t)
			app := addApp(t, s)
			created := 0
			for n := int64(1); ; n++ {
				var count atomic.Int64
				var failed atomic.Value
				s.Spoil(func(query string) error {
					if count.Add(1) != n || query == "COMMIT" && code == lib.SQLITE_IOERR_WRITE ||
						query == "COMMIT" && code == lib.SQLITE_IOERR_READ {
						return nil // those are TestAFailedCommitStopsWriting's
					}
					failed.Store(query)
					return code
				})
				err := create(t, s, app)
				s.Spoil(nil)
				query, _ := failed.Load().(string)
				if err == nil {
					created++
				}
				if (query != "") != (err != nil) || err != nil && !errors.Is(err, fault.Unavailable) {
					t.Errorf("with %q failing, create = %v", query, err)
				}
				if got := state(t, s, app); got != stateAfter(created) {
					t.Fatalf("after %q failed: %s, want %d of each", query, got, created)
				}
				if n > count.Load() {
					break // there were not as many statements
				}
			}
			if created < 1 {
				t.Error("no create was let through")
			}
			if err := create(t, s, app); err != nil {
				t.Errorf("create in the end = %v", err)
			}
			select {
			case <-s.Failed():
				t.Error("Failed is closed")
			default:
			}
		})
	}
}

func TestAFailedCommitStopsWriting(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		query string
		code  sqlite.CodedError
	}{
		{"COMMIT", lib.SQLITE_IOERR_FSYNC},
		{"COMMIT", lib.SQLITE_IOERR_WRITE},
		{"UPDATE head", lib.SQLITE_IOERR_FSYNC},
	} {
		t.Run(fmt.Sprintf("%s %d", c.query, int(c.code)), func(t *testing.T) {
			t.Parallel()
			s := open(t)
			app := addApp(t, s)
			s.Spoil(func(query string) error {
				if strings.HasPrefix(strings.TrimSpace(query), c.query) {
					return c.code
				}
				return nil
			})
			if err := create(t, s, app); !errors.Is(err, fault.Unavailable) {
				t.Errorf("create = %v, want %v", err, fault.Unavailable)
			}
			select {
			case <-s.Failed():
			default:
				t.Fatal("Failed is open")
			}
			s.Spoil(nil) // the disk seems well again; nobody may believe it
			if err := create(t, s, app); !errors.Is(err, fault.Unavailable) {
				t.Errorf("create afterwards = %v, want %v", err, fault.Unavailable)
			}
			if err := s.Record(t.Context(), app, benchEntry(id.NewCustomer())); !errors.Is(err, fault.Unavailable) {
				t.Errorf("Record afterwards = %v, want %v", err, fault.Unavailable)
			}
			if _, err := s.AppGet(t.Context(), app); err != nil {
				t.Errorf("AppGet afterwards = %v, want nil", err)
			}
		})
	}
}

// TestFieldC12FullDisk has SQLite itself run out of pages, which ends the transaction
// without being asked.
func TestFieldC12FullDisk(t *testing.T) {
	t.Parallel()
	s := open(t)
	app := addApp(t, s)
	if err := s.LimitPages(60); err != nil {
		t.Fatal(err)
	}
	created := 0
	for {
		err := create(t, s, app)
		if err == nil {
			created++
			continue
		}
		if !errors.Is(err, fault.Unavailable) {
			t.Fatalf("create on a full disk = %v, want %v", err, fault.Unavailable)
		}
		break
	}
	if got := state(t, s, app); got != stateAfter(created) {
		t.Errorf("%s, want %d of each", got, created)
	}
	// The store says so until the disk has space again.
	s.TryDisk(func() error { return errors.New("no space") })
	if err := s.Ping(t.Context()); !errors.Is(err, store.ErrDiskFull) || !strings.Contains(err.Error(), "custodex.db") {
		t.Errorf("Ping on a full disk = %v, want %v and the file", err, store.ErrDiskFull)
	}
	s.TryDisk(func() error { return nil })
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("Ping with space again = %v", err)
	}
	if err := s.LimitPages(100_000); err != nil {
		t.Fatal(err)
	}
	if err := create(t, s, app); err != nil {
		t.Errorf("create with room again = %v", err)
	}
	if got := state(t, s, app); got != stateAfter(created+1) {
		t.Errorf("%s, want %d of each", got, created+1)
	}
}

// counter matches the statements on the one row that counts for all applications.
var counter = regexp.MustCompile(`(?:FROM|UPDATE) customer_(?:group_)?seq\b`)

// TestEveryStatementIsIndexedByApplication has the suite's work explained.
func TestEveryStatementIsIndexedByApplication(t *testing.T) {
	t.Parallel()
	s := open(t)
	app := addApp(t, s)
	exercise(t, s, app)
	plans, err := s.Plans(t.Context())
	if err != nil {
		t.Fatalf("Plans = %v", err)
	}
	lists := 0
	for query, steps := range plans {
		for _, step := range steps {
			switch {
			case counter.MatchString(query),
				strings.Contains(query, "app_id > ?"),
				strings.Contains(query, "app_id <> ?"):
				// A counter of all, AppList and CustomerElsewhere.
			case strings.HasPrefix(step, "SEARCH") && !strings.Contains(step, "app_id=?"),
				strings.HasPrefix(step, "SCAN") && !strings.Contains(step, "json_each") &&
					step != "SCAN p" && step != "SCAN CONSTANT ROW":
				t.Errorf("%q in the plan of%s", step, query)
			}
		}
		if strings.Contains(query, "OFFSET") {
			lists++
			if !strings.Contains(strings.Join(steps, "\n"), "USING COVERING INDEX customer_") {
				t.Errorf("skipping reads rows:%s\n%s", query, strings.Join(steps, "\n"))
			}
		}
	}
	if len(plans) < 47 || lists < 5 {
		t.Errorf("%d plans with %d lists were seen; the test does not look at much", len(plans), lists)
	}
}

func exercise(t *testing.T, s store.Store, app id.App) {
	t.Helper()
	ctx, c, cred := t.Context(), id.NewCustomer(), id.NewCredential()
	must := func(err error) {
		t.Helper()
		if err != nil && !errors.Is(err, fault.NotFound) {
			t.Errorf("a call = %v", err)
		}
	}
	must(create(t, s, app))
	row := benchCustomer()
	item := store.ItemRow{ID: id.NewItem(), Kind: store.Transaction, Sealed: []byte("x")}
	must(s.Update(ctx, app, func(tx store.Tx) error {
		group, err := tx.GroupInsert(store.GroupRow{Sealed: []byte("x")})
		must(err)
		row.Group = group
		_, err = tx.CustomerInsert(row)
		must(err)
		must(tx.ItemInsert(row.ID, item))
		_, err = tx.CustomerGetByEmail(row.EmailHash)
		must(err)
		_, err = tx.GroupGet(group)
		must(err)
		must(tx.GroupUpdate(store.GroupRow{Seq: group, Sealed: []byte("y")}))
		must(tx.GroupDelete(group))
		must(tx.CustomerDelete(row.ID))
		must(tx.CustomerUpdate(store.CustomerRow{ID: c, Sealed: []byte("x")}))
		must(tx.CredentialUpdate(store.CredentialRow{ID: cred, Secret: []byte("x")}))
		_, err = tx.CustomerGet(c)
		must(err)
		_, err = tx.CredentialGet(cred)
		must(err)
		_, err = tx.IdempotencyGet(random(32))
		must(err)
		return nil
	}))
	must(s.CredentialTouch(ctx, app, map[id.Credential]int64{cred: 1}))
	must(s.TreePut(ctx, app, 0, store.TreeRow{Size: 1, Checkpoint: []byte("x")}, []store.TileRow{{Hashes: []byte("x")}}))
	one := func(_ any, err error) { t.Helper(); must(err) }
	one(s.RateTake(ctx, app, store.RateTake{Credential: cred, Window: 1, Want: 1, Limit: 1}))
	one(s.IdempotencyPurge(ctx, app, 1))
	one(s.AppGet(ctx, app))
	one(s.AppList(ctx, "", 1))
	one(s.Head(ctx, app))
	one(s.CredentialByKey(ctx, app, "x"))
	one(s.CredentialGet(ctx, app, cred))
	one(s.CredentialList(ctx, app))
	one(s.CustomerGet(ctx, app, c))
	one(s.CustomerGetBySeq(ctx, app, 1))
	one(s.GroupGet(ctx, app, 1))
	one(s.GroupList(ctx, app, store.GroupList{Take: 1}))
	one(s.GroupCount(ctx, app, 0, 0))
	one(s.ItemGet(ctx, app, c, item.Kind, item.ID))
	for _, after := range []*store.ItemPosition{nil, {At: 1 << 60}} {
		one(s.ItemList(ctx, app, c, store.ItemList{Kind: item.Kind, After: after, Take: 1}))
	}
	one(s.ItemCount(ctx, app, c, item.Kind))
	one(s.CustomerElsewhere(ctx, app, c))
	one(s.CustomerBySeq(ctx, app, []int64{1}))
	one(s.CustomerChanges(ctx, app, store.ChangePoint{}, 1))
	one(s.CustomerRange(ctx, app))
	must(s.CustomerScan(ctx, app, 0, 9, func(*store.CustomerRow) error { return nil }))
	for _, status := range []uint8{0, 1} {
		for _, after := range []*page.Position{nil, {CreatedAt: 1 << 60}} {
			one(s.CustomerList(ctx, app, store.CustomerList{Status: status, After: after, Take: 1}))
		}
	}
	one(s.AuditList(ctx, app, store.AuditList{}, 1))
	one(s.AuditList(ctx, app, store.AuditList{Customer: &c, Actor: "a", Action: "b", From: 1, To: 9, Before: 9}, 1))
	one(s.AuditRange(ctx, app, 0, 1))
	one(s.TreeGet(ctx, app))
	one(s.TileGet(ctx, app, []store.TileID{{}}))
}
