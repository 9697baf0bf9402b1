package limit

import (
	"net/netip"
	"sync"
	"time"
)

// Failures limits the failed authentications of a source address in a minute, so that
// guessing cannot flood the audit log. An IPv6 address counts as its /64 network,
// because one machine has all addresses of such a network. Only failures count: a valid
// credential from the same address is never refused. Failures is safe for concurrent
// use and holds at most maxAddresses addresses.
type Failures struct {
	perMinute int
	now       func() time.Time

	mu     sync.Mutex
	minute int64
	counts map[string]int
}

const maxAddresses = 100_000

// NewFailures makes a bucket of perMinute failures for every address.
func NewFailures(perMinute int, now func() time.Time) *Failures {
	return &Failures{perMinute: perMinute, now: now, counts: make(map[string]int)}
}

// Consume counts one failure of the address. It reports whether the failure is within
// the bucket and, if not, when the next minute begins. Once maxAddresses are held, all
// further addresses share one bucket.
func (f *Failures) Consume(address string) (ok bool, retry time.Duration) {
	now := f.now()
	minute := now.Unix() / 60
	address = source(address)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.minute != minute {
		f.minute = minute
		clear(f.counts)
	}
	if _, known := f.counts[address]; !known && len(f.counts) >= maxAddresses {
		address = ""
	}
	f.counts[address]++
	if f.counts[address] <= f.perMinute {
		return true, 0
	}
	return false, time.Unix((minute+1)*60, 0).Sub(now)
}

func source(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil || !a.Is6() || a.Is4In6() {
		return address
	}
	network, _ := a.Prefix(64) // it has that many bits
	return network.String()
}
