package records_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store/storetest"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
)

// tokens is a world whose clock stands, with a credential of the Yativo dialect.
type tokens struct {
	*world
	clk *clock
	key records.Issued
}

func newTokens(t *testing.T, change ...func(*records.Config)) *tokens {
	t.Helper()
	clk := &clock{time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
	change = append(change, func(c *records.Config) { c.Now = clk.now })
	x := &tokens{world: newWorld(t, change...), clk: clk}
	x.key = x.newKeyOf(t, x.app.ID, records.NewKey{Kind: tenant.Yativo, RateLimit: 7, Owner: "Ada"})
	return x
}

func (w *world) newKeyOf(t *testing.T, app id.App, in records.NewKey) records.Issued {
	t.Helper()
	in.Name, in.Scopes = "key", authz.AllCustomers
	k, err := w.CreateKey(t.Context(), w.operator(app), in)
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
func (w *world) issue(t *testing.T, k records.Issued) string {
	t.Helper()
	token, _, _, err := w.IssueToken(t.Context(), loginOf(k))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func (w *world) use(t *testing.T, token string) error {
	t.Helper()
	_, _, _, err := w.AuthenticateToken(t.Context(), token, somewhere())
	return err
}

// refused fails unless the token is refused like every other and the attempt is
// recorded with app.
func (w *world) refused(t *testing.T, what, token string, app id.App) {
	t.Helper()
	before := w.entries(t, app)
	if err := w.use(t, token); !errors.Is(err, fault.Unauthenticated) || fault.Of(err).Code != "invalid_credentials" {
		t.Errorf("%s = %v, want unauthenticated", what, err)
	}
	e := w.lastEntry(t, app)
	if w.entries(t, app) != before+1 || e.Outcome != uint8(audit.Denied) || e.Action != string(authz.Authenticate) {
		t.Errorf("%s left %d entries of %s, the last %s", what, w.entries(t, app)-before, app, e.Action)
	}
}

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
		caller.Scopes.String() != authz.AllCustomers.String() || caller.Origin != origin {
		t.Errorf("AuthenticateToken gives the caller %+v", caller)
	}
	// What the token says: a subject, ten minutes, and nothing of a person.
	var claims map[string]any
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err := errors.Join(err, json.Unmarshal(payload, &claims)); err != nil {
		t.Fatal(err)
	}
	if len(claims) != 4 || claims["sub"] != subject || claims["exp"].(float64)-claims["iat"].(float64) != 600 || claims["jti"] == "" {
		t.Errorf("claims %v", claims)
	}
	// A wrong secret gets none.
	login := loginOf(x.key)
	login.Secret = "wrong"
	if token, _, _, err := x.IssueToken(t.Context(), login); token != "" || !errors.Is(err, fault.Unauthenticated) {
		t.Errorf("IssueToken with a wrong secret = %q, %v", token, err)
	}
}

func TestTokenExpires(t *testing.T) {
	t.Parallel()
	x := newTokens(t)
	token := x.issue(t, x.key)
	x.clk.t = x.clk.t.Add(records.TokenTTL - time.Second)
	if err := x.use(t, token); err != nil {
		t.Fatalf("in its last second = %v", err)
	}
	fresh, err := x.RefreshToken(t.Context(), tenant.Caller{App: x.app.ID}, x.subject(t, token))
	if err != nil || fresh == token {
		t.Fatalf("RefreshToken = %v, the same: %v", err, fresh == token)
	}
	x.clk.t = x.clk.t.Add(time.Second)
	x.refused(t, "an expired token", token, x.app.ID)
	if err := x.use(t, fresh); err != nil {
		t.Errorf("a refreshed token = %v", err)
	}
	x.clk.t = x.clk.t.Add(records.TokenTTL)
	x.refused(t, "a refreshed token after its time", fresh, x.app.ID)

	// A credential that ends takes its tokens along.
	brief := x.newKeyOf(t, x.app.ID, records.NewKey{Kind: tenant.Yativo, ExpiresAt: x.clk.t.Add(time.Minute)})
	token = x.issue(t, brief)
	x.clk.t = x.clk.t.Add(time.Minute)
	x.refused(t, "a token of an expired credential", token, x.app.ID)
}

// A rotation ends the tokens of the secret that it ends, refreshed ones too, and
// at the same time.
func TestTokenEndsWithItsSecret(t *testing.T) {
	t.Parallel()
	x := newTokens(t, func(c *records.Config) { c.CredentialTTL = time.Nanosecond })
	refreshed := func(token string) string {
		fresh, err := x.RefreshToken(t.Context(), tenant.Caller{App: x.app.ID}, x.subject(t, token))
		if err != nil {
			t.Fatal(err)
		}
		return fresh
	}
	rotated := func(keep time.Duration) records.Issued {
		k, err := x.RotateKey(t.Context(), x.operator(x.app.ID), x.key.ID, keep)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	first := x.issue(t, x.key)
	second := rotated(2 * time.Minute)
	if err := x.use(t, first); err != nil {
		t.Errorf("while the old secret works = %v", err)
	}
	first = refreshed(first)
	late := x.issue(t, x.key) // by the old secret still
	fresh := x.issue(t, second)
	x.clk.t = x.clk.t.Add(2 * time.Minute)
	x.refused(t, "a refreshed token of the old secret", first, x.app.ID)
	x.refused(t, "a late token of the old secret", late, x.app.ID)
	if err := x.use(t, fresh); err != nil {
		t.Errorf("a token of the new secret = %v", err)
	}
	third := rotated(0)
	x.refused(t, "a token of a secret that ended at once", fresh, x.app.ID)
	if err := x.use(t, x.issue(t, third)); err != nil {
		t.Errorf("a token of the newest secret = %v", err)
	}
}

// Where the credential is remembered from before its rotation elsewhere, a token of
// the new secret is good at once.
func TestTokenOfASecretFromElsewhere(t *testing.T) {
	t.Parallel()
	x := newTokens(t)
	elsewhere := records.New(x.cfg)
	t.Cleanup(func() {
		if err := elsewhere.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if err := x.use(t, x.issue(t, x.key)); err != nil {
		t.Fatal(err)
	}
	k, err := elsewhere.RotateKey(t.Context(), x.operator(x.app.ID), x.key.ID, 0)
	if err != nil {
		t.Fatal(err)
	}
	token, _, _, err := elsewhere.IssueToken(t.Context(), loginOf(k))
	if err != nil {
		t.Fatal(err)
	}
	if err := x.use(t, token); err != nil {
		t.Errorf("a token of the new secret = %v", err)
	}
}

// subject is what a good token says for RefreshToken.
func (w *world) subject(t *testing.T, token string) string {
	t.Helper()
	_, _, subject, err := w.AuthenticateToken(t.Context(), token, somewhere())
	if err != nil {
		t.Fatal(err)
	}
	return subject
}

// signed makes a token with the application's own key, as nobody else could.
func (w *world) signed(t *testing.T, app id.App, alg jwt.SigningMethod, claims jwt.MapClaims) string {
	t.Helper()
	row, err := w.store.AppGet(t.Context(), app)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := w.keys.Unwrap(t.Context(), app, row.Key)
	if err != nil {
		t.Fatal(err)
	}
	key, err := seal.OpenApp(app, raw)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.NewWithClaims(alg, claims).SignedString(key.TokenKey())
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// encoded makes a token of parts; a part that is no text is encoded as JSON.
func encoded(header, payload any, signature string) string {
	part := func(v any) string {
		b, _ := json.Marshal(v) // maps of texts and numbers
		return base64.RawURLEncoding.EncodeToString(b)
	}
	return part(header) + "." + part(payload) + "." + signature
}

func TestTokenForged(t *testing.T) {
	t.Parallel()
	x := newTokens(t, func(c *records.Config) { c.FailedLogins = 1000 })
	token := x.issue(t, x.key)
	parts := strings.Split(token, ".")
	other, _ := x.newApp(t, "Other")
	theirs := strings.Split(x.issue(t, x.newKeyOf(t, other.ID, records.NewKey{Kind: tenant.Yativo})), ".")

	now, subject := x.clk.t.Unix(), x.subject(t, token)
	claims := jwt.MapClaims{"sub": subject, "iat": now, "exp": now + 600}
	if err := x.use(t, x.signed(t, x.app.ID, jwt.SigningMethodHS256, claims)); err != nil {
		t.Fatalf("what this test signs = %v", err)
	}
	unmarked := jwt.MapClaims{"sub": x.key.PublicKey, "iat": now, "exp": now + 600}
	endless := jwt.MapClaims{"sub": subject, "iat": now}
	nobodys := jwt.MapClaims{"iat": now, "exp": now + 600}
	future := jwt.MapClaims{"sub": subject, "nbf": now + 60, "exp": now + 600}
	header := func(alg string) map[string]any { return map[string]any{"alg": alg, "typ": "JWT"} }
	last := map[bool]string{true: "A", false: "B"}[parts[2][0] != 'A'] + parts[2][1:]

	for what, c := range map[string]struct {
		token string
		app   id.App
	}{
		"no token":                          {"", id.System},
		"no form":                           {"x", id.System},
		"two parts":                         {parts[0] + "." + parts[1], id.System},
		"a secret":                          {x.key.Secret.Reveal(), id.System},
		"an altered signature":              {parts[0] + "." + parts[1] + "." + last, x.app.ID},
		"no signature":                      {parts[0] + "." + parts[1] + ".", x.app.ID},
		"altered claims":                    {encoded(header("HS256"), claims, parts[2]), x.app.ID},
		"another token's signature":         {parts[0] + "." + parts[1] + "." + theirs[2], x.app.ID},
		"our signature on another's claims": {parts[0] + "." + theirs[1] + "." + parts[2], other.ID},
		"alg none":                          {encoded(header("none"), claims, ""), id.System},
		"alg None":                          {encoded(header("None"), claims, ""), id.System},
		"no alg":                            {encoded(map[string]any{}, claims, ""), id.System},
		"another alg":                       {x.signed(t, x.app.ID, jwt.SigningMethodHS512, claims), id.System},
		"a public-key alg":                  {encoded(header("RS256"), claims, parts[2]), id.System},
		"an unknown subject":                {encoded(header("HS256"), map[string]any{"sub": "ya_x_y", "exp": now + 600}, parts[2]), id.System},
		"no subject":                        {x.signed(t, x.app.ID, jwt.SigningMethodHS256, nobodys), id.System},
		"no secret that it goes back to":    {x.signed(t, x.app.ID, jwt.SigningMethodHS256, unmarked), x.app.ID},
		"no end":                            {x.signed(t, x.app.ID, jwt.SigningMethodHS256, endless), x.app.ID},
		"not yet good":                      {x.signed(t, x.app.ID, jwt.SigningMethodHS256, future), x.app.ID},
	} {
		x.refused(t, what, c.token, c.app)
	}
	if err := x.use(t, token); err != nil {
		t.Errorf("the token itself = %v", err)
	}
}

// A token is of the application whose key signed it: a subject of another one does
// not fit its key.
func TestTokenOfAnotherApplication(t *testing.T) {
	t.Parallel()
	x := newTokens(t)
	other, _ := x.newApp(t, "Other")
	// As if this application had made a token in the name of the other's credential.
	theirs := x.newKeyOf(t, other.ID, records.NewKey{Kind: tenant.Yativo})
	token, err := x.RefreshToken(t.Context(), tenant.Caller{App: x.app.ID}, x.subject(t, x.issue(t, theirs)))
	if err != nil {
		t.Fatal(err)
	}
	x.refused(t, "another application's subject", token, other.ID)
	caller, _, _, err := x.AuthenticateToken(t.Context(), x.issue(t, theirs), somewhere())
	if err != nil || caller.App != other.ID {
		t.Errorf("their own token = %s, %v", caller.App, err)
	}
}

// A token of a credential of another kind opens nothing, even one that was made.
func TestTokenOfAnotherKind(t *testing.T) {
	t.Parallel()
	x := newTokens(t)
	for _, kind := range []tenant.Kind{tenant.Devdraft, tenant.Xtrakit} {
		k := x.newKeyOf(t, x.app.ID, records.NewKey{Kind: kind})
		wrong := loginOf(k)
		wrong.Kind = tenant.Yativo
		if _, _, _, err := x.IssueToken(t.Context(), wrong); !errors.Is(err, fault.Unauthenticated) {
			t.Errorf("a login with a %s key = %v", kind, err)
		}
		x.refused(t, string(kind), x.issue(t, k), x.app.ID)
	}
	login := loginOf(x.key)
	login.Kind = tenant.Devdraft
	if _, _, err := x.Authenticate(t.Context(), login); !errors.Is(err, fault.Unauthenticated) {
		t.Errorf("a Yativo key on another dialect = %v", err)
	}
}

// A revocation ends tokens at once here, and elsewhere within five seconds.
func TestTokenRevoked(t *testing.T) {
	t.Parallel()
	x := newTokens(t)
	replica := &world{Service: records.New(x.cfg), store: x.store, app: x.app, op: x.op}
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
	w := newWorldOn(t, st)
	st.Set(storetest.FailNotApplied("Record", 1))
	if err := w.use(t, "x"); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("an unrecorded failure = %v, want unavailable", err)
	}
}
