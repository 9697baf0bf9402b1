package tests

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"custodex.dev/internal/testkit"
	"custodex.dev/internal/testkit/scratchpg"
)

// PostgreSQL hangs: it is stopped in the middle of whatever it does, and its
// connections stay open. Every request is answered 503 in about two seconds, however
// many there are; when it goes on, so does the server, and a retry with its key makes
// no second customer.
func TestDatabaseHangs(t *testing.T) {
	t.Parallel()
	c := scratchpg.NewCluster(t)
	in := installOn(t, c.URL(""))
	p := in.start(t)
	limited := in.limitedKey(t, p, 40)
	create := func(ctx context.Context, key string) (answer, error) {
		return p.call(ctx, "POST", "/api/v0/customers", map[string]any{
			"first_name": "Hang", "last_name": key, "phone_number": "+15551234567", "email": key + "@hang.example",
		}, "idempotency-key", key)
	}
	first, err := create(t.Context(), "first")
	if err != nil || first.status != http.StatusCreated {
		t.Fatalf("create: %v, %d %s", err, first.status, first.body)
	}
	var one customerJSON
	decode(t, first.body, &one)
	get := func(path string, header ...string) func(context.Context) (answer, error) {
		return func(ctx context.Context) (answer, error) { return p.call(ctx, "GET", path, nil, header...) }
	}
	requests := map[string]func(context.Context) (answer, error){
		"fetch":  get("/api/v0/customers/" + one.ID),
		"list":   get("/api/v0/customers"),
		"search": get("/api/v0/customers?name=hang"),
		"health": get("/api/v0/health"),
		"ready":  get("/readyz"),
		// Its lease of quota is spent at once, so that the limiter has to ask.
		"limited": get("/api/v0/customers", limited...),
		"update": func(ctx context.Context) (answer, error) {
			return p.call(ctx, "PATCH", "/api/v0/customers/"+one.ID, map[string]any{"first_name": "Hung"})
		},
	}
	for name, request := range requests {
		for range 4 { // makes connections, and an arena
			if a, err := request(t.Context()); err != nil || a.status != http.StatusOK {
				t.Fatalf("%s: %v, %d %s", name, err, a.status, a.body)
			}
		}
	}

	const keys = 20
	for i := range keys {
		key := fmt.Sprintf("key-%d", i)
		requests["create "+key] = func(ctx context.Context) (answer, error) { return create(ctx, key) }
	}
	if err := c.Freeze(); err != nil {
		t.Fatal(err)
	}
	longest := hung(t, requests)
	if err := c.Thaw(); err != nil {
		t.Fatal(err)
	}
	t.Logf("no answer took longer than %v", longest)

	delete(requests, "limited") // its minute may be spent
	begun := time.Now()
	for name, request := range requests {
		for {
			a, err := request(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if a.status < 300 {
				break
			}
			if time.Since(begun) > testkit.Bound(5*time.Second) {
				t.Fatalf("%s, %v after the database is back: %d %s", name, time.Since(begun), a.status, a.body)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	a, err := p.call(t.Context(), "GET", "/api/v0/customers?take=100", nil)
	if err != nil || a.status != http.StatusOK {
		t.Fatalf("list: %v, %d %s", err, a.status, a.body)
	}
	var list []json.RawMessage
	decode(t, a.body, &list)
	if len(list) != 1+keys {
		t.Errorf("%d customers of %d keys", len(list), 1+keys)
	}
}

// hung makes each request of a map several times at once, and again a second later,
// wants them to fail soon, and gives how long the longest took.
func hung(t *testing.T, requests map[string]func(context.Context) (answer, error)) (longest time.Duration) {
	t.Helper()
	var mu sync.Mutex
	var group sync.WaitGroup
	for range 2 {
		for name, request := range requests {
			each := 15
			if strings.HasPrefix(name, "create") {
				each = 1
			}
			for range each {
				group.Go(func() {
					begun := time.Now()
					a, err := request(t.Context())
					took := time.Since(begun)
					if err != nil || a.status != http.StatusServiceUnavailable || took > testkit.Bound(3500*time.Millisecond) {
						t.Errorf("%s while the database hangs: %v, %d %s after %v", name, err, a.status, a.body, took)
					}
					mu.Lock()
					defer mu.Unlock()
					longest = max(longest, took)
				})
			}
		}
		time.Sleep(time.Second)
	}
	group.Wait()
	return longest
}

// limitedKey makes a key with a rate limit and gives its headers.
func (in *installation) limitedKey(t *testing.T, p *process, perMinute int) []string {
	t.Helper()
	var key struct {
		ClientKey    string `json:"public_key"`
		ClientSecret string `json:"secret"`
	}
	decode(t, run(t, "key", "create", "--app", in.AppID, "--name", "limited", "--owner", "test",
		"--rate-limit", fmt.Sprint(perMinute), "--json",
		"--manage-url", p.manageURL, "--operator-key-file", in.operatorFile(t)), &key)
	return []string{"x-client-key", key.ClientKey, "x-client-secret", key.ClientSecret}
}
