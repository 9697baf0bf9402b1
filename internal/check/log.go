package check

import (
	"cmp"
	"context"
	"errors"
	"math"
	"strconv"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/sequencer"
	"custodex.dev/internal/store"
)

// checkLog compares each entry with its checksum and its leaf, the leaves with the signed root, and
// takes what the log says of rows. It ends where the log did when it began: a busy server adds entries
// faster than a slow check reads them.
func (c *checker) checkLog(ctx context.Context) error {
	c.begin("audit log")
	tree, err := c.tree(ctx)
	if err != nil {
		return err
	}
	// The log grows. So the counter is too low if it was read after the log and is behind it, and too
	// high if it was read before and is ahead of it.
	_, before, err := c.ends(ctx, tree.Size)
	if err != nil {
		return err
	}
	c.head, err = c.cfg.Store.Head(ctx, c.app)
	if err != nil {
		return err
	}
	last, sure, err := c.ends(ctx, tree.Size)
	if err != nil {
		return err
	}
	end := max(min(last, max(before, c.head.Entries)), tree.Size)
	c.said = newSaid(half{0, 1}, min(max(before, c.head.Entries), end), cmp.Or(c.cfg.maxSaid, maxSaid))
	first, err := c.firstEvent(ctx)
	if err != nil {
		return err
	}
	c.told = newTold(c.head.Events - first)
	for c.said.next < end {
		n, err := c.checkEntries(ctx, tree, end)
		if err != nil {
			return err
		}
		if err := c.read(ctx, n, end); err != nil {
			return err
		}
	}
	if last > max(end, sure) {
		c.found(Invented, "audit", strconv.FormatInt(last-1, 10), "the log ends before entry %d", end)
	}
	switch entries := c.head.Entries; {
	case end < entries:
		c.found(Counter, "head", "entries", "the counter of entries is %d, and the log ends before entry %d", entries, end)
	case before > entries:
		c.found(Counter, "head", "entries", "the counter of entries is %d, and the log has entry %d", entries, before-1)
	}
	c.named = max(end, c.head.Entries)
	return nil
}

// ends gives the number of the newest entry and one, 0 if there is none, and that of the newest one that
// belongs where it is.
func (c *checker) ends(ctx context.Context, signed int64) (last, sure int64, err error) {
	const enough = 100
	rows, err := c.cfg.Store.AuditList(ctx, c.app, store.AuditList{Before: math.MaxInt64}, enough)
	if err != nil || len(rows) == 0 {
		return 0, signed, err
	}
	for i := range rows {
		if _, intact := sequencer.ReadRow(c.app, c.key, &rows[i]); intact {
			sure = rows[i].Seq + 1
			break
		}
	}
	return rows[0].Seq + 1, max(sure, signed), nil
}

// after gives the number of the first entry with from <= Seq < to, and to if there is none.
func (c *checker) after(ctx context.Context, from, to int64) (int64, error) {
	for from < to {
		mid := from + (to-from)/2
		rows, err := c.cfg.Store.AuditList(ctx, c.app, store.AuditList{Since: from, Before: mid + 1}, 1)
		if err != nil {
			return 0, err
		}
		if len(rows) > 0 {
			to = rows[0].Seq
		} else {
			from = mid + 1
		}
	}
	return to, nil
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

// checkEntries checks a batch of the entries before end after those that were, and gives their number.
func (c *checker) checkEntries(ctx context.Context, tree audit.Tree, end int64) (int, error) {
	from := c.said.next
	to := min(from+checkBatch, end)
	rows, err := c.cfg.Store.AuditRange(ctx, c.app, from, int(to-from))
	if err != nil {
		return 0, err
	}
	leaves, err := c.leaves(ctx, tree, from, min(to, tree.Size))
	if err != nil {
		return 0, err
	}
	if len(rows) == 0 {
		if to, err = c.after(ctx, to, end); err != nil {
			return 0, err
		}
	}
	for i := range rows {
		e, intact := sequencer.ReadRow(c.app, c.key, &rows[i])
		c.missed(c.said.next, e.Seq)
		at := int(e.Seq - from)
		switch {
		case at >= len(leaves) && !intact:
			c.found(Altered, "audit", strconv.FormatInt(e.Seq, 10), "the entry does not match its checksum")
		case at < len(leaves) && e.Leaf() != leaves[at], !intact:
			c.found(Altered, "audit", strconv.FormatInt(e.Seq, 10), "the entry was altered after it was integrated")
		}
		c.said.note(&e, intact)
		if e.Seq < c.said.until {
			c.told.note(&e, intact)
			if e.Action == authz.CustomerDelete && e.Outcome == audit.Done {
				c.deleted.log += int64(len(e.Targets))
			}
		}
	}
	c.missed(c.said.next, to)
	c.said.next = to
	return len(rows), nil
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
