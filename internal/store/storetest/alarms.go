package storetest

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

func testAlarms(t *testing.T, s store.Store) {
	t.Run("AlarmInsert", func(t *testing.T) {
		t.Parallel()
		t.Run("RowsAreKeptInOrder", func(t *testing.T) { alarmsInOrder(t, newEnv(t, s)) })
		t.Run("OfAnAbsentApplicationIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			err := e.Update(e.ctx, id.NewApp(), func(tx store.Tx) error { return tx.AlarmInsert(newAlarm()) })
			wantKind(t, "AlarmInsert", err, fault.NotFound)
		})
		t.Run("FailedUpdateLeavesNone", func(t *testing.T) {
			e := newEnv(t, s)
			refused := errors.New("refused")
			err := e.Update(e.ctx, e.app, func(tx store.Tx) error { return errors.Join(tx.AlarmInsert(newAlarm()), refused) })
			if !errors.Is(err, refused) {
				t.Errorf("Update = %v, want %v", err, refused)
			}
			e.wantAlarms(t)
		})
		t.Run("ChangesNoHead", func(t *testing.T) {
			e := newEnv(t, s)
			before := e.mustHead(t)
			e.mustUpdate(t, func(tx store.Tx) error { return tx.AlarmInsert(newAlarm()) })
			if after := e.mustHead(t); after != before {
				t.Errorf("Head = %+v, was %+v", after, before)
			}
		})
	})
	t.Run("OtherApplicationHasItsOwn", func(t *testing.T) {
		e := newEnv(t, s)
		o := e.other(t)
		e.mustUpdate(t, func(tx store.Tx) error { return tx.AlarmInsert(newAlarm()) })
		o.wantAlarms(t)
		o.mustUpdate(t, func(tx store.Tx) error {
			if rows, err := tx.AlarmList(5); err != nil || len(rows) != 0 {
				t.Errorf("AlarmList of another's = %+v, %v", rows, err)
			}
			return tx.AlarmInsert(store.AlarmRow{Damage: "theirs"})
		})
		o.wantAlarms(t, store.AlarmRow{Damage: "theirs", Root: []byte{}, Reason: []byte{}})
	})
}

func newAlarm() store.AlarmRow {
	return store.AlarmRow{At: now, Damage: "entry 3 is missing", Size: 7, Root: secret(32), Reason: []byte{}}
}

// alarmsInOrder opens and closes alarms.
func alarmsInOrder(t *testing.T, e env) {
	opened := newAlarm()
	closed := store.AlarmRow{At: now + 1, Root: []byte{}, Actor: "cred_abcdefghijkmnpqr", Reason: secret(50)}
	again := newAlarm()
	for i, row := range []*store.AlarmRow{&opened, &closed, &again} {
		e.mustUpdate(t, func(tx store.Tx) error {
			if err := tx.AlarmInsert(*row); err != nil {
				return err
			}
			row.Seq = int64(i)
			got, err := tx.AlarmList(1)
			if diff := cmp.Diff([]store.AlarmRow{*row}, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
				t.Errorf("AlarmList in the transaction = %v (-want +got):\n%s", err, diff)
			}
			if all, err := tx.AlarmList(100); err != nil || len(all) != i+1 {
				t.Errorf("AlarmList in the transaction = %d rows, %v, want %d", len(all), err, i+1)
			}
			return nil
		})
	}
	e.wantAlarms(t, again, closed, opened)
	if got, err := e.AlarmList(e.ctx, e.app, 1); err != nil || len(got) != 1 || got[0].Seq != 2 {
		t.Errorf("AlarmList of one = %+v, %v", got, err)
	}
	if got, err := e.AlarmList(e.ctx, e.app, 0); err != nil || len(got) != 0 {
		t.Errorf("AlarmList of none = %+v, %v", got, err)
	}
}

func (e env) wantAlarms(t *testing.T, want ...store.AlarmRow) {
	t.Helper()
	got, err := e.AlarmList(e.ctx, e.app, 100)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("AlarmList (-want +got):\n%s", diff)
	}
}
