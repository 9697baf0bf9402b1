package records

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"custodex.dev/internal/check"
	"custodex.dev/internal/credential"
	"custodex.dev/internal/feed"
	"custodex.dev/internal/finder"
	"custodex.dev/internal/index"
	"custodex.dev/internal/integrity"
	"custodex.dev/internal/job"
	"custodex.dev/internal/keyring"
	"custodex.dev/internal/limit"
	"custodex.dev/internal/lineage"
	"custodex.dev/internal/page"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/sequencer"
	"custodex.dev/internal/store"
	"custodex.dev/internal/sumfill"
)

// Config says how a Service works. Store and Keys must be set; a zero value of
// any other field means its default.
type Config struct {
	Store store.Store
	Keys  seal.Provider

	// Conceal answers 404 for a customer of another application, where the
	// Devdraft contract says 403.
	Conceal bool

	// MaxSkip is the largest skip of a list. Default page.MaxSkip.
	MaxSkip int

	// IdempotencyTTL is how long a key replays its answer. Default 24 hours.
	IdempotencyTTL time.Duration

	// EventTTL is how long events are kept. Default 30 days.
	EventTTL time.Duration

	// CredentialTTL is how long a checked credential is trusted before it is read
	// again, so a revocation is seen everywhere within it. Default 3 seconds.
	CredentialTTL time.Duration

	// FailedLogins is how many failed authentications a minute an address may
	// cause before they are answered 429 unrecorded. Default 60.
	FailedLogins int

	// SearchMemory bounds the bytes of all search indexes together. The customers of an
	// application whose index would not fit are read from the store instead. Default
	// 2 GiB.
	SearchMemory int64

	// MaxScans is how many searches and counts scan indexes at the same time. Others
	// wait for their turn. Default 16.
	MaxScans int

	// MaxSearches is how many searches and counts are served at the same time, waiting
	// ones included. At most half of them may be of applications without an index.
	// Others are refused with search_saturated. Default 128.
	MaxSearches int

	// SearchIdle is how long an index may stay unused before it is dropped. Default 30
	// minutes.
	SearchIdle time.Duration

	// AuditCheckRate is how many audit entries a second are compared with the trees that
	// they are in. Default 200.
	AuditCheckRate int

	// Jobs are the kinds of jobs that this process does, and JobShare how much of the time
	// their steps may take, in percent. Default 10.
	Jobs     job.Kinds
	JobShare int
	// CheckRate is how many customers a second are compared with their keys and addresses. Default 200.
	CheckRate int

	// Now is the clock, for tests. Default: the database's (store.Clock).
	Now func() time.Time

	// LocalNow is the clock of this machine, for tests. Default time.Now.
	LocalNow func() time.Time

	// Log receives failures of background work. Default: they are discarded.
	Log *slog.Logger
}

// Service is the domain service. It is safe for concurrent use.
type Service struct {
	cfg         Config
	clock       *store.Clock
	store       store.Store
	jobs        *job.Runner
	keys        *keyring.Keyring
	credentials *credential.Verifier
	guard       *integrity.Guard
	failures    *limit.Failures
	indexes     *index.Cache
	finder      *finder.Finder
	corrupt     *index.CorruptTracker
	sequencer   *sequencer.Sequencer
	feed        *feed.Feed

	life    context.Context // stored because it is the lifetime of background work; Close ends it
	stop    context.CancelFunc
	workers sync.WaitGroup
}

