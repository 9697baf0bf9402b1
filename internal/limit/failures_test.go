package limit_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"custodex.dev/internal/limit"
)

func TestFailures(t *testing.T) {
	t.Parallel()
	c := newClock(noon.Add(15 * time.Second))
	f := limit.NewFailures(3, c.now)
	for i := range 6 {
		ok, retry := f.Consume("192.0.2.1")
		want := time.Duration(0)
		if i >= 3 {
			want = 45 * time.Second
		}
		if ok != (i < 3) || retry != want {
			t.Errorf("failure %d: Consume = %t, %v, want %t, %v", i, ok, retry, i < 3, want)
		}
	}

	// Another address has a bucket of its own.
	if ok, _ := f.Consume("192.0.2.2"); !ok {
		t.Error("an address is refused for the failures of another")
	}

	// The next minute starts afresh, to the nanosecond.
	c.advance(45*time.Second - 1)
	if ok, retry := f.Consume("192.0.2.1"); ok || retry != 1 {
		t.Errorf("at the end of the minute: Consume = %t, %v, want false, 1ns", ok, retry)
	}
	c.advance(1)
	if ok, retry := f.Consume("192.0.2.1"); !ok || retry != 0 {
		t.Errorf("in the next minute: Consume = %t, %v, want true, 0", ok, retry)
	}
}

func TestFailuresOfNone(t *testing.T) {
	t.Parallel()
	f := limit.NewFailures(0, newClock(noon).now)
	if ok, retry := f.Consume("192.0.2.1"); ok || retry != time.Minute {
		t.Errorf("a bucket of none: Consume = %t, %v", ok, retry)
	}
}

// Memory is bounded, and a flood of addresses shares one bucket without touching those before it.
func TestFailuresAreBounded(t *testing.T) {
	t.Parallel()
	c := newClock(noon)
	f := limit.NewFailures(2, c.now)
	for i := range limit.MaxAddresses {
		if ok, _ := f.Consume(fmt.Sprint("early ", i)); !ok {
			t.Fatalf("address %d is refused at its first failure", i)
		}
	}
	allowed := 0
	for i := range 1000 {
		if ok, _ := f.Consume(fmt.Sprint("late ", i)); ok {
			allowed++
		}
	}
	if allowed != 2 {
		t.Errorf("%d failures of addresses beyond the bound are within the bucket they share, want 2", allowed)
	}
	if n := f.Addresses(); n != limit.MaxAddresses+1 {
		t.Errorf("%d buckets are held, want %d and the shared one", n, limit.MaxAddresses)
	}
	if ok, _ := f.Consume("early 7"); !ok {
		t.Error("an address from before the flood lost its bucket")
	}
	if ok, _ := f.Consume("early 7"); ok {
		t.Error("an address from before the flood has a new bucket")
	}
	c.advance(time.Minute)
	if ok, _ := f.Consume("late 1"); !ok || f.Addresses() != 1 {
		t.Errorf("a minute later an address is refused, or %d buckets are still held", f.Addresses())
	}
}

func TestFailuresConcurrently(t *testing.T) {
	t.Parallel()
	f := limit.NewFailures(100, newClock(noon).now)
	var allowed atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				if ok, _ := f.Consume("192.0.2.1"); ok {
					allowed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if n := allowed.Load(); n != 100 {
		t.Errorf("%d failures are within a bucket of 100", n)
	}
}

// Whoever has one address of an IPv6 network of 64 bits has all of them.
func TestFailuresOfOneNetwork(t *testing.T) {
	t.Parallel()
	f := limit.NewFailures(1, func() time.Time { return time.Unix(0, 0) })
	for _, step := range []struct {
		address string
		within  bool
	}{
		{"2001:db8:0:1::1", true}, {"2001:db8:0:1:ffff::2", false}, {"2001:db8:0:2::1", true},
		{"192.0.2.1", true}, {"192.0.2.2", true}, {"192.0.2.1", false}, {"", true}, {"", false},
	} {
		if ok, _ := f.Consume(step.address); ok != step.within {
			t.Errorf("Consume(%q) = %v, want %v", step.address, ok, step.within)
		}
	}
}
