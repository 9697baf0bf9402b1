package selftest

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"custodex.dev/client"
)

// limits sends more than a key may.
func limits(ctx context.Context, t *trial, c *Check) error {
	const limit, sent = 5, 15
	perMinute := limit
	k, err := t.cfg.Manage.CreateKey(ctx, t.attacker.app.ID, client.NewKey{Name: "limited", Kind: devdraft, RateLimit: &perMinute})
	if err != nil {
		return err
	}
	t.attacker.keys["limited"] = k
	h := http.Header{"X-Client-Key": {k.PublicKey}, "X-Client-Secret": {k.Secret}}
	allowed, refused := 0, 0
	for range sent {
		c.Tried++
		a, err := t.ask(ctx, http.MethodGet, "/api/v0/customers?take=1", nil, h)
		if err != nil {
			return err
		}
		switch a.status {
		case http.StatusOK:
			allowed++
		case http.StatusTooManyRequests:
			refused++
			if wait, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || wait < 1 || wait > 60 {
				c.found("a refusal for the limit", "Retry-After "+strconv.Quote(a.header.Get("Retry-After")), "1 to 60 seconds")
			}
		}
	}
	// A new minute may begin in between.
	if allowed > 2*limit || refused == 0 {
		c.found(fmt.Sprintf("%d requests of a key that may send %d a minute", sent, limit), fmt.Sprintf("%d allowed", allowed), "the limit")
	}
	return nil
}