// New makes a Service and starts its background work. Close ends it.
func New(cfg Config) *Service {
	cfg.MaxSkip = cmp.Or(cfg.MaxSkip, page.MaxSkip)
	cfg.IdempotencyTTL = cmp.Or(cfg.IdempotencyTTL, 24*time.Hour)
	cfg.EventTTL = cmp.Or(cfg.EventTTL, 30*24*time.Hour)
	cfg.CredentialTTL = cmp.Or(cfg.CredentialTTL, 3*time.Second)
	cfg.FailedLogins = cmp.Or(cfg.FailedLogins, 60)
	cfg.SearchMemory = cmp.Or(cfg.SearchMemory, 2<<30)
	cfg.MaxScans = cmp.Or(cfg.MaxScans, 16)
	cfg.MaxSearches = cmp.Or(cfg.MaxSearches, 128)
	cfg.CheckRate = cmp.Or(cfg.CheckRate, 200)
	cfg.SearchIdle = cmp.Or(cfg.SearchIdle, 30*time.Minute)
	cfg.Log = cmp.Or(cfg.Log, slog.New(slog.DiscardHandler))
	if cfg.LocalNow == nil {
		cfg.LocalNow = time.Now
	}
	clock := store.NewClock(cfg.Store, cfg.LocalNow, cfg.Log)
	measured := cfg.Now == nil
	if measured {
		cfg.Now = clock.Now
	}
	watched := &lineage.Store{Store: cfg.Store, Log: cfg.Log}
	cfg.Store = watched
	s := &Service{
		cfg:      cfg,
		clock:    clock,
		keys:     keyring.New(cfg.Store, cfg.Keys, cfg.Now),
		failures: limit.NewFailures(cfg.FailedLogins, cfg.Now),
		corrupt:  index.NewCorruptTracker(cfg.Log),
	}
	s.sequencer = sequencer.New(sequencer.Config{Store: cfg.Store, Keys: s.keys, CheckRate: cfg.AuditCheckRate, Now: cfg.Now, Log: cfg.Log})
	s.feed = feed.New(cfg.Store)
	s.store = s.feed.Notifying(s.sequencer.Notifying(cfg.Store))
	s.guard = integrity.New(integrity.Config{Store: s.store, Keys: s.keys, Raise: s.sequencer.RaiseAlarm, Now: s.now, Log: cfg.Log})
	s.credentials = credential.New(credential.Config{Store: cfg.Store, Keys: s.keys, Rows: s.guard, TTL: cfg.CredentialTTL, Now: s.now})
	filler := sumfill.New(sumfill.Config{Store: s.store, Keys: s.keys, Report: s.guard.Found, Now: s.now, Log: cfg.Log})
	watched.Lost = func() { s.keys.Forget(); s.guard.Forget(); filler.Forget(); s.credentials.ForgetAll() }
	s.indexes = index.New(index.Config{
		Store: cfg.Store, Corrupt: s.corrupt,
		MaxMemory: cfg.SearchMemory, MaxScans: cfg.MaxScans, MaxSearches: cfg.MaxSearches, MaxIdle: cfg.SearchIdle,
		Now: s.now, Log: cfg.Log,
	})
	s.finder = finder.New(finder.Config{Store: s.store, Indexes: s.indexes, Corrupt: s.corrupt})
	s.jobs = job.NewRunner(job.Config{
		Store: s.store, Keys: s.keys, Kinds: filler.With(cfg.Jobs), Commit: s.commitJob, Share: cfg.JobShare, Now: s.now, Log: cfg.Log,
	})
	s.life, s.stop = context.WithCancel(context.Background())
	if measured {
		if err := s.measureClock(s.life); err != nil {
			cfg.Log.WarnContext(s.life, "the database does not tell its time yet; the clock of this machine is used", "cause", err)
		}
		s.background(s.runClock)
	}
	s.background(s.sequencer.Run)
	s.background(s.guard.Run)
	s.background(func(ctx context.Context) { filler.Run(ctx, s.jobs.Wake) })
	s.background(check.NewWatcher(cfg.Store, s.keys, cfg.CheckRate, cfg.Log, s.guard.Found).Run)
	s.background(s.runJanitor)
	s.background(s.jobs.Run)
	return s
}

// Close stops background work, sequences the audit log's tail, and writes what is
// still held in memory. It waits for none of it longer than ctx: background work that
// is stuck, for example in a database driver, is then left behind and its error says
// so. Close does not close the store.
func (s *Service) Close(ctx context.Context) error {
	s.stop()
	s.EndWaits()
	if err := errors.Join(s.indexes.Close(ctx), s.wait(ctx)); err != nil {
		return err // ctx has ended, so nothing can be written any more
	}
	return errors.Join(s.sequencer.Close(ctx), s.credentials.Flush(ctx))
}

// EndWaits answers at once all who wait for events.
func (s *Service) EndWaits() { s.feed.End() }

// wait waits for background work to end.
func (s *Service) wait(ctx context.Context) error {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.workers.Wait()
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("background work has not ended: %w", ctx.Err())
	}
}

// SearchMemory is how many bytes the search indexes hold now, and how many there are.
func (s *Service) SearchMemory() (bytes int64, count int) { return s.indexes.Memory() }

// DropIndexes drops every search index, as if none had been used for long.
func (s *Service) DropIndexes() { s.indexes.Drop() }

// CorruptCustomers is how many customers this process has read and could not decrypt.
func (s *Service) CorruptCustomers() int { return s.corrupt.Count() }

// AlteredRows is how many rows this process has found altered: of applications, credentials,
// customers, items and groups.
func (s *Service) AlteredRows() int { return s.guard.Altered() }

// Now is the current time, which is the same in all replicas.
func (s *Service) Now() time.Time { return s.cfg.Now() }

// ClockOffset is what the database's clock is ahead of this machine's.
func (s *Service) ClockOffset() time.Duration { return s.clock.Offset() }

// now is the current time as it is stored: UTC, whole milliseconds.
func (s *Service) now() time.Time { return s.cfg.Now().UTC().Truncate(time.Millisecond) }
