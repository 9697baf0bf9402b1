package storetest

import (
	"testing"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

func testEpochs(t *testing.T, s store.Store) {
	epoch := store.EpochRow{
		Epoch: 7, Provider: "file", ProviderVersion: "a", Wrapped: secret(8), State: store.EpochActive, CreatedAt: now, DestroyAfter: now + 1,
	}
	noError(t, "EpochInsert", s.EpochInsert(t.Context(), epoch))
	other := epoch
	other.Wrapped = secret(8)
	wantKind(t, "EpochInsert of a taken number", s.EpochInsert(t.Context(), other), fault.Conflict)
	other.Epoch = 6
	noError(t, "EpochInsert of an earlier one", s.EpochInsert(t.Context(), other))
	list, err := s.EpochList(t.Context())
	noError(t, "EpochList", err)
	same(t, "the epochs", list, []store.EpochRow{other, epoch})

	t.Run("AppRekey", func(t *testing.T) {
		e := newEnv(t, s)
		o := e.other(t)
		wraps := func(app id.App) []store.WrapKeyRow {
			t.Helper()
			list, err := e.WrapKeyList(e.ctx, app)
			noError(t, "WrapKeyList", err)
			return list
		}
		before, err := o.AppGet(o.ctx, o.app)
		noError(t, "AppGet", err)
		theirs := len(wraps(o.app))
		for _, n := range []int64{7, 6} {
			e.mustUpdate(t, func(tx store.Tx) error {
				row, err := tx.AppGet()
				if err != nil {
					return err
				}
				row.Key, row.WrapKey, row.Epoch = []byte{byte(n)}, []byte{byte(n), 1}, n
				return tx.AppRekey(row)
			})
		}
		same(t, "the wrap keys", wraps(e.app), []store.WrapKeyRow{{Epoch: 6, Wrapped: []byte{6, 1}}, {Epoch: 7, Wrapped: []byte{7, 1}}})
		row, err := e.AppGet(e.ctx, e.app)
		noError(t, "AppGet", err)
		same(t, "the key", row.Key, []byte{6})
		err = e.Update(e.ctx, e.app, func(tx store.Tx) error {
			return tx.AppRekey(store.AppRow{ID: e.app, Key: []byte{9}, WrapKey: []byte{9}, Epoch: 7})
		})
		if err == nil {
			t.Error("AppRekey replaced a wrap key")
		}
		row, err = e.AppGet(e.ctx, e.app)
		noError(t, "AppGet", err)
		same(t, "the key after a refusal", row.Key, []byte{6})
		after, err := o.AppGet(o.ctx, o.app)
		noError(t, "AppGet", err)
		same(t, "the other application", after, before)
		if n := len(wraps(o.app)); n != theirs {
			t.Errorf("another application has %d wrap keys, had %d", n, theirs)
		}
		absent := id.NewApp()
		err = e.Update(e.ctx, absent, func(tx store.Tx) error { return tx.AppRekey(store.AppRow{ID: absent, Key: []byte{1}}) })
		wantKind(t, "AppRekey of no application", err, fault.NotFound)
	})
}
