// Package check compares everything that an application has stored with what must be true of it: rows
// with their keyed checksums and with what the log says of them, entries with their checksums and the
// tree, encrypted values with their keys, counters with what they count. It only reads. It never says
// anything personal: a Finding names an application, a table and an id.
//
// The log is read first, and what it says of each row is kept in memory, in parts if there is much of
// it (maxSaid). Then come the rows. A row that does not fit may have been changed in between, so it is
// read again between two looks at the end of the log. A row and its entry are committed together, so it
// was in one of the states that the log has of it from the first look to the second; if it fits none of
// them it is a finding. So a check beside a running server finds damage and nothing else.
//
// What a newcomer gets wrong: a checksum that fits its row proves that this program wrote the row, and
// not that it is the newest. That is what the log is for.
//
// Start from Run.
package check

import (
	"context"
	"errors"
	"fmt"
	"time"

	"custodex.dev/internal/id"
	"custodex.dev/internal/rowsum"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/sleep"
	"custodex.dev/internal/store"
)

// Keys gives the open keys of applications.
type Keys interface {
	// Key gives the key of one; fault.NotFound if there is no such application.
	Key(ctx context.Context, app id.App) (*seal.App, error)
}

// Kind says what is wrong with a row.
type Kind string

// The kinds of findings.
const (
	Altered  Kind = "altered"  // it is not as this program wrote it
	PutBack  Kind = "put_back" // the log has a newer state of it
	Removed  Kind = "removed"  // the log has it, and no deletion
	Invented Kind = "invented" // the log has no creation of it, or a deletion
	Unopened Kind = "unopened" // its key is gone or opens nothing
	Counter  Kind = "counter"  // a counter is not the number of what it counts
	Log      Kind = "log"      // an entry, or the tree over them
)

// Finding is one thing that is wrong.
type Finding struct {
	Kind  Kind   `json:"kind"`
	App   id.App `json:"app"`
	Table string `json:"table"`
	ID    string `json:"id"`
	Text  string `json:"text"` // a sentence without anything personal

	Owner id.Customer `json:"-"` // of an item; zero: there is none
}

// Progress says how far a check is.
type Progress struct {
	App   id.App
	Stage string
	Done  int64 // rows of the stage
	Of    int64
}

// Config says what to check. Store, Keys and Found must be set.
type Config struct {
	Store store.Reader
	Keys  Keys

	// Rate is how many rows a second are read. 0: as many as can be.
	Rate int

	// Found gets each finding as it is made.
	Found func(Finding)

	// Progress, if set, is told now and then how far the check is.
	Progress func(Progress)

	// Done, if set, is told of each application that is finished. A later check can begin after it.
	Done func(id.App) error

	maxSaid int64 // instead of the constant; 0: the constant
}

// batch is how many rows are read at a time.
const batch = 500

// FindDamage checks an application. Its error says that the check could not go on, and nothing about damage.
func FindDamage(ctx context.Context, cfg Config, app id.App) error {
	row, err := cfg.Store.AppGet(ctx, app)
	if err != nil {
		return err
	}
	key, err := cfg.Keys.Key(ctx, app)
	if err != nil && !errors.Is(err, seal.ErrOpen) {
		return err
	}
	if err != nil {
		cfg.Found(Finding{Kind: Unopened, App: app, Table: "application", ID: string(app), Text: "the key of the application is not as it was written"})
		return nil
	}
	c := &checker{cfg: cfg, app: app, key: key}
	c.deleted.known = make(map[int64]bool)
	c.summed = row.Summed && rowsum.Check(row.Sum, rowsum.App(key, &row)) == nil
	for _, stage := range []func(context.Context) error{
		c.checkLog, c.checkOwners, c.checkGroups, c.checkJobs, c.checkCustomers, c.checkEvents, c.checkTombstones, c.checkAnswers, c.checkBlocks,
		c.checkCounters,
	} {
		if err := stage(ctx); err != nil {
			return fmt.Errorf("application %s: %w", app, err)
		}
	}
	return nil
}

// All checks every application after the given one, in order of id.
func All(ctx context.Context, cfg Config, after id.App) error {
	return store.EachApp(ctx, cfg.Store, func(row store.AppRow) error {
		if row.ID <= after {
			return nil
		}
		if err := FindDamage(ctx, cfg, row.ID); err != nil || cfg.Done == nil {
			return err
		}
		return cfg.Done(row.ID)
	})
}

// checker checks one application.
type checker struct {
	cfg   Config
	app   id.App
	key   *seal.App
	said  *said
	stage string
	done  int64

	summed bool // every row of it has a checksum

	head    store.Head // when the check began
	named   int64      // what is wrong with the entries before this one was reported
	told    *told      // events, of the log as far as it went then
	living  int64      // customers that the log had then, of the parts that were read
	latest  int64      // version of a customer
	number  int64      // the greatest of a customer whose row is right
	deleted deletions
	treeBad bool // it was said that the tree is damaged
}

func (c *checker) found(kind Kind, table, id, format string, args ...any) {
	c.cfg.Found(Finding{Kind: kind, App: c.app, Table: table, ID: id, Text: fmt.Sprintf(format, args...)})
}

// intact reports whether a row that may be of an earlier release has the checksum that is kept with it.
func (c *checker) intact(kept, sum []byte) bool {
	return kept == nil && !c.summed || rowsum.Check(kept, sum) == nil
}

// begin begins a stage.
func (c *checker) begin(stage string) { c.stage, c.done = stage, 0 }

// read keeps the rate after n rows of about so many were read.
func (c *checker) read(ctx context.Context, n int, of int64) error {
	c.done += int64(n)
	if c.cfg.Progress != nil {
		c.cfg.Progress(Progress{c.app, c.stage, c.done, max(of, c.done)})
	}
	if c.cfg.Rate <= 0 {
		return ctx.Err()
	}
	return sleep.For(ctx, time.Duration(n)*time.Second/time.Duration(c.cfg.Rate))
}
