package selftest

import (
	"bytes"
	"context"
	"crypto/rand"
	"net/http"
	"strconv"
	"strings"
	"time"

	"custodex.dev/client"
)

// with is the party with another key for one API. A Yativo key logs in.
func (t *trial) with(ctx context.Context, p *party, api string, in client.NewKey) (*party, error) {
	unlimited := 0
	in.Owner, in.Kind, in.RateLimit = "self-test", api, &unlimited
	k, err := t.cfg.Manage.CreateKey(ctx, p.app.ID, in)
	if err != nil {
		return nil, err
	}
	p.keys[in.Name+" "+api] = k // to be revoked at the end
	other := *p
	other.keys = map[string]client.IssuedKey{api: k}
	if api == yativo {
		err = t.login(ctx, &other)
	}
	return &other, err
}

// scopes sends every change with a key that may only read, about data of its own application.
func scopes(ctx context.Context, t *trial, c *Check) error {
	for _, api := range apis {
		reader, err := t.with(ctx, t.attacker, api, client.NewKey{Name: "reader", Scopes: []string{"customers:read"}})
		if err != nil {
			return err
		}
		for _, r := range t.routes {
			if r.api != api || r.method == http.MethodGet || r.open() || strings.HasSuffix(r.pattern, "/search") {
				continue
			}
			if err := t.forbidden(ctx, c, r, reader, "a key that may only read"); err != nil {
				return err
			}
		}
	}
	writer, err := t.with(ctx, t.attacker, devdraft, client.NewKey{Name: "writer", Scopes: []string{"customers:read", "customers:write"}})
	if err != nil {
		return err
	}
	for _, r := range t.routes {
		if r.api == devdraft && r.method == http.MethodDelete && strings.HasSuffix(r.pattern, "/customers/{id}") {
			if err := t.forbidden(ctx, c, r, writer, "a key that may not delete"); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *trial) forbidden(ctx context.Context, c *Check, r route, p *party, what string) error {
	c.Tried++
	a, err := t.ask(ctx, r.method, p.path(r), p.body(r), p.headers(r.api))
	if err != nil {
		return err
	}
	if a.status < 400 || a.status >= 500 && a.status != http.StatusServiceUnavailable {
		c.found(r.String()+" with "+what, strconv.Itoa(a.status), "403")
	}
	t.must(r.String()+" with "+what, a)
	return nil
}

// lists is a route of each API that any key opens.
var lists = map[string]string{devdraft: "/api/v0/customers?take=1", yativo: "/api/v1/customer", xtrakit: "/api/v1/customers"}

// revocationDelay is how long another replica may trust a key that was revoked, with some room.
const revocationDelay = 10 * time.Second

// revocation uses a key of each API, revokes it and uses it again.
func revocation(ctx context.Context, t *trial, c *Check) error {
	for _, api := range apis {
		p, err := t.with(ctx, t.victim, api, client.NewKey{Name: "revoked"})
		if err != nil {
			return err
		}
		forms := map[string]http.Header{"a key": p.headers(api)}
		if api == yativo {
			k := p.keys[api]
			forms = map[string]http.Header{"a token of a key": p.headers(api), "a key pair": {"X-Api-Key": {k.PublicKey}, "X-Api-Secret": {k.Secret}}}
		}
		for what, h := range forms {
			a, err := t.ask(ctx, http.MethodGet, lists[api], nil, h)
			if err != nil {
				return err
			}
			if a.status != http.StatusOK {
				c.found(api+": "+what+" before it is revoked", strconv.Itoa(a.status), "200")
			}
		}
		if _, err := t.cfg.Manage.RevokeKey(ctx, t.victim.app.ID, p.keys[api].ID); err != nil {
			return err
		}
		for what, h := range forms {
			c.Tried++
			if err := t.refusedSoon(ctx, c, api, api+": "+what+" after it was revoked", h); err != nil {
				return err
			}
		}
	}
	return nil
}

// refusedSoon asks until the credential is refused, or for as long as a replica may trust it.
func (t *trial) refusedSoon(ctx context.Context, c *Check, api, what string, h http.Header) error {
	for waited := time.Duration(0); ; waited += time.Second {
		a, err := t.ask(ctx, http.MethodGet, lists[api], nil, h)
		if err != nil {
			return err
		}
		switch {
		case a.status >= 400 && a.status < 500:
			return nil
		case waited >= revocationDelay:
			c.found(what, strconv.Itoa(a.status), "401")
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

// idempotency creates things as the victim, and sends the same with the same idempotency keys as
// the attacker: it must get things of its own.
func idempotency(ctx context.Context, t *trial, c *Check) error {
	for _, r := range t.routes {
		if r.method != http.MethodPost || r.open() || r.addressed() || r.example == nil || strings.Contains(r.pattern, "kyc") {
			continue
		}
		key, body := rand.Text(), t.victim.body(r)
		send := func(p *party) (answer, error) {
			h := p.headers(r.api)
			h.Set("Idempotency-Key", key)
			return t.ask(ctx, r.method, p.path(r), body, h)
		}
		made, err := send(t.victim)
		if err != nil {
			return err
		}
		if made.status != http.StatusCreated && !strings.HasSuffix(r.pattern, "/add") {
			continue // it creates nothing
		}
		c.Tried++
		a, err := send(t.attacker)
		if err != nil {
			return err
		}
		if a.status >= 400 || bytes.Equal(made.body, a.body) {
			c.found(r.String()+" with another application's idempotency key", strconv.Itoa(a.status)+" and the other's answer", "an answer of its own")
		}
		t.must(r.String()+" with another application's idempotency key", a)
	}
	return nil
}
