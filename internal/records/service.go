package records

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"custodex.dev/internal/index"
	"custodex.dev/internal/keyring"
	"custodex.dev/internal/limit"
	"custodex.dev/internal/page"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/sequencer"
	"custodex.dev/internal/store"
)

// Config says how a Service works. Store and Keys must be set; a zero value of
// any other field means its default.
type Config struct {
	Store store.Store
	Keys  seal.KeySource

	// Conceal answers 404 for a customer of another application, where the
	// Devdraft contract says 403.
	Conceal bool

	// MaxSkip is the largest skip of a list. Default page.MaxSkip.
	MaxSkip int

	// IdempotencyTTL is how long a key replays its answer. Default 24 hours.
	IdempotencyTTL time.Duration

	// CredentialTTL is how long a checked credential is trusted before it is read
	// again, so a revocation is seen everywhere within it. Default 3 seconds.
	CredentialTTL time.Duration

	// FailedLogins is how many failed authentications a minute an address may
	// cause before they are answered 429 unrecorded. Default 60.
	FailedLogins int

	// SearchMemory bounds the bytes of all search indexes together. An application
	// whose index would not fit is searched by streaming. Default 2 GiB.
	SearchMemory int64

	// MaxScans is how many searches look through indexes at once. Default 16.
	MaxScans int

	// MaxSearches is how many searches and counts may be under way at once, those
	// included that wait; half of them may be of applications without an index. More
	// are refused. Default 128.
	MaxSearches int

	// SearchIdle is after how long unused an index is dropped. Default 30 minutes.
	SearchIdle time.Duration

	// Now is the clock. Default time.Now.
	Now func() time.Time

	// Log gets what background work meets. Default: discarded.
	Log *slog.Logger
}

// Service is the domain service. It is safe for concurrent use.
type Service struct {
	cfg       Config
	store     store.Store
	keys      *keyring.Keyring
	creds     credentialCache
	failures  *limit.Failures
	indexes   *index.Cache
	corrupt   *index.CorruptTracker
	sequencer *sequencer.Sequencer

	life    context.Context // of background work; ends with Close
	stop    context.CancelFunc
	workers sync.WaitGroup
}

// New makes a Service and starts its background work. Close ends it.
func New(cfg Config) *Service {
	def := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	def(&cfg.MaxSkip, page.MaxSkip)
	def(&cfg.FailedLogins, 60)
	def(&cfg.MaxScans, 16)
	def(&cfg.MaxSearches, 128)
	if cfg.IdempotencyTTL == 0 {
		cfg.IdempotencyTTL = 24 * time.Hour
	}
	if cfg.CredentialTTL == 0 {
		cfg.CredentialTTL = 3 * time.Second
	}
	if cfg.SearchMemory == 0 {
		cfg.SearchMemory = 2 << 30
	}
	if cfg.SearchIdle == 0 {
		cfg.SearchIdle = 30 * time.Minute
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{
		cfg:      cfg,
		keys:     keyring.New(cfg.Store, cfg.Keys),
		failures: limit.NewFailures(cfg.FailedLogins, cfg.Now),
		corrupt:  index.NewCorruptTracker(cfg.Log),
	}
	s.sequencer = sequencer.New(sequencer.Config{Store: cfg.Store, Keys: s.keys, Now: cfg.Now, Log: cfg.Log})
	s.store = s.sequencer.Notifying(cfg.Store)
	s.indexes = index.New(index.Config{
		Store: cfg.Store, Corrupt: s.corrupt,
		MaxMemory: cfg.SearchMemory, MaxScans: cfg.MaxScans, MaxSearches: cfg.MaxSearches, MaxIdle: cfg.SearchIdle,
		Now: s.now, Log: cfg.Log,
	})
	s.life, s.stop = context.WithCancel(context.Background())
	s.background(s.sequencer.Run)
	s.background(s.runJanitor)
	return s
}

// Close stops background work, sequences the last audit entries, and writes what is
// still held in memory. It does not close the store.
func (s *Service) Close(ctx context.Context) error {
	s.stop()
	closed := s.indexes.Close(ctx)
	s.workers.Wait()
	return errors.Join(closed, s.sequencer.Close(ctx), s.flush(ctx))
}

// now is the current time as it is stored: UTC, whole milliseconds.
func (s *Service) now() time.Time { return s.cfg.Now().UTC().Truncate(time.Millisecond) }
