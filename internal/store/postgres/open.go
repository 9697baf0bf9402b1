package postgres

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"custodex.dev/internal/id"
	"custodex.dev/internal/redact"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/commit"
)

// Config says how to reach the database. Zero values of numbers mean the default.
type Config struct {
	// URL is postgres://user:password@host:port/database?options, or the older form
	// with key=value pairs. The user must be a member of the role custodex_runtime.
	URL redact.Secret

	MaxConns   int // connections in all; default 16, at least 2 more than Committers
	Committers int // applications that can commit at the same time; default 4
	MaxQueue   int // writes that wait, before new ones are refused; default 4,096
	Cache      int // bytes of customers kept in memory; default 64 MiB
}

const (
	defaultMaxConns   = 16
	defaultCommitters = 4
	defaultMaxQueue   = 4096
	defaultCache      = 64 << 20

	// maxBatch is the most works in a batch. Each Update may be a subtransaction, and
	// beyond 64 of them in one transaction every other snapshot becomes expensive.
	maxBatch = 64
)

// Store is the database. Make one with Open.
type Store struct {
	// reads is for single statements. The committers have connections of their own,
	// so that a flood of reads cannot keep a batch from committing.
	reads    *pgxpool.Pool
	writes   *pgxpool.Pool
	group    *commit.Group[id.App, work]
	endpoint *endpoint
	cache    *cache
	writer   int64 // this store's number in the heads that it writes
	failed   chan struct{}

	// What a transaction begins with; its argument is the application.
	beginRead, beginWrite string

	closed atomic.Bool
	disk   atomic.Bool // it failed the last write, for want of space or otherwise
}

var _ store.Store = (*Store)(nil)

// Open connects to an initialised database. It refuses one that was not
// initialised or whose schema is of another version, and connections that
// row-level security would not bind, each with a sentence that says what to do.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	if cfg.Committers <= 0 {
		cfg.Committers = defaultCommitters
	}
	if cfg.MaxConns <= 0 {
		cfg.MaxConns = defaultMaxConns
	}
	if cfg.MaxQueue <= 0 {
		cfg.MaxQueue = defaultMaxQueue
	}
	if cfg.Cache <= 0 {
		cfg.Cache = defaultCache
	}
	readers := max(cfg.MaxConns-cfg.Committers, 2)
	e, err := find(ctx, cfg.URL)
	if err != nil {
		return nil, err
	}
	if err := checkSchema(ctx, e); err != nil {
		return nil, err
	}
	s := &Store{
		endpoint:   e,
		writer:     rand.Int64(),
		cache:      newCache(cfg.Cache),
		failed:     make(chan struct{}),
		beginRead:  e.begins(readLimit),
		beginWrite: e.begins(writeLimit),
	}
	if s.reads, err = newPool(ctx, e, readers, readLimit); err != nil {
		return nil, err
	}
	if err := s.checkRole(ctx); err != nil {
		s.reads.Close()
		return nil, err
	}
	if s.writes, err = newPool(ctx, e, cfg.Committers, writeLimit); err != nil {
		s.reads.Close()
		return nil, err
	}
	s.group = commit.New(commit.Config[id.App, work]{
		Flush:    s.flush,
		Workers:  cfg.Committers,
		MaxBatch: maxBatch,
		MaxQueue: cfg.MaxQueue,
	})
	return s, nil
}

// Ping asks the database for an answer.
func (s *Store) Ping(ctx context.Context) error {
	if s.closed.Load() {
		return commit.ErrClosed
	}
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := s.reads.Ping(limited)
	if lost(err) && !silent(err) {
		err = s.reads.Ping(limited) // one connection was lost; another may live
	}
	if err != nil {
		return translate(ctx, err)
	}
	return translate(ctx, s.checkDisk(limited))
}

// Time gives the server's clock.
func (s *Store) Time(ctx context.Context) (time.Time, error) {
	var us int64
	err := s.do(ctx, "", "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint", nil,
		one("time", func(r pgx.Row) error { return r.Scan(&us) }))
	if err != nil {
		return time.Time{}, err
	}
	return time.UnixMicro(us).UTC(), nil
}

// Failed is never closed: a PostgreSQL server whose fsync fails ends itself and
// recovers from its log, and what it then answers is durable. All we see is a lost
// connection, and a batch whose COMMIT was under way asks for its outcome.
func (s *Store) Failed() <-chan struct{} { return s.failed }

// Close waits for writes under way, at most for ctx, and closes the connections.
func (s *Store) Close(ctx context.Context) error {
	err := s.group.Close(ctx)
	s.closed.Store(true)
	closed := make(chan struct{})
	go func() {
		s.writes.Close()
		s.reads.Close()
		close(closed)
	}()
	select {
	case <-closed:
	case <-ctx.Done():
		// A read that is still under way keeps its connection until rowsLimit.
		if err == nil {
			err = ctx.Err()
		}
	}
	if err != nil {
		return fmt.Errorf("close the store: %w", err)
	}
	return nil
}
