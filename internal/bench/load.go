package bench

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// load describes how requests are sent.
type load struct {
	workers int
	warm    time.Duration // before measuring
	length  time.Duration

	// rate makes an open loop: this many requests a second are due, whether or not the
	// earlier ones were answered. 0 is a closed loop: each worker sends a request when
	// its last one was answered.
	rate float64
}

// task makes one request and waits for the answer.
type task func() error

// tally is the result of a load.
type tally struct {
	histogram
	errors  int64
	first   error // of the errors
	unsent  int64 // requests of an open loop that were due and never sent
	elapsed time.Duration
}

func newTally() tally { return tally{histogram: newHistogram()} }

func (t *tally) note(took time.Duration, err error) {
	t.add(took)
	if err != nil {
		t.fail(err)
	}
}

func (t *tally) fail(err error) {
	t.errors++
	if t.first == nil {
		t.first = err
	}
}

// run makes the load with the tasks that start gives, one for each worker. When ctx
// ends, it waits for the requests that were sent and returns ctx's error.
func (l load) run(ctx context.Context, start func(worker int) (task, error)) (tally, error) {
	tasks := make([]task, l.workers)
	for i := range tasks {
		var err error
		if tasks[i], err = start(i); err != nil {
			return tally{}, err
		}
	}
	parts := make([]tally, l.workers)
	for i := range parts {
		parts[i] = newTally()
	}
	begun := time.Now()
	var due atomic.Int64
	var group sync.WaitGroup
	for i := range tasks {
		group.Go(func() {
			if l.rate > 0 {
				l.open(ctx, begun, &due, tasks[i], &parts[i])
			} else {
				l.closed(ctx, begun, tasks[i], &parts[i])
			}
		})
	}
	group.Wait()
	total := newTally()
	total.elapsed = time.Since(begun.Add(l.warm))
	for i := range parts {
		total.merge(&parts[i].histogram)
		total.errors += parts[i].errors
		total.unsent += parts[i].unsent
		if total.first == nil {
			total.first = parts[i].first
		}
	}
	return total, ctx.Err()
}

func (l load) closed(ctx context.Context, begun time.Time, do task, t *tally) {
	from := begun.Add(l.warm)
	to := from.Add(l.length)
	for ctx.Err() == nil {
		sent := time.Now()
		if !sent.Before(to) {
			return
		}
		err := do()
		if !sent.Before(from) {
			t.note(time.Since(sent), err)
		}
	}
}

// errUnsent is the error of a request that an open loop never sent, because it fell too
// far behind.
var errUnsent = errors.New("was due and never sent: the server is slower than the rate")

// patience is how much longer than planned an open loop sends the requests that are
// overdue.
const patience = 5 * time.Second

// open sends a request at each due time. The latency of a request counts from when it
// was due, not from when a worker was free to send it. A server that stalls for a
// second makes every request of that second wait; leaving those out (coordinated
// omission) would hide the stall.
func (l load) open(ctx context.Context, begun time.Time, next *atomic.Int64, do task, t *tally) {
	warm := int64(l.rate * l.warm.Seconds())
	total := warm + int64(l.rate*l.length.Seconds())
	end := begun.Add(l.warm + l.length + patience)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		i := next.Add(1) - 1
		if i >= total {
			return
		}
		due := begun.Add(time.Duration(float64(i) / l.rate * float64(time.Second)))
		if wait := time.Until(due); wait > 0 {
			timer.Reset(wait)
			select {
			case <-timer.C:
			case <-ctx.Done():
				return
			}
		}
		switch {
		case ctx.Err() != nil:
			return
		case time.Now().After(end):
			t.unsent++
			t.note(time.Since(due), errUnsent)
		default:
			err := do()
			if i >= warm {
				t.note(time.Since(due), err)
			}
		}
	}
}
