package index_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/index"
)

// However permits are acquired, turn cold and are released, no more than the bounds are out, and all
// of them come back.
func TestPermitsStayWithinTheirBounds(t *testing.T) {
	t.Parallel()
	const searches, cold, coldOfApp = 12, 6, 3
	rapid.Check(t, func(rt *rapid.T) {
		m := newMemoryStore()
		free := make(chan struct{})
		defer close(free)
		m.scan = func(context.Context) error { <-free; return nil }
		c, _ := newCache(t, m, func(cfg *index.Config) { cfg.MaxSearches = searches })
		apps := []id.App{"a", "b", "c"}
		for _, app := range apps {
			m.put(app, 1, "ada")
		}
		var out []*index.Permit
		isCold, coldOf := make(map[*index.Permit]id.App), make(map[id.App]int)
		ended, end := context.WithCancel(t.Context())
		end()
		for range rapid.IntRange(0, 60).Draw(rt, "steps") {
			app := rapid.SampledFrom(apps).Draw(rt, "app")
			if len(out) > 0 && rapid.IntRange(0, 3).Draw(rt, "release") == 0 {
				p := out[0]
				out = out[1:]
				if app, ok := isCold[p]; ok {
					coldOf[app]--
					delete(isCold, p)
				}
				p.Release()
				continue
			}
			p, err := c.Acquire(app)
			if (err == nil) != (len(out) < searches) {
				rt.Fatalf("Acquire = %v with %d permits out", err, len(out))
			}
			if err != nil {
				continue
			}
			out = append(out, p)
			_, build, err := c.Current(t.Context(), p, decode)
			if err != nil {
				rt.Fatal(err)
			}
			want := context.Canceled // it waits
			if len(isCold) >= cold || coldOf[app] >= coldOfApp {
				want = index.ErrSaturated
			}
			if err := p.AwaitBuild(ended, build); !errors.Is(err, want) {
				rt.Fatalf("Wait = %v with %d cold searches, %d of this application; want %v", err, len(isCold), coldOf[app], want)
			}
			if errors.Is(want, context.Canceled) {
				isCold[p] = app
				coldOf[app]++
			}
		}
		for _, p := range out {
			p.Release()
		}
		for range searches {
			mustAcquire(t, c, app)
		}
	})
}

// A scan waits for room, for a moment, and then is refused.
func TestScanWaitsForRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := newCache(t, newMemoryStore(), func(cfg *index.Config) { cfg.MaxScans = 1 })
		p := mustAcquire(t, c, app)
		defer p.Release()
		release, err := p.AcquireScan(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		if _, err := p.AcquireScan(t.Context()); !errors.Is(err, index.ErrSaturated) || time.Since(begin) != 150*time.Millisecond {
			t.Errorf("a scan without room = %v after %v, want a refusal after 150ms", err, time.Since(begin))
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := p.AcquireScan(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("a scan whose caller is gone = %v", err)
		}
		time.AfterFunc(100*time.Millisecond, release)
		again, err := p.AcquireScan(t.Context())
		if err != nil {
			t.Fatalf("a scan that gets room in time = %v", err)
		}
		again()
	})
}

// The wait for a build has an end.
func TestWaitForABuildEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemoryStore()
		m.put(app, 1, "ada")
		free := make(chan struct{})
		m.scan = func(context.Context) error { <-free; return nil }
		c, _ := newCache(t, m, nil)
		p := mustAcquire(t, c, app)
		defer p.Release()
		_, build, err := c.Current(t.Context(), p, decode)
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		if err := p.AwaitBuild(t.Context(), build); !errors.Is(err, index.ErrPreparing) || time.Since(begin) != 10*time.Second {
			t.Errorf("Wait = %v after %v, want a refusal after 10s", err, time.Since(begin))
		}
		close(free)
	})
}

// Who waits for a build that the store fails is told so, and does not ask the store again.
func TestWaitTellsThatTheStoreFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemoryStore()
		m.put(app, 1, "ada")
		down := fault.New(fault.Unavailable, "database_unreachable", "down")
		m.scan = func(context.Context) error { time.Sleep(2 * time.Second); return down }
		c, _ := newCache(t, m, nil)
		p := mustAcquire(t, c, app)
		defer p.Release()
		_, build, err := c.Current(t.Context(), p, decode)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := p.AwaitBuild(t.Context(), build); !errors.Is(err, down) {
				t.Errorf("Wait = %v, want the store's fault", err)
			}
		}
	})
}
