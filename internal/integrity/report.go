package integrity

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"custodex.dev/internal/check"
	"custodex.dev/internal/id"
	"custodex.dev/internal/safe"
	"custodex.dev/internal/sleep"
)

// maxAltered is how many altered rows are remembered and logged. Where there are more, neither memory
// nor log may grow with them. Rows that are refused because of what the log says are remembered all.
const maxAltered = 1000

// Altered is how many rows this process has found altered that are not known to be right again.
func (g *Guard) Altered() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := len(g.altered)
	for row := range g.found {
		if _, known := g.altered[row]; !known {
			n++
		}
	}
	return n
}

// Found is told all that a comparison found to be wrong with the rows of an application in some tables.
// A credential or application that was put back to an earlier state is refused until a later comparison
// finds it in order. A group or item is refused for its checksum alone.
func (g *Guard) Found(ctx context.Context, app id.App, findings []check.Finding, tables ...string) {
	now := make(map[rowID]bool, len(findings)) // true: it is refused
	for _, f := range findings {
		row := idOf(app, &f)
		now[row] = now[row] || f.Kind == check.PutBack
	}
	g.mu.Lock()
	maps.DeleteFunc(g.found, func(row rowID, _ bool) bool {
		_, still := now[row]
		return !still && row.app == app && slices.Contains(tables, row.table)
	})
	fresh := []check.Finding{}
	for _, f := range findings {
		row := idOf(app, &f)
		_, known := g.found[row]
		if refused := now[row]; known || refused || len(g.found) < maxAltered { // what is refused is kept in any case
			g.found[row] = refused
			if !known {
				fresh = append(fresh, f)
			}
		}
	}
	if len(findings) > 0 && g.waiting[app] == "" {
		g.waiting[app] = findings[0].Table + " " + findings[0].ID + ": " + findings[0].Text
	}
	g.mu.Unlock()
	for _, f := range fresh {
		g.cfg.Log.ErrorContext(ctx, "a row is not as it was written last", "app", app, "table", f.Table, "id", f.ID, "kind", f.Kind, "finding", f.Text)
	}
	if len(findings) > 0 {
		g.wakeUp()
	}
}

// note remembers what was found about a row, and reports one that was altered.
func (g *Guard) note(ctx context.Context, row rowID, altered bool) {
	g.mu.Lock()
	_, known := g.altered[row]
	switch {
	case !altered:
		delete(g.altered, row)
	case !known && len(g.altered) < maxAltered:
		g.altered[row] = struct{}{}
	}
	if altered && g.waiting[row.app] == "" {
		g.waiting[row.app] = row.table + " " + row.id + " was altered in the database"
	}
	g.mu.Unlock()
	if !altered {
		return
	}
	if !known {
		g.cfg.Log.ErrorContext(ctx, "a row was altered in the database; what goes by it is refused", "app", row.app, "table", row.table, "id", row.id)
	}
	g.wakeUp()
}

// wakeUp lets waiting alarms be raised.
func (g *Guard) wakeUp() {
	select {
	case g.wake <- struct{}{}:
	default:
	}
}

// retryAfter is how long the alarms wait after one that could not be stored.
const retryAfter = time.Second

// Run gives checksums to the rows of earlier releases, and raises the alarms about altered ones until
// ctx ends. They are raised here and not by the request that met the row, whose time would tell that
// there is such a row.
func (g *Guard) Run(ctx context.Context) {
	var group sync.WaitGroup
	defer group.Wait()
	group.Go(func() { g.runFill(ctx) })
	g.runAlarms(ctx)
}

// runFill fills until all applications have checksums, and again when the database has lost changes.
func (g *Guard) runFill(ctx context.Context) {
	for {
		err := safe.Call(func() error { return g.Fill(ctx) })
		if err == nil {
			select {
			case <-g.lost:
				continue
			case <-ctx.Done():
			}
		}
		if ctx.Err() != nil {
			return
		}
		g.cfg.Log.WarnContext(ctx, "background work failed; it will be tried again", "work", "checksums of earlier rows", "cause", err)
		if sleep.For(ctx, fillAgain) != nil {
			return
		}
	}
}

func (g *Guard) runAlarms(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-g.wake:
		}
		for app, damage := range g.take() {
			err := safe.Call(func() error { return g.cfg.Raise(ctx, app, damage) })
			if err == nil || ctx.Err() != nil {
				continue
			}
			g.cfg.Log.WarnContext(ctx, "an alarm could not be stored; it will be tried again", "app", app, "cause", err)
			g.again(app, damage)
			if sleep.For(ctx, retryAfter) != nil {
				return
			}
		}
	}
}

// take gives the alarms that wait.
func (g *Guard) take() map[id.App]string {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := g.waiting
	g.waiting = make(map[id.App]string)
	return t
}

// again lets an alarm wait once more.
func (g *Guard) again(app id.App, damage string) {
	g.mu.Lock()
	if g.waiting[app] == "" {
		g.waiting[app] = damage
	}
	g.mu.Unlock()
	g.wakeUp()
}
