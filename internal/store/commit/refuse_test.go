package commit_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"custodex.dev/internal/store/commit"
)

// TestRefuse has a batch that finds out what nobody who waits would get past.
func TestRefuse(t *testing.T) {
	t.Parallel()
	errAway, errHeld := errors.New("away"), errors.New("held")
	for _, c := range []struct {
		what   string
		refuse func(g *commit.Group[string, int])
		behind error // what the work of the same key gets
		other  error // what that of another key gets
		seen   string
	}{
		{"all", func(g *commit.Group[string, int]) { g.Refuse(errAway) }, errAway, errAway, "a:1 a:4 b:5"},
		{"one key", func(g *commit.Group[string, int]) { g.RefuseBehind("a", errHeld) }, errHeld, nil, "a:1 b:3 a:4 b:5"},
		{"a key that nobody waits for", func(g *commit.Group[string, int]) { g.RefuseBehind("c", errHeld) }, nil, nil, "a:1 b:3 a:2 a:4 b:5"},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := &disk{gate: make(chan struct{})}
				g := group(d, 1, 10, 2)
				first, behind, other := hand(g, t.Context(), "a", 1), hand(g, t.Context(), "a", 2), hand(g, t.Context(), "b", 3)
				c.refuse(g)
				// Case 1: what waits is told at once, what is in a batch is not touched.
				if c.behind != nil {
					wantErr(t, "work behind the batch", behind, c.behind)
				}
				if c.other != nil {
					wantErr(t, "work of another key", other, c.other)
				}
				wantWaiting(t, "work in the batch", first)
				close(d.gate)
				wantErr(t, "work in the batch", first, nil)
				if c.behind == nil {
					wantErr(t, "work behind the batch", behind, nil)
				}
				if c.other == nil {
					wantErr(t, "work of another key", other, nil)
				}
				// Case 2: there is room for two again, and the queues work.
				wantErr(t, "later work", hand(g, t.Context(), "a", 4), nil)
				wantErr(t, "later work", hand(g, t.Context(), "b", 5), nil)
				d.want(t, c.seen)
				mustClose(t, g)
			})
		})
	}
}
