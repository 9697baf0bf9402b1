package credential_test

import (
	"context"
	"testing"
	"time"

	"custodex.dev/internal/authz"
	"custodex.dev/internal/credential"
	"custodex.dev/internal/id"
	"custodex.dev/internal/rowsum"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
)

// clock is a time that a test moves.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func (c *clock) advance(d time.Duration) { c.t = c.t.Add(d) }

// testEnv is a Verifier, with the store and the keys below it in memory.
type testEnv struct {
	*credential.Verifier
	clk   *clock
	app   id.App
	keys  keys
	store *memoryStore
}

// keys are those of applications that exist; an application's name is its id.
type keys map[id.App]*seal.App

func (k keys) Key(_ context.Context, app id.App) (*seal.App, error) {
	if key, ok := k[app]; ok {
		return key, nil
	}
	return nil, store.NotFound("application")
}

func (k keys) App(_ context.Context, app id.App) (store.AppRow, error) {
	return store.AppRow{ID: app, Name: "name of " + string(app)}, nil
}

// rows compares checksums without an application's row.
type rows struct{}

func (rows) Credential(_ context.Context, key *seal.App, _ *store.AppRow, row *store.CredentialRow) error {
	return rowsum.Check(row.Sum, rowsum.Credential(key, row))
}

// memoryStore holds credentials by public key. reads counts look-ups; err fails all.
type memoryStore struct {
	rows  map[string]store.CredentialRow
	reads int
	log   []string // "there" or "absent" for each look-up
	err   error
	used  map[id.Credential]int64
}

func (s *memoryStore) CredentialByKey(_ context.Context, _ id.App, publicKey string) (store.CredentialRow, error) {
	s.reads++
	if s.err != nil {
		return store.CredentialRow{}, s.err
	}
	row, ok := s.rows[publicKey]
	if !ok {
		s.log = append(s.log, "absent")
		return row, store.NotFound("credential")
	}
	s.log = append(s.log, "there")
	return row, nil
}

func (s *memoryStore) CredentialTouch(_ context.Context, _ id.App, used map[id.Credential]int64) error {
	if s.err != nil {
		return s.err
	}
	for c, at := range used {
		s.used[c] = at
	}
	return nil
}

const ttl = 3 * time.Second

func newEnv(t *testing.T) *testEnv {
	t.Helper()
	e := &testEnv{
		clk: &clock{time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}, keys: keys{},
		store: &memoryStore{rows: map[string]store.CredentialRow{}, used: map[id.Credential]int64{}},
	}
	e.addApp(t, id.System)
	e.app = e.addApp(t, id.NewApp())
	e.Verifier = e.replica()
	return e
}

// replica is another process on the same store.
func (e *testEnv) replica() *credential.Verifier {
	return credential.New(credential.Config{Store: e.store, Keys: e.keys, Rows: rows{}, TTL: ttl, Now: e.clk.now})
}

func (e *testEnv) addApp(t *testing.T, app id.App) id.App {
	t.Helper()
	key, err := seal.OpenApp(app, seal.NewAppKey())
	if err != nil {
		t.Fatal(err)
	}
	e.keys[app] = key
	return app
}

// minted is a stored credential and its secret.
type minted struct {
	tenant.Credential
	secret string
}

func (m minted) login() credential.Login {
	return credential.Login{Kind: m.Kind, PublicKey: m.PublicKey, Secret: m.secret, Origin: somewhere}
}

var somewhere = tenant.Origin{Address: "192.0.2.9", Dialect: "yativo", Request: "req_1"}

func (e *testEnv) mint(app id.App, kind tenant.Kind, change ...func(*tenant.Credential)) minted {
	c := tenant.Credential{
		App: app, Kind: kind, Name: "key", Owner: "Ada", Scopes: authz.DefaultScopes, RateLimit: 7, CreatedAt: e.clk.t,
	}
	for _, f := range change {
		f(&c)
	}
	c, secret, row := credential.Mint(e.keys[app], c)
	e.store.rows[c.PublicKey] = row
	return minted{c, secret.Reveal()}
}

// rotate gives a credential a new secret, as another replica does.
func (e *testEnv) rotate(m minted, keep time.Duration) minted {
	row := e.store.rows[m.PublicKey]
	m.secret = credential.Rotate(e.keys[m.App], &row, e.clk.t, keep).Reveal()
	e.store.rows[m.PublicKey] = row
	return m
}

// wantGood fails unless the login is good.
func (e *testEnv) wantGood(t *testing.T, what string, v *credential.Verifier, in credential.Login) {
	t.Helper()
	if _, ok, err := v.Verify(t.Context(), in); !ok || err != nil {
		t.Errorf("%s = %t, %v, want good", what, ok, err)
	}
}

// wantBad fails unless the login is refused and attributed to an application.
func (e *testEnv) wantBad(t *testing.T, what string, v *credential.Verifier, in credential.Login, app id.App) {
	t.Helper()
	who, ok, err := v.Verify(t.Context(), in)
	if ok || err != nil || who.Caller.App != app || who.Caller.Scopes != nil || who.Caller.Origin != in.Origin {
		t.Errorf("%s = %+v, %t, %v, want refused and attributed to %s", what, who, ok, err, app)
	}
}
