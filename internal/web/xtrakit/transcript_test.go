package xtrakit_test

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
			transcript.Run(t, "testdata", transcript.Options{
				New: func(t testing.TB) transcript.Target { return newTarget(t, engine).target() },
				Kinds: map[string]*regexp.Regexp{
					"letters": regexp.MustCompile(`[A-Za-z]{20}`),
					"number":  regexp.MustCompile(`[1-9][0-9]{0,15}`),
				},
				Update: *update,
			})
		})
	}
}

// target is what a file can do to the server it is played against.
type target struct {
	t     testing.TB
	srv   *testkit.Server
	clock atomic.Int64
	moody moodyStore
	vars  map[string]string
	keys  map[string]records.Issued
}

func newTarget(t testing.TB, engine string) *target {
	x := &target{t: t, vars: map[string]string{}, keys: map[string]records.Issued{}}
	x.clock.Store(noon.UnixNano())
	x.moody.mood.Store("well")
	x.srv = testkit.NewServer(t, testkit.Options{
		Engine:    engine,
		Configure: func(cfg *config.Config) { cfg.Now = x.now },
		Wrap: func(st store.Store) store.Store {
			x.moody.Store = st
			return &x.moody
		},
	})
	x.vars["devdraft_key"], x.vars["devdraft_secret"] = x.srv.Key.PublicKey, x.srv.Key.Secret.Reveal()
	x.newKey("", x.srv.App.ID, records.NewKey{Name: "first", Owner: "Edward", Scopes: authz.AllCustomers, RateLimit: 100})
	return x
}

func (x *target) target() transcript.Target {
	transport := &http.Transport{DisableCompression: true}
	x.t.Cleanup(transport.CloseIdleConnections)
	return transcript.Target{
		URL: x.srv.URL, Vars: x.vars, Hook: x.hook,
		Client: &http.Client{Transport: inspector{x.t, transport}, Timeout: 10 * time.Second},
	}
}

func (x *target) now() time.Time { return time.Unix(0, x.clock.Load()) }

// newKey makes {{NAME_key}}, {{NAME_user}} and {{NAME_business}}.
func (x *target) newKey(name string, app id.App, in records.NewKey) {
	in.Kind = tenant.Xtrakit
	key := x.srv.NewKey(x.t, app, in)
	x.keys[name] = key
	if name != "" {
		name += "_"
	}
	x.vars[name+"key"] = key.PublicKey + "." + key.Secret.Reveal()
	x.vars[name+"public"] = key.PublicKey
	x.vars[name+"user"], x.vars[name+"business"] = tenant.UserID(app), tenant.BusinessCode(app)
}

// caller is somebody who uses another dialect.
func (x *target) caller(dialect string) tenant.Caller {
	return tenant.Caller{
		App: x.srv.App.ID, Credential: x.srv.Key.ID, Scopes: authz.AllCustomers,
		Origin: tenant.Origin{Dialect: dialect, Request: id.NewRequest()},
	}
}

// hook does what a client cannot do:
//
//	! advance DURATION                 moves the clock
//	! app NAME                         makes an application: {{NAME_key}}, {{NAME_user}}, {{NAME_business}}
//	! key NAME OWNER SCOPES LIMIT TTL  makes a key of the first application; the owner "-" is none
//	! revoke NAME                      revokes that key
//	! store MOOD                       see moodyStore
//	! devdraft FIRST LAST PHONE        creates a customer as the Devdraft dialect does: {{first}} is its number
//	! guess N                          tries N wrong keys
func (x *target) hook(name string, args ...string) error {
	want := map[string]int{"advance": 1, "app": 1, "key": 5, "revoke": 1, "store": 1, "devdraft": 3, "guess": 1}
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
		app, _ := x.srv.NewApp(x.t, "Application "+args[0], 100)
		x.newKey(args[0], app.ID, records.NewKey{Name: args[0], Owner: "Ama", Scopes: authz.AllCustomers, RateLimit: 100})
	case "key":
		scopes, err := authz.ParseScopes(strings.Split(args[2], ","))
		limit, err2 := strconv.Atoi(args[3])
		ttl, err3 := time.ParseDuration(args[4])
		if err := errors.Join(err, err2, err3); err != nil {
			return err
		}
		in := records.NewKey{Name: args[0], Owner: strings.Trim(args[1], "-"), Scopes: scopes, RateLimit: limit}
		if ttl > 0 {
			in.ExpiresAt = x.now().Add(ttl)
		}
		x.newKey(args[0], x.srv.App.ID, in)
	case "revoke":
		_, err := x.srv.Records.RevokeKey(ctx, x.srv.OperatorCaller(x.srv.App.ID), x.keys[args[0]].ID)
		return err
	case "store":
		x.moody.mood.Store(args[0])
	case "devdraft":
		return x.devdraft(ctx, args[0], args[1], args[2])
	case "guess":
		return x.guess(ctx, args[0])
	}
	return nil
}

func (x *target) devdraft(ctx context.Context, first, last, phone string) error {
	text := func(s string) customer.Text { return customer.Text{Sent: true, Value: s} }
	_, err := x.srv.Records.CreateCustomer(ctx, x.caller("devdraft"), records.Write{
		Input: customer.Input{Given: text(first), Family: text(last), Phone: text(phone)},
		Encode: func(c *customer.Customer) []byte {
			x.vars[strings.ToLower(first)] = strconv.FormatInt(c.Seq, 10)
			return nil
		},
	})
	return err
}

func (x *target) guess(ctx context.Context, times string) error {
	n, err := strconv.Atoi(times)
	for range n {
		r, e := http.NewRequestWithContext(ctx, http.MethodGet, x.srv.URL+"/api/v1/customers", nil)
		if e != nil {
			return e
		}
		r.Header.Set("Authorization", "Bearer "+x.vars["public"]+".guess")
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

func (i inspector) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := i.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
		"Location": "", "Www-Authenticate": "", "X-Should-Retry": "",
	} {
		if got := resp.Header.Get(name); got != want {
			i.t.Errorf("%s %s: %d with %s %q, want %q", r.Method, r.URL, resp.StatusCode, name, got, want)
		}
	}
	wait := resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusServiceUnavailable
	if got := resp.Header.Get("Retry-After"); wait && got == "" {
		i.t.Errorf("%s %s: %d without Retry-After", r.Method, r.URL, resp.StatusCode)
	}
	return resp, nil
}

// moodyStore is the server's store, which works only when it is well. When it is down
// nothing answers, when it is readonly nothing is written, when it is broken a customer
// cannot be read for a reason nobody foresaw, when it is mad that panics.
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

func (m *moodyStore) CredentialByKey(ctx context.Context, app id.App, key string) (store.CredentialRow, error) {
	if err := m.in("down"); err != nil {
		return store.CredentialRow{}, err
	}
	return m.Store.CredentialByKey(ctx, app, key)
}

func (m *moodyStore) CustomerGetBySeq(ctx context.Context, app id.App, seq int64) (store.CustomerRow, error) {
	switch m.mood.Load() {
	case "down":
		return store.CustomerRow{}, errDown
	case "broken":
		return store.CustomerRow{}, errors.New("page 17 is not a page")
	case "mad":
		panic("the store has gone mad")
	}
	return m.Store.CustomerGetBySeq(ctx, app, seq)
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
