// Package feed gives the events of an application to those who follow it: at once, or as soon as
// there are some. It must never skip an event: whoever comes with a position that the stored events
// do not continue from, because they were purged or the database went back, is told so.
//
// Start from Feed.Read.
package feed

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// ErrCursorExpired is the fault of a position that the stored events do not continue from.
var ErrCursorExpired = fault.New(fault.NotFound, "cursor_expired", "The events after this cursor are gone; "+
	"get a new cursor with after=latest, read the customers anew, then follow the new cursor")

var errManyWaiters = fault.New(fault.TooMany, "too_many_waiters", "Too many requests wait for events; wait longer in fewer requests").After(5 * time.Second)

const (
	maxWait   = 30 * time.Second
	pollEvery = time.Second     // looks for what other replicas have committed
	reserve   = 2 * time.Second // of a request's time, for the answer

	// Each waiter holds a place among the requests that are worked on.
	maxWaiters    = 64
	maxWaitersApp = 16

	scan    = 500 // events that one statement gives
	maxScan = 20  // statements of one answer, before it is given without a match
)

// Reader is what Feed needs of a store.
type Reader interface {
	EventList(ctx context.Context, app id.App, after int64, limit int) ([]store.EventRow, error)
	Head(ctx context.Context, app id.App) (store.Head, error)
}

// Query asks for the events after a position.
type Query struct {
	After  Position
	Latest bool          // from the end on; After does not count
	Types  []string      // nil: all
	Limit  int           // at least 1
	Wait   time.Duration // for an event, if there is none
}

// LatestCursor is the word for the end of the events, where a cursor is expected.
const LatestCursor = "latest"

// Check sets the default of Limit and says what is wrong with the query. known are the types that
// there are.
func (q *Query) Check(known []string) error {
	var problems []fault.Field
	bad := func(path, message string) {
		problems = append(problems, fault.Field{Path: path, Code: "invalid", Message: message})
	}
	q.Limit = cmp.Or(q.Limit, 100)
	for _, name := range q.Types {
		if !slices.Contains(known, name) {
			bad("types", "types must be some of "+strings.Join(known, ", ")+", with commas between")
			break
		}
	}
	if q.Limit < 1 || q.Limit > 1000 {
		bad("limit", "limit must be 1 to 1000")
	}
	if q.Wait < 0 || q.Wait > maxWait {
		bad("wait", "wait must be 0 to 30 seconds")
	}
	if len(problems) > 0 {
		return fault.Validation(problems...)
	}
	return nil
}

// Page is an answer. Next is after all that was looked at, also without a match.
type Page struct {
	Events []store.EventRow
	Next   Position
}

// Feed follows the events of all applications. It is safe for concurrent use.
type Feed struct {
	store Reader
	ended chan struct{}
	end   func()

	mu      sync.Mutex
	waiters int
	waiting map[id.App]*waiting
}

// waiting is what the waiters of an application share.
type waiting struct {
	count int
	woken chan struct{} // closed by the next change
}

// New makes a Feed. End ends its waits.
func New(st Reader) *Feed {
	f := &Feed{store: st, ended: make(chan struct{}), waiting: make(map[id.App]*waiting)}
	f.end = sync.OnceFunc(func() { close(f.ended) })
	return f
}

// End answers all who wait, now and later, at once.
func (f *Feed) End() { f.end() }

// Notify says that something of the application may have been committed.
func (f *Feed) Notify(app id.App) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if w := f.waiting[app]; w != nil {
		close(w.woken)
		w.woken = make(chan struct{})
	}
}

// Read gives the events after a position, ascending. If there is none it waits for one, at most for
// Wait and not longer than ctx allows an answer. Faults: ErrCursorExpired, TooMany.
func (f *Feed) Read(ctx context.Context, app id.App, q Query) (Page, error) {
	if q.Latest {
		next, err := f.latest(ctx, app)
		if err != nil {
			return Page{}, err
		}
		q.After = next
	}
	unknown := q.After == (Position{})
	var head store.Head
	if unknown {
		var err error
		if head, err = f.store.Head(ctx, app); err != nil {
			return Page{}, err
		}
	}
	page, err := f.look(ctx, app, q)
	if err != nil {
		return Page{}, err
	}
	if unknown && page.Next == q.After { // nothing is stored: go on from here, not from what is oldest then
		page.Next = end(head.Events)
	}
	if len(page.Events) > 0 || q.Wait <= 0 {
		return page, nil
	}
	return f.wait(ctx, app, q, page)
}

func (f *Feed) wait(ctx context.Context, app id.App, q Query, page Page) (Page, error) {
	w, err := f.enter(app)
	if err != nil {
		return Page{}, err
	}
	defer f.leave(app)
	if end, ok := ctx.Deadline(); ok {
		q.Wait = min(q.Wait, time.Until(end)-reserve)
	}
	over := time.NewTimer(q.Wait)
	defer over.Stop()
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	for {
		// The signal is taken before the look, so that no commit falls between them.
		woken := f.signal(w)
		q.After = page.Next
		if page, err = f.look(ctx, app, q); err != nil || len(page.Events) > 0 {
			return page, err
		}
		if page.Next != q.After && ctx.Err() == nil { // there may be more to look through
			continue
		}
		select {
		case <-woken:
		case <-poll.C:
		case <-over.C:
			return page, nil
		case <-f.ended:
			return page, nil
		case <-ctx.Done():
			return Page{}, ctx.Err()
		}
	}
}

func (f *Feed) enter(app id.App) (*waiting, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	w := f.waiting[app]
	if f.waiters >= maxWaiters || w != nil && w.count >= maxWaitersApp {
		return nil, errManyWaiters
	}
	if w == nil {
		w = &waiting{woken: make(chan struct{})}
		f.waiting[app] = w
	}
	w.count++
	f.waiters++
	return w, nil
}

func (f *Feed) leave(app id.App) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.waiters--
	if w := f.waiting[app]; w.count > 1 {
		w.count--
	} else {
		delete(f.waiting, app)
	}
}

func (f *Feed) signal(w *waiting) <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return w.woken
}

// look gives what there is. Without a match it stops after some thousand events.
func (f *Feed) look(ctx context.Context, app id.App, q Query) (Page, error) {
	page := Page{Next: q.After}
	for range maxScan {
		rows, err := f.after(ctx, app, page.Next, scan)
		if err != nil {
			return Page{}, err
		}
		for i := range rows {
			page.Next = positionAfter(&rows[i])
			if q.Types == nil || slices.Contains(q.Types, rows[i].Type) {
				page.Events = append(page.Events, rows[i])
			}
			if len(page.Events) == q.Limit {
				return page, nil
			}
		}
		if len(rows) < scan {
			break
		}
	}
	return page, nil
}
