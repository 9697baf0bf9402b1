package devdraft_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"custodex.dev/internal/authz"
	"custodex.dev/internal/config"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
	"custodex.dev/internal/testkit/transcript"
)

// TestTranscripts plays testdata/*.txt against a server on each store. Its clock
// stands at noon until a file moves it.
func TestTranscripts(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		if *update && engine != "sqlite" {
			continue // two runs would write the same files
		}
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			play(t, engine, "testdata", func(*config.Config) {})
		})
		t.Run(engine+" concealing", func(t *testing.T) {
			t.Parallel()
			play(t, engine, "testdata/conceal", func(cfg *config.Config) { cfg.Conceal, cfg.MaxSkip = true, 20 })
		})
	}
}

func play(t *testing.T, engine, dir string, configure func(*config.Config)) {
	transcript.Run(t, dir, transcript.Options{
		New: func(t testing.TB) transcript.Target { return newTarget(t, engine, configure) },
		Kinds: map[string]*regexp.Regexp{
			"letters": regexp.MustCompile(`[A-Za-z]{20}`),
			"cursor":  regexp.MustCompile(`[A-Za-z0-9_-]{20,}`),
		},
		Update: *update,
	})
}

// target is what a file can do to the server it is played against.
type target struct {
	t     testing.TB
	srv   *testkit.Server
	clock atomic.Int64 // nanoseconds
	moody moodyStore
	vars  map[string]string
	keys  map[string]records.Issued
}

func newTarget(t testing.TB, engine string, configure func(*config.Config)) transcript.Target {
	x := &target{t: t, vars: map[string]string{}, keys: map[string]records.Issued{}}
	x.clock.Store(noon.UnixNano())
	x.moody.mood.Store("well")
	x.srv = testkit.NewServer(t, testkit.Options{
		Engine:    engine,
		RateLimit: 100,
		Configure: func(cfg *config.Config) {
			cfg.Now = func() time.Time { return time.Unix(0, x.clock.Load()) }
			configure(cfg)
		},
		Wrap: func(st store.Store) store.Store {
			x.moody.Store = st
			return &x.moody
		},
	})
	x.name("", x.srv.App, x.srv.Key)
	x.vars["operator_key"], x.vars["operator_secret"] = x.srv.Operator.PublicKey, x.srv.Operator.Secret.Reveal()
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return transcript.Target{
		URL: x.srv.URL, Vars: x.vars, Hook: x.hook,
		Client: &http.Client{Transport: inspector{t, transport}, Timeout: 10 * time.Second},
	}
}

func (x *target) name(prefix string, app tenant.Application, key records.Issued) {
	x.vars[prefix+"app"], x.vars[prefix+"key"], x.vars[prefix+"secret"] = string(app.ID), key.PublicKey, key.Secret.Reveal()
}

// hook does what a client cannot do:
//
//	! advance DURATION             moves the clock
//	! app NAME                     makes an application: {{NAME_app}}, {{NAME_key}}, {{NAME_secret}}
//	! key NAME SCOPES LIMIT TTL    makes a key of the first application: {{NAME_key}}, {{NAME_secret}}
//	! revoke NAME                  revokes that key
//	! store MOOD                   see moodyStore
//	! customers FROM TO            creates customers named Number FROM and so on
//	! guess N                      tries N wrong secrets
//	! erase ID                     deletes that customer
func (x *target) hook(name string, args ...string) error {
	want := map[string]int{"advance": 1, "app": 1, "key": 4, "revoke": 1, "store": 1, "customers": 2, "guess": 1, "erase": 1}
	if n, ok := want[name]; !ok || n != len(args) {
		return fmt.Errorf("no such hook with %d arguments", len(args))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	switch name {
	case "advance":
		d, err := time.ParseDuration(args[0])
		x.clock.Add(int64(d))
		return err
	case "app":
		app, key := x.srv.NewApp(x.t, "Application "+args[0], 100)
		x.name(args[0]+"_", app, key)
	case "key":
		scopes, err := authz.ParseScopes(strings.Split(args[1], ","))
		limit, err2 := strconv.Atoi(args[2])
		ttl, err3 := time.ParseDuration(args[3])
		if err := errors.Join(err, err2, err3); err != nil {
			return err
		}
		in := records.NewKey{Kind: tenant.Devdraft, Name: args[0], Scopes: scopes, RateLimit: limit}
		if ttl > 0 {
			in.ExpiresAt = time.Unix(0, x.clock.Load()).Add(ttl)
		}
		x.keys[args[0]] = x.srv.NewKey(x.t, x.srv.App.ID, in)
		x.name(args[0]+"_", x.srv.App, x.keys[args[0]])
	case "revoke":
		_, err := x.srv.Records.RevokeKey(ctx, x.srv.OperatorCaller(x.srv.App.ID), x.keys[args[0]].ID)
		return err
	case "store":
		x.moody.mood.Store(args[0])
	case "customers":
		return x.customers(ctx, args[0], args[1])
	case "guess":
		return x.guess(ctx, args[0])
	case "erase":
		c, err := id.ParseCustomer(args[0])
		if err != nil {
			return err
		}
		return x.srv.Records.DeleteCustomer(ctx, x.caller(), records.ByID(c))
	}
	return nil
}

func (x *target) guess(ctx context.Context, times string) error {
	n, err := strconv.Atoi(times)
	for range n {
		r, e := http.NewRequestWithContext(ctx, http.MethodGet, x.srv.URL+"/api/v0/customers", nil)
		if e != nil {
			return e
		}
		r.Header.Set("x-client-key", x.vars["key"])
		resp, e := http.DefaultClient.Do(r)
		if e != nil {
			return e
		}
		if err = errors.Join(err, resp.Body.Close()); resp.StatusCode != http.StatusUnauthorized {
			return errors.Join(err, errors.New(resp.Status))
		}
	}
	return err
}

// inspector looks at every answer for what must hold in all of them.
type inspector struct {
	t    testing.TB
	next http.RoundTripper
}

// field is the grammar of RFC 9651 as far as the RateLimit fields use it.
var field = regexp.MustCompile(`^"default"(?:;[a-z]=[0-9]{1,15}){2}$`)

func (i inspector) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := i.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	h := resp.Header
	wrong := func(name string) {
		i.t.Errorf("%s %s: %d with %s %q", r.Method, r.URL, resp.StatusCode, name, h.Values(name))
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
	} {
		if h.Get(name) != want && (name != "Content-Type" || resp.StatusCode != http.StatusNoContent) {
			wrong(name)
		}
	}
	failed := resp.StatusCode >= 400
	for name, values := range h {
		all := strings.Join(values, "\n")
		switch {
		case failed && resp.StatusCode != http.StatusNotFound && strings.Contains(all, "404"):
			wrong(name)
		case strings.HasPrefix(name, "Ratelimit") && !field.MatchString(all):
			wrong(name)
		case name == "X-Request-Id" && strings.ContainsAny(all, "0123456789"):
			wrong(name)
		}
	}
	again := resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests
	if (h.Get("X-Should-Retry") == "false") != (failed && !again) {
		wrong("X-Should-Retry")
	}
	return resp, nil
}

