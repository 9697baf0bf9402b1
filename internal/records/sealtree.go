package records

import (
	"context"
	"errors"
	"fmt"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
)

// damage is why an audit log cannot be vouched for.
type damage string

func (d damage) Error() string { return "audit log damaged: " + string(d) }

func damagef(format string, args ...any) error { return damage(fmt.Sprintf(format, args...)) }

// sealSome seals at most one batch of an application. It reports whether there is
// more. Damage stops the application and is no error: it has been dealt with.
func (s *Service) sealSome(ctx context.Context, app id.App) (behind bool, err error) {
	for range sealTries {
		behind, err = s.sealOnce(ctx, app)
		d, damaged := errors.AsType[damage](err)
		switch {
		case damaged:
			s.sealer.stop(ctx, s, app, string(d))
			return false, nil
		case errors.Is(err, fault.Conflict):
			continue // another replica was faster
		case err == nil:
			s.sealer.resume(ctx, s, app)
		}
		return behind, err
	}
	return true, nil
}

func (s *Service) sealOnce(ctx context.Context, app id.App) (behind bool, err error) {
	key, err := s.keys.Key(ctx, app)
	if errors.Is(err, fault.NotFound) {
		return false, nil // it was marked because making it failed
	}
	if err != nil {
		return false, err
	}
	old, err := s.sealedTree(ctx, app, key)
	if err != nil {
		return false, err
	}
	head, err := s.store.Head(ctx, app) // after the tree, so it cannot be behind it
	if err != nil {
		return false, err
	}
	if head.Entries < old.Size {
		return false, damagef("%d entries are left of %d that were sealed", head.Entries, old.Size)
	}
	if head.Entries == old.Size {
		return false, nil
	}
	leaves, damaged, err := s.leaves(ctx, app, key, old.Size, min(head.Entries-old.Size, sealBatch))
	if err != nil {
		return false, err
	}
	if len(leaves) > 0 {
		if err := s.growTree(ctx, app, key, old.Tree, leaves); err != nil {
			return false, err
		}
	}
	return head.Entries > old.Size+int64(len(leaves)), damaged
}

// sealedTree reads the tree as it was last signed and checks the signature, and
// that the tree has not lost what this process has seen in it.
func (s *Service) sealedTree(ctx context.Context, app id.App, key *seal.App) (audit.Checkpoint, error) {
	seen := s.sealer.lastSeen(app) // first: another goroutine may grow the tree after the read
	row, err := s.store.TreeGet(ctx, app)
	c := audit.Checkpoint{App: app, Tree: audit.EmptyTree()}
	switch {
	case errors.Is(err, fault.NotFound):
	case err != nil:
		return c, err
	default:
		c, err = audit.OpenCheckpoint(row.Checkpoint, audit.VerifierKey(app, key.Signer()))
		if err != nil || c.Size != row.Size {
			return c, damagef("the stored checkpoint of %d entries is not one that was signed", row.Size)
		}
	}
	if seen.Size == 0 || seen == c.Tree {
		return c, nil
	}
	if c.Size < seen.Size {
		return c, damagef("the sealed tree went back from %d entries to %d", seen.Size, c.Size)
	}
	if err := c.Contains(seen, s.tileReader(ctx, app)); err != nil {
		return c, treeDamage(err, c.Size)
	}
	s.sealer.saw(app, c.Tree)
	return c, nil
}

// leaves reads n entries from the given one on and gives their hashes, up to the
// first that is not as it was written; damaged says what is wrong with that one.
func (s *Service) leaves(ctx context.Context, app id.App, key *seal.App, from, n int64) (leaves []audit.Hash, damaged, err error) {
	rows, err := s.store.AuditRange(ctx, app, from, int(n))
	if err != nil {
		return nil, nil, err
	}
	for i := range n {
		if i >= int64(len(rows)) || rows[i].Seq != from+i {
			return leaves, damagef("entry %d is missing", from+i), nil
		}
		e, intact := entryOf(app, key, &rows[i])
		if !intact {
			return leaves, damagef("entry %d does not match its checksum", e.Seq), nil
		}
		leaves = append(leaves, e.Leaf())
	}
	return leaves, nil, nil
}

// growTree appends leaves to the tree and signs it. fault.Conflict if another
// replica did so first.
func (s *Service) growTree(ctx context.Context, app id.App, key *seal.App, old audit.Tree, leaves []audit.Hash) error {
	tree, tiles, err := audit.Grow(old, s.tileReader(ctx, app), leaves)
	if err != nil {
		return treeDamage(err, old.Size)
	}
	rows := make([]store.TileRow, len(tiles))
	for i, t := range tiles {
		rows[i] = store.TileRow{TileID: store.TileID{Level: t.Level, N: t.N}, Hashes: t.Hashes}
	}
	note := audit.SignCheckpoint(audit.Checkpoint{App: app, Tree: tree, Time: s.now()}, key.Signer())
	if err := s.store.TreePut(ctx, app, old.Size, store.TreeRow{Size: tree.Size, Checkpoint: note}, rows); err != nil {
		return err
	}
	s.sealer.saw(app, tree)
	return nil
}

// tileReader reads an application's tiles for audit.
func (s *Service) tileReader(ctx context.Context, app id.App) audit.TileReader {
	return func(ids []audit.TileID) ([][]byte, error) {
		want := make([]store.TileID, len(ids))
		for i, t := range ids {
			want[i] = store.TileID{Level: t.Level, N: t.N}
		}
		rows, err := s.store.TileGet(ctx, app, want)
		if err != nil {
			return nil, err
		}
		hashes := make([][]byte, len(rows))
		for i := range rows {
			hashes[i] = rows[i].Hashes
		}
		return hashes, nil
	}
}

// treeDamage tells an altered tree from a failed read.
func treeDamage(err error, size int64) error {
	if errors.Is(err, audit.ErrTree) || errors.Is(err, fault.NotFound) {
		return damagef("the stored tree of %d entries does not match its checkpoint", size)
	}
	return err
}

func (z *sealer) lastSeen(app id.App) audit.Tree {
	z.mu.Lock()
	defer z.mu.Unlock()
	return z.seen[app]
}

func (z *sealer) saw(app id.App, tree audit.Tree) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if tree.Size > z.seen[app].Size {
		z.seen[app] = tree
	}
}

// stop notes and reports damage.
func (z *sealer) stop(ctx context.Context, s *Service, app id.App, what string) {
	z.mu.Lock()
	z.damaged[app] = what
	z.mu.Unlock()
	s.cfg.Log.ErrorContext(ctx, "the audit log is damaged; its sealing has stopped", "app", app, "damage", what)
}

// resume notes that an application's log is in order.
func (z *sealer) resume(ctx context.Context, s *Service, app id.App) {
	z.mu.Lock()
	_, was := z.damaged[app]
	delete(z.damaged, app)
	z.mu.Unlock()
	if was {
		s.cfg.Log.InfoContext(ctx, "the audit log is in order again; it is being sealed", "app", app)
	}
}
