package server_test

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"testing"

	"custodex.dev/internal/config"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
	"custodex.dev/internal/testkit"
)

// stuckApp is a store on which the lists of one application do not end before release is closed.
type stuckApp struct {
	store.Store
	app     id.App
	release chan struct{}
	entered chan struct{}
}

func (s *stuckApp) CustomerList(ctx context.Context, app id.App, list store.CustomerList) ([]store.CustomerRow, error) {
	if app == s.app {
		s.entered <- struct{}{}
		<-s.release
	}
	return s.Store.CustomerList(ctx, app, list)
}

// Whatever the requests of one application wait for, those of others, and operators', are served.
func TestOneApplicationLeavesRoomForOthers(t *testing.T) {
	t.Parallel()
	const places, many = 16, 60
	hold := &stuckApp{release: make(chan struct{}), entered: make(chan struct{}, many)}
	s := testkit.NewServer(t, testkit.Options{
		Configure: func(c *config.Config) { c.MaxRequests, c.SearchSlots, c.LogLevel = places, 4, slog.LevelError },
		Wrap:      func(st store.Store) store.Store { hold.Store = st; return hold },
	})
	hold.app = s.App.ID
	_, other := s.NewApp(t, "Other", 0)
	ask := func(key, secret string) int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/api/v0/customers", nil)
		if err != nil {
			t.Error(err)
			return 0
		}
		req.Header.Set("x-client-key", key)
		req.Header.Set("x-client-secret", secret)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Error(err)
			return 0
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	var all sync.WaitGroup
	codes := make(chan int, many)
	for range many {
		all.Go(func() { codes <- ask(s.Key.PublicKey, s.Key.Secret.Reveal()) })
	}
	for range places - places/8 {
		<-hold.entered
	}
	for range 20 {
		if code := ask(other.PublicKey, other.Secret.Reveal()); code != http.StatusOK {
			t.Errorf("another application got %d", code)
		}
	}
	for range many - (places - places/8) { // whatever waits is refused in time
		if code := <-codes; code != http.StatusServiceUnavailable {
			t.Errorf("a request beyond the places of its application got %d", code)
		}
	}
	close(hold.release)
	all.Wait()
	for range places - places/8 {
		if code := <-codes; code != http.StatusOK {
			t.Errorf("a request that had a place got %d", code)
		}
	}
}
