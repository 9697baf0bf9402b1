package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"custodex.dev/internal/id"
	"custodex.dev/internal/job"
	"custodex.dev/internal/sleep"
	"custodex.dev/internal/store"
)

// seed is fixed, so that every fill makes the same people.
const seed = 20_261

// fill makes people until there are so many customers, in a job that begins with the number of
// those there are. What turns out to be there already is made up for by later numbers.
func (l *local) fill(ctx context.Context, status func(string), have, want int) error {
	parameters, err := json.Marshal(loadParameters{Seed: seed, From: have, Count: want - have})
	if err != nil {
		return err
	}
	j, err := l.server.Records().StartJob(ctx, l.caller, loadKind, parameters, "custodex bench")
	if err != nil {
		return err
	}
	return l.follow(ctx, status, j.ID, have, want)
}

// follow shows how far a job is, until it has ended.
func (l *local) follow(ctx context.Context, status func(string), which id.Job, have, want int) error {
	p := newProgress(status, have, want)
	defer p.stop()
	for {
		row, err := l.store.JobGet(ctx, l.creds.App, which)
		if err != nil {
			return err
		}
		p.done.Store(row.Done)
		switch {
		case row.State == store.JobSucceeded:
			return nil
		case row.State.Ended() || row.State == store.JobPaused:
			return fmt.Errorf("the job %s is %s (%s)", row.ID, row.State, row.Error)
		}
		if err := sleep.For(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
}

// finish waits for the load of an earlier run, which this process has gone on with.
func (l *local) finish(ctx context.Context, status func(string)) error {
	rows, err := l.store.JobList(ctx, l.creds.App, job.MaxListed)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if row.State != store.JobQueued && row.State != store.JobRunning {
			continue
		}
		if err := l.follow(ctx, status, row.ID, 0, max(int(row.Total), 1)); err != nil {
			return err
		}
	}
	return nil
}

// fillOver creates people one by one over HTTP, on all connections.
func (r *run) fillOver(ctx context.Context, to *endpoint, have, want int) error {
	p := newProgress(r.Status, have, want)
	defer p.stop()
	people := NewPeople(seed)
	var next atomic.Uint64
	next.Store(uint64(have))
	left := atomic.Int64{}
	left.Store(int64(want - have))
	g, ctx := errgroup.WithContext(ctx)
	for range r.Connections {
		g.Go(func() error {
			w := newWire(ctx, to)
			defer w.close()
			for left.Add(-1) >= 0 && ctx.Err() == nil {
				body, err := json.Marshal(people.Person(next.Add(1) - 1))
				if err != nil {
					return err
				}
				switch err := w.call("POST", customers, body, 201); {
				case errors.Is(err, statusError(409)):
					left.Add(1) // it is there already
				case errors.Is(err, statusError(429)):
					return fmt.Errorf("%w: the key has a rate limit; use one without", err)
				case err != nil:
					return err
				default:
					p.add(1)
				}
			}
			return ctx.Err()
		})
	}
	return g.Wait()
}
