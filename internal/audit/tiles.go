package audit

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// treeHashes gives the stored hashes of a tree, each checked against its root.
func treeHashes(t Tree, read TileReader) tlog.HashReader {
	if t.Size == 0 {
		return tlog.HashReaderFunc(func(indexes []int64) ([]Hash, error) {
			if len(indexes) > 0 {
				return nil, fmt.Errorf("hash of an empty tree: %w", ErrTree)
			}
			return nil, nil
		})
	}
	tiles := &tileCache{read: read, have: make(map[tlog.Tile][]byte)}
	checked := tlog.TileHashReader(tlog.Tree{N: t.Size, Hash: t.Root}, tiles)
	return tlog.HashReaderFunc(func(indexes []int64) ([]Hash, error) {
		if len(indexes) == 0 {
			return nil, nil
		}
		hashes, err := checked.ReadHashes(indexes)
		if err != nil && tiles.failed == nil {
			return nil, ErrTree // the library found what it was given inconsistent
		}
		return hashes, err
	})
}

// tileCache is the library's view of a TileReader. It keeps what it has read: the
// library asks for the tiles of the right edge again with every hash.
type tileCache struct {
	read   TileReader
	have   map[tlog.Tile][]byte
	failed error // of read, which is not a fault of the tree
}

func (c *tileCache) Height() int { return TileHeight }

func (c *tileCache) SaveTiles([]tlog.Tile, [][]byte) {}

func (c *tileCache) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var ids []TileID
	var missing []tlog.Tile
	for _, t := range tiles {
		if c.have[t] == nil {
			missing = append(missing, t)
			ids = append(ids, TileID{Level: t.L, N: t.N, Width: t.W})
		}
	}
	if len(ids) > 0 {
		read, err := c.read(ids)
		if err != nil {
			c.failed = err
			return nil, err
		}
		for i, t := range missing {
			need := t.W * tlog.HashSize
			if i >= len(read) || len(read[i]) < need {
				return nil, ErrTree
			}
			c.have[t] = read[i][:need]
		}
	}
	data := make([][]byte, len(tiles))
	for i, t := range tiles {
		data[i] = c.have[t]
	}
	return data, nil
}

// growing reads the hashes of a tree that is being appended to: those below base
// from the old tree, the others from fresh.
type growing struct {
	old   tlog.HashReader
	base  int64
	fresh []Hash
}

func (g *growing) ReadHashes(indexes []int64) ([]Hash, error) {
	hashes := make([]Hash, len(indexes))
	var places []int
	var wanted []int64
	for i, x := range indexes {
		if x >= g.base {
			hashes[i] = g.fresh[x-g.base]
			continue
		}
		places = append(places, i)
		wanted = append(wanted, x)
	}
	read, err := g.old.ReadHashes(wanted)
	if err != nil {
		return nil, err
	}
	for i, place := range places {
		hashes[place] = read[i]
	}
	return hashes, nil
}