func (x *target) customers(ctx context.Context, from, to string) error {
	first, err := strconv.Atoi(from)
	last, err2 := strconv.Atoi(to)
	for n := first; n <= last && err == nil; n++ {
		_, err = x.srv.Records.CreateCustomer(ctx, x.caller(), numbered(n))
	}
	return errors.Join(err, err2)
}

// caller acts with the first application's key, through no dialect.
func (x *target) caller() tenant.Caller {
	return tenant.Caller{App: x.srv.App.ID, Credential: x.srv.Key.ID, Scopes: authz.AllCustomers,
		Origin: tenant.Origin{Dialect: "test", Request: id.NewRequest()}}
}

// moodyStore is the server's store, which works only when it is well. When it is
// down nothing answers, when it is readonly nothing is written, when it is broken a
// customer cannot be read for a reason nobody foresaw, when it is mad that panics.
type moodyStore struct {
	store.Store
	mood atomic.Value
}

var errDown = fault.Wrap(errors.New("connection refused"), fault.Unavailable, "database_unreachable",
	"The database cannot be reached; try again")

func (m *moodyStore) in(moods ...string) error {
	for _, mood := range moods {
		if m.mood.Load() == mood {
			return errDown
		}
	}
	return nil
}

func (m *moodyStore) Ping(ctx context.Context) error {
	if err := m.in("down"); err != nil {
		return err
	}
	return m.Store.Ping(ctx)
}

func (m *moodyStore) CredentialByKey(ctx context.Context, app id.App, key string) (store.CredentialRow, error) {
	if err := m.in("down"); err != nil {
		return store.CredentialRow{}, err
	}
	return m.Store.CredentialByKey(ctx, app, key)
}

func (m *moodyStore) CustomerGet(ctx context.Context, app id.App, c id.Customer) (store.CustomerRow, error) {
	switch m.mood.Load() {
	case "down":
		return store.CustomerRow{}, errDown
	case "broken":
		return store.CustomerRow{}, errors.New("page 17 is not a page")
	case "mad":
		panic("the store has gone mad")
	}
	return m.Store.CustomerGet(ctx, app, c)
}

func (m *moodyStore) Update(ctx context.Context, app id.App, fn func(store.Tx) error) error {
	if err := m.in("down", "readonly"); err != nil {
		return err
	}
	return m.Store.Update(ctx, app, fn)
}

func (m *moodyStore) Record(ctx context.Context, app id.App, entries ...store.AuditRow) error {
	if err := m.in("down", "readonly"); err != nil {
		return err
	}
	return m.Store.Record(ctx, app, entries...)
}

// numbered is a request for the customer Number n.
func numbered(n int) records.Write {
	text := func(s string) customer.Text { return customer.Text{Sent: true, Value: s} }
	return records.Write{
		Input: customer.Input{
			Given: text("Number"), Family: text(strconv.Itoa(n)), Phone: text("+1555" + strconv.Itoa(1000000+n)),
			Email: text("number" + strconv.Itoa(n) + "@example.com"),
		},
		Encode: func(*customer.Customer) []byte { return nil },
	}
}
