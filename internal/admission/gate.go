// Package admission decides which requests are worked on when there are more than the server can work
// on at once.
//
// Places are shared fairly: a place that becomes free goes to the application that waits and has the
// fewest. One that asks for less than its share never waits behind one that asks for more, and what an
// application does not use is for the others. But an eighth of the places, none of fewer than 8, is kept
// from any one application: one alone cannot keep another out, however slow its work. Two or more with
// slow work can. A request that would wait in vain is refused at once: while it waited it would only make
// others late, and its client would learn nothing sooner.
package admission

import (
	"container/heap"
	"context"
	"sync"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
)

// ErrOverloaded is the fault of a request that is not worked on.
var ErrOverloaded = fault.New(fault.Unavailable, "overloaded", "The server is busy; try again").After(time.Second)

// Gate has the places. Make one with New.
type Gate struct {
	places   int
	most     int // of one application
	patience time.Duration

	mu      sync.Mutex
	running int
	held    time.Duration // how long a place is held, on average of late
	shares  map[id.App]*share
	waiting queue
	turns   uint64
}

// share is what one application has and waits for.
type share struct {
	app     id.App
	running int
	waiters []*waiter // the oldest first
	turn    uint64    // when it was given a place last
	place   int       // in the queue; -1: nobody waits
}

type waiter struct{ granted chan struct{} }

// firstHeld is taken for how long a place is held until that is known.
const firstHeld = 10 * time.Millisecond

// New gives a Gate with so many places. Requests wait for one at most for patience.
func New(places int, patience time.Duration) *Gate {
	places = max(places, 1)
	return &Gate{places: places, most: places - places/8, patience: patience, held: firstHeld, shares: make(map[id.App]*share)}
}

// Enter waits for a place for a request of app; leave gives it back, and must be called once. Without a
// place it is ErrOverloaded, at once if the wait would be too long.
func (g *Gate) Enter(ctx context.Context, app id.App) (leave func(), err error) {
	g.mu.Lock()
	s := g.shares[app]
	if s == nil {
		s = &share{app: app, place: -1}
		g.shares[app] = s
	}
	if g.running < g.places && s.running < g.most {
		g.admit(s)
		g.mu.Unlock()
		return g.leaveOf(s), nil
	}
	if g.wait(s) > g.patience {
		g.forget(s)
		g.mu.Unlock()
		return nil, ErrOverloaded
	}
	w := &waiter{make(chan struct{})}
	s.waiters = append(s.waiters, w)
	if s.place < 0 {
		heap.Push(&g.waiting, s)
	}
	g.mu.Unlock()
	limit := time.NewTimer(g.patience)
	defer limit.Stop()
	select {
	case <-w.granted:
		return g.leaveOf(s), nil
	case <-limit.C:
	case <-ctx.Done():
	}
	if g.giveUp(s, w) {
		return nil, ErrOverloaded
	}
	return g.leaveOf(s), nil // it was granted meanwhile
}

// wait guesses how long one more request of an application would wait: those before it need so many
// places, and get their share of the places that become free.
func (g *Gate) wait(s *share) time.Duration {
	sharing := len(g.waiting)
	if s.place < 0 {
		sharing++
	}
	return g.held * time.Duration((len(s.waiters)+1)*sharing) / time.Duration(g.most)
}

func (g *Gate) admit(s *share) {
	g.running++
	s.running++
	g.turns++
	s.turn = g.turns
	if s.place >= 0 {
		heap.Fix(&g.waiting, s.place)
	}
}

// leaveOf gives the function that gives back a place of s, which is held from now on.
func (g *Gate) leaveOf(s *share) func() {
	since := time.Now()
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.held += (time.Since(since) - g.held) / 64
		g.running--
		s.running--
		if s.place >= 0 {
			heap.Fix(&g.waiting, s.place)
		}
		g.grant()
		g.forget(s)
	}
}

// grant gives free places to those who wait.
func (g *Gate) grant() {
	for g.running < g.places && len(g.waiting) > 0 && g.waiting[0].running < g.most {
		s := g.waiting[0]
		w := s.waiters[0]
		s.waiters = s.waiters[1:]
		if len(s.waiters) == 0 {
			s.waiters = nil
			heap.Remove(&g.waiting, s.place)
		}
		g.admit(s)
		close(w.granted)
	}
}

// giveUp takes w out of the queue, or reports that it has been granted.
func (g *Gate) giveUp(s *share, w *waiter) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, other := range s.waiters {
		if other != w {
			continue
		}
		s.waiters = append(s.waiters[:i:i], s.waiters[i+1:]...)
		if len(s.waiters) == 0 {
			heap.Remove(&g.waiting, s.place)
		}
		g.forget(s)
		return true
	}
	return false
}

// forget drops an application that has nothing and waits for nothing.
func (g *Gate) forget(s *share) {
	if s.running == 0 && len(s.waiters) == 0 && g.shares[s.app] == s {
		delete(g.shares, s.app)
	}
}

// queue is a heap of the applications that wait: next is who has the fewest places, then who has waited
// longest for one.
type queue []*share

func (q queue) Len() int { return len(q) }

func (q queue) Less(i, j int) bool {
	if q[i].running != q[j].running {
		return q[i].running < q[j].running
	}
	return q[i].turn < q[j].turn
}

func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].place, q[j].place = i, j
}

func (q *queue) Push(x any) {
	s := x.(*share)
	s.place = len(*q)
	*q = append(*q, s)
}

func (q *queue) Pop() any {
	old := *q
	s := old[len(old)-1]
	s.place = -1
	old[len(old)-1] = nil // else it stays in memory
	*q = old[:len(old)-1]
	return s
}
