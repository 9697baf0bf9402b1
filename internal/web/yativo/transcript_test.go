package yativo_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
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

// TestTranscripts plays testdata/*.txt against a server on each store, and those of
// testdata/settings with every setting of the dialect changed. The clock stands at
// noon until a file moves it.
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
		t.Run(engine+" with settings", func(t *testing.T) {
			t.Parallel()
			play(t, engine, "testdata/settings", func(cfg *config.Config) {
				cfg.YativoOptionalKey, cfg.YativoActiveEarly = true, true
				cfg.KYCLink, cfg.MaxSkip = "https://id.example.com/check/", 4
				cfg.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
			})
		})
	}
}

func play(t *testing.T, engine, dir string, configure func(*config.Config)) {
	transcript.Run(t, dir, transcript.Options{
		New: func(t testing.TB) transcript.Target { return newTarget(t, engine, configure) },
		Kinds: map[string]*regexp.Regexp{
			"letters": regexp.MustCompile(`[A-Za-z]{20}`),
			"cursor":  regexp.MustCompile(`[A-Za-z0-9_-]{20,}`),
			"jwt":     regexp.MustCompile(`eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+`),
			"time":    regexp.MustCompile(`20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z`),
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
	made  map[string]id.Customer
}

func newTarget(t testing.TB, engine string, configure func(*config.Config)) transcript.Target {
	x := &target{t: t, vars: map[string]string{}, keys: map[string]records.Issued{}, made: map[string]id.Customer{}}
	x.clock.Store(noon.UnixNano())
	x.moody.mood.Store("well")
	x.srv = testkit.NewServer(t, testkit.Options{
		Engine: engine,
		Configure: func(cfg *config.Config) {
			cfg.Now = x.now
			configure(cfg)
		},
		Wrap: func(st store.Store) store.Store {
			x.moody.Store = st
			return &x.moody
		},
	})
	x.vars["devdraft_key"], x.vars["devdraft_secret"] = x.srv.Key.PublicKey, x.srv.Key.Secret.Reveal()
	x.newKey("", x.srv.App.ID, records.NewKey{Name: "first", Scopes: authz.AllCustomers, RateLimit: 100})
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return transcript.Target{
		URL: x.srv.URL, Vars: x.vars, Hook: x.hook,
		Client: &http.Client{Transport: inspector{t, transport}, Timeout: 10 * time.Second},
	}
}

func (x *target) now() time.Time { return time.Unix(0, x.clock.Load()) }

// newKey makes {{NAME_account}}, {{NAME_secret}} and {{NAME_token}}.
func (x *target) newKey(name string, app id.App, in records.NewKey) {
	in.Kind = tenant.Yativo
	key := x.srv.NewKey(x.t, app, in)
	x.keys[name] = key
	if name != "" {
		name += "_"
	}
	x.vars[name+"account"], x.vars[name+"secret"] = key.PublicKey, key.Secret.Reveal()
	x.vars[name+"token"] = x.token(key)
}

func (x *target) token(key records.Issued) string {
	token, _, _, err := x.srv.Records.IssueToken(context.Background(), records.Login{
		Kind: tenant.Yativo, PublicKey: key.PublicKey, Secret: key.Secret.Reveal(),
	})
	if err != nil {
		x.t.Fatalf("login: %v", err)
	}
	return token
}

// hook does what a client cannot do:
//
//	! advance DURATION             moves the clock
//	! app NAME                     makes an application: {{NAME_account}}, {{NAME_secret}}, {{NAME_token}}
//	! key NAME SCOPES LIMIT        makes a key of the first application, likewise
//	! revoke NAME                  revokes that key
//	! store MOOD                   see moodyStore
//	! devdraft NAME GIVEN FAMILY PHONE   creates {{NAME}} as the Devdraft dialect would; _ is a space
//	! status NAME STATUS           sets its status likewise
//	! type NAME TYPE               and its type
//	! kyc NAME STATE ACCOUNTS      records what an operator reports of its checks
//	! customers FROM TO            creates customers named Number FROM and so on
//	! logged ACTION OUTCOME        fails unless that is the newest audit entry, and of this dialect
func (x *target) hook(name string, args ...string) error {
	want := map[string]int{"advance": 1, "app": 1, "key": 3, "revoke": 1, "store": 1, "devdraft": 4,
		"status": 2, "type": 2, "kyc": 3, "customers": 2, "logged": 2}
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
		x.newKey(args[0], app.ID, records.NewKey{Name: "other", Scopes: authz.AllCustomers, RateLimit: 100})
	case "key":
		scopes, err := authz.ParseScopes(strings.Split(args[1], ","))
		limit, err2 := strconv.Atoi(args[2])
		if err := errors.Join(err, err2); err != nil {
			return err
		}
		x.newKey(args[0], x.srv.App.ID, records.NewKey{Name: args[0], Scopes: scopes, RateLimit: limit})
	case "revoke":
		_, err := x.srv.Records.RevokeKey(ctx, x.srv.OperatorCaller(x.srv.App.ID), x.keys[args[0]].ID)
		return err
	case "store":
		x.moody.mood.Store(args[0])
	case "devdraft":
		spaced := strings.NewReplacer("_", " ")
		return x.create(ctx, args[0], customer.Input{Given: text(spaced.Replace(args[1])), Family: text(spaced.Replace(args[2])), Phone: text(args[3])})
	case "status":
		return x.change(ctx, args[0], customer.Input{Status: text(args[1])})
	case "type":
		return x.change(ctx, args[0], customer.Input{Type: text(args[1])})
	case "kyc":
		return x.kyc(ctx, args[0], args[1], args[2] == "true")
	case "customers":
		return x.customers(ctx, args[0], args[1])
	case "logged":
		return x.logged(ctx, args[0], args[1])
	}
	return nil
}

func text(s string) customer.Text { return customer.Text{Sent: true, Value: s} }

// devdraft is a caller as the other dialect makes one.
func (x *target) devdraft() tenant.Caller {
	return tenant.Caller{App: x.srv.App.ID, Credential: x.srv.Key.ID, Scopes: authz.AllCustomers,
		Origin: tenant.Origin{Dialect: "devdraft", Request: id.NewRequest()}}
}

func nothing(*customer.Customer) []byte { return nil }

func (x *target) create(ctx context.Context, name string, in customer.Input) error {
	reply, err := x.srv.Records.CreateCustomer(ctx, x.devdraft(), records.Write{Input: in, Encode: nothing})
	x.vars[name], x.made[name] = reply.Customer.String(), reply.Customer
	return err
}

func (x *target) change(ctx context.Context, name string, in customer.Input) error {
	_, err := x.srv.Records.UpdateCustomer(ctx, x.devdraft(), records.ByID(x.made[name]), records.Write{Input: in, Encode: nothing})
	return err
}

func (x *target) kyc(ctx context.Context, name, state string, accounts bool) error {
	kyc := customer.KYC{Status: customer.KYCStatus(state), Accounts: accounts, Reason: "Document is not readable"}
	_, err := x.srv.Records.SetKYC(ctx, x.srv.OperatorCaller(x.srv.App.ID), x.made[name], kyc)
	return err
}

func (x *target) customers(ctx context.Context, from, to string) error {
	first, err := strconv.Atoi(from)
	last, err2 := strconv.Atoi(to)
	for n := first; n <= last && err == nil; n++ {
		number := strconv.Itoa(n)
		err = x.create(ctx, "number"+number, customer.Input{
			Given: text("Number"), Family: text(number), Phone: text("+1 555 100-" + strconv.Itoa(1000+n)),
		})
	}
	return errors.Join(err, err2)
}

func (x *target) logged(ctx context.Context, action, outcome string) error {
	list, err := x.srv.Records.ListAudit(ctx, x.srv.OperatorCaller(x.srv.App.ID), records.AuditFilter{Limit: 1})
	if err != nil {
		return err
	}
	if e := list[0]; string(e.Action) != action || e.Outcome.String() != outcome || e.Dialect != "yativo" {
		return fmt.Errorf("the newest entry is %s %s through %s", e.Action, e.Outcome, e.Dialect)
	}
	return nil
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
	h := resp.Header
	for name, want := range map[string]string{
		"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
	} {
		if h.Get(name) != want {
			i.t.Errorf("%s %s: %d with %s %q", r.Method, r.URL, resp.StatusCode, name, h.Values(name))
		}
	}
	if resp.StatusCode == http.StatusTooManyRequests && h.Get("Retry-After") == "" {
		i.t.Errorf("%s %s: 429 without Retry-After", r.Method, r.URL)
	}
	return resp, nil
}

// moodyStore is the server's store, which works only when it is well. When it is
// down or readonly nothing is written, when it is broken a customer cannot be read
// for a reason nobody foresaw, when it is mad that panics.
type moodyStore struct {
	store.Store
	mood atomic.Value
}

var errDown = fault.Wrap(errors.New("connection refused"), fault.Unavailable, "database_unreachable",
	"The database cannot be reached; try again")

func (m *moodyStore) readonly() error {
	if m.mood.Load() == "readonly" {
		return errDown
	}
	return nil
}

func (m *moodyStore) CustomerGet(ctx context.Context, app id.App, c id.Customer) (store.CustomerRow, error) {
	switch m.mood.Load() {
	case "broken":
		return store.CustomerRow{}, errors.New("page 17 is not a page")
	case "mad":
		panic("the store has gone mad")
	}
	return m.Store.CustomerGet(ctx, app, c)
}

func (m *moodyStore) Update(ctx context.Context, app id.App, fn func(store.Tx) error) error {
	if err := m.readonly(); err != nil {
		return err
	}
	return m.Store.Update(ctx, app, fn)
}

func (m *moodyStore) Record(ctx context.Context, app id.App, entries ...store.AuditRow) error {
	if err := m.readonly(); err != nil {
		return err
	}
	return m.Store.Record(ctx, app, entries...)
}
