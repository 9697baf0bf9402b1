package sequencer

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/safe"
	"custodex.dev/internal/store"
)

const (
	gatherTime = 250 * time.Millisecond // entries that come meanwhile share a batch
	retryAfter = time.Second            // after a failure, if nothing else begins a round
	maxApps    = 4                      // applications at a time
	sweepEvery = 30 * time.Second
)

// Run integrates what was notified, in rounds, and sweeps, until ctx ends.
func (s *Sequencer) Run(ctx context.Context) {
	var group sync.WaitGroup
	defer group.Wait()
	group.Go(func() { s.runSweeps(ctx) })
	group.Go(func() { s.runChecks(ctx) })
	s.runRounds(ctx)
}

func (s *Sequencer) runRounds(ctx context.Context) {
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		}
		if !pause(ctx, gatherTime) {
			return
		}
		err := s.round(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			time.AfterFunc(retryAfter, s.wakeUp)
		}
		if failed := err != nil; failed != failing {
			failing = failed
			s.cfg.Log.WarnContext(ctx, "sequencing the audit log", "failing", failing, "cause", err)
		}
	}
}

// pause waits, and reports false if ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// round integrates a batch of each notified application and gives the first error.
// An application with more entries gets another round. One that failed waits for the
// next round, whatever begins it.
func (s *Sequencer) round(ctx context.Context) error {
	var group errgroup.Group
	group.SetLimit(maxApps)
	for _, app := range s.waiting() {
		if !s.take(app) || s.stopped(app) {
			continue
		}
		group.Go(func() error {
			var behind bool
			err := safe.Call(func() (err error) {
				behind, err = s.sequenceBatch(ctx, app)
				return err
			})
			if behind {
				s.Notify(app)
			}
			if err != nil {
				s.notifyLater(app)
			}
			return err
		})
	}
	return group.Wait()
}

// runSweeps sweeps now and then.
func (s *Sequencer) runSweeps(ctx context.Context) {
	for {
		if err := safe.Call(func() error { return s.sweep(ctx) }); err != nil && ctx.Err() == nil {
			s.cfg.Log.WarnContext(ctx, "background work failed; it will be tried again", "work", "audit sweep", "cause", err)
		}
		if !pause(ctx, sweepEvery) {
			return
		}
	}
}

// sweep notifies about applications that have entries outside their tree: from before
// this process began, or of a replica that died. It also tries again where
// sequencing has stopped.
func (s *Sequencer) sweep(ctx context.Context) error {
	var failed error
	err := store.EachApp(ctx, s.cfg.Store, func(row store.AppRow) error {
		if s.stopped(row.ID) {
			if from, altered := s.isAltered(row.ID); altered {
				_, err := s.checkBatch(ctx, row.ID, from)
				failed = errors.Join(failed, err)
			}
			_, err := s.sequenceBatch(ctx, row.ID)
			failed = errors.Join(failed, err)
			return ctx.Err()
		}
		tree, err := s.cfg.Store.TreeGet(ctx, row.ID)
		missing := errors.Is(err, fault.NotFound)
		if err != nil && !missing {
			return err
		}
		head, err := s.cfg.Store.Head(ctx, row.ID)
		if err == nil && (missing || head.Entries != tree.Size) {
			s.Notify(row.ID)
		}
		return err
	})
	return errors.Join(failed, err)
}

// Close integrates what was notified and is still waiting. Call it after Run has
// returned.
func (s *Sequencer) Close(ctx context.Context) error {
	var failed error
	for _, app := range s.waiting() {
		if !s.take(app) {
			continue
		}
		if err := s.sequenceAll(ctx, app); err != nil {
			failed = errors.Join(failed, fmt.Errorf("sequence the audit log: %w", err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return failed
}

// sequenceAll integrates an application's entries as far as they go now.
func (s *Sequencer) sequenceAll(ctx context.Context, app id.App) error {
	for {
		behind, err := s.sequenceBatch(ctx, app)
		if err != nil || !behind {
			return err
		}
	}
}
