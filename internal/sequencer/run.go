package sequencer

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"custodex.dev/internal/id"
	"custodex.dev/internal/safe"
	"custodex.dev/internal/sleep"
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
	group.Go(func() { s.runBlocks(ctx) })
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
		if sleep.For(ctx, gatherTime) != nil {
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
		if sleep.For(ctx, sweepEvery) != nil {
			return
		}
	}
}

// sweep notifies about applications that have entries outside their tree: from before
// this process began, or of a replica that died. It reads the alarms, verifies each signed
// tree, and tries again where sequencing has stopped.
func (s *Sequencer) sweep(ctx context.Context) error {
	return s.eachApp(ctx, func(app id.App) error { return s.visit(ctx, app) })
}

// visit is what a sweep does for one application.
func (s *Sequencer) visit(ctx context.Context, app id.App) error {
	failed := s.readAlarms(ctx, app)
	if !s.stopped(app) {
		return errors.Join(failed, s.look(ctx, app))
	}
	if from, altered := s.isAltered(app); altered {
		_, err := s.checkBatch(ctx, app, from)
		failed = errors.Join(failed, err)
	}
	_, err := s.sequenceBatch(ctx, app)
	return errors.Join(failed, err)
}

// look verifies the signed tree of an application, and notifies about it if the tree does not
// have all entries.
func (s *Sequencer) look(ctx context.Context, app id.App) error {
	key, err := s.cfg.Keys.Key(ctx, app)
	if err != nil {
		return err
	}
	c, err := s.signedTree(ctx, app, key)
	if d, damaged := errors.AsType[Damage](err); damaged {
		s.stop(ctx, app, d)
		return nil
	}
	if errors.Is(err, errYoung) {
		return nil // the next sweep looks again
	}
	if err != nil {
		return err
	}
	head, err := s.cfg.Store.Head(ctx, app)
	if err == nil && head.Entries != c.Size {
		s.Notify(app)
	}
	return err
}

// maxFailures is how many failed applications an error tells of.
const maxFailures = 5

// eachApp calls fn for every application, from any of them on and once round, so that none is
// always the last. It goes on after an error.
func (s *Sequencer) eachApp(ctx context.Context, fn func(id.App) error) error {
	var apps []id.App
	err := store.EachApp(ctx, s.cfg.Store, func(row store.AppRow) error {
		apps = append(apps, row.ID)
		return nil
	})
	if err != nil || len(apps) == 0 {
		return err
	}
	var errs []error
	first := rand.IntN(len(apps))
	for i := range apps {
		app := apps[(first+i)%len(apps)]
		err := safe.Call(func() error { return fn(app) })
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("application %s: %w", app, err))
		}
	}
	if n := len(errs) - maxFailures; n > 0 {
		errs = append(errs[:maxFailures], fmt.Errorf("and %d more applications", n))
	}
	return errors.Join(errs...)
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
