package store

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Clock gives the time of the database, which is the same for all replicas whatever the
// clocks of their machines say. It asks the database now and then, and counts on from
// there. Before the first answer, and over a database without a clock of its own, it
// gives the local time. It is safe for concurrent use.
type Clock struct {
	source Timer
	local  func() time.Time
	log    *slog.Logger

	mu     sync.RWMutex
	at     time.Time     // local time of the last measurement; zero: there was none
	offset time.Duration // what the database's clock was ahead of the local one then
	spread time.Duration // by how much offset may be wrong
	wrong  bool          // the local clock is off by more than MaxOffset
}

// Timer is the part of Store that a Clock asks.
type Timer interface {
	Time(ctx context.Context) (time.Time, error)
}

// MaxOffset is how far the local clock may be from the database's before that is reported:
// the log and certificates go by the local one.
const MaxOffset = 2 * time.Second

// NewClock makes a Clock that has not measured yet. local is the clock of this machine.
func NewClock(source Timer, local func() time.Time, log *slog.Logger) *Clock {
	return &Clock{source: source, local: local, log: log}
}

// Now gives the time of the database. It goes on steadily when somebody sets the local
// clock, if that has a monotonic reading, as the one of time.Now has.
func (c *Clock) Now() time.Time {
	now := c.local()
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.at.IsZero() {
		return now
	}
	return c.at.Round(0).Add(c.offset + now.Sub(c.at))
}

// Offset is what the database's clock was ahead of the local one when it was last measured.
func (c *Clock) Offset() time.Duration {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.offset
}

// Measure asks the database for its time. It takes the quickest of three answers, and keeps
// what it knows if that agrees with it, so that the time does not jump about by what the
// network takes.
func (c *Clock) Measure(ctx context.Context) error {
	var best, sent time.Time
	took := time.Duration(-1)
	for range 3 {
		begun := c.local()
		at, err := c.source.Time(ctx)
		if err != nil || at.IsZero() {
			return err
		}
		if d := c.local().Sub(begun); took < 0 || d < took {
			best, sent, took = at, begun, d
		}
	}
	c.set(ctx, sent.Add(took/2), best, took/2)
	return nil
}

func (c *Clock) set(ctx context.Context, local, database time.Time, spread time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	offset := database.Sub(local.Round(0))
	if !c.at.IsZero() {
		// What Now gives at this moment, compared with the same wall clock.
		kept := c.at.Round(0).Add(c.offset + local.Sub(c.at)).Sub(local.Round(0))
		if (offset - kept).Abs() <= spread+c.spread {
			offset, spread = kept, c.spread
		}
	}
	c.at, c.offset, c.spread = local, offset, spread
	if wrong := offset.Abs() > MaxOffset; wrong != c.wrong {
		c.wrong = wrong
		c.log.WarnContext(ctx, "the clock of this machine and that of the database", "differ", wrong,
			"seconds", offset.Seconds())
	}
}
