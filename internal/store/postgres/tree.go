package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// TreeGet gives the application's tree head.
func (s *Store) TreeGet(ctx context.Context, app id.App) (store.TreeRow, error) {
	var row store.TreeRow
	err := s.do(ctx, app, `
		SELECT
			size,
			checkpoint
		FROM audit_tree
		WHERE app_id = $1`,
		[]any{string(app)},
		one("tree", func(r pgx.Row) error { return r.Scan(&row.Size, &row.Checkpoint) }))
	return row, err
}

// TileGet gives the tiles asked for, in that order.
func (s *Store) TileGet(ctx context.Context, app id.App, tiles []store.TileID) ([]store.TileRow, error) {
	if len(tiles) == 0 {
		return nil, ctx.Err()
	}
	levels, ns := tileIDs(len(tiles), func(i int) store.TileID { return tiles[i] })
	got, err := list(ctx, s, app, `
		SELECT
			t.level,
			t.n,
			t.hashes
		FROM unnest($2::integer[], $3::bigint[]) WITH ORDINALITY AS w (level, n, place)
		JOIN audit_tile AS t ON t.app_id = $1 AND t.level = w.level AND t.n = w.n
		ORDER BY w.place`,
		[]any{string(app), levels, ns},
		func(r pgx.Row, into *store.TileRow) error {
			return r.Scan(&into.Level, &into.N, &into.Hashes)
		})
	if err != nil {
		return nil, err
	}
	if len(got) != len(tiles) {
		return nil, store.NotFound("tile")
	}
	return got, nil
}

// TreePut replaces the tree head and writes tiles, if the tree still has oldSize.
// After a try whose answer was lost, a tree that already is what was to be put is
// taken for that try's work. Another replica may have signed the same bytes in the same second;
// then it put the same tree.
func (s *Store) TreePut(ctx context.Context, app id.App, oldSize int64, tree store.TreeRow, tiles []store.TileRow) error {
	levels, ns := tileIDs(len(tiles), func(i int) store.TileID { return tiles[i].TileID })
	hashes := make([][]byte, len(tiles))
	for i := range tiles {
		hashes[i] = tiles[i].Hashes
	}
	var done bool
	args := []any{
		string(app),
		oldSize,
		tree.Size,
		tree.Checkpoint,
		levels,
		ns,
		hashes,
		false, // set when it is tried again
	}
	err := s.repeat(ctx, app, `
		WITH put AS (
			INSERT INTO audit_tree AS t (
				app_id,
				size,
				checkpoint
			)
			SELECT
				$1,
				$3,
				$4
			FROM head
			WHERE app_id = $1
			AND (
				$2::bigint = 0
				OR EXISTS (SELECT FROM audit_tree WHERE app_id = $1)
			)
			ON CONFLICT (app_id) DO UPDATE
			SET
				size = excluded.size,
				checkpoint = excluded.checkpoint
			WHERE t.size = $2
			OR ($8::boolean AND t.size = excluded.size AND t.checkpoint = excluded.checkpoint)
			RETURNING app_id
		), tiled AS (
			INSERT INTO audit_tile (
				app_id,
				level,
				n,
				hashes
			)
			SELECT
				put.app_id,
				w.level,
				w.n,
				w.hashes
			FROM put
			CROSS JOIN unnest($5::integer[], $6::bigint[], $7::bytea[]) AS w (level, n, hashes)
			ON CONFLICT (app_id, level, n) DO UPDATE
			SET hashes = excluded.hashes
		)
		SELECT app_id
		FROM put`,
		args, found(&done), func() { args[7] = true })
	if err != nil || done {
		return err
	}
	if _, err := s.Head(ctx, app); err != nil {
		return err
	}
	return store.ErrTreeMoved
}

func tileIDs(n int, at func(int) store.TileID) (levels []int32, ns []int64) {
	levels, ns = make([]int32, n), make([]int64, n)
	for i := range n {
		t := at(i)
		levels[i], ns[i] = int32(t.Level), t.N
	}
	return levels, ns
}
