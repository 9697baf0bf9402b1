package records

import (
	"context"
	"crypto/subtle"
	"errors"
	"strings"
	"sync"
	"time"

	"custodex.dev/internal/authz"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
)

// Login is a credential as a caller presents it.
type Login struct {
	Kind      tenant.Kind
	PublicKey string // names the credential and, inside, its application
	Secret    string
	Origin    tenant.Origin
}

var (
	errCredentials = fault.New(fault.Unauthenticated, "invalid_credentials", "Invalid API credentials")
	errGuessing    = fault.New(fault.TooMany, "too_many_failed_logins", "Too many failed authentications from this address")
)

// Authenticate checks a credential. A failure is recorded: with the application
// whose credential was named, or with id.System when none was. Every failure is
// the same fault.Unauthenticated, whatever was wrong; past the address's bucket
// it is fault.TooMany, unrecorded. RateLimit is the credential's limit a minute.
func (s *Service) Authenticate(ctx context.Context, in Login) (caller tenant.Caller, rateLimit int, err error) {
	known, cached, err := s.credential(ctx, in.PublicKey)
	if err == nil && cached && !s.matches(known, in) {
		// Perhaps it was rotated elsewhere since it was read. It also makes every
		// failure cost one look-up, whether the key is known or not.
		known, err = s.freshCredential(ctx, in.PublicKey)
	}
	if err != nil {
		return tenant.Caller{}, 0, err
	}
	if !s.matches(known, in) {
		return tenant.Caller{}, 0, s.refuse(ctx, known, in.Origin)
	}
	s.creds.used(known.Credential, s.now())
	return known.caller(in.Origin), known.RateLimit, nil
}

// matches compares the secret, an unknown key's too, so that it costs what a wrong
// secret costs.
func (s *Service) matches(known *checked, in Login) bool {
	now := s.now()
	hash := known.key.SecretHash(in.Secret)
	match := subtle.ConstantTimeCompare(hash, known.row.Secret)
	if now.UnixMilli() < known.row.OldUntil {
		match |= subtle.ConstantTimeCompare(hash, known.row.OldSecret)
	}
	return match == 1 && known.live(now) && known.Kind == in.Kind
}

// refuse records a failed authentication, within the address's bucket.
func (s *Service) refuse(ctx context.Context, known *checked, origin tenant.Origin) error {
	if ok, retry := s.failures.Consume(origin.Address); !ok {
		return errGuessing.After(retry)
	}
	caller := known.caller(origin)
	caller.Scopes = nil
	a := &operation{s: s, key: known.key, action: authz.Authenticate, caller: caller}
	return a.recordFailure(ctx, errCredentials)
}

// checked is a credential as authentication needs it. One that does not exist
// has no row, belongs to id.System, and is never live.
type checked struct {
	tenant.Credential
	row     store.CredentialRow
	key     *seal.App
	appName string
	loaded  time.Time
}

func (c *checked) caller(origin tenant.Origin) tenant.Caller {
	return tenant.Caller{
		App: c.App, AppName: c.appName, Credential: c.ID, Owner: c.Owner, Scopes: c.Scopes, Origin: origin,
	}
}

func (c *checked) live(now time.Time) bool { return c.ID != "" && c.Live(now) }

// credentialCache holds credentials that were used lately, absent ones too. An
// entry is trusted for CredentialTTL.
type credentialCache struct {
	mu      sync.RWMutex
	entries map[string]*checked
	touched map[id.App]map[id.Credential]int64
}

const maxCachedCredentials = 50_000

func (c *credentialCache) get(publicKey string, now time.Time, ttl time.Duration) *checked {
	c.mu.RLock()
	defer c.mu.RUnlock()
	e := c.entries[publicKey]
	if e == nil || now.Sub(e.loaded) >= ttl || now.Before(e.loaded) {
		return nil
	}
	return e
}

func (c *credentialCache) put(publicKey string, e *checked) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries == nil || len(c.entries) >= maxCachedCredentials {
		c.entries = make(map[string]*checked)
	}
	c.entries[publicKey] = e
}

// forget drops one entry, so that this process sees a change at once.
func (c *credentialCache) forget(publicKey string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.entries, publicKey)
}

