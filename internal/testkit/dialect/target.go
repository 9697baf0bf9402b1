package dialect

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"custodex.dev/internal/authz"
	"custodex.dev/internal/config"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/storetest"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
)

// Noon is when the clock of a transcript begins to stand. Its unix seconds do not
// matter to any test.
var Noon = time.Date(2026, 3, 1, 12, 0, 15, 0, time.UTC)

// Target is the server of one transcript and what a file can do to it. Every dialect
// has these hooks:
//
//	! advance DURATION                      moves the clock
//	! app NAME                              makes an application with a credential
//	! key NAME SCOPES LIMIT [TTL [OWNER]]   makes a credential of the first application; 0s is no TTL
//	! revoke NAME                           revokes it
//	! store CONDITION                       see condition in faults.go
//	! customers FROM TO                     makes customers with Suite.Number: {{numberFROM}} and so on
//	! guess N                               tries N wrong secrets
//	! lenient                               the next request is taken although the document forbids it
//
// A credential's placeholders are those of Suite.Variables, after NAME_.
type Target struct {
	Server *testkit.Server
	Vars   map[string]string

	tb      testing.TB
	suite   Suite
	clock   atomic.Int64 // nanoseconds
	store   *storetest.Hooked
	keys    map[string]records.Issued
	lenient bool // about the next request
}

// Hook is a hook of one dialect.
type Hook struct {
	Args int // how many it takes
	Do   func(ctx context.Context, t *Target, args []string) error
}

// Start starts a server as a transcript has it. The configuration is changed by
// configure, unless that is nil.
func (s Suite) Start(tb testing.TB, engine string, configure func(*config.Config)) *Target {
	tb.Helper()
	t := &Target{tb: tb, suite: s, Vars: map[string]string{}, keys: map[string]records.Issued{}}
	t.clock.Store(Noon.UnixNano())
	t.Server = testkit.NewServer(tb, testkit.Options{
		Engine: engine,
		Configure: func(cfg *config.Config) {
			cfg.Now = t.Now
			cfg.DevdraftAvoid404 = true // the Devdraft transcripts look for the digits in every header
			if configure != nil {
				configure(cfg)
			}
		},
		Wrap: func(st store.Store) store.Store {
			t.store = storetest.NewHooked(st)
			return t.store
		},
	})
	t.Vars["devdraft_key"], t.Vars["devdraft_secret"] = t.Server.Key.PublicKey, t.Server.Key.Secret.Reveal()
	t.Vars["operator_key"], t.Vars["operator_secret"] = t.Server.Operator.PublicKey, t.Server.Operator.Secret.Reveal()
	t.newKey("", t.Server.App.ID, records.NewKey{Name: "first", Owner: "Edward", Scopes: authz.DefaultScopes, RateLimit: 100})
	return t
}

// Now is what the server takes for the time.
func (t *Target) Now() time.Time { return time.Unix(0, t.clock.Load()) }

func (t *Target) newKey(name string, app id.App, in records.NewKey) {
	in.Kind = t.suite.Kind
	key := t.Server.NewKey(t.tb, app, in)
	t.keys[name] = key
	if name != "" {
		name += "_"
	}
	for variable, value := range t.suite.Variables(t, app, key) {
		t.Vars[name+variable] = value
	}
}

// Caller acts with another credential of the first application, through the Devdraft
// dialect.
func (t *Target) Caller() tenant.Caller {
	return tenant.Caller{App: t.Server.App.ID, Credential: t.Server.Key.ID, Scopes: authz.OfApplications(),
		Origin: tenant.Origin{Dialect: "devdraft", Request: id.NewRequest()}}
}

// Create makes a customer of the first application as that caller.
func (t *Target) Create(ctx context.Context, in customer.Input) (made customer.Customer, err error) {
	_, err = t.Server.Records.CreateCustomer(ctx, t.Caller(), records.Write{Input: in, Encode: func(c *customer.Customer) []byte {
		made = *c
		return nil
	}})
	return made, err
}

func (t *Target) hook(name string, args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if own, ok := t.suite.Hooks[name]; ok && own.Args == len(args) {
		return own.Do(ctx, t, args)
	}
	want := map[string][2]int{"advance": {1, 1}, "app": {1, 1}, "key": {3, 5}, "revoke": {1, 1}, "store": {1, 1},
		"customers": {2, 2}, "guess": {1, 1}, "lenient": {0, 0}, "strict": {1, 1}}
	if n, ok := want[name]; !ok || len(args) < n[0] || len(args) > n[1] {
		return fmt.Errorf("no such hook with %d arguments", len(args))
	}
	switch name {
	case "advance":
		d, err := time.ParseDuration(args[0])
		t.clock.Add(int64(d))
		return err
	case "app":
		app, _ := t.Server.NewApp(t.tb, "Application "+args[0], 100)
		t.newKey(args[0], app.ID, records.NewKey{Name: args[0], Owner: "Ama", Scopes: authz.DefaultScopes, RateLimit: 100})
	case "key":
		return t.key(args[0], args[1], append(args[2:], "0s", "")...)
	case "revoke":
		_, err := t.Server.Records.RevokeKey(ctx, t.Server.OperatorCaller(t.Server.App.ID), t.keys[args[0]].ID)
		return err
	case "store":
		hooks, err := condition(args[0])
		t.store.Set(hooks)
		return err
	case "customers":
		return t.customers(ctx, args[0], args[1])
	case "guess":
		return t.guess(ctx, args[0])
	case "lenient":
		t.lenient = true
	case "strict":
		t.newKey(args[0], t.Server.App.ID, records.NewKey{Name: args[0], RateLimit: 100, Strict: true})
	}
	return nil
}

// key makes a credential; limits are its rate limit, time to live and owner.
func (t *Target) key(name, scopes string, limits ...string) error {
	parsed := authz.ParseScopes(strings.Split(scopes, ","))
	perMinute, err := strconv.Atoi(limits[0])
	ttl, err2 := time.ParseDuration(limits[1])
	if err := errors.Join(err, err2); err != nil {
		return err
	}
	in := records.NewKey{Name: name, Owner: limits[2], Scopes: parsed, RateLimit: perMinute}
	if ttl > 0 {
		in.ExpiresAt = t.Now().Add(ttl)
	}
	t.newKey(name, t.Server.App.ID, in)
	return nil
}

func (t *Target) customers(ctx context.Context, from, to string) error {
	first, err := strconv.Atoi(from)
	last, err2 := strconv.Atoi(to)
	for n := first; n <= last && err == nil; n++ {
		var made customer.Customer
		made, err = t.Create(ctx, t.suite.Number(n))
		t.Vars["number"+strconv.Itoa(n)] = made.ID.String()
	}
	return errors.Join(err, err2)
}

func (t *Target) guess(ctx context.Context, times string) error {
	n, err := strconv.Atoi(times)
	if err != nil {
		return err
	}
	path, name, value := t.suite.Guess(t)
	for range n {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, t.Server.URL+path, nil)
		if err != nil {
			return err
		}
		r.Header.Set(name, value)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			return err
		}
		if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusUnauthorized {
			return errors.Join(err, errors.New(resp.Status))
		}
	}
	return nil
}

// Sent is a text that a request has sent.
func Sent(s string) customer.Text { return customer.Text{Sent: true, Value: s} }
