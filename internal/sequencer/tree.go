package sequencer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
)

const (
	maxBatch = 4096 // entries a TreePut
	maxTries = 5    // against other replicas, before other applications get their turn
)

// Damage is why an audit log cannot be vouched for. It names entries by number only.
type Damage string

// Error says what is damaged.
func (d Damage) Error() string { return "audit log damaged: " + string(d) }

func damagef(format string, args ...any) error { return Damage(fmt.Sprintf(format, args...)) }

// treeDamage tells an altered tree from a failed read.
func treeDamage(err error, size int64) error {
	if errors.Is(err, audit.ErrTree) || errors.Is(err, fault.NotFound) {
		return damagef("the stored tree of %d entries does not match its checkpoint", size)
	}
	return err
}

// sequenceBatch integrates at most one batch of an application. It reports whether
// there is more. Damage stops the application and is no error: it has been dealt with.
func (s *Sequencer) sequenceBatch(ctx context.Context, app id.App) (behind bool, err error) {
	if _, altered := s.isAltered(app); altered {
		return false, nil
	}
	for range maxTries {
		behind, err = s.tryBatch(ctx, app)
		d, damaged := errors.AsType[Damage](err)
		switch {
		case damaged:
			s.stop(ctx, app, d)
			return false, nil
		case errors.Is(err, store.ErrTreeMoved):
			continue // another replica was faster
		case err == nil:
			s.resume(ctx, app)
		}
		return behind, err
	}
	return true, nil
}

func (s *Sequencer) tryBatch(ctx context.Context, app id.App) (behind bool, err error) {
	key, err := s.cfg.Keys.Key(ctx, app)
	if errors.Is(err, fault.NotFound) {
		return false, nil // the notification came from a failed attempt to make it
	}
	if err != nil {
		return false, err
	}
	old, err := s.signedTree(ctx, app, key)
	if errors.Is(err, errYoung) {
		return false, nil // the next sweep looks again
	}
	if err != nil {
		return false, err
	}
	head, err := s.cfg.Store.Head(ctx, app) // after the tree, so it cannot be behind it
	if err != nil {
		return false, err
	}
	if head.Entries < old.Size {
		return false, damagef("%d entries are left of %d in the tree", head.Entries, old.Size)
	}
	if head.Entries == old.Size {
		return false, nil
	}
	next, err := s.nextEntries(ctx, app, key, old, min(head.Entries-old.Size, maxBatch))
	if err != nil {
		return false, err
	}
	if len(next.leaves) > 0 {
		grown, err := s.growTree(ctx, app, key, old, next.leaves)
		if err != nil {
			return false, err
		}
		if err := s.gather(ctx, app, key, old.Tree, grown, next.rows); err != nil {
			return false, err
		}
	}
	return head.Entries > old.Size+int64(len(next.leaves)), next.damaged
}

// signedTree reads the tree as it was last signed. It checks the signature, and that
// the tree still contains what this process has seen in it.
func (s *Sequencer) signedTree(ctx context.Context, app id.App, key *seal.App) (audit.Checkpoint, error) {
	if err := s.recall(ctx, app); err != nil {
		return audit.Checkpoint{}, err
	}
	for {
		seen := s.lastSeen(app) // first: another goroutine may grow the tree after the read
		c, err := s.signedSince(ctx, app, key, seen)
		if _, damaged := errors.AsType[Damage](err); !damaged || seen.Size == 0 {
			return c, err
		}
		// An operator may just have taken another state for the right one.
		if err := s.readAlarms(ctx, app); err != nil {
			return c, err
		}
		if s.lastSeen(app).Size >= seen.Size {
			return c, err
		}
	}
}

// signedSince is signedTree with what this process has seen.
func (s *Sequencer) signedSince(ctx context.Context, app id.App, key *seal.App, seen audit.Tree) (audit.Checkpoint, error) {
	row, err := s.cfg.Store.TreeGet(ctx, app)
	var c audit.Checkpoint
	switch {
	case errors.Is(err, fault.NotFound) && seen.Size == 0:
		return c, s.missingTree(ctx, app)
	case errors.Is(err, fault.NotFound):
		return c, damagef("the signed tree is missing")
	case err != nil:
		return c, err
	default:
		c, err = s.open(app, key, &row)
		if err != nil || c.Size != row.Size {
			return c, damagef("the stored checkpoint of %d entries is not one that was signed", row.Size)
		}
	}
	if seen.Size == 0 {
		s.saw(app, c.Tree)
		return c, nil
	}
	if seen == c.Tree {
		return c, nil
	}
	if c.Size < seen.Size {
		return c, damagef("the signed tree went back from %d entries to %d", seen.Size, c.Size)
	}
	if err := c.Contains(seen, s.tileReader(ctx, app)); err != nil {
		return c, treeDamage(err, c.Size)
	}
	s.saw(app, c.Tree)
	return c, nil
}

// ErrTreeExists is the fault of an operator who wants to begin a tree where there is one.
var ErrTreeExists = fault.New(fault.Conflict, "tree_exists", "The log has its signed tree; nothing was changed")

