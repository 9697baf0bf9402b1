package records

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// The sealer puts every audit entry into its application's Merkle tree and signs
// the new root, within a second of the entry. It runs in every replica; whoever
// comes second finds the tree moved and goes on from there.
//
// It seals nothing that it cannot vouch for. Before an entry goes in, its checksum
// is compared and the tree so far is checked against its signed root. If either is
// wrong, the log was altered behind our back: sealing of that application stops at
// that place, is logged as an error, shows in AuditHealth, and is tried again with
// every sweep. Requests go on and are still recorded: an altered log must not
// become an outage, and their entries keep their own checksums.

const (
	sealDelay   = 250 * time.Millisecond // gathers entries; most of the second is for the work
	sealAgain   = time.Second            // after a failure, if nothing else causes a round
	sealBatch   = 4096                   // entries a TreePut
	sealTries   = 5                      // against other replicas, before others get their turn
	sealWorkers = 4                      // applications at a time
	sweepEvery  = 30 * time.Second
)

// marking is the store as the use cases have it: it tells the sealer which
// applications may have new entries. It marks after failures too, since a failed
// write may have been applied.
type marking struct {
	store.Store
	sealer *sealer
}

func (m marking) Update(ctx context.Context, app id.App, fn func(tx store.Tx) error) error {
	err := m.Store.Update(ctx, app, fn)
	m.sealer.mark(app)
	return err
}

func (m marking) Record(ctx context.Context, app id.App, entries ...store.AuditRow) error {
	err := m.Store.Record(ctx, app, entries...)
	m.sealer.mark(app)
	return err
}

type sealer struct {
	apps sync.Map // id.App -> *atomic.Bool: there may be entries to seal
	wake chan struct{}

	mu      sync.Mutex
	seen    map[id.App]audit.Tree // the newest tree that this process made or checked
	damaged map[id.App]string     // where sealing has stopped, and why
}

func (z *sealer) init() {
	z.wake = make(chan struct{}, 1)
	z.seen = make(map[id.App]audit.Tree)
	z.damaged = make(map[id.App]string)
}

// mark costs a look-up for all but the first entry of a round.
func (z *sealer) mark(app id.App) {
	flag, ok := z.apps.Load(app)
	if !ok {
		flag, _ = z.apps.LoadOrStore(app, new(atomic.Bool))
	}
	if flag.(*atomic.Bool).CompareAndSwap(false, true) {
		z.rouse()
	}
}

// rouse begins a round unless one is due already.
func (z *sealer) rouse() {
	select {
	case z.wake <- struct{}{}:
	default:
	}
}

// runSealer seals what was marked, in rounds.
func (s *Service) runSealer(ctx context.Context) {
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.sealer.wake:
		}
		if !pause(ctx, sealDelay) {
			return
		}
		err := s.sealMarked(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			time.AfterFunc(sealAgain, s.sealer.rouse)
		}
		if failed := err != nil; failed != failing {
			failing = failed
			s.cfg.Log.WarnContext(ctx, "sealing the audit log", "failing", failing, "cause", err)
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

// sealMarked seals a batch of each marked application. What is not done then stays
// marked; what failed waits for the next round, whatever causes it.
func (s *Service) sealMarked(ctx context.Context) error {
	var mu sync.Mutex
	var failed error
	var group sync.WaitGroup
	slots := make(chan struct{}, sealWorkers)
	s.sealer.apps.Range(func(k, v any) bool {
		app, flag := k.(id.App), v.(*atomic.Bool)
		if !flag.Swap(false) || s.sealer.stopped(app) {
			return true
		}
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			behind, err := s.sealSome(ctx, app)
			if behind {
				s.sealer.mark(app)
			}
			if err != nil {
				flag.Store(true)
				mu.Lock()
				failed = errors.Join(failed, err)
				mu.Unlock()
			}
		})
		return true
	})
	group.Wait()
	return failed
}

// runSweep marks applications that have entries outside their tree: from before
// this process began, or of a replica that died. It is also what tries again
// where sealing has stopped.
func (s *Service) runSweep(ctx context.Context) {
	if err := s.sweep(ctx); err != nil && ctx.Err() == nil {
		s.cfg.Log.WarnContext(ctx, "background work failed; it will be tried again", "work", "audit sweep", "cause", err)
	}
	s.every(ctx, sweepEvery, "audit sweep", s.sweep)
}

func (s *Service) sweep(ctx context.Context) error {
	var failed error
	err := s.eachApp(ctx, func(row store.AppRow) error {
		if s.sealer.stopped(row.ID) {
			_, err := s.sealSome(ctx, row.ID)
			failed = errors.Join(failed, err)
			return ctx.Err()
		}
		tree, err := s.store.TreeGet(ctx, row.ID)
		if err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
		head, err := s.store.Head(ctx, row.ID)
		if err == nil && head.Entries != tree.Size {
			s.sealer.mark(row.ID)
		}
		return err
	})
	return errors.Join(failed, err)
}

// seal seals an application's log as far as it goes now.
func (s *Service) seal(ctx context.Context, app id.App) error {
	for {
		behind, err := s.sealSome(ctx, app)
		if err != nil || !behind {
			return err
		}
	}
}

// sealTail seals what is still marked, for Close.
func (s *Service) sealTail(ctx context.Context) error {
	var failed error
	s.sealer.apps.Range(func(k, v any) bool {
		if v.(*atomic.Bool).Swap(false) {
			if err := s.seal(ctx, k.(id.App)); err != nil {
				failed = errors.Join(failed, fmt.Errorf("seal the audit log: %w", err))
			}
		}
		return ctx.Err() == nil
	})
	return failed
}

// AuditHealth says how sealing is going, for metrics.
type AuditHealth struct {
	Unsealed int // applications with entries that wait to be sealed; normally for under a second
	Stopped  int // applications whose log is damaged, so that sealing has stopped; normally 0
}

// AuditHealth gives the state as this process knows it.
func (s *Service) AuditHealth() AuditHealth {
	var h AuditHealth
	s.sealer.apps.Range(func(_, v any) bool {
		if v.(*atomic.Bool).Load() {
			h.Unsealed++
		}
		return true
	})
	s.sealer.mu.Lock()
	defer s.sealer.mu.Unlock()
	h.Stopped = len(s.sealer.damaged)
	return h
}

func (z *sealer) stopped(app id.App) bool {
	z.mu.Lock()
	defer z.mu.Unlock()
	_, ok := z.damaged[app]
	return ok
}
