package sqlite

import (
	"context"
	"errors"
	"sync"

	"custodex.dev/internal/store/commit"
)

// pool holds the connections that read.
type pool struct {
	idle    chan *conn
	size    int
	closing chan struct{}
	once    sync.Once
	got     []*conn // back for good, once stop was called
}

// open fills the pool. What it opened before an error is closed by close.
func (p *pool) open(ctx context.Context, path string, size int) error {
	p.idle = make(chan *conn, size)
	p.closing = make(chan struct{})
	for range size {
		c, err := connect(ctx, path, smallCache)
		if err != nil {
			return err
		}
		p.idle <- c
		p.size++
	}
	return nil
}

// stop refuses new reads and waits for those under way, at most for ctx.
func (p *pool) stop(ctx context.Context) error {
	if p.idle == nil {
		return nil
	}
	p.once.Do(func() { close(p.closing) })
	for len(p.got) < p.size {
		select {
		case c := <-p.idle:
			p.got = append(p.got, c)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// close closes the connections that stop got back.
func (p *pool) close() error {
	var errs []error
	for _, c := range p.got {
		errs = append(errs, c.close())
	}
	return errors.Join(errs...)
}

// checkOpen refuses a read whose caller is gone, or that comes after Close.
func (s *Store) checkOpen(ctx context.Context) error {
	select {
	case <-s.readers.closing:
		return commit.ErrClosed
	default:
		return ctx.Err()
	}
}

// withReader runs fn on a connection of its own until it is done or ctx ends. The
// driver watches ctx with a goroutine for each statement.
func (s *Store) withReader(ctx context.Context, fn func(ctx context.Context, c *conn) error) error {
	if err := s.checkOpen(ctx); err != nil {
		return err
	}
	select {
	case c := <-s.readers.idle:
		defer func() { s.readers.idle <- c }()
		return fn(ctx, c)
	case <-s.readers.closing:
		return commit.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// read is scan for statements that touch a handful of rows. They are over before
// a cancellation would be noticed, so nobody watches for one.
func (s *Store) read(ctx context.Context, fn func(ctx context.Context, c *conn) error) error {
	return s.withReader(ctx, func(ctx context.Context, c *conn) error {
		return fn(context.WithoutCancel(ctx), c)
	})
}

// bounded is read for up to a thousand rows or index entries, and else scan.
func (s *Store) bounded(ctx context.Context, n int, fn func(ctx context.Context, c *conn) error) error {
	if n <= 1000 {
		return s.read(ctx, fn)
	}
	return s.withReader(ctx, fn)
}
