package check

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"sync"
	"time"

	"custodex.dev/internal/id"
	"custodex.dev/internal/safe"
	"custodex.dev/internal/sleep"
	"custodex.dev/internal/store"
)

// Watcher checks in a server, again and again. It compares the applications and their credentials with
// their checksums and with the log, of which it reads each from the beginning once, then what has come
// since; and slowly the customers with their keys and addresses, without the log.
type Watcher struct {
	cfg    Config
	rate   int
	report func(ctx context.Context, app id.App, found []Finding, tables ...string)
	log    *slog.Logger
	said   map[id.App]*said
}

const (
	watchEvery = 20 * time.Second
	sweepEvery = time.Minute
	watchRate  = 20_000 // entries a second, so that reading a long log leaves room for others
)

// NewWatcher makes a Watcher that compares so many customers a second. report is told all that is wrong
// with the rows of an application in some tables, each time that they were compared.
func NewWatcher(st store.Reader, keys Keys, rate int, log *slog.Logger, report func(ctx context.Context, app id.App, found []Finding, tables ...string)) *Watcher {
	return &Watcher{cfg: Config{Store: st, Keys: keys, Rate: watchRate}, rate: rate, report: report, log: log, said: make(map[id.App]*said)}
}

// Run watches until ctx ends.
func (w *Watcher) Run(ctx context.Context) {
	var group sync.WaitGroup
	group.Go(func() { w.again(ctx, watchEvery, w.watch) })
	if sleep.For(ctx, sweepEvery) == nil {
		w.again(ctx, sweepEvery, w.Sweep)
	}
	group.Wait()
}

// again calls fn for every application, now and after a while, until ctx ends. It goes on after an error.
func (w *Watcher) again(ctx context.Context, wait time.Duration, fn func(context.Context, id.App) error) {
	for {
		var failed []error
		err := store.EachApp(ctx, w.cfg.Store, func(row store.AppRow) error {
			if err := safe.Call(func() error { return fn(ctx, row.ID) }); err != nil && len(failed) < maxFailures {
				failed = append(failed, err)
			}
			return ctx.Err()
		})
		if err := errors.Join(append(failed, err)...); err != nil && ctx.Err() == nil {
			w.log.WarnContext(ctx, "background work failed; it will be tried again", "work", "check of rows", "cause", err)
		}
		if sleep.For(ctx, wait) != nil {
			return
		}
	}
}

// maxFailures is how many failed applications a line of the log tells of.
const maxFailures = 5

// maxFound is how many wrong customers of an application are reported.
const maxFound = 1000

// Sweep compares the customers of an application with their keys and addresses.
func (w *Watcher) Sweep(ctx context.Context, app id.App) error {
	key, err := w.cfg.Keys.Key(ctx, app)
	if err != nil {
		return err
	}
	cfg := w.cfg
	cfg.Rate = w.rate
	c := &checker{cfg: cfg, app: app, key: key}
	var found []Finding
	after := store.ChangePoint{Version: math.MinInt64}
	for {
		rows, err := cfg.Store.CustomerChanges(ctx, app, after, sweepBatch)
		if err != nil {
			return err
		}
		for i := range rows {
			row := &rows[i]
			after = store.ChangePoint{Version: row.Version, Seq: row.Seq}
			if row.Deleted {
				continue
			}
			if kind, text := c.itself(row); kind != "" && len(found) < maxFound {
				found = append(found, Finding{Kind: kind, App: app, Table: "customer", ID: row.ID.String(), Text: text})
			}
		}
		if err := c.read(ctx, len(rows), 0); err != nil {
			return err
		}
		if len(rows) < sweepBatch {
			w.report(ctx, app, found, "customer")
			return nil
		}
	}
}

// sweepBatch is how many customers a sweep reads at a time: few, because it then waits for the rate.
const sweepBatch = 100

func (w *Watcher) watch(ctx context.Context, app id.App) error {
	key, err := w.cfg.Keys.Key(ctx, app)
	if err != nil {
		return err
	}
	head, err := w.cfg.Store.Head(ctx, app)
	if err != nil {
		return err
	}
	c := &checker{cfg: w.cfg, app: app, key: key}
	c.cfg.Found = func(Finding) {}                             // of catching up: entries, which the sequencer looks at
	if w.said[app] == nil || w.said[app].next > head.Entries { // the database has lost entries
		w.said[app] = newSaid(half{}, 0, 0)
	}
	c.said = w.said[app]
	if err := c.noteUpTo(ctx, head.Entries, true); err != nil {
		return err
	}
	findings, err := c.owners(ctx)
	if err != nil {
		return err
	}
	w.report(ctx, app, findings, "application", "credential")
	return nil
}
