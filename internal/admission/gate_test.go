package admission_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"custodex.dev/internal/admission"
	"custodex.dev/internal/id"
)

// load is what clients of one application do, and what they saw.
type load struct {
	app     id.App
	clients int           // each sends its next request when the one before was answered
	every   time.Duration // or requests come at this distance, whatever happens to others
	pause   time.Duration // of a client after a refusal
	work    func() time.Duration

	mu      sync.Mutex
	waits   []time.Duration // of requests that got a place
	refused []time.Duration // how long it took to refuse one
}

func (l *load) ask(ctx context.Context, g *admission.Gate) {
	began := time.Now()
	leave, err := g.Enter(ctx, l.app)
	took := time.Since(began)
	l.mu.Lock()
	if err != nil {
		l.refused = append(l.refused, took)
	} else {
		l.waits = append(l.waits, took)
	}
	l.mu.Unlock()
	if err != nil {
		time.Sleep(l.pause)
		return
	}
	time.Sleep(l.work())
	leave()
}

// run has the loads at the gate for a while, on a clock of its own.
func run(t *testing.T, g *admission.Gate, length time.Duration, work func() time.Duration, loads ...*load) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	var all sync.WaitGroup
	for _, l := range loads {
		if l.work == nil {
			l.work = work
		}
		for range l.clients {
			all.Go(func() {
				for ctx.Err() == nil {
					l.ask(ctx, g)
				}
			})
		}
		if l.every > 0 {
			all.Go(func() {
				for ctx.Err() == nil {
					all.Go(func() { l.ask(t.Context(), g) })
					time.Sleep(l.every)
				}
			})
		}
	}
	all.Wait()
}

func quantile(all []time.Duration, q float64) time.Duration {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	return sorted[int(q*float64(len(sorted)-1))]
}

const patience = 150 * time.Millisecond

// about gives times of work around a mean.
func about(mean time.Duration) func() time.Duration {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(1, 2))
	return func() time.Duration {
		mu.Lock()
		defer mu.Unlock()
		return mean/2 + time.Duration(random.Int64N(int64(mean)))
	}
}

// A quiet application has no request refused and hardly waits, whatever another does.
func TestQuietApplicationIsNotDisturbed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		quiet := &load{app: "quiet", every: 3 * time.Millisecond}
		loud := &load{app: "loud", clients: 1000, pause: 5 * time.Millisecond}
		run(t, admission.New(64, patience), 5*time.Second, about(10*time.Millisecond), quiet, loud)
		if len(quiet.refused) > 0 {
			t.Errorf("%d of %d requests of the quiet application were refused", len(quiet.refused), len(quiet.waits))
		}
		if p := quantile(quiet.waits, 0.99); p > 2*time.Millisecond {
			t.Errorf("99 of 100 of its requests waited at most %v", p)
		}
	})
}

// Not even if the work of the other takes for ever.
func TestSlowWorkLeavesRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		quiet := &load{app: "quiet", every: 3 * time.Millisecond, work: about(5 * time.Millisecond)}
		slow := &load{app: "slow", clients: 1000, pause: 5 * time.Millisecond, work: about(10 * time.Second)}
		run(t, admission.New(64, patience), 5*time.Second, nil, quiet, slow)
		if p := quantile(quiet.waits, 1); p > 0 || len(quiet.refused) > 0 {
			t.Errorf("a request of the quiet application waited %v, and %d were refused", p, len(quiet.refused))
		}
	})
}

// What one application does not use is for the others.
func TestNoPlaceIsLeftFree(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const length, places = 5 * time.Second, 14 // and two that are kept for others
		only := &load{app: "a", clients: 200, pause: time.Millisecond}
		run(t, admission.New(places+2, patience), length, about(10*time.Millisecond), only)
		if most := int(places * length / (10 * time.Millisecond)); len(only.waits) < most*95/100 {
			t.Errorf("%d requests were worked on, want about %d", len(only.waits), most)
		}
	})
}

