package storetest

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

func testAudit(t *testing.T, s store.Store) {
	t.Run("Record", func(t *testing.T) {
		t.Parallel()
		t.Run("KeepsEveryColumnAndSetsSeq", func(t *testing.T) { recordRoundTrip(t, newEnv(t, s)) })
		t.Run("AbsentApplicationIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			wantKind(t, "Record", e.Record(e.ctx, id.NewApp(), newEntry()), fault.NotFound)
		})
		t.Run("NoEntriesIsNothing", func(t *testing.T) {
			e := newEnv(t, s)
			noError(t, "Record", e.Record(e.ctx, e.app))
			same(t, "Head", e.mustHead(t), store.Head{})
		})
		t.Run("ConcurrentSeqHasNoGaps", func(t *testing.T) { seqGapless(t, newEnv(t, s)) })
		t.Run("ApplicationsCountByThemselves", func(t *testing.T) {
			e := newEnv(t, s)
			envs := []env{e, e.other(t), e.other(t)}
			mustRace(t, 12, func(i int) error {
				e := envs[i%3]
				return e.Record(e.ctx, e.app, newEntry(), newEntry())
			})
			for _, e := range envs {
				checkLog(t, e, 8)
			}
		})
		t.Run("ABadEntryFailsItsOwnCallOnly", func(t *testing.T) {
			e := newEnv(t, s)
			bad := newEntry()
			bad.MACFunc = nil
			errs := race(12, func(i int) error {
				if i == 5 {
					return e.Record(e.ctx, e.app, bad)
				}
				return e.Record(e.ctx, e.app, newEntry())
			})
			for i, err := range errs {
				if (err != nil) != (i == 5) {
					t.Errorf("Record %d = %v", i, err)
				}
			}
			checkLog(t, e, 11)
		})
	})
	t.Run("AuditAppend", func(t *testing.T) {
		t.Parallel()
		t.Run("IsInTheSameTransaction", func(t *testing.T) {
			e := newEnv(t, s)
			row := newCustomer()
			e.mustUpdate(t, func(tx store.Tx) error {
				tx.AuditAppend(newEntry(row.ID))
				_, err := tx.CustomerInsert(row)
				tx.AuditAppend(newEntry())
				return err
			})
			checkLog(t, e, 2)
			same(t, "Head", e.mustHead(t), store.Head{Version: 1, Entries: 2, Customers: 1})
		})
		t.Run("AbsentApplicationIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			err := e.Update(e.ctx, id.NewApp(), func(tx store.Tx) error {
				tx.AuditAppend(newEntry())
				return nil
			})
			wantKind(t, "Update", err, fault.NotFound)
		})
	})
	t.Run("AuditRange", func(t *testing.T) {
		t.Parallel()
		t.Run("GivesThePartAscending", func(t *testing.T) {
			e := newEnv(t, s)
			for range 7 {
				noError(t, "Record", e.Record(e.ctx, e.app, newEntry()))
			}
			all := checkLog(t, e, 7)
			for _, r := range []struct{ from, limit, to int }{{0, 3, 3}, {3, 3, 6}, {6, 3, 7}, {0, 7, 7}} {
				got, err := e.AuditRange(e.ctx, e.app, int64(r.from), r.limit)
				noError(t, "AuditRange", err)
				same(t, "AuditRange", got, all[r.from:r.to])
			}
			for _, r := range []struct{ from, limit int }{{7, 5}, {0, 0}} {
				got, err := e.AuditRange(e.ctx, e.app, int64(r.from), r.limit)
				if err != nil || len(got) != 0 {
					t.Errorf("AuditRange(%d, %d) = %d rows, %v, want none", r.from, r.limit, len(got), err)
				}
			}
		})
		t.Run("OtherApplicationIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			noError(t, "Record", e.Record(e.ctx, e.app, newEntry()))
			checkLog(t, e.other(t), 0)
		})
	})
}

