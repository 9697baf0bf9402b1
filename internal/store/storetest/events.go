package storetest

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

func testEvents(t *testing.T, s store.Store) {
	t.Run("EventAppend", func(t *testing.T) {
		t.Parallel()
		t.Run("KeepsEveryColumnAndSetsSeq", func(t *testing.T) {
			e := newEnv(t, s)
			full := store.EventRow{
				Seq: 77, At: math.MaxInt64, Type: "customer.updated", Object: "É'東", Customer: id.NewCustomer().String(),
				Version: math.MaxInt64, Fields: "first_name,address.city",
			}
			e.appendEvents(t, full, store.EventRow{})
			full.Seq = 0
			same(t, "EventList", e.events(t, -1), []store.EventRow{full, {Seq: 1}})
			same(t, "Head", e.mustHead(t), store.Head{Events: 2})
		})
		t.Run("GetsTheVersionOfItsCommit", func(t *testing.T) { eventVersions(t, newEnv(t, s)) })
		t.Run("FailedUpdateLeavesNone", func(t *testing.T) {
			e := newEnv(t, s)
			err := e.Update(e.ctx, e.app, func(tx store.Tx) error { tx.EventAppend(newEvent()); return errOurs })
			if !errors.Is(err, errOurs) {
				t.Errorf("Update = %v, want %v", err, errOurs)
			}
			same(t, "EventList", e.events(t, -1), nil)
			same(t, "Head", e.mustHead(t), store.Head{})
		})
		t.Run("AbsentApplicationIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			err := e.Update(e.ctx, id.NewApp(), func(tx store.Tx) error { tx.EventAppend(newEvent()); return nil })
			wantKind(t, "Update", err, fault.NotFound)
		})
		t.Run("ConcurrentOrderIsThatOfTheLog", func(t *testing.T) { eventsFollowLog(t, newEnv(t, s)) })
	})
	t.Run("EventList", func(t *testing.T) {
		t.Parallel()
		t.Run("GivesThePartAscending", func(t *testing.T) {
			e := newEnv(t, s)
			e.appendEvents(t, make([]store.EventRow, 7)...)
			for _, r := range []struct{ after, limit, first, n int }{{-1, 3, 0, 3}, {2, 3, 3, 3}, {5, 3, 6, 1}, {6, 3, 0, 0}, {-1, 0, 0, 0}, {99, 3, 0, 0}} {
				got, err := e.EventList(e.ctx, e.app, int64(r.after), r.limit)
				noError(t, "EventList", err)
				if len(got) != r.n || r.n > 0 && got[0].Seq != int64(r.first) {
					t.Errorf("EventList(%d, %d) = %+v, want %d from %d on", r.after, r.limit, got, r.n, r.first)
				}
			}
		})
		t.Run("OtherApplicationHasItsOwn", func(t *testing.T) {
			e := newEnv(t, s)
			o := e.other(t)
			e.appendEvents(t, newEvent(), newEvent())
			same(t, "EventList of another application", o.events(t, -1), nil)
			o.appendEvents(t, store.EventRow{Type: "theirs"})
			same(t, "EventList of another application", o.events(t, -1), []store.EventRow{{Type: "theirs"}})
		})
	})
	t.Run("EventPurge", func(t *testing.T) {
		t.Parallel()
		t.Run("DeletesFromTheOldestOn", func(t *testing.T) { purgeEvents(t, newEnv(t, s)) })
		t.Run("OtherApplicationKeepsItsOwn", func(t *testing.T) {
			e := newEnv(t, s)
			o := e.other(t)
			e.appendEvents(t, newEvent())
			o.appendEvents(t, newEvent())
			o.purge(t, now+1, 5, 1)
			e.purge(t, now, 5, 0)
			e.purge(t, now+1, 5, 1)
		})
	})
}

func newEvent() store.EventRow {
	return store.EventRow{At: now, Type: "customer.created", Object: id.NewCustomer().String()}
}

func (e env) appendEvents(t *testing.T, rows ...store.EventRow) {
	t.Helper()
	e.mustUpdate(t, func(tx store.Tx) error {
		for _, row := range rows {
			tx.EventAppend(row)
		}
		return nil
	})
}

func (e env) events(t *testing.T, after int64) []store.EventRow {
	t.Helper()
	rows, err := e.EventList(e.ctx, e.app, after, 1<<20)
	noError(t, "EventList", err)
	return rows
}

func (e env) purge(t *testing.T, before int64, limit, want int) {
	t.Helper()
	if n, err := e.EventPurge(e.ctx, e.app, before, limit); n != want || err != nil {
		t.Errorf("EventPurge(%d, %d) = %d, %v, want %d", before, limit, n, err, want)
	}
}

// eventVersions changes customers and something else in one commit, and something else alone.
func eventVersions(t *testing.T, e env) {
	changed := store.EventRow{Type: "customer.created", Version: store.CommitVersion}
	for range 2 {
		e.mustUpdate(t, func(tx store.Tx) error {
			tx.EventAppend(changed)
			_, err := tx.CustomerInsert(newCustomer())
			tx.EventAppend(store.EventRow{Type: "key.created"})
			return err
		})
	}
	for i, want := range []int64{1, 0, 2, 0} {
		if got := e.events(t, -1)[i]; got.Version != want {
			t.Errorf("event %d (%s) has version %d, want %d", i, got.Type, got.Version, want)
		}
	}
}

// eventsFollowLog has writers at once of which some fail: events are numbered without gaps, and
// their order is that of the entries.
func eventsFollowLog(t *testing.T, e env) {
	mustRace(t, 16, func(i int) error {
		for n := range 10 {
			name := fmt.Sprintf("%d of %d", n, i)
			err := e.Update(e.ctx, e.app, func(tx store.Tx) error {
				entry := newEntry()
				entry.Actor = name
				tx.AuditAppend(entry)
				tx.EventAppend(store.EventRow{Object: name})
				if n%3 == i%3 {
					return errOurs
				}
				return nil
			})
			if (err != nil) != (n%3 == i%3) {
				return fmt.Errorf("update %s = %w", name, err)
			}
		}
		return nil
	})
	log, events := e.log(t), e.events(t, -1)
	if len(events) != len(log) || int64(len(events)) != e.mustHead(t).Events {
		t.Fatalf("%d events, %d entries, the head says %+v", len(events), len(log), e.mustHead(t))
	}
	for i := range events {
		if events[i].Seq != int64(i) || events[i].Object != log[i].Actor {
			t.Fatalf("event %d is %+v, the entry is of %s", i, events[i], log[i].Actor)
		}
	}
}

// purgeEvents purges events of which one in the middle is old, and one at the front is not.
func purgeEvents(t *testing.T, e env) {
	for _, at := range []int64{1, 2, 3, 9, 4, 10} {
		e.appendEvents(t, store.EventRow{At: at})
	}
	e.purge(t, 5, 0, 0)
	e.purge(t, 1, 10, 0)
	e.purge(t, 5, 2, 2)
	e.purge(t, 5, 10, 1)
	e.purge(t, 5, 10, 0) // the one behind a young one stays: the rest has no gap
	if got := e.events(t, -1); len(got) != 3 || got[0].Seq != 3 || got[2].Seq != 5 {
		t.Errorf("after the purge the events are %+v", got)
	}
	e.purge(t, 100, 10, 3)
	e.appendEvents(t, newEvent())
	if got := e.events(t, 2); len(got) != 1 || got[0].Seq != 6 {
		t.Errorf("after all were purged the next is %+v, want number 6", got)
	}
}