// MustLackTree fails with ErrTreeExists if an application has a tree.
func (s *Sequencer) MustLackTree(ctx context.Context, app id.App) error {
	_, err := s.cfg.Store.TreeGet(ctx, app)
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err == nil {
		err = ErrTreeExists
	}
	return err
}

// BeginTree begins the tree of a log that has none, for all entries that are there. It is for an
// application of release 0.1.0 that was killed before it had a tree. Anybody who can write to the
// database can delete a tree, so that only an operator may ask for it.
func (s *Sequencer) BeginTree(ctx context.Context, app id.App, key *seal.App) error {
	return s.cfg.Store.TreePut(ctx, app, 0, store.TreeRow{Checkpoint: EmptyTree(app, key, s.cfg.Now())}, nil)
}

// youngFor is how long a new application may be without a tree: release 0.1.0 made it with the
// first entries, within a second.
const youngFor = time.Minute

// errYoung says that an application may get its tree from another replica.
var errYoung = errors.New("the application has no tree yet")

// missingTree gives the reason why there is no tree. It never is one to begin a tree.
func (s *Sequencer) missingTree(ctx context.Context, app id.App) error {
	row, err := s.cfg.Store.AppGet(ctx, app)
	if err != nil {
		return err
	}
	if s.cfg.Now().Sub(store.Instant(row.CreatedAt)) < youngFor {
		return errYoung
	}
	return damagef("the signed tree is missing")
}

// batch is entries to integrate: their rows and hashes, up to the first that is not as it was
// written; damaged says what is wrong with that one.
type batch struct {
	rows    []store.AuditRow
	leaves  []audit.Hash
	damaged error
}

// nextEntries reads n entries after those of a tree.
func (s *Sequencer) nextEntries(ctx context.Context, app id.App, key *seal.App, old audit.Checkpoint, n int64) (batch, error) {
	from := old.Size
	rows, err := s.cfg.Store.AuditRange(ctx, app, from, int(n))
	if err != nil {
		return batch{}, err
	}
	var leaves []audit.Hash
	for i := range n {
		if i >= int64(len(rows)) || rows[i].Seq != from+i {
			return s.intact(ctx, app, rows, leaves, damagef("entry %d is missing", from+i))
		}
		e, leaf, intact := readLeaf(app, key, &rows[i])
		if !intact {
			return s.intact(ctx, app, rows, leaves, damagef("entry %d does not match its checksum", e.Seq))
		}
		leaves = append(leaves, audit.HashLeaf(leaf))
	}
	return s.intact(ctx, app, rows, leaves, nil)
}

// intact is a batch of what has hashes, without the entries from the first on that is a copy of another.
func (s *Sequencer) intact(ctx context.Context, app id.App, rows []store.AuditRow, leaves []audit.Hash, damaged error) (batch, error) {
	rows = rows[:len(leaves)]
	if len(leaves) == 0 {
		return batch{damaged: damaged}, nil
	}
	at, err := s.copied(ctx, app, rows)
	if d, ok := errors.AsType[Damage](err); ok {
		return batch{damaged: d}, nil
	}
	if err != nil {
		return batch{}, err
	}
	if at < len(leaves) {
		return batch{rows[:at], leaves[:at], damagef("entry %d is a copy of an earlier one", rows[at].Seq)}, nil
	}
	return batch{rows, leaves, damaged}, nil
}

// growTree appends leaves to the tree and signs it.
// store.ErrTreeMoved if another replica did so first.
func (s *Sequencer) growTree(ctx context.Context, app id.App, key *seal.App, old audit.Checkpoint, leaves []audit.Hash) (audit.Tree, error) {
	tree, tiles, err := audit.Grow(old.Tree, s.tileReader(ctx, app), leaves)
	if err != nil {
		return audit.Tree{}, treeDamage(err, old.Size)
	}
	rows := make([]store.TileRow, len(tiles))
	for i, t := range tiles {
		rows[i] = store.TileRow{TileID: store.TileID{Level: t.Level, N: t.N}, Hashes: t.Hashes}
	}
	note, made := s.sign(app, key, tree, old.Time)
	if err := s.cfg.Store.TreePut(ctx, app, old.Size, store.TreeRow{Size: tree.Size, Checkpoint: note}, rows); err != nil {
		return audit.Tree{}, err
	}
	s.remember(app, made)
	s.saw(app, tree)
	return tree, nil
}

// tileReader reads an application's tiles for audit.
func (s *Sequencer) tileReader(ctx context.Context, app id.App) audit.TileReader {
	return TileReader(ctx, s.cfg.Store, app)
}

// TileGetter gives the tiles of applications, as store.Reader does.
type TileGetter interface {
	// TileGet gives the tiles asked for, in that order.
	TileGet(ctx context.Context, app id.App, tiles []store.TileID) ([]store.TileRow, error)
}

// TileReader reads an application's tiles for audit.
func TileReader(ctx context.Context, from TileGetter, app id.App) audit.TileReader {
	return func(ids []audit.TileID) ([][]byte, error) {
		want := make([]store.TileID, len(ids))
		for i, t := range ids {
			want[i] = store.TileID{Level: t.Level, N: t.N}
		}
		rows, err := from.TileGet(ctx, app, want)
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
