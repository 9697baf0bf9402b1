package server_test

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"custodex.dev/internal/config"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
	"custodex.dev/internal/testkit"
)

// blockingScan is a store on which no index build ends before release is closed.
type blockingScan struct {
	store.Store
	release chan struct{}
}

func (b *blockingScan) CustomerScan(ctx context.Context, app id.App, from, to int64, fn func(*store.CustomerRow) error) error {
	select {
	case <-b.release:
	case <-ctx.Done():
		return ctx.Err()
	}
	return b.Store.CustomerScan(ctx, app, from, to, fn)
}

// However many requests need an index that is being built, other requests are served:
// at most an eighth of max-requests may wait for it.
func TestSearchesLeaveRoomForOthers(t *testing.T) {
	t.Parallel()
	hold := &blockingScan{release: make(chan struct{})}
	s := testkit.NewServer(t, testkit.Options{
		Configure: func(c *config.Config) { c.MaxRequests, c.SearchSlots, c.LogLevel = 8, 4, slog.LevelError },
		Wrap:      func(st store.Store) store.Store { hold.Store = st; return hold },
	})
	_, other := s.NewApp(t, "Other", 0)
	ask := func(key, secret, query string) (int, error) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/api/v0/customers"+query, nil)
		if err != nil {
			return 0, err
		}
		req.Header.Set("x-client-key", key)
		req.Header.Set("x-client-secret", secret)
		req.Header.Set("Prefer", "count=exact")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return 0, err
		}
		return resp.StatusCode, resp.Body.Close()
	}
	// One customer makes that there is something to build.
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/api/v0/customers",
		strings.NewReader(`{"first_name":"A","last_name":"B","phone_number":"+15551234567"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("x-client-key", s.Key.PublicKey)
	req.Header.Set("x-client-secret", s.Key.Secret.Reveal())
	resp, err := http.DefaultClient.Do(req)
	if err != nil || resp.StatusCode != http.StatusCreated {
		t.Fatalf("create = %v, %v", resp, err)
	}
	_ = resp.Body.Close()
	const many = 30
	var refused, done sync.WaitGroup
	refused.Add(many - 1)
	codes := make(chan int, many)
	for range many {
		done.Go(func() {
			code, err := ask(s.Key.PublicKey, s.Key.Secret.Reveal(), "?status=ACTIVE")
			if err != nil {
				t.Error(err)
			}
			codes <- code
			if code == http.StatusServiceUnavailable {
				refused.Done()
			}
		})
	}
	refused.Wait()
	for range 10 {
		for _, query := range []string{"", "?status=ACTIVE&take=5", "?name=a"} {
			code, err := ask(other.PublicKey, other.Secret.Reveal(), query)
			if err != nil || code != http.StatusOK {
				t.Errorf("another application's list%s = %d, %v", query, code, err)
			}
		}
	}
	close(hold.release)
	done.Wait()
	for range many - 1 {
		<-codes
	}
	if code := <-codes; code != http.StatusOK {
		t.Errorf("the count that waited for the index = %d", code)
	}
}
