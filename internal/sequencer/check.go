package sequencer

import (
	"context"
	"errors"
	"time"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/safe"
	"custodex.dev/internal/store"
)

const (
	checkBatch = 256 // entries: one tile
	checkEvery = time.Minute
)

// runChecks compares the entries of all trees with their leaves, again and again and slowly.
func (s *Sequencer) runChecks(ctx context.Context) {
	for pause(ctx, checkEvery) {
		err := safe.Call(func() error {
			return store.EachApp(ctx, s.cfg.Store, func(row store.AppRow) error { return s.checkLog(ctx, row.ID) })
		})
		if err != nil && ctx.Err() == nil {
			s.cfg.Log.WarnContext(ctx, "background work failed; it will be tried again", "work", "audit check", "cause", err)
		}
	}
}

// checkLog compares one application's entries with the leaves of its tree, at the configured rate,
// up to the first that was altered.
func (s *Sequencer) checkLog(ctx context.Context, app id.App) error {
	for from := int64(0); ; from += checkBatch {
		more, err := s.checkBatch(ctx, app, from)
		if err != nil || !more {
			return err
		}
		if !pause(ctx, time.Duration(checkBatch)*time.Second/time.Duration(s.cfg.CheckRate)) {
			return ctx.Err()
		}
	}
}

// checkBatch compares some entries from the given one on. It stops the application if one was
// altered, and reports whether it is worth to go on.
func (s *Sequencer) checkBatch(ctx context.Context, app id.App, from int64) (more bool, err error) {
	key, err := s.cfg.Keys.Key(ctx, app)
	if err != nil {
		return false, err
	}
	row, err := s.cfg.Store.TreeGet(ctx, app)
	if errors.Is(err, fault.NotFound) {
		return false, nil // the sweep sees to that
	}
	if err != nil {
		return false, err
	}
	c, err := audit.OpenCheckpoint(row.Checkpoint, audit.VerifierKey(app, key.Signer()))
	if err != nil {
		return false, nil // likewise
	}
	to := min(from+checkBatch, c.Size)
	if from >= to {
		return false, nil
	}
	err = s.compare(ctx, app, c.Tree, from, to)
	d, damaged := errors.AsType[Damage](err)
	switch {
	case damaged:
		s.alter(app, from)
		s.stop(ctx, app, d)
		return false, nil
	case err != nil:
		return false, err
	}
	s.mend(app, from)
	return to < c.Size, nil
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
		if e, intact := ReadRow(app, key, &rows[i]); !intact || e.Leaf() != leaves[i] {
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
