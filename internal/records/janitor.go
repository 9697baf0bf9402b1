package records

import (
	"context"
	"errors"
	"time"

	"custodex.dev/internal/safe"
	"custodex.dev/internal/store"
)

// background runs fn until it ends; its context ends when the Service is closed.
func (s *Service) background(fn func(ctx context.Context)) {
	s.workers.Go(func() { fn(s.life) })
}

// every calls fn at each tick until the Service is closed. An error or a panic of fn is
// logged, and fn is called again at the next tick.
func (s *Service) every(ctx context.Context, d time.Duration, what string, fn func(context.Context) error) {
	t := time.NewTicker(d)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			if err := safe.Call(func() error { return fn(ctx) }); err != nil && ctx.Err() == nil {
				s.cfg.Log.WarnContext(ctx, "background work failed; it will be tried again", "work", what, "cause", err)
			}
		}
	}
}

const (
	clockEvery = 10 * time.Second
	clockLimit = 2 * time.Second // for one measurement
)

// runClock compares the clocks of this machine and the database.
func (s *Service) runClock(ctx context.Context) {
	s.every(ctx, clockEvery, "clock", s.measureClock)
}

// measureClock goes by the local clock if the database does not answer at the start.
func (s *Service) measureClock(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, clockLimit)
	defer cancel()
	return s.clock.Measure(ctx)
}

// runJanitor writes last uses, drops idle indexes and deletes expired keys and events.
func (s *Service) runJanitor(ctx context.Context) {
	const purgeEvery = 10 // minutes
	minutes := 0
	s.every(ctx, time.Minute, "clean-up", func(ctx context.Context) error {
		s.indexes.Sweep()
		err := s.credentials.Flush(ctx)
		if minutes++; minutes%purgeEvery == 0 {
			err = errors.Join(err, s.purge(ctx))
		}
		return err
	})
}

// purge deletes expired idempotency keys and events in small batches, so that it never delays other
// writes for long.
func (s *Service) purge(ctx context.Context) error {
	const batch = 500
	before := s.now().Add(-s.cfg.EventTTL).UnixMilli()
	return store.EachApp(ctx, s.store, func(app store.AppRow) error {
		for _, some := range [...]func() (int, error){
			func() (int, error) { return s.store.IdempotencyPurge(ctx, app.ID, batch) },
			func() (int, error) { return s.store.EventPurge(ctx, app.ID, before, batch) },
		} {
			for n := batch; n == batch; {
				var err error
				if n, err = some(); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
