package storetest

import (
	"errors"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

func testChanges(t *testing.T, s store.Store) {
	t.Run("CustomerChanges", func(t *testing.T) {
		t.Parallel()
		t.Run("AscendsByVersionThenSeq", func(t *testing.T) { changesOrder(t, newEnv(t, s)) })
		t.Run("OtherApplicationIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			mine := e.insert(t, newCustomer())
			e.other(t).insert(t, newCustomer())
			got, err := e.CustomerChanges(e.ctx, e.app, store.ChangePoint{}, 10)
			noError(t, "CustomerChanges", err)
			same(t, "CustomerChanges", got, mine)
		})
		t.Run("NoneIsEmpty", func(t *testing.T) {
			e := newEnv(t, s)
			row := e.insert(t, newCustomer())[0]
			for _, after := range []store.ChangePoint{{Version: row.Version, Seq: row.Seq}, {Version: 1 << 60}} {
				got, err := e.CustomerChanges(e.ctx, e.app, after, 10)
				if err != nil || len(got) != 0 {
					t.Errorf("CustomerChanges(%v) = %d rows, %v, want none", after, len(got), err)
				}
			}
		})
		t.Run("NeverMissesACommittedChangeWhileOthersWrite", func(t *testing.T) { changesComplete(t, newEnv(t, s)) })
		t.Run("AnAcknowledgedChangeIsThereAtOnce", func(t *testing.T) {
			e := newEnv(t, s)
			mustRace(t, 8, func(int) error {
				for range 5 {
					before, err := e.Head(e.ctx, e.app)
					if err != nil {
						return err
					}
					row, err := e.insertOne(t, newCustomer())
					if err != nil {
						return err
					}
					got, err := e.CustomerChanges(e.ctx, e.app, store.ChangePoint{Version: before.Version, Seq: math.MaxInt64}, 1000)
					if err != nil {
						return err
					}
					if !slices.ContainsFunc(got, func(r store.CustomerRow) bool { return r.ID == row.ID }) {
						t.Errorf("the change after version %d is missing", before.Version)
					}
				}
				return nil
			})
		})
	})
	t.Run("Version", func(t *testing.T) {
		t.Parallel()
		t.Run("GrowsByOneWithAChangeAndNotWithout", func(t *testing.T) { versionSteps(t, newEnv(t, s)) })
		t.Run("OneUpdateGivesOneVersion", func(t *testing.T) {
			e := newEnv(t, s)
			rows := e.insert(t, newCustomer(), newCustomer(), newCustomer())
			for _, row := range rows {
				if row.Version != 1 {
					t.Errorf("Version = %d, want 1", row.Version)
				}
			}
			same(t, "Head", e.mustHead(t), store.Head{Version: 1, Customers: 3})
		})
	})
}

