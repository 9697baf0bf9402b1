package storetest

import (
	"testing"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

func block(n int64, filter []byte) store.BlockRow {
	return store.BlockRow{N: n, FirstAt: now + n, LastAt: now + n + 1, Filter: filter, Sum: secret(32)}
}

func testBlocks(t *testing.T, s store.Store) {
	t.Run("BlockPut", func(t *testing.T) {
		t.Parallel()
		t.Run("AbsentApplicationIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			wantKind(t, "BlockPut", e.BlockPut(e.ctx, id.NewApp(), block(0, secret(9))), fault.NotFound)
		})
		t.Run("ReplacesABlock", func(t *testing.T) {
			e := newEnv(t, s)
			first, second, other := block(3, secret(9)), block(3, secret(20_000)), block(4, []byte{})
			for _, row := range []store.BlockRow{first, other, second, second} {
				noError(t, "BlockPut", e.BlockPut(e.ctx, e.app, row))
			}
			e.wantBlocks(t, 0, 9, second, other)
		})
		t.Run("Concurrent", func(t *testing.T) {
			e := newEnv(t, s)
			row := block(1, secret(100))
			mustRace(t, 8, func(int) error { return e.BlockPut(e.ctx, e.app, row) })
			e.wantBlocks(t, 0, 9, row)
		})
	})
	t.Run("BlockList", func(t *testing.T) {
		t.Parallel()
		t.Run("GivesThoseThatAreThere", func(t *testing.T) {
			e := newEnv(t, s)
			rows := []store.BlockRow{block(0, secret(1)), block(1, secret(2)), block(5, secret(3))}
			for _, row := range rows {
				noError(t, "BlockPut", e.BlockPut(e.ctx, e.app, row))
			}
			e.wantBlocks(t, 0, 6, rows...)
			e.wantBlocks(t, 1, 5, rows[1])
			e.wantBlocks(t, 2, 5)
			e.wantBlocks(t, 5, 5)
		})
		t.Run("OtherApplicationIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			noError(t, "BlockPut", e.BlockPut(e.ctx, e.app, block(0, secret(9))))
			e.other(t).wantBlocks(t, 0, 9)
		})
	})
}

func (e env) wantBlocks(t *testing.T, from, to int64, want ...store.BlockRow) {
	t.Helper()
	got, err := e.BlockList(e.ctx, e.app, from, to)
	noError(t, "BlockList", err)
	same(t, "BlockList", got, want)
}
