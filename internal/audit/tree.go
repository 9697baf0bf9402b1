package audit

import (
	"errors"

	"golang.org/x/mod/sumdb/tlog"
)

// Hash is a SHA-256 hash of the tree.
type Hash = tlog.Hash

// Tree is a state of a log's Merkle tree, hashed as in RFC 6962.
type Tree struct {
	Size int64 // number of leaves, which are the entries 0 to Size-1
	Root Hash
}

// EmptyTree is the tree before the first entry.
func EmptyTree() Tree {
	root, _ := tlog.TreeHash(0, nil) // does not fail
	return Tree{Root: root}
}

// TileHeight is the height of a tile: a full one holds 256 hashes.
const TileHeight = 8

// TileID names a tile: the hashes N<<8 to N<<8 + Width-1 of the tree's level
// 8*Level, where level 0 holds the leaves.
type TileID struct {
	Level int
	N     int64
	Width int // hashes in it, 1 to 256
}

// Tile is a tile with its hashes, 32 bytes each.
type Tile struct {
	TileID
	Hashes []byte
}

// TileReader reads tiles in the order asked for. A tile may come wider than it was
// asked for, since tiles only ever grow; what is too much is ignored.
type TileReader func(ids []TileID) ([][]byte, error)

// ErrTree is returned when tiles do not hash to the root of their tree: something
// altered them, or the tree's checkpoint, since they were stored.
var ErrTree = errors.New("the stored tree does not match its checkpoint")

// Grow appends leaves to a tree. It reads the tiles on the old tree's right edge,
// checks that they hash to its root, and returns the new tree with the tiles that
// are new or wider than before. Errors are ErrTree or those of read.
func Grow(old Tree, read TileReader, leaves []Hash) (Tree, []Tile, error) {
	r := &growing{old: treeHashes(old, read), base: tlog.StoredHashIndex(0, old.Size)}
	size := old.Size
	for _, leaf := range leaves {
		hashes, err := tlog.StoredHashesForRecordHash(size, leaf, r)
		if err != nil {
			return Tree{}, nil, err
		}
		r.fresh = append(r.fresh, hashes...)
		size++
	}
	root, err := tlog.TreeHash(size, r)
	if err != nil {
		return Tree{}, nil, err
	}
	var changed []Tile
	for _, t := range tlog.NewTiles(TileHeight, old.Size, size) {
		hashes, err := tlog.ReadTileData(t, r)
		if err != nil {
			return Tree{}, nil, err
		}
		changed = append(changed, Tile{TileID{Level: t.L, N: t.N, Width: t.W}, hashes})
	}
	return Tree{Size: size, Root: root}, changed, nil
}

// Contains checks that the older tree is a prefix of t. Errors are ErrTree, also
// when it is not, or those of read.
func (t Tree) Contains(older Tree, read TileReader) error {
	if older.Size > t.Size {
		return ErrTree
	}
	root, err := tlog.TreeHash(older.Size, treeHashes(t, read))
	if err != nil {
		return err
	}
	if root != older.Root {
		return ErrTree
	}
	return nil
}

// A node of the tree is the root of the subtree over the leaves n<<level to
// (n+1)<<level - 1.
type node struct {
	level int
	n     int64
}

// cover gives the fewest nodes that stand for the leaves from to to-1, in order.
func cover(from, to int64) []node {
	var nodes []node
	for from < to {
		level := 0
		for step := int64(2); from&(step-1) == 0 && step <= to-from; step <<= 1 {
			level++
		}
		nodes = append(nodes, node{level, from >> level})
		from += 1 << level
	}
	return nodes
}

// hashesOf reads the hashes of nodes of the tree, checked against its root.
func (t Tree) hashesOf(nodes []node, read TileReader) ([]Hash, error) {
	if len(nodes) == 0 {
		return []Hash{}, nil
	}
	indexes := make([]int64, len(nodes))
	for i, n := range nodes {
		indexes[i] = tlog.StoredHashIndex(n.level, n.n)
	}
	return treeHashes(t, read).ReadHashes(indexes)
}

// Leaves gives the hashes of the leaves from to to-1, checked against the root. Errors are ErrTree
// and those of read.
func (t Tree) Leaves(from, to int64, read TileReader) ([]Hash, error) {
	nodes := make([]node, 0, to-from)
	for n := from; n < to; n++ {
		nodes = append(nodes, node{0, n})
	}
	return t.hashesOf(nodes, read)
}

// ReadLeaves gives the leaf hashes from to to-1 as the tiles have them. They are not
// checked against a root: whoever needs that must hash them, as VerifyExport does.
func ReadLeaves(from, to int64, read TileReader) ([]Hash, error) {
	var ids []TileID
	for n := from >> TileHeight; n<<TileHeight < to; n++ {
		ids = append(ids, TileID{N: n, Width: int(min(to-n<<TileHeight, 1<<TileHeight))})
	}
	tiles, err := read(ids)
	if err != nil {
		return nil, err
	}
	leaves := make([]Hash, 0, to-from)
	for i, id := range ids {
		if i >= len(tiles) || len(tiles[i]) < id.Width*tlog.HashSize {
			return nil, ErrTree
		}
		first := id.N << TileHeight
		for seq := max(from, first); seq < first+int64(id.Width); seq++ {
			leaves = append(leaves, Hash(tiles[i][(seq-first)*tlog.HashSize:][:tlog.HashSize]))
		}
	}
	return leaves, nil
}

// edge computes a root from nodes that are added from left to right. It keeps one
// hash for every set bit of size: the full subtrees that make up the tree so far.
type edge struct {
	size   int64
	hashes []Hash
}

// add appends a node; size must be a multiple of its width.
func (e *edge) add(level int, h Hash) {
	for s := e.size >> level; s&1 == 1; s >>= 1 {
		last := len(e.hashes) - 1
		h = tlog.NodeHash(e.hashes[last], h)
		e.hashes = e.hashes[:last]
	}
	e.hashes = append(e.hashes, h)
	e.size += 1 << level
}

func (e *edge) tree() Tree {
	if e.size == 0 {
		return EmptyTree()
	}
	last := len(e.hashes) - 1
	h := e.hashes[last]
	for i := last - 1; i >= 0; i-- {
		h = tlog.NodeHash(e.hashes[i], h)
	}
	return Tree{Size: e.size, Root: h}
}