// Applications that all want more than there is get the same, even if there are fewer places than
// applications.
func TestLoudApplicationsShareEqually(t *testing.T) {
	t.Parallel()
	for _, places := range []int{15, 1} {
		synctest.Test(t, func(t *testing.T) {
			var loads []*load
			for i, clients := range []int{20, 100, 400} {
				loads = append(loads, &load{app: id.App(rune('a' + i)), clients: clients, pause: 5 * time.Millisecond})
			}
			run(t, admission.New(places, patience), 20*time.Second, about(10*time.Millisecond), loads...)
			least, most := len(loads[0].waits), len(loads[0].waits)
			for _, l := range loads {
				least, most = min(least, len(l.waits)), max(most, len(l.waits))
			}
			if most*9 > least*10 {
				t.Errorf("of %d places one got %d and another %d", places, most, least)
			}
		})
	}
}

// What is shared is the server's time and not the number of requests.
func TestLongWorkGetsNoMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		short := &load{app: "short", clients: 200, pause: 5 * time.Millisecond, work: about(10 * time.Millisecond)}
		long := &load{app: "long", clients: 200, pause: 5 * time.Millisecond, work: about(100 * time.Millisecond)}
		run(t, admission.New(20, patience), 10*time.Second, nil, short, long)
		if a, b := len(short.waits)*10, len(long.waits)*100; a*10 < b*8 || b*10 < a*8 {
			t.Errorf("one had places for %d ms and the other for %d ms", a, b)
		}
	})
}

// Under overload a request gets its place in time or is refused at once.
func TestRefusalsAreEarly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		loud := &load{app: "loud", clients: 2000, pause: 20 * time.Millisecond}
		g := admission.New(64, patience)
		run(t, g, 3*time.Second, about(10*time.Millisecond), loud)
		if p := quantile(loud.refused, 0.99); p > 20*time.Millisecond {
			t.Errorf("99 of 100 refusals took at most %v, want 20 ms", p)
		}
		if p := quantile(loud.waits, 1); p > patience {
			t.Errorf("a request waited %v for its place", p)
		}
		// It is over when the load is over.
		after := &load{app: "loud", clients: 1}
		run(t, g, time.Second, about(10*time.Millisecond), after)
		if p := quantile(after.waits, 1); p > 0 || len(after.refused) > 0 {
			t.Errorf("afterwards a request waited %v, and %d were refused", p, len(after.refused))
		}
	})
}

// When work takes ten times as long all at once, requests that wait already are refused when their time is
// over, and later ones at once.
func TestWorkBecomesSlow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := admission.New(64, patience)
		warm := &load{app: "a", clients: 500, pause: 5 * time.Millisecond}
		run(t, g, time.Second, about(10*time.Millisecond), warm)
		slow := &load{app: "a", clients: 500, pause: 5 * time.Millisecond}
		run(t, g, 10*time.Second, about(100*time.Millisecond), slow)
		if p := quantile(slow.waits, 1); p > patience {
			t.Errorf("a request waited %v for its place", p)
		}
		if p := quantile(slow.refused, 0.99); p > 20*time.Millisecond {
			t.Errorf("99 of 100 refusals took at most %v, want 20 ms", p)
		}
		if most := 56 * 100; len(slow.waits) < most*90/100 {
			t.Errorf("%d requests were worked on, want about %d", len(slow.waits), most)
		}
	})
}

// A request whose client goes away leaves the queue, and nothing is lost of what others have.
func TestWaitersThatGoAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := admission.New(1, patience)
		leave, err := g.Enter(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		gone, cancel := context.WithCancel(t.Context())
		errs := make(chan error, 2)
		for _, ctx := range []context.Context{gone, t.Context()} {
			go func() {
				leave, err := g.Enter(ctx, "b")
				if err == nil {
					defer leave()
				}
				errs <- err
			}()
			synctest.Wait()
		}
		cancel()
		if err := <-errs; !errors.Is(err, admission.ErrOverloaded) {
			t.Errorf("one whose client went away: %v", err)
		}
		leave()
		if err := <-errs; err != nil {
			t.Errorf("the one behind it: %v", err)
		}
	})
}
