package storetest

import (
	"testing"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

func newKey() store.IdempotencyRow {
	return store.IdempotencyRow{
		Scope:       secret(32),
		Fingerprint: secret(32),
		Customer:    id.NewCustomer(),
		Reply:       secret(400),
	}
}

func (e env) putKey(row store.IdempotencyRow, ttl time.Duration) error {
	return e.Update(e.ctx, e.app, func(tx store.Tx) error { return tx.IdempotencyPut(row, ttl) })
}

func (e env) getKey(scope []byte) (row store.IdempotencyRow, err error) {
	err = e.Update(e.ctx, e.app, func(tx store.Tx) error {
		row, err = tx.IdempotencyGet(scope)
		return err
	})
	return row, err
}

// expired is a time to live that is over before it begins, by any clock.
const expired = -time.Minute

func testIdempotency(t *testing.T, s store.Store) {
	t.Run("IdempotencyGet", func(t *testing.T) {
		t.Parallel()
		t.Run("GivesWhatWasPut", func(t *testing.T) {
			e := newEnv(t, s)
			want := newKey()
			noError(t, "IdempotencyPut", e.putKey(want, time.Hour))
			got, err := e.getKey(want.Scope)
			noError(t, "IdempotencyGet", err)
			same(t, "IdempotencyGet", got, want)
		})
		t.Run("AbsentIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			_, err := e.getKey(secret(32))
			wantKind(t, "IdempotencyGet", err, fault.NotFound)
		})
		t.Run("ExpiredIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			row := newKey()
			for _, ttl := range []time.Duration{expired, 0} {
				noError(t, "IdempotencyPut", e.putKey(row, ttl))
				_, err := e.getKey(row.Scope)
				wantKind(t, "IdempotencyGet", err, fault.NotFound)
			}
		})
		t.Run("ExpiresWithTime", func(t *testing.T) {
			e := newEnv(t, s)
			row := newKey()
			noError(t, "IdempotencyPut", e.putKey(row, 20*time.Millisecond))
			deadline := time.Now().Add(10 * time.Second)
			for {
				if _, err := e.getKey(row.Scope); err != nil {
					wantKind(t, "IdempotencyGet", err, fault.NotFound)
					return
				}
				if time.Now().After(deadline) {
					t.Fatal("a key of 20 ms is still there after 10 s")
				}
			}
		})
		t.Run("OtherApplicationIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			row := newKey()
			noError(t, "IdempotencyPut", e.putKey(row, time.Hour))
			_, err := e.other(t).getKey(row.Scope)
			wantKind(t, "IdempotencyGet", err, fault.NotFound)
		})
	})
	t.Run("IdempotencyPut", func(t *testing.T) {
		t.Parallel()
		t.Run("LiveIsConflict", func(t *testing.T) {
			e := newEnv(t, s)
			first := newKey()
			noError(t, "IdempotencyPut", e.putKey(first, time.Hour))
			second := newKey()
			second.Scope = clone(first.Scope)
			wantKind(t, "IdempotencyPut", e.putKey(second, time.Hour), fault.Conflict)
			got, err := e.getKey(first.Scope)
			noError(t, "IdempotencyGet", err)
			same(t, "the first", got, first)
		})
		t.Run("ReplacesExpired", func(t *testing.T) {
			e := newEnv(t, s)
			first := newKey()
			noError(t, "IdempotencyPut", e.putKey(first, expired))
			second := newKey()
			second.Scope = clone(first.Scope)
			noError(t, "IdempotencyPut", e.putKey(second, time.Hour))
			got, err := e.getKey(first.Scope)
			noError(t, "IdempotencyGet", err)
			same(t, "the second", got, second)
		})
		t.Run("OtherApplicationMayHaveTheSame", func(t *testing.T) {
			e := newEnv(t, s)
			o := e.other(t)
			mine, theirs := newKey(), newKey()
			theirs.Scope = clone(mine.Scope)
			noError(t, "IdempotencyPut", e.putKey(mine, time.Hour))
			noError(t, "IdempotencyPut", o.putKey(theirs, time.Hour))
			got, err := e.getKey(mine.Scope)
			noError(t, "IdempotencyGet", err)
			same(t, "mine", got, mine)
		})
		t.Run("RolledBackLeavesTheKeyFree", func(t *testing.T) {
			e := newEnv(t, s)
			row := newKey()
			err := e.Update(e.ctx, e.app, func(tx store.Tx) error {
				if err := tx.IdempotencyPut(row, time.Hour); err != nil {
					return err
				}
				return errOurs
			})
			if err == nil {
				t.Error("Update = nil")
			}
			_, err = e.getKey(row.Scope)
			wantKind(t, "IdempotencyGet", err, fault.NotFound)
		})
		t.Run("ConcurrentCreatesWithAKeyMakeOneCustomer", func(t *testing.T) { idempotentCreates(t, newEnv(t, s)) })
	})
	t.Run("IdempotencyPurge", func(t *testing.T) {
		t.Parallel()
		t.Run("DeletesExpiredUpToTheLimit", func(t *testing.T) { purgeLimit(t, newEnv(t, s)) })
		t.Run("OtherApplicationIsLeftAlone", func(t *testing.T) {
			e := newEnv(t, s)
			for range 3 {
				noError(t, "IdempotencyPut", e.putKey(newKey(), expired))
			}
			o := e.other(t)
			if n, err := o.IdempotencyPurge(o.ctx, o.app, 10); n != 0 || err != nil {
				t.Errorf("IdempotencyPurge = %d, %v, want 0", n, err)
			}
			if n, err := e.IdempotencyPurge(e.ctx, e.app, 10); n != 3 || err != nil {
				t.Errorf("IdempotencyPurge = %d, %v, want 3", n, err)
			}
		})
		t.Run("AScopeThatTwoApplicationsHaveIsTwoRows", func(t *testing.T) { purgeSharedScope(t, newEnv(t, s)) })
	})
}

