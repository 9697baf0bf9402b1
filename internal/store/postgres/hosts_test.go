package postgres_test

import (
	"context"
	"net/url"
	"sync"
	"testing"
	"time"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/postgres"
	"custodex.dev/internal/testkit"
)

// twoHosts is a store whose URL names two hosts, proxies to one server, and an
// application with a customer.
func twoHosts(t *testing.T) (first, second *proxy, address string, app id.App, row store.CustomerRow) {
	t.Helper()
	direct := newDatabase(t)
	s := openStore(t, direct)
	app, row = newApp(t, s), newRow(1)
	mustInsert(t, s, app, row)
	first, one := newProxy(t, direct)
	second, two := newProxy(t, direct)
	u, v := mustParse(t, one), mustParse(t, two)
	u.Host += "," + v.Host
	return first, second, u.String(), app, row
}

func mustParse(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// users call the store as clients do, one after the other, until the test ends them.
type users struct {
	cancel context.CancelFunc
	group  sync.WaitGroup
	mu     sync.Mutex
	failed time.Time // when a call failed last
	errors int
}

func newUsers(t *testing.T, s store.Store, app id.App, row store.CustomerRow) *users {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	u := &users{cancel: cancel}
	for _, name := range []string{"CustomerGet", "CustomerGet", "CustomerList", "Record", "Update", "Head", "Ping"} {
		for range 2 {
			u.group.Go(func() {
				for ctx.Err() == nil {
					err := calls(s, app, row)[name](ctx)
					if err != nil && ctx.Err() == nil {
						u.mu.Lock()
						u.failed = time.Now()
						u.errors++
						u.mu.Unlock()
					}
					select {
					case <-time.After(20 * time.Millisecond):
					case <-ctx.Done():
					}
				}
			})
		}
	}
	return u
}

// settle waits until no call has failed for a while, and wants the last error within three
// seconds of hung.
func (u *users) settle(t *testing.T, hung time.Time) {
	t.Helper()
	for last := hung; ; {
		<-time.After(time.Until(last.Add(4 * time.Second)))
		u.mu.Lock()
		failed := u.failed
		u.mu.Unlock()
		if failed.Sub(hung) > testkit.Bound(3*time.Second) {
			t.Fatalf("a call failed %v after the host began to hang", failed.Sub(hung))
		}
		if !failed.After(last) {
			return
		}
		last = failed
	}
}

// end gives the moment of the last error.
func (u *users) end() time.Time {
	u.cancel()
	u.group.Wait()
	return u.failed
}

// TestFieldD3FirstHostHangs hangs the host that everybody is connected to. There used
// to be errors for 6 to 8 seconds, because each new connection waited for it first.
func TestFieldD3FirstHostHangs(t *testing.T) {
	t.Parallel()
	for _, tls := range []string{"disable", "prefer"} {
		t.Run(tls, func(t *testing.T) {
			t.Parallel()
			first, _, address, app, row := twoHosts(t)
			u := mustParse(t, address)
			q := u.Query()
			q.Set("sslmode", tls)
			u.RawQuery = q.Encode()
			s := openStore(t, u.String())
			us := newUsers(t, s, app, row)
			<-time.After(500 * time.Millisecond)
			hung := time.Now()
			first.hold()
			us.settle(t, hung)
			if n := s.Hung(); n != 1 {
				t.Errorf("%d hosts are taken for hung, want one: each new connection waits for it", n)
			}
			if last := us.end(); us.errors > 0 {
				t.Logf("%d errors, the last one %v after the host began to hang", us.errors, last.Sub(hung))
			}
		})
	}
}

// TestFieldD3HostsTakeTurns hangs one host after the other.
func TestFieldD3HostsTakeTurns(t *testing.T) {
	t.Parallel()
	first, second, address, app, row := twoHosts(t)
	s := openStore(t, address)
	us := newUsers(t, s, app, row)
	defer us.end()
	for _, p := range []*proxy{first, second, first} {
		hung := time.Now()
		p.hold()
		us.settle(t, hung)
		p.release()
		<-time.After(1500 * time.Millisecond) // a host that is back is tried again
	}
}

// TestFieldD3IdleStore has the first host hang before anybody asks. Nobody but the
// greeting waits for it.
func TestFieldD3IdleStore(t *testing.T) {
	t.Parallel()
	first, _, address, app, row := twoHosts(t)
	first.hold()
	begun := time.Now()
	s := openStore(t, address)
	if took := time.Since(begun); took > testkit.Bound(3*time.Second) {
		t.Errorf("Open with the first host hung took %v", took)
	}
	for name, call := range calls(s, app, row) {
		if err := call(t.Context()); err != nil {
			t.Errorf("%s with the first host hung: %v", name, err)
		}
	}
}

// TestSlowStatementIsNoHungHost has a statement that says nothing for longer than the
// host is trusted unasked. The host answers for itself, so other connections stay.
func TestSlowStatementIsNoHungHost(t *testing.T) {
	t.Parallel()
	_, _, address, app, row := twoHosts(t)
	s := openStore(t, address)
	if err := calls(s, app, row)["CustomerGet"](t.Context()); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	group.Go(func() {
		if err := s.Sleep(t.Context(), 1800*time.Millisecond); err != nil {
			t.Errorf("a slow statement: %v", err)
		}
	})
	group.Go(func() {
		if err := s.Sleep(t.Context(), postgres.Patience+time.Second); err == nil {
			t.Error("a statement that was silent for longer than patience succeeded")
		}
	})
	group.Wait()
	if n := s.Hung(); n != 0 {
		t.Errorf("%d hosts are taken for hung", n)
	}
}
