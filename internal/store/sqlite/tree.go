package sqlite

import (
	"context"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// TreePut replaces the tree's head and writes tiles.
func (s *Store) TreePut(ctx context.Context, app id.App, oldSize int64, tree store.TreeRow, tiles []store.TileRow) error {
	return s.write(ctx, app, func(t *tx) error {
		if _, err := t.head(); err != nil {
			return err
		}
		var size int64
		err := t.each("SELECT size FROM audit_tree WHERE app_id = ?", []any{string(app)},
			scanTo(&size))
		if err != nil {
			return err
		}
		if size != oldSize {
			return store.ErrTreeMoved
		}
		_, err = t.exec(`
			INSERT INTO audit_tree (
				app_id,
				size,
				checkpoint
			) VALUES (?, ?, ?)
			ON CONFLICT (app_id) DO UPDATE
			SET
				size = excluded.size,
				checkpoint = excluded.checkpoint`, string(app), tree.Size, tree.Checkpoint)
		if err != nil {
			return err
		}
		return t.tilesPut(tiles)
	})
}

func (t *tx) tilesPut(tiles []store.TileRow) error {
	for _, tile := range tiles {
		_, err := t.exec(`
			INSERT INTO audit_tile (
				app_id,
				level,
				n,
				hashes
			) VALUES (?, ?, ?, ?)
			ON CONFLICT (app_id, level, n) DO UPDATE
			SET hashes = excluded.hashes`,
			string(t.app), int64(tile.Level), tile.N, tile.Hashes)
		if err != nil {
			return err
		}
	}
	return nil
}

// TreeGet gives the application's tree head.
func (s *Store) TreeGet(ctx context.Context, app id.App) (tree store.TreeRow, err error) {
	err = s.read(ctx, func(ctx context.Context, c *conn) error {
		return c.one(ctx, store.NotFound("tree"), `
			SELECT
				size,
				checkpoint
			FROM audit_tree
			WHERE app_id = ?`, []any{string(app)}, scanTo(&tree.Size, &tree.Checkpoint))
	})
	return tree, err
}

// TileGet gives tiles in the order asked for.
func (s *Store) TileGet(ctx context.Context, app id.App, tiles []store.TileID) (list []store.TileRow, err error) {
	err = s.withReader(ctx, func(ctx context.Context, c *conn) error {
		for _, tile := range tiles {
			err := c.one(ctx, store.NotFound("tile"), `
				SELECT hashes
				FROM audit_tile
				WHERE app_id = ?
					AND level = ?
					AND n = ?`, []any{string(app), int64(tile.Level), tile.N}, func(r *rows) error {
				list = append(list, store.TileRow{TileID: tile})
				return r.scan(&list[len(list)-1].Hashes)
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}