// used notes the last use of a credential, to the minute.
func (c *credentialCache) used(cred tenant.Credential, now time.Time) {
	minute := now.Truncate(time.Minute).UnixMilli()
	c.mu.RLock()
	noted := c.touched[cred.App][cred.ID] >= minute
	c.mu.RUnlock()
	if noted || cred.LastUsedAt.UnixMilli() >= minute {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.touched == nil {
		c.touched = make(map[id.App]map[id.Credential]int64)
	}
	if c.touched[cred.App] == nil {
		c.touched[cred.App] = make(map[id.Credential]int64)
	}
	c.touched[cred.App][cred.ID] = minute
}

// putBack notes uses again that could not be written.
func (c *credentialCache) putBack(app id.App, used map[id.Credential]int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.touched == nil {
		c.touched = make(map[id.App]map[id.Credential]int64)
	}
	if c.touched[app] == nil {
		c.touched[app] = used
		return
	}
	for cred, at := range used {
		c.touched[app][cred] = max(at, c.touched[app][cred])
	}
}

// drain takes the uses noted since the last drain.
func (c *credentialCache) drain() map[id.App]map[id.Credential]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.touched
	c.touched = nil
	return t
}

// credential gives the credential named by a public key, or a stand-in that
// matches no secret, and whether it was read some time ago.
func (s *Service) credential(ctx context.Context, publicKey string) (c *checked, cached bool, err error) {
	if len(publicKey) > maxPublicKey {
		publicKey = ""
	}
	if c := s.creds.get(publicKey, s.now(), s.cfg.CredentialTTL); c != nil {
		return c, true, nil
	}
	c, err = s.freshCredential(ctx, publicKey)
	return c, false, err
}

// maxPublicKey is the length beyond which a public key is absurd and not kept.
const maxPublicKey = 128

// freshCredential is credential as it is stored now.
func (s *Service) freshCredential(ctx context.Context, publicKey string) (*checked, error) {
	if len(publicKey) > maxPublicKey {
		publicKey = ""
	}
	now := s.now()
	c, err := s.loadCredential(ctx, publicKey)
	if errors.Is(err, fault.NotFound) {
		c, err = s.nobody(ctx)
	}
	if err != nil {
		return nil, err
	}
	c.loaded = now
	s.creds.put(publicKey, c)
	return c, nil
}

func (s *Service) loadCredential(ctx context.Context, publicKey string) (*checked, error) {
	app, ok := appOfKey(publicKey)
	if !ok {
		return nil, store.NotFound("credential")
	}
	key, err := s.keys.Key(ctx, app)
	if err != nil {
		return nil, err
	}
	name, err := s.keys.Name(ctx, app)
	if err != nil {
		return nil, err
	}
	row, err := s.store.CredentialByKey(ctx, app, publicKey)
	if err != nil {
		return nil, err
	}
	cred, err := credentialOf(app, key, row)
	if err != nil {
		return nil, err
	}
	return &checked{Credential: cred, row: row, key: key, appName: name}, nil
}

func (s *Service) nobody(ctx context.Context) (*checked, error) {
	key, err := s.keys.Key(ctx, id.System)
	if err != nil {
		return nil, err
	}
	return &checked{
		Credential: tenant.Credential{App: id.System},
		row:        store.CredentialRow{Secret: make([]byte, 32)},
		key:        key,
	}, nil
}

// A public key is a prefix, the application's id without "app_", and a random
// part, joined by "_": it leads to its application without a look-up.
var publicPrefix = map[tenant.Kind]string{
	tenant.Devdraft: "ck", tenant.Yativo: "ya", tenant.Xtrakit: "xk", tenant.Operator: "op",
}

func newPublicKey(kind tenant.Kind, app id.App, random string) string {
	return publicPrefix[kind] + "_" + strings.TrimPrefix(string(app), "app_") + "_" + random
}

func appOfKey(publicKey string) (id.App, bool) {
	parts := strings.Split(publicKey, "_")
	if len(parts) != 3 {
		return "", false
	}
	app := id.App("app_" + parts[1])
	if app == id.System {
		return app, true
	}
	app, err := id.ParseApp(string(app))
	return app, err == nil
}