// idempotentCreates is what records does: look the key up, and create if it is free.
func idempotentCreates(t *testing.T, e env) {
	key := newKey()
	ids := make([]id.Customer, 24)
	mustRace(t, len(ids), func(i int) error {
		row := newCustomer()
		return e.Update(e.ctx, e.app, func(tx store.Tx) error {
			found, err := tx.IdempotencyGet(key.Scope)
			if err == nil {
				ids[i] = found.Customer
				return nil
			}
			if fault.KindOf(err) != fault.NotFound {
				return err
			}
			if _, err := tx.CustomerInsert(row); err != nil {
				return err
			}
			put := key
			put.Customer = row.ID
			ids[i] = row.ID
			return tx.IdempotencyPut(put, time.Hour)
		})
	})
	for _, got := range ids {
		if got != ids[0] {
			t.Errorf("two answers for one key")
		}
	}
	r, err := e.CustomerRange(e.ctx, e.app)
	if err != nil || r.Count != 1 {
		t.Errorf("CustomerRange = %+v, %v, want one customer", r, err)
	}
}

func purgeLimit(t *testing.T, e env) {
	live := newKey()
	noError(t, "IdempotencyPut", e.putKey(live, time.Hour))
	for range 5 {
		noError(t, "IdempotencyPut", e.putKey(newKey(), expired))
	}
	for _, step := range []struct{ limit, want int }{{0, 0}, {2, 2}, {2, 2}, {2, 1}, {2, 0}} {
		if n, err := e.IdempotencyPurge(e.ctx, e.app, step.limit); n != step.want || err != nil {
			t.Errorf("IdempotencyPurge(%d) = %d, %v, want %d", step.limit, n, err, step.want)
		}
	}
	got, err := e.getKey(live.Scope)
	noError(t, "IdempotencyGet", err)
	same(t, "the live key", got, live)
}

// purgeSharedScope has one scope live here and expired there, and the other way
// round.
func purgeSharedScope(t *testing.T, e env) {
	o := e.other(t)
	a, b := newKey(), newKey()
	noError(t, "IdempotencyPut", e.putKey(a, time.Hour))
	noError(t, "IdempotencyPut", o.putKey(a, expired))
	noError(t, "IdempotencyPut", e.putKey(b, expired))
	noError(t, "IdempotencyPut", o.putKey(b, time.Hour))
	if n, err := e.IdempotencyPurge(e.ctx, e.app, 10); n != 1 || err != nil {
		t.Errorf("IdempotencyPurge = %d, %v, want 1", n, err)
	}
	_, err := e.getKey(a.Scope)
	noError(t, "IdempotencyGet of the live key here", err)
	_, err = o.getKey(b.Scope)
	noError(t, "IdempotencyGet of the live key there", err)
}
