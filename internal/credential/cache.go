package credential

import (
	"maps"
	"sync"
	"time"

	"custodex.dev/internal/id"
	"custodex.dev/internal/tenant"
)

// maxCached is how many credentials are remembered.
const maxCached = 50_000

// cache remembers credentials that were read lately, absent ones too.
type cache struct {
	mu      sync.RWMutex
	entries map[string]*known
}

func (c *cache) get(publicKey string, now time.Time, ttl time.Duration) *known {
	c.mu.RLock()
	defer c.mu.RUnlock()
	k := c.entries[publicKey]
	if k == nil || now.Sub(k.read) >= ttl || now.Before(k.read) {
		return nil
	}
	return k
}

func (c *cache) put(publicKey string, k *known) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries == nil || len(c.entries) >= maxCached {
		c.entries = make(map[string]*known)
	}
	c.entries[publicKey] = k
}

func (c *cache) forget(publicKey string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.entries, publicKey)
}

func (c *cache) forgetApp(app id.App) {
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.entries, func(_ string, k *known) bool { return k.App == app })
}

func (c *cache) forgetAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries = nil
}

// uses are last uses of credentials, to the minute, that are not written yet.
type uses struct {
	mu   sync.RWMutex
	last map[id.App]map[id.Credential]int64
}

func (u *uses) add(c tenant.Credential, now time.Time) {
	minute := now.Truncate(time.Minute).UnixMilli()
	u.mu.RLock()
	noted := u.last[c.App][c.ID] >= minute
	u.mu.RUnlock()
	if noted || c.LastUsedAt.UnixMilli() >= minute {
		return
	}
	u.merge(c.App, map[id.Credential]int64{c.ID: minute})
}

// merge adds uses, or adds again those that could not be written.
func (u *uses) merge(app id.App, used map[id.Credential]int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.last == nil {
		u.last = make(map[id.App]map[id.Credential]int64)
	}
	if u.last[app] == nil {
		u.last[app] = used
		return
	}
	for c, at := range used {
		u.last[app][c] = max(at, u.last[app][c])
	}
}

// take gives the uses since the last take.
func (u *uses) take() map[id.App]map[id.Credential]int64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	t := u.last
	u.last = nil
	return t
}
