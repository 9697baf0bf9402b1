package storetest

import (
	"sync/atomic"
	"testing"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

const window = now / 60_000

func testRate(t *testing.T, s store.Store) {
	t.Run("RateTake", func(t *testing.T) {
		t.Parallel()
		t.Run("GrantsUpToTheLimit", func(t *testing.T) { rateSteps(t, newEnv(t, s)) })
		t.Run("WindowsAndCredentialsAreApart", func(t *testing.T) {
			e := newEnv(t, s)
			take := store.RateTake{Credential: id.NewCredential(), Window: window, Want: 5, Limit: 5}
			e.take(t, take, store.RateGrant{Granted: 5, Taken: 5})
			next := take
			next.Window++
			e.take(t, next, store.RateGrant{Granted: 5, Taken: 5})
			e.take(t, take, store.RateGrant{Granted: 0, Taken: 5}) // a replica with a slow clock
			someone := take
			someone.Credential = id.NewCredential()
			e.take(t, someone, store.RateGrant{Granted: 5, Taken: 5})
		})
		t.Run("OtherApplicationIsApart", func(t *testing.T) {
			e := newEnv(t, s)
			o := e.other(t)
			take := store.RateTake{Credential: id.NewCredential(), Window: window, Want: 5, Limit: 5}
			e.take(t, take, store.RateGrant{Granted: 5, Taken: 5})
			o.take(t, take, store.RateGrant{Granted: 5, Taken: 5})
		})
		t.Run("ConcurrentGrantsNeverExceedTheLimit", func(t *testing.T) {
			e := newEnv(t, s)
			const limit = 100
			take := store.RateTake{Credential: id.NewCredential(), Window: window, Want: 7, Limit: limit}
			var sum atomic.Int64
			mustRace(t, 32, func(int) error {
				grant, err := e.RateTake(e.ctx, e.app, take)
				sum.Add(grant.Granted)
				if grant.Granted < 0 || grant.Granted > 7 || grant.Taken > limit || grant.Taken < grant.Granted {
					t.Errorf("RateTake = %+v", grant)
				}
				return err
			})
			if sum.Load() != limit {
				t.Errorf("%d were granted of %d", sum.Load(), limit)
			}
		})
	})
}

func (e env) take(t *testing.T, take store.RateTake, want store.RateGrant) {
	t.Helper()
	got, err := e.RateTake(e.ctx, e.app, take)
	noError(t, "RateTake", err)
	same(t, "RateTake", got, want)
}

func rateSteps(t *testing.T, e env) {
	c := id.NewCredential()
	for _, step := range []struct {
		want, limit    int64
		granted, taken int64
	}{
		{0, 10, 0, 0},
		{4, 10, 4, 4},
		{4, 10, 4, 8},
		{4, 10, 2, 10}, // what is left
		{4, 10, 0, 10},
		{4, 12, 2, 12}, // the limit was raised
		{4, 5, 0, 12},  // and lowered: nothing is taken back
		{-3, 20, 0, 12},
		{100, 20, 8, 20},
		{1, 0, 0, 20},
	} {
		e.take(t, store.RateTake{Credential: c, Window: window, Want: step.want, Limit: step.limit},
			store.RateGrant{Granted: step.granted, Taken: step.taken})
	}
}