func changesOrder(t *testing.T, e env) {
	rows := e.insert(t, newCustomer(), newCustomer(), newCustomer(), newCustomer())
	// Version 2 touches the third and the first, in this order; 3 the second.
	touch := func(i ...int) {
		e.mustUpdate(t, func(tx store.Tx) error {
			for _, i := range i {
				if err := tx.CustomerUpdate(rows[i]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	touch(2, 0)
	touch(1)
	rows[0].Version, rows[2].Version, rows[1].Version = 2, 2, 3
	want := []store.CustomerRow{rows[3], rows[0], rows[2], rows[1]}
	for limit := 1; limit <= 5; limit++ {
		var got []store.CustomerRow
		var after store.ChangePoint
		for {
			page, err := e.CustomerChanges(e.ctx, e.app, after, limit)
			noError(t, "CustomerChanges", err)
			if len(page) > limit {
				t.Fatalf("CustomerChanges with limit %d gave %d", limit, len(page))
			}
			if len(page) == 0 {
				break
			}
			got = append(got, page...)
			after = store.ChangePoint{Version: page[len(page)-1].Version, Seq: page[len(page)-1].Seq}
		}
		same(t, "the walk", got, want)
	}
	got, err := e.CustomerChanges(e.ctx, e.app, store.ChangePoint{Version: 2, Seq: math.MaxInt64}, 10)
	noError(t, "CustomerChanges", err)
	same(t, "CustomerChanges after version 2", got, want[3:])
}

func versionSteps(t *testing.T, e env) {
	row := e.insert(t, newCustomer())[0]
	change := func(tx store.Tx) error { return tx.CustomerUpdate(row) }
	steps := []struct {
		what string
		fn   func(tx store.Tx) error
		want int64
	}{
		{"a change", change, 2},
		{"a read", func(tx store.Tx) error { _, err := tx.CustomerGet(row.ID); return err }, 2},
		{"an audit entry", func(tx store.Tx) error { tx.AuditAppend(newEntry()); return nil }, 2},
		{"a credential", func(tx store.Tx) error { return tx.CredentialInsert(newCredential()) }, 2},
		{"a failed change", func(tx store.Tx) error { _ = change(tx); return errOurs }, 2},
		{"another change", change, 3},
	}
	for _, step := range steps {
		_ = e.Update(e.ctx, e.app, step.fn)
		if got := e.mustHead(t).Version; got != step.want {
			t.Errorf("Version after %s = %d, want %d", step.what, got, step.want)
		}
	}
	got, err := e.CustomerGet(e.ctx, e.app, row.ID)
	noError(t, "CustomerGet", err)
	if got.Version != 3 {
		t.Errorf("the customer's Version = %d, want 3", got.Version)
	}
}

// changesComplete keeps a copy of the customers as a search does: read the head,
// read the changes since the head before, remember the head. A store that gave out
// a version before an older one was committed would leave holes in the copy.
func changesComplete(t *testing.T, e env) {
	var mu sync.Mutex
	var known []id.Customer
	var deleted atomic.Int64
	writersDone := make(chan struct{})
	go func() {
		defer close(writersDone)
		for _, err := range race(8, func(i int) error {
			for n := range 25 {
				row := newCustomer()
				row.UpdatedAt = int64(i*1000 + n)
				if _, err := e.insertOne(t, row); err != nil {
					return err
				}
				mu.Lock()
				known = append(known, row.ID)
				change := known[(i*31+n*17)%len(known)]
				mu.Unlock()
				err := e.Update(e.ctx, e.app, func(tx store.Tx) error {
					row, err := tx.CustomerGet(change)
					if err != nil {
						return err
					}
					if n%5 == 4 {
						return tx.CustomerDelete(change)
					}
					row.UpdatedAt++
					return tx.CustomerUpdate(row)
				})
				switch {
				case errors.Is(err, fault.NotFound): // somebody deleted it
				case err != nil:
					return err
				case n%5 == 4:
					deleted.Add(1)
				}
			}
			return nil
		}) {
			if err != nil {
				t.Errorf("a writer: %v", err)
			}
		}
	}()

	copied := make(map[int64]store.CustomerRow)
	var seen int64
	follow := func() {
		head := e.mustHead(t).Version
		after := store.ChangePoint{Version: seen, Seq: math.MaxInt64}
		for {
			page, err := e.CustomerChanges(e.ctx, e.app, after, 10)
			noError(t, "CustomerChanges", err)
			for _, row := range page {
				if copied[row.Seq] = row; row.Deleted {
					delete(copied, row.Seq)
				}
			}
			if len(page) < 10 {
				break
			}
			after = store.ChangePoint{Version: page[9].Version, Seq: page[9].Seq}
		}
		seen = head
	}
	for done := false; !done; {
		select {
		case <-writersDone:
			done = true
		default:
		}
		follow()
	}
	want := make(map[int64]store.CustomerRow)
	err := e.CustomerScan(e.ctx, e.app, 0, math.MaxInt64, func(row *store.CustomerRow) error {
		want[row.Seq] = *row
		return nil
	})
	noError(t, "CustomerScan", err)
	if left := 200 - int(deleted.Load()); len(want) != left || left == 200 || e.mustHead(t).Customers != int64(left) {
		t.Errorf("CustomerScan gave %d customers and the head %d, want %d", len(want), e.mustHead(t).Customers, left)
	}
	same(t, "the copy", copied, want)
}
