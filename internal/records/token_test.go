package records_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/store/storetest"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
)

// tokens is a test environment whose clock stands, with a credential of the Yativo dialect.
type tokens struct {
	*testEnv
	clk *clock
	key records.Issued
}

func newTokens(t *testing.T, change ...func(*records.Config)) *tokens {
	t.Helper()
	clk := &clock{time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
	change = append(change, func(c *records.Config) { c.Now = clk.now })
	x := &tokens{testEnv: newEnv(t, change...), clk: clk}
	x.key = x.newKeyOf(t, x.app.ID, records.NewKey{Kind: tenant.Yativo, RateLimit: 7, Owner: "Ada"})
	return x
}

func (e *testEnv) newKeyOf(t *testing.T, app id.App, in records.NewKey) records.Issued {
	t.Helper()
	in.Name, in.Scopes = "key", authz.DefaultScopes
	k, err := e.CreateKey(t.Context(), e.operator(app), in)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func loginOf(k records.Issued) records.Login {
	return records.Login{Kind: k.Kind, PublicKey: k.PublicKey, Secret: k.Secret.Reveal(), Origin: somewhere()}
}

func somewhere() tenant.Origin {
	return tenant.Origin{Address: "192.0.2.9", Dialect: "yativo", Request: id.NewRequest()}
}

// issue gives a token of a credential that must be good.
func (e *testEnv) issue(t *testing.T, k records.Issued) string {
	t.Helper()
	token, _, _, err := e.IssueToken(t.Context(), loginOf(k))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func (e *testEnv) use(t *testing.T, token string) error {
	t.Helper()
	_, _, _, err := e.AuthenticateToken(t.Context(), token, somewhere())
	return err
}

// refused fails unless the token is refused like every other and the attempt is
// recorded with app.
func (e *testEnv) refused(t *testing.T, what, token string, app id.App) {
	t.Helper()
	before := e.entries(t, app)
	if err := e.use(t, token); !errors.Is(err, records.ErrCredentials) {
		t.Errorf("%s = %v, want unauthenticated", what, err)
	}
	entry := e.lastEntry(t, app)
	if e.entries(t, app) != before+1 || entry.Outcome != uint8(audit.Denied) || entry.Action != string(authz.Authenticate) {
		t.Errorf("%s left %d entries of %s, the last %s", what, e.entries(t, app)-before, app, entry.Action)
	}
}

// What makes a token good or bad is tested in credential. These tests show what a Service
// makes of it.

func TestToken(t *testing.T) {
	t.Parallel()
	x := newTokens(t)
	token, caller, limit, err := x.IssueToken(t.Context(), loginOf(x.key))
	if err != nil || limit != 7 || caller.App != x.app.ID {
		t.Fatalf("IssueToken = %+v, %d, %v", caller, limit, err)
	}
	origin := somewhere()
	caller, limit, subject, err := x.AuthenticateToken(t.Context(), token, origin)
	if public, _, _ := strings.Cut(subject, "."); err != nil || limit != 7 || public != x.key.PublicKey {
		t.Fatalf("AuthenticateToken = %d, %q, %v", limit, subject, err)
	}
	if caller.App != x.app.ID || caller.AppName != "Shop" || caller.Owner != "Ada" || caller.Credential != x.key.ID ||
		caller.Scopes.String() != x.key.Grants().String() || caller.Origin != origin {
		t.Errorf("AuthenticateToken gives the caller %+v", caller)
	}
	fresh, err := x.RefreshToken(t.Context(), caller, subject)
	if err != nil || fresh == token || x.use(t, fresh) != nil {
		t.Errorf("RefreshToken = %v, the same: %t", err, fresh == token)
	}
	// A wrong secret gets none.
	login := loginOf(x.key)
	login.Secret = "wrong"
	if token, _, _, err := x.IssueToken(t.Context(), login); token != "" || !errors.Is(err, fault.Unauthenticated) {
		t.Errorf("IssueToken with a wrong secret = %q, %v", token, err)
	}
}

// A revocation ends tokens at once here, and elsewhere within five seconds.
func TestTokenRevoked(t *testing.T) {
	t.Parallel()
	x := newTokens(t)
	replica := &testEnv{Service: records.New(x.cfg), store: x.store, app: x.app, op: x.op}
	defer replica.Close(t.Context())
	token := x.issue(t, x.key)
	if err := errors.Join(x.use(t, token), replica.use(t, token)); err != nil {
		t.Fatal(err)
	}
	if _, err := x.RevokeKey(t.Context(), x.operator(x.app.ID), x.key.ID); err != nil {
		t.Fatal(err)
	}
	x.refused(t, "a token of a revoked credential", token, x.app.ID)
	x.clk.t = x.clk.t.Add(5 * time.Second)
	replica.refused(t, "a token of a credential revoked elsewhere", token, x.app.ID)
}

// Past the bucket of its address a bad token is 429 and unrecorded; a good one works.
func TestTokenGuessing(t *testing.T) {
	t.Parallel()
	x := newTokens(t, func(c *records.Config) { c.FailedLogins = 2 })
	token := x.issue(t, x.key)
	x.refused(t, "the first", token+"x", x.app.ID)
	x.refused(t, "the second", "", id.System)
	before := x.entries(t, x.app.ID)
	if err := x.use(t, token+"x"); !errors.Is(err, fault.TooMany) || fault.Of(err).RetryAfter <= 0 {
		t.Errorf("the third = %v, want too many", err)
	}
	if x.entries(t, x.app.ID) != before {
		t.Error("a failure past the bucket was recorded")
	}
	if err := x.use(t, token); err != nil {
		t.Errorf("a good token from the same address = %v", err)
	}
}

// A failure that cannot be recorded is not told as one.
func TestTokenNoEntryNoAnswer(t *testing.T) {
	t.Parallel()
	st := storetest.NewHooked(testkit.NewStore(t, "sqlite"))
	env := newEnvOn(t, st)
	st.Set(storetest.FailNotApplied("Record", 1))
	if err := env.use(t, "x"); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("an unrecorded failure = %v, want unavailable", err)
	}
}

// A credential and a token beside it must be good and of one credential; whatever else
// they are is refused and recorded once, with the application of the one at fault.
func TestAuthenticateBoth(t *testing.T) {
	t.Parallel()
	x := newTokens(t)
	token := x.issue(t, x.key)
	sibling := x.newKeyOf(t, x.app.ID, records.NewKey{Kind: tenant.Yativo})
	other, _ := x.newApp(t, "Other")
	foreign := x.newKeyOf(t, other.ID, records.NewKey{Kind: tenant.Yativo})
	devdraft := x.newKeyOf(t, x.app.ID, records.NewKey{Kind: tenant.Devdraft})
	wrong := loginOf(x.key)
	wrong.Secret = "wrong"

	caller, limit, subject, err := x.AuthenticateBoth(t.Context(), loginOf(x.key), token)
	if err != nil || limit != 7 || caller.Credential != x.key.ID || !strings.HasPrefix(subject, x.key.PublicKey+".") {
		t.Errorf("AuthenticateBoth = %+v, %d, %q, %v", caller, limit, subject, err)
	}
	for name, c := range map[string]struct {
		login records.Login
		token string
		app   id.App
	}{
		"a wrong secret":                 {wrong, token, x.app.ID},
		"nothing but a token":            {records.Login{Kind: tenant.Yativo}, token, id.System},
		"a token that is none":           {loginOf(x.key), "x", id.System},
		"a token of another key":         {loginOf(x.key), x.issue(t, sibling), x.app.ID},
		"a token of another application": {loginOf(x.key), x.issue(t, foreign), other.ID},
		"a pair of another application":  {loginOf(foreign), token, x.app.ID},
		"a pair of another API":          {records.Login{Kind: tenant.Yativo, PublicKey: devdraft.PublicKey, Secret: devdraft.Secret.Reveal()}, token, x.app.ID},
	} {
		before := x.entries(t, c.app)
		caller, _, _, err := x.AuthenticateBoth(t.Context(), c.login, c.token)
		if !errors.Is(err, records.ErrCredentials) || caller.Credential != "" {
			t.Errorf("%s = %+v, %v, want unauthenticated", name, caller, err)
		}
		if n := x.entries(t, c.app) - before; n != 1 {
			t.Errorf("%s left %d entries of %s, want 1", name, n, c.app)
		}
	}
}
