package storetest

import (
	"context"
	"errors"
	"sync"
	"testing"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/store"
)

// testClose closes the store that it is given.
func testClose(t *testing.T, s store.Store) {
	e := env{Store: s, ctx: t.Context()}
	e.app = e.newApp(t)
	th := arranged(t, e)
	noError(t, "Record", e.Record(e.ctx, e.app, newEntry()))

	// Case 1: writers at work when Close comes get an outcome, nil or Unavailable.
	var writers sync.WaitGroup
	started := make(chan struct{}, 8)
	for range 8 {
		writers.Go(func() {
			for n := 0; ; n++ {
				err := e.Record(e.ctx, e.app, newEntry())
				if n == 0 {
					started <- struct{}{}
				}
				if err != nil {
					wantKind(t, "Record while closing", err, fault.Unavailable)
					return
				}
			}
		})
	}
	for range 8 {
		<-started
	}
	noError(t, "Close", s.Close(context.Background()))
	writers.Wait()

	// Case 2: afterwards everything is Unavailable.
	for name, call := range calls(e, th) {
		if err := call(e.ctx); !errors.Is(err, fault.Unavailable) {
			t.Errorf("%s after Close = %v, want %v", name, err, fault.Unavailable)
		}
	}

	// Case 3: closing twice does no harm.
	noError(t, "a second Close", s.Close(context.Background()))
}
