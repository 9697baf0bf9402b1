package sequencer

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/sleep"
)

const (
	checkBatch = 256 // entries: one tile
	checkEvery = time.Minute
)

// runChecks compares the entries of all trees with their leaves, again and again and slowly.
func (s *Sequencer) runChecks(ctx context.Context) {
	for sleep.For(ctx, checkEvery) == nil {
		err := s.eachApp(ctx, func(app id.App) error { return s.checkLog(ctx, app) })
		if err != nil && ctx.Err() == nil {
			s.cfg.Log.WarnContext(ctx, "background work failed; it will be tried again", "work", "audit check", "cause", err)
		}
	}
}

// checkLog compares one application's entries with the leaves of its tree, at the configured rate,
// up to the first that was altered. It begins with any batch and goes round once, so that
// processes that end early do not all compare the same.
func (s *Sequencer) checkLog(ctx context.Context, app id.App) error {
	c, err := s.checkpoint(ctx, app)
	if err != nil || c.Size == 0 {
		return err
	}
	batches := (c.Size + checkBatch - 1) / checkBatch
	first := rand.Int64N(batches)
	for i := range batches {
		if _, altered := s.isAltered(app); altered {
			return nil // the sweep looks whether it was put right
		}
		n, err := s.checkBatch(ctx, app, (first+i)%batches*checkBatch)
		if sleep.For(ctx, time.Duration(n)*time.Second/time.Duration(s.cfg.CheckRate)) != nil {
			return ctx.Err()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// checkpoint gives the tree as it was last signed; the zero value if there is none that was, which
// the sweep sees to.
func (s *Sequencer) checkpoint(ctx context.Context, app id.App) (audit.Checkpoint, error) {
	key, err := s.cfg.Keys.Key(ctx, app)
	if err != nil {
		return audit.Checkpoint{}, err
	}
	row, err := s.cfg.Store.TreeGet(ctx, app)
	if errors.Is(err, fault.NotFound) {
		return audit.Checkpoint{}, nil
	}
	if err != nil {
		return audit.Checkpoint{}, err
	}
	c, err := s.open(app, key, &row)
	if err != nil {
		return audit.Checkpoint{}, nil
	}
	return c, nil
}

// checkBatch compares some entries from the given one on, and gives their number. It stops the
// application if one was altered.
func (s *Sequencer) checkBatch(ctx context.Context, app id.App, from int64) (n int64, err error) {
	c, err := s.checkpoint(ctx, app)
	if err != nil {
		return 0, err
	}
	to := min(from+checkBatch, c.Size)
	if from >= to {
		return 0, nil
	}
	err = s.compare(ctx, app, c.Tree, from, to)
	d, damaged := errors.AsType[Damage](err)
	switch {
	case damaged:
		s.alter(app, from)
		s.stop(ctx, app, d)
	case err != nil:
		return to - from, err
	default:
		s.mend(app, from)
	}
	return to - from, nil
}

// compare compares entries with the leaves of the tree, which are checked against its root.
func (s *Sequencer) compare(ctx context.Context, app id.App, tree audit.Tree, from, to int64) error {
	leaves, err := tree.Leaves(from, to, s.tileReader(ctx, app))
	if err != nil {
		return treeDamage(err, tree.Size)
	}
	rows, err := s.cfg.Store.AuditRange(ctx, app, from, int(to-from))
	if err != nil {
		return err
	}
	key, err := s.cfg.Keys.Key(ctx, app)
	if err != nil {
		return err
	}
	for i := range leaves {
		seq := from + int64(i)
		if i >= len(rows) || rows[i].Seq != seq {
			return damagef("entry %d is missing", seq)
		}
		if _, leaf, intact := readLeaf(app, key, &rows[i]); !intact || audit.HashLeaf(leaf) != leaves[i] {
			return damagef("entry %d was altered after it was integrated", seq)
		}
	}
	return nil
}

// alter remembers where an application's entries were altered. Nothing is sequenced then.
func (s *Sequencer) alter(app id.App, from int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.altered[app] = from
}

// mend forgets that, once the same entries are in order.
func (s *Sequencer) mend(app id.App, from int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at, ok := s.altered[app]; ok && at == from {
		delete(s.altered, app)
	}
}

// isAltered gives the batch in which an application's entries were altered.
func (s *Sequencer) isAltered(app id.App) (from int64, altered bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	from, altered = s.altered[app]
	return from, altered
}
