package check

import (
	"context"
	"errors"
	"strconv"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/sequencer"
)

// checkLog compares each entry with its checksum and its leaf, the leaves with the signed root, and
// takes what the log says of rows.
func (c *checker) checkLog(ctx context.Context) error {
	c.begin("audit log")
	head, err := c.cfg.Store.Head(ctx, c.app)
	if err != nil {
		return err
	}
	parts := int(head.Customers/maxSaid) + 1
	c.said = newSaid(0, min(parts, 255))
	tree, err := c.tree(ctx)
	if err != nil {
		return err
	}
	for {
		n, err := c.checkEntries(ctx, tree)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		if err := c.read(ctx, n, head.Entries); err != nil {
			return err
		}
	}
	if c.said.next < tree.Size {
		c.found(Removed, "audit", strconv.FormatInt(c.said.next, 10), "the entries from %d on are gone; the tree has %d", c.said.next, tree.Size)
	}
	if c.said.next < head.Entries {
		c.found(Counter, "head", "entries", "the counter of entries is %d, and the log ends before entry %d", head.Entries, c.said.next)
	}
	return nil
}

// tree gives the tree as it was last signed, the empty one if it was not.
func (c *checker) tree(ctx context.Context) (audit.Tree, error) {
	row, err := c.cfg.Store.TreeGet(ctx, c.app)
	if errors.Is(err, fault.NotFound) {
		c.found(Removed, "audit_tree", string(c.app), "the signed tree is missing")
		return audit.EmptyTree(), nil
	}
	if err != nil {
		return audit.Tree{}, err
	}
	signed, err := audit.OpenCheckpoint(row.Checkpoint, sequencer.VerifierKeys(c.app, c.key))
	if err != nil || signed.Size != row.Size {
		c.found(Altered, "audit_tree", string(c.app), "the stored checkpoint of %d entries is not one that was signed", row.Size)
		return audit.EmptyTree(), nil
	}
	return signed.Tree, nil
}

// checkEntries checks a batch of entries after those that were. It gives their number, 0 at the end.
func (c *checker) checkEntries(ctx context.Context, tree audit.Tree) (int, error) {
	from := c.said.next
	rows, err := c.cfg.Store.AuditRange(ctx, c.app, from, checkBatch)
	if err != nil {
		return 0, err
	}
	leaves, err := c.leaves(ctx, tree, from, min(from+checkBatch, tree.Size))
	if err != nil {
		return 0, err
	}
	for i := range rows {
		e, intact := sequencer.ReadRow(c.app, c.key, &rows[i])
		for ; c.said.next < e.Seq; c.said.next++ {
			c.found(Removed, "audit", strconv.FormatInt(c.said.next, 10), "the entry is missing")
		}
		at := int(e.Seq - from)
		switch {
		case at >= len(leaves) && !intact:
			c.found(Altered, "audit", strconv.FormatInt(e.Seq, 10), "the entry does not match its checksum")
		case at < len(leaves) && e.Leaf() != leaves[at], !intact:
			c.found(Altered, "audit", strconv.FormatInt(e.Seq, 10), "the entry was altered after it was integrated")
		}
		c.said.note(&e)
	}
	// A batch that is missing whole is no end.
	if len(rows) == 0 && from < tree.Size {
		for ; c.said.next < min(from+checkBatch, tree.Size); c.said.next++ {
			c.found(Removed, "audit", strconv.FormatInt(c.said.next, 10), "the entry is missing")
		}
	}
	return int(c.said.next - from), nil
}

// checkBatch is one tile.
const checkBatch = 1 << audit.TileHeight

// leaves gives the hashes of the tree's leaves, checked against the root, none if they do not fit it.
func (c *checker) leaves(ctx context.Context, tree audit.Tree, from, to int64) ([]audit.Hash, error) {
	if from >= to {
		return nil, nil
	}
	leaves, err := tree.Leaves(from, to, sequencer.TileReader(ctx, c.cfg.Store, c.app))
	if errors.Is(err, audit.ErrTree) || errors.Is(err, fault.NotFound) {
		if !c.treeBad {
			c.found(Log, "audit_tile", strconv.FormatInt(from/checkBatch, 10), "the stored tree does not match its checkpoint of %d entries, first seen from entry %d on", tree.Size, from)
		}
		c.treeBad = true
		return nil, nil
	}
	return leaves, err
}
