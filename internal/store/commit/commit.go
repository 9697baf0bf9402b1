// Package commit gathers the pending writes of many requests, so that they share
// one transaction and one fsync. Both adapters use it; it knows no SQL.
//
// A batch forms by itself: while one is being committed, new work queues up and
// becomes the next. There is no timer, so a lone request is not delayed.
package commit

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/safe"
)

// Config says how a Group works.
type Config[K comparable, W any] struct {
	// Flush writes one batch, all of one key, and commits. It returns one error
	// for each work, in order; nil means durable. It is called by up to Workers
	// goroutines at a time, never twice at a time for one key.
	Flush func(ctx context.Context, key K, batch []W) []error

	Workers  int // batches under way at once; at least 1
	MaxBatch int // works in a batch; at least 1
	MaxQueue int // works waiting over all keys, before new ones are refused
}

// Group gathers works by key. Make one with New.
type Group[K comparable, W any] struct {
	cfg    Config[K, W]
	ctx    context.Context // of the workers, which outlive every call of Do; Close ends it
	cancel context.CancelFunc

	mu      sync.Mutex
	wake    sync.Cond
	queues  map[K]*queue[W]
	ready   []K // keys with work that no worker has
	waiting int
	closed  bool
	workers sync.WaitGroup
}

type queue[W any] struct {
	items  []*item[W]
	listed bool // the key is in ready, or a worker has it
}

type item[W any] struct {
	work  W
	taken bool // guarded by Group.mu; once set, done gets the outcome
	done  chan error
}

// retryWhenFull is how long a refused caller should wait.
const retryWhenFull = time.Second

var (
	// ErrClosed is a call after Close, of the group or of the store that uses it.
	ErrClosed = fault.New(fault.Unavailable, "shutting_down", "The server is shutting down; try again")
	errFull   = fault.New(fault.Unavailable, "write_queue_full", "The server is busy; try again")
)

// New starts the workers.
func New[K comparable, W any](cfg Config[K, W]) *Group[K, W] {
	g := &Group[K, W]{cfg: cfg, queues: make(map[K]*queue[W])}
	g.wake.L = &g.mu
	g.ctx, g.cancel = context.WithCancel(context.Background())
	for range max(cfg.Workers, 1) {
		g.workers.Go(g.run)
	}
	return g
}

// Do hands in work and waits for its outcome. If ctx ends while the work still
// waits for a batch, it is taken back and Do returns the context's error; once in
// a batch, Do waits for the outcome. A full or closed group is
// fault.Unavailable, and the work was not done.
func (g *Group[K, W]) Do(ctx context.Context, key K, work W) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	it := &item[W]{work: work, done: make(chan error, 1)}
	if err := g.enqueue(key, it); err != nil {
		return err
	}
	select {
	case err := <-it.done:
		return err
	case <-ctx.Done():
	}
	if g.takeBack(key, it) {
		return ctx.Err()
	}
	return <-it.done
}

func (g *Group[K, W]) enqueue(key K, it *item[W]) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.closed:
		return ErrClosed
	case g.waiting >= g.cfg.MaxQueue:
		return errFull.After(retryWhenFull)
	}
	q := g.queues[key]
	if q == nil {
		q = &queue[W]{}
		g.queues[key] = q
	}
	q.items = append(q.items, it)
	g.waiting++
	if !q.listed {
		g.list(key, q)
	}
	return nil
}

// takeBack removes it from its queue, or reports that a batch has it.
func (g *Group[K, W]) takeBack(key K, it *item[W]) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if it.taken {
		return false
	}
	q := g.queues[key]
	for i, other := range q.items {
		if other == it {
			q.items = append(q.items[:i], q.items[i+1:]...)
			g.waiting--
			break
		}
	}
	return true // an emptied queue stays listed; take gives an empty batch and release drops it
}

func (g *Group[K, W]) run() {
	for {
		key, batch, ok := g.take()
		if !ok {
			return
		}
		if len(batch) > 0 {
			g.flush(key, batch)
		}
		g.release(key)
	}
}

func (g *Group[K, W]) take() (key K, batch []*item[W], ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for len(g.ready) == 0 {
		if g.closed {
			return key, nil, false
		}
		g.wake.Wait()
	}
	key = g.ready[0]
	g.ready = g.ready[1:]
	q := g.queues[key]
	n := min(len(q.items), max(g.cfg.MaxBatch, 1))
	batch = append(batch, q.items[:n]...)
	q.items = append(q.items[:0:0], q.items[n:]...)
	g.waiting -= n
	for _, it := range batch {
		it.taken = true
	}
	return key, batch, true
}

// release gives the key back, at the end of the line if more work came in.
func (g *Group[K, W]) release(key K) {
	g.mu.Lock()
	defer g.mu.Unlock()
	q := g.queues[key]
	if len(q.items) == 0 {
		delete(g.queues, key)
		return
	}
	g.list(key, q)
}

func (g *Group[K, W]) list(key K, q *queue[W]) {
	q.listed = true
	g.ready = append(g.ready, key)
	g.wake.Signal()
}

func (g *Group[K, W]) flush(key K, batch []*item[W]) {
	works := make([]W, len(batch))
	for i, it := range batch {
		works[i] = it.work
	}
	errs := g.safeFlush(key, works)
	for i, it := range batch {
		it.done <- errs[i]
	}
}

// safeFlush runs Flush and turns a panic, or a wrong number of outcomes, into an error
// for every work: no caller may wait for ever.
func (g *Group[K, W]) safeFlush(key K, works []W) (errs []error) {
	err := safe.Call(func() error {
		errs = g.cfg.Flush(g.ctx, key, works)
		if len(errs) != len(works) {
			return fmt.Errorf("flush returned %d outcomes for %d works", len(errs), len(works))
		}
		return nil
	})
	if err != nil {
		return slices.Repeat([]error{fmt.Errorf("commit: %w", err)}, len(works))
	}
	return errs
}

// Refuse gives err to every work that waits for a batch. A Flush calls it when it has
// found what none of them would get past, so that they do not find that out in turn,
// each batch after the one before it. err must mean that a work was not done. Works
// that are in a batch are not touched.
func (g *Group[K, W]) Refuse(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, q := range g.queues {
		g.refuse(q, err)
	}
}

// RefuseBehind is Refuse for the works of one key.
func (g *Group[K, W]) RefuseBehind(key K, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if q := g.queues[key]; q != nil {
		g.refuse(q, err)
	}
}

func (g *Group[K, W]) refuse(q *queue[W], err error) {
	for _, it := range q.items {
		it.taken = true
		it.done <- err
	}
	g.waiting -= len(q.items)
	q.items = nil // as takeBack, it leaves an emptied queue listed
}

// Close refuses new work, waits until the queued work is committed, and stops the
// workers. If ctx ends first, the batches under way are cancelled and the
// context's error is returned once they have stopped.
func (g *Group[K, W]) Close(ctx context.Context) error {
	g.mu.Lock()
	g.closed = true
	g.wake.Broadcast()
	g.mu.Unlock()
	stopped := make(chan struct{})
	go func() { g.workers.Wait(); close(stopped) }()
	select {
	case <-stopped:
		g.cancel()
		return nil
	case <-ctx.Done():
		g.cancel()
		<-stopped
		return ctx.Err()
	}
}
