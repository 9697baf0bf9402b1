package records_test

import (
	"errors"
	"testing"
	"time"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
)

// clock is a time that a test moves.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func (e *testEnv) login(t *testing.T, k records.Issued, secret string) error {
	t.Helper()
	_, _, err := e.Authenticate(t.Context(), records.Login{
		Kind: tenant.Devdraft, PublicKey: k.PublicKey, Secret: secret, Origin: tenant.Origin{Address: "192.0.2.9", Dialect: "devdraft", Request: id.NewRequest()},
	})
	return err
}

func (e *testEnv) newKey(t *testing.T, in records.NewKey) records.Issued {
	t.Helper()
	in.Kind, in.Name = tenant.Devdraft, "key"
	if in.Scopes == nil {
		in.Scopes = authz.DefaultScopes
	}
	k, err := e.CreateKey(t.Context(), e.operator(e.app.ID), in)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	k := env.newKey(t, records.NewKey{Owner: "Ada", RateLimit: 7, Scopes: authz.Scopes{authz.CustomersRead}})
	caller, limit, err := env.Authenticate(t.Context(), records.Login{Kind: tenant.Devdraft, PublicKey: k.PublicKey, Secret: k.Secret.Reveal()})
	if err != nil || limit != 7 || caller.App != env.app.ID || caller.Owner != "Ada" || caller.Scopes.String() != "customers:read" || caller.AppName != "Shop" {
		t.Errorf("Authenticate = %+v, %d, %v", caller, limit, err)
	}
	// An operator's key does not open the dialect, and the other way round.
	if _, _, err := env.Authenticate(t.Context(), records.Login{Kind: tenant.Operator, PublicKey: k.PublicKey, Secret: k.Secret.Reveal()}); !errors.Is(err, fault.Unauthenticated) {
		t.Errorf("a client key as operator = %v, want unauthenticated", err)
	}
}

func TestFailedAuthenticationIsRecorded(t *testing.T) {
	t.Parallel()
	env := newEnv(t, func(c *records.Config) { c.FailedLogins = 5 })
	k := env.newKey(t, records.NewKey{})
	wrong := map[string]struct {
		public, secret string
		app            id.App
	}{
		"wrong secret": {k.PublicKey, "cs_wrong", env.app.ID},
		"no secret":    {k.PublicKey, "", env.app.ID},
		"unknown key":  {k.PublicKey + "x", k.Secret.Reveal(), env.app.ID},
		"no key":       {"", "", id.System},
		"no such app":  {"ck_aaaaaaaaaaaaaaaa_b", "cs_x", id.System},
	}
	for name, c := range wrong {
		before := env.entries(t, c.app)
		_, _, err := env.Authenticate(t.Context(), records.Login{Kind: tenant.Devdraft, PublicKey: c.public, Secret: c.secret, Origin: tenant.Origin{Address: "192.0.2.9"}})
		if !errors.Is(err, fault.Unauthenticated) {
			t.Errorf("%s = %v, want unauthenticated", name, err)
		}
		if e := env.lastEntry(t, c.app); env.entries(t, c.app) != before+1 || e.Outcome != uint8(audit.Denied) || e.Action != string(authz.Authenticate) {
			t.Errorf("%s left %d entries, the last %s", name, env.entries(t, c.app)-before, e.Action)
		}
	}
	// Past the bucket a failure is 429 and unrecorded; a right login still works.
	before := env.entries(t, id.System)
	if err := env.login(t, k, "cs_wrong"); !errors.Is(err, fault.TooMany) || fault.Of(err).RetryAfter <= 0 {
		t.Errorf("the sixth failure = %v, want too many", err)
	}
	if err := env.login(t, k, k.Secret.Reveal()); err != nil {
		t.Errorf("a right login from the same address = %v", err)
	}
	if env.entries(t, id.System) != before {
		t.Error("a failure past the bucket was recorded")
	}
}

func TestKeyLifeCycle(t *testing.T) {
	t.Parallel()
	clk := &clock{time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
	env := newEnv(t, func(c *records.Config) { c.Now = clk.now })
	op := env.operator(env.app.ID)

	k := env.newKey(t, records.NewKey{ExpiresAt: clk.t.Add(time.Hour)})
	rotated, err := env.RotateKey(t.Context(), op, k.ID, 10*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	// Case 1: both secrets live during the rotation, then only the new one.
	if err := errors.Join(env.login(t, k, k.Secret.Reveal()), env.login(t, k, rotated.Secret.Reveal())); err != nil {
		t.Errorf("during the rotation: %v", err)
	}
	clk.t = clk.t.Add(10 * time.Minute)
	if err := env.login(t, k, k.Secret.Reveal()); !errors.Is(err, fault.Unauthenticated) {
		t.Errorf("the old secret after its time = %v", err)
	}
	if err := env.login(t, k, rotated.Secret.Reveal()); err != nil {
		t.Errorf("the new secret = %v", err)
	}
	// Case 2: expiry.
	clk.t = clk.t.Add(time.Hour)
	if err := env.login(t, k, rotated.Secret.Reveal()); !errors.Is(err, fault.Unauthenticated) {
		t.Errorf("an expired key = %v", err)
	}
	// Case 3: revocation holds at once here, for good, and ends rotation.
	k = env.newKey(t, records.NewKey{})
	if _, err := env.RevokeKey(t.Context(), op, k.ID); err != nil {
		t.Fatal(err)
	}
	if err := env.login(t, k, k.Secret.Reveal()); !errors.Is(err, fault.Unauthenticated) {
		t.Errorf("a revoked key = %v", err)
	}
	if _, err := env.RotateKey(t.Context(), op, k.ID, 0); !errors.Is(err, records.ErrRevoked) {
		t.Errorf("rotating a revoked key = %v", err)
	}
	// Case 4: another application's operator call does not find it.
	other, _ := env.newApp(t, "Other")
	if _, err := env.RevokeKey(t.Context(), env.operator(other.ID), k.ID); !errors.Is(err, fault.NotFound) {
		t.Errorf("revoking through another application = %v, want not found", err)
	}
	list, err := env.ListKeys(t.Context(), op)
	if err != nil || len(list) != 2 || list[0].Live(clk.t) || list[1].Live(clk.t) {
		t.Errorf("ListKeys = %d keys, %v", len(list), err)
	}
}

// A revocation by another replica is seen when the cached credential is old.
func TestRevocationElsewhere(t *testing.T) {
	t.Parallel()
	clk := &clock{time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
	env := newEnv(t, func(c *records.Config) { c.Now = clk.now })
	cfg := env.cfg
	replica := &testEnv{Service: records.New(cfg), store: env.store, app: env.app, op: env.op}
	defer replica.Close(t.Context())
	k := env.newKey(t, records.NewKey{})
	if err := replica.login(t, k, k.Secret.Reveal()); err != nil {
		t.Fatal(err)
	}
	if _, err := env.RevokeKey(t.Context(), env.operator(env.app.ID), k.ID); err != nil {
		t.Fatal(err)
	}
	clk.t = clk.t.Add(3 * time.Second)
	if err := replica.login(t, k, k.Secret.Reveal()); !errors.Is(err, fault.Unauthenticated) {
		t.Errorf("a key revoked elsewhere, 3 s later = %v", err)
	}
}
