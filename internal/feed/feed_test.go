package feed_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/feed"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// table is the events of one application in memory.
type table struct {
	mu     sync.Mutex
	rows   []store.EventRow
	events int64
}

func (b *table) EventList(_ context.Context, _ id.App, after int64, limit int) (list []store.EventRow, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, row := range b.rows {
		if row.Seq > after && len(list) < limit {
			list = append(list, row)
		}
	}
	return list, nil
}

func (b *table) Head(context.Context, id.App) (store.Head, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return store.Head{Events: b.events}, nil
}

func (b *table) add(types ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, name := range types {
		b.rows = append(b.rows, store.EventRow{Seq: b.events, At: 1000 + b.events, Type: name, Object: "o"})
		b.events++
	}
}

func (b *table) purge(n int) { b.rows = b.rows[n:] }

const app id.App = "app_abcdefghijkmnpqr"

func read(t *testing.T, f *feed.Feed, q feed.Query) feed.Page {
	t.Helper()
	if q.Limit == 0 {
		q.Limit = 100
	}
	page, err := f.Read(t.Context(), app, q)
	if err != nil {
		t.Fatalf("Read(%+v) = %v", q, err)
	}
	return page
}

// types joins what a page shows.
func types(page feed.Page) (all string) {
	for _, row := range page.Events {
		all += row.Type
	}
	return all
}

func want(t *testing.T, page feed.Page, list string) {
	t.Helper()
	if got := types(page); got != list {
		t.Errorf("the page shows %q, want %q", got, list)
	}
}

func TestWalk(t *testing.T) {
	t.Parallel()
	b := new(table)
	f := feed.New(b)
	page := read(t, f, feed.Query{})
	want(t, page, "")
	b.add("a", "b", "c", "b")
	page = read(t, f, feed.Query{After: page.Next, Limit: 3})
	want(t, page, "abc")
	page = read(t, f, feed.Query{After: page.Next})
	want(t, page, "b")
	want(t, read(t, f, feed.Query{After: page.Next}), "")
	want(t, read(t, f, feed.Query{Types: []string{"b"}}), "bb")
	// A filter that matches nothing still leads on.
	b.add("a", "a")
	page = read(t, f, feed.Query{After: page.Next, Types: []string{"x"}})
	b.add("d")
	want(t, read(t, f, feed.Query{After: page.Next}), "d")
	latest := read(t, f, feed.Query{Latest: true})
	want(t, latest, "")
	b.add("e")
	want(t, read(t, f, feed.Query{After: latest.Next}), "e")
}

// A position is good while what follows it is there, and is refused as soon as it is not.
func TestExpired(t *testing.T) {
	t.Parallel()
	b := new(table)
	f := feed.New(b)
	b.add("a", "b", "c", "d")
	at := read(t, f, feed.Query{Limit: 2}).Next // before c
	refused := func(what string) {
		t.Helper()
		if page, err := f.Read(t.Context(), app, feed.Query{After: at, Limit: 5, Wait: time.Minute}); !errors.Is(err, feed.ErrCursorExpired) {
			t.Errorf("%s: Read = %q, %v, want ErrCursorExpired", what, types(page), err)
		}
	}
	b.purge(2)
	want(t, read(t, f, feed.Query{After: at}), "cd")
	b.purge(1)
	refused("c is purged")
	want(t, read(t, f, feed.Query{}), "d")
	end := read(t, f, feed.Query{}).Next
	b.purge(1)
	refused("all are purged")
	want(t, read(t, f, feed.Query{After: end}), "")
	want(t, read(t, f, feed.Query{Latest: true}), "")
	b.add("e")
	want(t, read(t, f, feed.Query{After: end}), "e")

	// A restore gives numbers again, to other events.
	at = read(t, f, feed.Query{}).Next
	*b = table{}
	refused("the database went back")
	b.add("v", "w", "x", "y", "z", "z")
	refused("the numbers were given again")
}

// A place that was taken while nothing was stored is a place too: what is purged after it is missed.
func TestExpiredFromNothing(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(*table){
		"no event yet": func(*table) {},
		"all purged":   func(b *table) { b.add("a", "b"); b.purge(2) },
	} {
		for _, q := range []feed.Query{{}, {Latest: true}} {
			b := new(table)
			begin(b)
			f := feed.New(b)
			page := read(t, f, q)
			want(t, page, "")
			b.add("c", "d", "e")
			want(t, read(t, f, feed.Query{After: page.Next}), "cde")
			b.purge(1)
			if got, err := f.Read(t.Context(), app, feed.Query{After: page.Next, Limit: 5}); !errors.Is(err, feed.ErrCursorExpired) {
				t.Errorf("%s, latest %t: Read = %q, %v, want ErrCursorExpired", name, q.Latest, types(got), err)
			}
		}
	}
}