// checkLog fails unless the log has n entries numbered from 0 without gaps, as the
// head says too, each with the checksum of its place.
func checkLog(t *testing.T, e env, n int) []store.AuditRow {
	t.Helper()
	rows := e.log(t)
	for i, row := range rows {
		if row.Seq != int64(i) {
			t.Fatalf("entry %d has Seq %d", i, row.Seq)
		}
		if want := macOf(row.Personal)(row.Seq); !bytes.Equal(row.MAC, want) {
			t.Fatalf("entry %d has MAC %x, want that of its place, %x", i, row.MAC, want)
		}
	}
	if len(rows) != n || e.mustHead(t).Entries != int64(n) {
		t.Errorf("the log has %d entries, the head says %d, want %d", len(rows), e.mustHead(t).Entries, n)
	}
	return rows
}

func recordRoundTrip(t *testing.T, e env) {
	full := newEntry(id.NewCustomer(), id.NewCustomer(), id.NewCustomer())
	full.At, full.Outcome, full.Actor = math.MaxInt64, 127, "É'東"
	least := store.AuditRow{MAC: secret(32), Seq: 77}
	binaryDetail := newEntry()
	binaryDetail.Detail = []byte{0, 255, 0, 128}
	noError(t, "Record", e.Record(e.ctx, e.app, full, least))
	noError(t, "Record", e.Record(e.ctx, e.app, binaryDetail))
	want := []store.AuditRow{full, least, binaryDetail}
	for i := range want {
		want[i].Place(int64(i))
		want[i].MACFunc = nil
	}
	same(t, "the log", e.log(t), want)
}

// seqGapless has writers of every kind at once, some of which fail.
func seqGapless(t *testing.T, e env) {
	const writers, rounds = 32, 10
	errs := race(writers, func(i int) error {
		for n := range rounds {
			if err := mixedWrite(e, i, n); err != nil {
				return err
			}
		}
		return nil
	})
	for _, err := range errs {
		noError(t, "a writer", err)
	}
	// Kind 0 leaves 1 entry, kind 1 leaves 3, kind 2 leaves 2, kind 3 none.
	rows := checkLog(t, e, writers/4*rounds*(1+3+2))
	last := make(map[string]int64)
	for i, row := range rows {
		if row.Action == "failed" {
			t.Errorf("entry %d is of a write that failed", i)
		}
		at := int64(binary.BigEndian.Uint64(row.Detail))
		if before, ok := last[row.Actor]; ok && at <= before {
			t.Errorf("entry %d of %s came after a later one", i, row.Actor)
		}
		last[row.Actor] = at
		if at%10 > 0 && (i == 0 || rows[i-1].Actor != row.Actor) {
			t.Errorf("entry %d is apart from the one it was written with", i)
		}
	}
}

func mixedWrite(e env, writer, round int) error {
	// Entries are numbered by round and place in their call.
	entry := func(place int) store.AuditRow {
		row := newEntry()
		row.Actor = string(rune('A' + writer))
		row.Detail = binary.BigEndian.AppendUint64(nil, uint64(round*10+place))
		return row
	}
	switch writer % 4 {
	case 0:
		return e.Record(e.ctx, e.app, entry(0))
	case 1:
		return e.Record(e.ctx, e.app, entry(0), entry(1), entry(2))
	case 2:
		return e.Update(e.ctx, e.app, func(tx store.Tx) error {
			tx.AuditAppend(entry(0))
			_, err := tx.CustomerInsert(newCustomer())
			tx.AuditAppend(entry(1))
			return err
		})
	}
	err := e.Update(e.ctx, e.app, func(tx store.Tx) error {
		row := entry(0)
		row.Action = "failed"
		tx.AuditAppend(row)
		if _, err := tx.CustomerInsert(newCustomer()); err != nil {
			return err
		}
		return errOurs
	})
	if err == errOurs {
		return nil
	}
	return err
}
