package server_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"custodex.dev/internal/config"
	"custodex.dev/internal/testkit"
)

// Replicas whose clocks were an hour apart each had a window of their own, so a credential
// had twice its limit, and each stored times of its own.
func TestFieldC11ReplicasAnHourApart(t *testing.T) {
	t.Parallel()
	const limit = 20
	var skew time.Duration
	one := testkit.NewServer(t, testkit.Options{Engine: "postgres", RateLimit: limit, Configure: func(c *config.Config) {
		here := skew
		c.LogLevel = slog.LevelError
		c.LocalNow = func() time.Time { return time.Now().Add(here) }
	}})
	skew = time.Hour
	two := one.Replica(t)
	admitted := make(map[string]int) // by when the window ends
	begun := time.Now()
	for i := range 3 * limit {
		s := []*testkit.Server{one, two}[i%2]
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/api/v0/customers",
			strings.NewReader(`{"first_name":"A","last_name":"B","phone_number":"+15551234567"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("x-client-key", s.Key.PublicKey)
		req.Header.Set("x-client-secret", s.Key.Secret.Reveal())
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var made struct {
			CreatedAt time.Time `json:"createdAt"`
		}
		err = json.NewDecoder(resp.Body).Decode(&made)
		resp.Body.Close()
		reset := resp.Header.Get("X-RateLimit-Reset")
		if at, _ := strconv.ParseInt(reset, 10, 64); time.Until(time.Unix(at, 0)).Abs() > 2*time.Minute {
			t.Fatalf("the window ends at %v, which is not near", time.Unix(at, 0))
		}
		switch resp.StatusCode {
		case http.StatusTooManyRequests:
		case http.StatusCreated:
			admitted[reset]++
			if err != nil || made.CreatedAt.Sub(begun).Abs() > time.Minute {
				t.Errorf("replica %d says that it was created at %v (%v), want about %v", i%2+1, made.CreatedAt, err, begun)
			}
		default:
			t.Fatalf("create = %d", resp.StatusCode)
		}
	}
	for reset, n := range admitted {
		if n > limit {
			t.Errorf("the window until %s admitted %d, want at most %d", reset, n, limit)
		}
	}
	if d := two.Records.ClockOffset() + time.Hour; d.Abs() > 2*time.Second {
		t.Errorf("the offset of the second replica is %v, want about %v", two.Records.ClockOffset(), -time.Hour)
	}
}
