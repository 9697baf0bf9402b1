package storetest

import (
	"testing"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

func tile(level int, n int64, hashes int) store.TileRow {
	return store.TileRow{TileID: store.TileID{Level: level, N: n}, Hashes: secret(32 * hashes)}
}

func testTree(t *testing.T, s store.Store) {
	t.Run("TreePut", func(t *testing.T) {
		t.Parallel()
		t.Run("ReplacesHeadAndTiles", func(t *testing.T) { treeGrows(t, newEnv(t, s)) })
		t.Run("OtherSizeIsConflictAndChangesNothing", func(t *testing.T) { treeConflict(t, newEnv(t, s)) })
		t.Run("AbsentApplicationIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			err := e.TreePut(e.ctx, id.NewApp(), 0, store.TreeRow{Size: 1, Checkpoint: []byte("x")}, nil)
			wantKind(t, "TreePut", err, fault.NotFound)
		})
		t.Run("ConcurrentPutsOfOneSizeGiveOne", func(t *testing.T) {
			e := newEnv(t, s)
			wantOneWinner(t, race(12, func(i int) error {
				return e.TreePut(e.ctx, e.app, 0, store.TreeRow{Size: int64(i + 1), Checkpoint: []byte("x")}, nil)
			}), fault.Conflict)
		})
	})
	t.Run("TreeGet", func(t *testing.T) {
		t.Parallel()
		t.Run("AbsentIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			_, err := e.TreeGet(e.ctx, e.app)
			wantKind(t, "TreeGet", err, fault.NotFound)
		})
		t.Run("OtherApplicationIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			noError(t, "TreePut", e.TreePut(e.ctx, e.app, 0, store.TreeRow{Size: 1, Checkpoint: []byte("x")}, nil))
			o := e.other(t)
			_, err := o.TreeGet(o.ctx, o.app)
			wantKind(t, "TreeGet", err, fault.NotFound)
		})
	})
	t.Run("TileGet", func(t *testing.T) {
		t.Parallel()
		t.Run("GivesThemInTheOrderAskedFor", func(t *testing.T) {
			e := newEnv(t, s)
			a, b, c := tile(0, 0, 256), tile(0, 1<<40, 3), tile(1, 0, 1)
			noError(t, "TreePut", e.TreePut(e.ctx, e.app, 0, store.TreeRow{Size: 259, Checkpoint: []byte("x")}, []store.TileRow{a, b, c}))
			got, err := e.TileGet(e.ctx, e.app, []store.TileID{c.TileID, a.TileID, b.TileID, a.TileID})
			noError(t, "TileGet", err)
			same(t, "TileGet", got, []store.TileRow{c, a, b, a})
			got, err = e.TileGet(e.ctx, e.app, nil)
			if err != nil || len(got) != 0 {
				t.Errorf("TileGet of none = %d tiles, %v", len(got), err)
			}
		})
		t.Run("AnyAbsentIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			a := tile(0, 0, 2)
			noError(t, "TreePut", e.TreePut(e.ctx, e.app, 0, store.TreeRow{Size: 2, Checkpoint: []byte("x")}, []store.TileRow{a}))
			_, err := e.TileGet(e.ctx, e.app, []store.TileID{a.TileID, {Level: 0, N: 1}})
			wantKind(t, "TileGet", err, fault.NotFound)
		})
		t.Run("OtherApplicationIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			a := tile(0, 0, 2)
			noError(t, "TreePut", e.TreePut(e.ctx, e.app, 0, store.TreeRow{Size: 2, Checkpoint: []byte("x")}, []store.TileRow{a}))
			o := e.other(t)
			_, err := o.TileGet(o.ctx, o.app, []store.TileID{a.TileID})
			wantKind(t, "TileGet", err, fault.NotFound)
		})
	})
}

func treeGrows(t *testing.T, e env) {
	partial := tile(0, 0, 3)
	first := store.TreeRow{Size: 3, Checkpoint: []byte("three")}
	noError(t, "TreePut", e.TreePut(e.ctx, e.app, 0, first, []store.TileRow{partial}))
	got, err := e.TreeGet(e.ctx, e.app)
	noError(t, "TreeGet", err)
	same(t, "TreeGet", got, first)

	full, next := tile(0, 0, 256), tile(0, 1, 1)
	second := store.TreeRow{Size: 257, Checkpoint: []byte("two hundred and fifty-seven")}
	noError(t, "TreePut", e.TreePut(e.ctx, e.app, 3, second, []store.TileRow{full, next}))
	got, err = e.TreeGet(e.ctx, e.app)
	noError(t, "TreeGet", err)
	same(t, "TreeGet", got, second)
	tiles, err := e.TileGet(e.ctx, e.app, []store.TileID{full.TileID, next.TileID})
	noError(t, "TileGet", err)
	same(t, "TileGet", tiles, []store.TileRow{full, next})
}

func treeConflict(t *testing.T, e env) {
	first := store.TreeRow{Size: 3, Checkpoint: []byte("three")}
	old := tile(0, 0, 3)
	wantKind(t, "TreePut on no tree", e.TreePut(e.ctx, e.app, 2, first, []store.TileRow{old}), fault.Conflict)
	_, err := e.TreeGet(e.ctx, e.app)
	wantKind(t, "TreeGet", err, fault.NotFound)

	noError(t, "TreePut", e.TreePut(e.ctx, e.app, 0, first, []store.TileRow{old}))
	for _, size := range []int64{0, 2, 4} {
		err := e.TreePut(e.ctx, e.app, size, store.TreeRow{Size: 9, Checkpoint: []byte("nine")},
			[]store.TileRow{tile(0, 0, 9), tile(0, 1, 1)})
		wantKind(t, "TreePut with another size", err, fault.Conflict)
	}
	got, err := e.TreeGet(e.ctx, e.app)
	noError(t, "TreeGet", err)
	same(t, "TreeGet", got, first)
	tiles, err := e.TileGet(e.ctx, e.app, []store.TileID{old.TileID})
	noError(t, "TileGet", err)
	same(t, "TileGet", tiles, []store.TileRow{old})
	_, err = e.TileGet(e.ctx, e.app, []store.TileID{{Level: 0, N: 1}})
	wantKind(t, "TileGet of a refused tile", err, fault.NotFound)
}
