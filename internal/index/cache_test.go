package index_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"custodex.dev/internal/index"
	"custodex.dev/internal/search"
	"custodex.dev/internal/store"
)

// After any changes, the index and a count agree with the store, also where no index fits into
// memory, and the tracker knows exactly the corrupt rows.
func TestIndexFollowsTheStore(t *testing.T) {
	t.Parallel()
	for _, memory := range []int64{1 << 30, 1} {
		t.Run(fmt.Sprintf("memory=%d", memory), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(rt *rapid.T) {
				m := newMemoryStore()
				c, tracker := newCache(t, m, func(cfg *index.Config) { cfg.MaxMemory = memory })
				copied, at := m.copyOf(app)
				rt.Repeat(map[string]func(*rapid.T){
					"copy": func(*rapid.T) { copied, at = m.copyOf(app) },
					// A failover or restore loses commits, and others take their versions.
					"lose": func(rt *rapid.T) {
						m.restore(app, copied, at, false)
						for range rapid.IntRange(0, 4).Draw(rt, "writes") {
							m.put(app, rapid.Int64Range(1, 30).Draw(rt, "seq"), "ada")
						}
					},
					// A lower version is noticed by itself.
					"go back": func(*rapid.T) { m.restore(app, copied, at, true) },
					"put": func(rt *rapid.T) {
						names := []string{"ada", "bob", "ada bob", "corrupt", "erased"}
						m.put(app, rapid.Int64Range(1, 30).Draw(rt, "seq"), rapid.SampledFrom(names).Draw(rt, "name"))
					},
					"delete": func(rt *rapid.T) { m.delete(app, rapid.Int64Range(1, 30).Draw(rt, "seq")) },
					"drop":   func(*rapid.T) { c.Drop() },
					"": func(rt *rapid.T) {
						want, corrupt := 0, 0
						for _, row := range m.live(app) {
							if e, err := decode(&row); errors.Is(err, errCorrupt) {
								corrupt++
							} else if search.Match(search.Filter{Name: "ada"}, e) {
								want++
							}
						}
						p := mustAcquire(t, c, app)
						defer p.Release()
						if n, err := c.Count(t.Context(), p, decode, search.Filter{Name: "ada"}); err != nil || n != want {
							rt.Fatalf("Count = %d, %v; want %d", n, err, want)
						}
						ix := current(t, c, app)
						if (ix == nil) != (memory == 1) {
							rt.Fatalf("the index is %v with %d bytes", ix, memory)
						}
						if ix == nil {
							return // deleted rows are forgotten by use cases
						}
						if n, err := ix.Count(t.Context(), search.Filter{Name: "ada"}); err != nil || n != want {
							rt.Fatalf("the index finds %d, %v; want %d", n, err, want)
						}
						if tracker.Count() != corrupt {
							rt.Fatalf("%d corrupt rows are known, want %d", tracker.Count(), corrupt)
						}
					},
				})
			})
		})
	}
}

// The index used least recently makes room for another, and one that is idle goes.
func TestIndexesAreDropped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemoryStore()
		for seq := range int64(2000) {
			m.rows[app] = append(m.rows[app], store.CustomerRow{Seq: seq, Sealed: []byte("ada")})
		}
		m.rows[other] = m.rows[app]
		c, _ := newCache(t, m, func(cfg *index.Config) { cfg.MaxMemory = 300_000 })
		current(t, c, app)
		one, _ := c.Memory()
		time.Sleep(time.Second)
		current(t, c, other)
		if bytes, n := c.Memory(); n != 1 || bytes > one*5/4 {
			t.Errorf("%d indexes of %d bytes are there, want one like the first of %d", n, bytes, one)
		}
		time.Sleep(time.Minute)
		c.Sweep()
		if _, n := c.Memory(); n != 1 {
			t.Errorf("%d indexes are there before it has been idle for longer than a minute", n)
		}
		time.Sleep(time.Second)
		c.Sweep()
		if bytes, n := c.Memory(); n != 0 || bytes != 0 {
			t.Errorf("%d idle indexes of %d bytes are there", n, bytes)
		}
	})
}

// A build that fails, or panics, costs its own application an index for a while, and no search a
// build each.
func TestFailedBuildIsTriedLater(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(context.Context) error{
		"error": func(context.Context) error { return errors.New("a page is damaged") },
		"panic": func(context.Context) error { panic("a page is damaged") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := newMemoryStore()
				m.put(app, 1, "ada")
				m.scan = fail
				c, _ := newCache(t, m, nil)
				for range 10 {
					if current(t, c, app) != nil {
						t.Fatal("there is an index")
					}
				}
				if m.scans != 1 {
					t.Errorf("10 searches cost %d builds, want 1", m.scans)
				}
				m.mu.Lock()
				m.scan = nil
				m.mu.Unlock()
				time.Sleep(5 * time.Second)
				if current(t, c, app) == nil {
					t.Error("there is no index later")
				}
			})
		})
	}
}

// Close waits for a build no longer than its context, and ends it. Searches that come later find no
// index, and none that is to come.
func TestCloseBesideABuild(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemoryStore()
		m.put(app, 1, "ada")
		stuck := make(chan struct{})
		m.scan = func(context.Context) error { <-stuck; return nil } // deaf to its context
		c, _ := newCache(t, m, nil)
		p := mustAcquire(t, c, app)
		defer p.Release()
		_, build, err := c.Current(t.Context(), p, decode)
		if err != nil || build == nil {
			t.Fatalf("Current = %v, %v; want a build", build, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.Close(ctx); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "build of a search index") {
			t.Errorf("Close beside a build that does not end = %v", err)
		}
		if current(t, c, other) != nil {
			t.Error("an index was built after Close")
		}
		close(stuck)
		if err := c.Close(t.Context()); err != nil {
			t.Errorf("Close = %v", err)
		}
	})
}

// Close ends a build that listens to its context.
func TestCloseEndsABuild(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemoryStore()
		m.put(app, 1, "ada")
		m.scan = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		c, _ := newCache(t, m, nil)
		p := mustAcquire(t, c, app)
		defer p.Release()
		if _, _, err := c.Current(t.Context(), p, decode); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.Close(ctx); err != nil {
			t.Errorf("Close = %v", err)
		}
	})
}
