package sequencer

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/id"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
)

// Store is what the sequencer needs of store.Store.
type Store interface {
	store.AppLister // for sweeps

	// AppGet says when an application was made that has no tree.
	AppGet(ctx context.Context, app id.App) (store.AppRow, error)
	// AlarmList gives the newest alarm, which another process may have raised or an
	// operator closed.
	AlarmList(ctx context.Context, app id.App, limit int) ([]store.AlarmRow, error)
	// Update raises an alarm.
	Update(ctx context.Context, app id.App, fn func(tx store.Tx) error) error
	// Record tells the log of the system application of it.
	Record(ctx context.Context, app id.App, entries ...store.AuditRow) error
	// Head says how many entries a log has.
	Head(ctx context.Context, app id.App) (store.Head, error)
	// AuditRange gives the entries to integrate.
	AuditRange(ctx context.Context, app id.App, from int64, limit int) ([]store.AuditRow, error)
	// AuditList gives the entries that a list asks for.
	AuditList(ctx context.Context, app id.App, list store.AuditList, limit int) ([]store.AuditRow, error)
	// BlockList gives what a list need not look at.
	BlockList(ctx context.Context, app id.App, from, to int64) ([]store.BlockRow, error)
	// BlockPut says that of another block.
	BlockPut(ctx context.Context, app id.App, row store.BlockRow) error
	// TreeGet gives the tree as it was last signed, by any replica.
	TreeGet(ctx context.Context, app id.App) (store.TreeRow, error)
	// TileGet gives the parts of the tree that grow or must be checked.
	TileGet(ctx context.Context, app id.App, tiles []store.TileID) ([]store.TileRow, error)
	// TreePut replaces the tree unless another replica was faster.
	TreePut(ctx context.Context, app id.App, oldSize int64, tree store.TreeRow, tiles []store.TileRow) error
}

// Keys gives the open keys of applications; fault.NotFound if there is no such
// application.
type Keys interface {
	Key(ctx context.Context, app id.App) (*seal.App, error)
}

// Config says how a Sequencer works. Store and Keys must be set; a zero value of
// any other field means its default.
type Config struct {
	Store Store
	Keys  Keys

	// Now is the clock of the checkpoints. Default time.Now.
	Now func() time.Time

	// CheckRate is how many entries a second are compared with the trees that they are in.
	// Default 200.
	CheckRate int

	// Log gets failures and damage. Default: discarded.
	Log *slog.Logger
}

// Sequencer integrates the audit entries of all applications. It is safe for
// concurrent use.
type Sequencer struct {
	cfg  Config
	wake chan struct{} // a round is due

	gathered gathered

	mu       sync.Mutex
	notified map[id.App]bool       // there may be entries to integrate
	seen     map[id.App]audit.Tree // the newest tree that this process made or checked
	signed   map[id.App]verified   // the checkpoint that was verified last
	blocked  map[id.App]int64      // the first blocks that are there, or cannot be made
	damaged  map[id.App]bool       // stopped
	altered  map[id.App]int64      // stopped because of an entry of its tree, in the batch from this one on
	alarms   map[id.App]alarms     // as they were last read
}

// New makes a Sequencer. It does nothing in the background until Run is called.
func New(cfg Config) *Sequencer {
	cfg.CheckRate = cmp.Or(cfg.CheckRate, 200)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Sequencer{
		cfg:      cfg,
		wake:     make(chan struct{}, 1),
		gathered: gathered{apps: make(map[id.App]*summary)},
		notified: make(map[id.App]bool),
		seen:     make(map[id.App]audit.Tree),
		signed:   make(map[id.App]verified),
		blocked:  make(map[id.App]int64),
		damaged:  make(map[id.App]bool),
		altered:  make(map[id.App]int64),
		alarms:   make(map[id.App]alarms),
	}
}

// Notify says that an application may have entries to integrate.
func (s *Sequencer) Notify(app id.App) {
	s.mu.Lock()
	known := s.notified[app]
	s.notified[app] = true
	s.mu.Unlock()
	if !known {
		s.wakeUp()
	}
}

// wakeUp begins a round unless one is due already.
func (s *Sequencer) wakeUp() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// waiting lists the notified applications.
func (s *Sequencer) waiting() []id.App {
	s.mu.Lock()
	defer s.mu.Unlock()
	apps := make([]id.App, 0, len(s.notified))
	for app := range s.notified {
		apps = append(apps, app)
	}
	return apps
}

// take ends a notification. It reports false if there was none.
func (s *Sequencer) take(app id.App) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.notified[app]
	delete(s.notified, app)
	return known
}

// notifyLater notifies about an application without beginning a round.
func (s *Sequencer) notifyLater(app id.App) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notified[app] = true
}

// Health says how sequencing is going, for metrics.
type Health struct {
	Unsequenced int // applications with entries that wait; normally for under a second
	Stopped     int // applications whose log is damaged; normally 0
	Alarms      int // applications with an alarm that no operator has closed; normally 0
}

// Health gives the state as this process knows it.
func (s *Sequencer) Health() Health {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := Health{Unsequenced: len(s.notified), Stopped: len(s.damaged)}
	for _, a := range s.alarms {
		if a.isOpen() {
			h.Alarms++
		}
	}
	return h
}

func (s *Sequencer) stopped(app id.App) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.damaged[app]
}

// stop remembers and reports damage, and raises an alarm.
func (s *Sequencer) stop(ctx context.Context, app id.App, d Damage) {
	s.mu.Lock()
	s.damaged[app] = true
	s.mu.Unlock()
	s.cfg.Log.ErrorContext(ctx, "the audit log is damaged; its sequencing has stopped", "app", app, "damage", string(d))
	if err := s.raise(ctx, app, d); err != nil && ctx.Err() == nil {
		s.cfg.Log.WarnContext(ctx, "an alarm could not be stored; it will be tried again", "app", app, "cause", err)
	}
}

// resume remembers that an application's log is in order.
func (s *Sequencer) resume(ctx context.Context, app id.App) {
	s.mu.Lock()
	was := s.damaged[app]
	delete(s.damaged, app)
	s.mu.Unlock()
	if was {
		s.cfg.Log.InfoContext(ctx, "the audit log is in order again; it is being sequenced", "app", app)
	}
}

func (s *Sequencer) lastSeen(app id.App) audit.Tree {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[app]
}

func (s *Sequencer) saw(app id.App, tree audit.Tree) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if tree.Size > s.seen[app].Size {
		s.seen[app] = tree
	}
}