// An answer has as many events as were asked for, however many are looked through at once, and a wait does
// not pause between one look and the next while there is more to look through.
func TestManyEvents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := new(table)
		f := feed.New(b)
		b.add(slices.Repeat([]string{"a"}, 25_000)...)
		b.add("b")
		if page := read(t, f, feed.Query{Limit: 1000}); len(page.Events) != 1000 {
			t.Errorf("%d events, want 1000", len(page.Events))
		}
		start := time.Now()
		want(t, read(t, f, feed.Query{Types: []string{"b"}, Wait: 20 * time.Second}), "b")
		if took := time.Since(start); took != 0 {
			t.Errorf("looking through what there is took %v", took)
		}
	})
}

func TestWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := new(table)
		f := feed.New(b)
		start := time.Now()
		took := func(what string, d time.Duration) {
			t.Helper()
			if got := time.Since(start); got != d {
				t.Errorf("%s took %v, want %v", what, got, d)
			}
			start = time.Now()
		}
		page := read(t, f, feed.Query{Wait: 30 * time.Second})
		want(t, page, "")
		took("waiting for nothing", 30*time.Second)
		// Case 1: this process commits.
		go func() { time.Sleep(300 * time.Millisecond); b.add("a"); f.Notify(app) }()
		page = read(t, f, feed.Query{After: page.Next, Wait: 30 * time.Second})
		want(t, page, "a")
		took("a commit here", 300*time.Millisecond)
		// Case 2: another replica does. Another application wakes nobody.
		go func() { time.Sleep(300 * time.Millisecond); b.add("b"); f.Notify("app_other") }()
		page = read(t, f, feed.Query{After: page.Next, Wait: 30 * time.Second})
		want(t, page, "b")
		took("a commit elsewhere", time.Second)
		// Case 3: only what is asked for ends the wait.
		go func() { b.add("c"); f.Notify(app); time.Sleep(2500 * time.Millisecond); b.add("d"); f.Notify(app) }()
		page = read(t, f, feed.Query{After: page.Next, Types: []string{"d"}, Wait: 30 * time.Second})
		want(t, page, "d")
		took("a commit of the type", 2500*time.Millisecond)
		// Case 4: the time of the request is nearly over.
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if page, err := f.Read(ctx, app, feed.Query{After: page.Next, Limit: 1, Wait: 30 * time.Second}); err != nil || len(page.Events) != 0 {
			t.Errorf("Read = %+v, %v", page, err)
		}
		took("a short request", 8*time.Second)
		// Case 5: the client leaves.
		ctx, leave := context.WithCancel(t.Context())
		go func() { time.Sleep(time.Second / 2); leave() }()
		if _, err := f.Read(ctx, app, feed.Query{After: page.Next, Limit: 1, Wait: 30 * time.Second}); !errors.Is(err, context.Canceled) {
			t.Errorf("Read of a client that left = %v", err)
		}
		took("leaving", time.Second/2)
		// Case 6: the server ends.
		go func() { time.Sleep(time.Second / 2); f.End(); f.End() }()
		want(t, read(t, f, feed.Query{After: page.Next, Wait: 30 * time.Second}), "")
		took("the end", time.Second/2)
		want(t, read(t, f, feed.Query{After: page.Next, Wait: 30 * time.Second}), "")
		took("after the end", 0)
	})
}

// Those who wait are bounded, for each application and in all, and leave their places.
func TestWaitersAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := feed.New(new(table))
		wait := func(app id.App, n int) (refused int) {
			results := make(chan error, n)
			for range n {
				go func() {
					_, err := f.Read(t.Context(), app, feed.Query{Limit: 1, Wait: 10 * time.Second})
					results <- err
				}()
			}
			synctest.Wait()
			for len(results) > 0 {
				if err := <-results; errors.Is(err, fault.TooMany) {
					refused++
				}
			}
			return refused
		}
		for i, name := range []id.App{"app_a", "app_b", "app_c", "app_d"} {
			if n := wait(name, 20); n != 4 {
				t.Errorf("application %d: %d of 20 were refused, want 4", i, n)
			}
		}
		if n := wait("app_e", 3); n != 3 {
			t.Errorf("over the bound of all, %d of 3 were refused", n)
		}
		time.Sleep(11 * time.Second)
		synctest.Wait()
		if n := wait("app_a", 16); n != 0 {
			t.Errorf("after all have left, %d of 16 were refused", n)
		}
		time.Sleep(11 * time.Second)
	})
}
