package credential_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"custodex.dev/internal/credential"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/tenant"
)

// issue gives a token of a credential that must be good.
func (e *testEnv) issue(t *testing.T, m minted) string {
	t.Helper()
	who, ok, err := e.Verify(t.Context(), m.login())
	if !ok || err != nil {
		t.Fatalf("Verify = %t, %v", ok, err)
	}
	token, err := e.IssueToken(t.Context(), who.Caller.App, m.login())
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// subject is what a good token says for RefreshToken.
func (e *testEnv) subject(t *testing.T, token string) string {
	t.Helper()
	who, ok, err := e.VerifyToken(t.Context(), token, somewhere)
	if !ok || err != nil {
		t.Fatalf("VerifyToken = %t, %v", ok, err)
	}
	return who.Subject
}

func (e *testEnv) refresh(t *testing.T, token string) string {
	t.Helper()
	fresh, err := e.RefreshToken(t.Context(), e.app, e.subject(t, token))
	if err != nil || fresh == token {
		t.Fatalf("RefreshToken = %v, the same: %t", err, fresh == token)
	}
	return fresh
}

func (e *testEnv) wantGoodToken(t *testing.T, what, token string) {
	t.Helper()
	if _, ok, err := e.VerifyToken(t.Context(), token, somewhere); !ok || err != nil {
		t.Errorf("%s = %t, %v, want good", what, ok, err)
	}
}

// wantBadToken fails unless the token is refused and attributed to an application.
func (e *testEnv) wantBadToken(t *testing.T, what, token string, app id.App) {
	t.Helper()
	who, ok, err := e.VerifyToken(t.Context(), token, somewhere)
	if ok || err != nil || who.Caller.App != app || who.Caller.Scopes != nil || who.Caller.Origin != somewhere || who.Subject != "" {
		t.Errorf("%s = %+v, %t, %v, want refused and attributed to %s", what, who, ok, err, app)
	}
}

func TestToken(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	m := e.mint(e.app, tenant.Yativo)
	token := e.issue(t, m)
	who, ok, err := e.VerifyToken(t.Context(), token, somewhere)
	if public, _, _ := strings.Cut(who.Subject, "."); !ok || err != nil || public != m.PublicKey || who.RateLimit != 7 {
		t.Fatalf("VerifyToken = %+v, %t, %v", who, ok, err)
	}
	if c := who.Caller; c.App != e.app || c.Owner != "Ada" || c.Credential != m.ID || c.Scopes.String() != m.Grants().String() || c.Origin != somewhere {
		t.Errorf("VerifyToken gives the caller %+v", c)
	}
	// What the token says: a subject, ten minutes, and nothing of a person.
	var claims map[string]any
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err := errors.Join(err, json.Unmarshal(payload, &claims)); err != nil {
		t.Fatal(err)
	}
	if len(claims) != 4 || claims["sub"] != who.Subject || claims["exp"].(float64)-claims["iat"].(float64) != 600 || claims["jti"] == "" {
		t.Errorf("claims %v", claims)
	}
}

func TestTokenExpires(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	token := e.issue(t, e.mint(e.app, tenant.Yativo))
	e.clk.advance(credential.TokenTTL - time.Second)
	e.wantGoodToken(t, "in its last second", token)
	fresh := e.refresh(t, token)
	e.clk.advance(time.Second)
	e.wantBadToken(t, "an expired token", token, e.app)
	e.wantGoodToken(t, "a refreshed token", fresh)
	e.clk.advance(credential.TokenTTL)
	e.wantBadToken(t, "a refreshed token after its time", fresh, e.app)

	// A credential that ends takes its tokens along.
	token = e.issue(t, e.mint(e.app, tenant.Yativo, func(c *tenant.Credential) { c.ExpiresAt = e.clk.t.Add(time.Minute) }))
	e.clk.advance(time.Minute)
	e.wantBadToken(t, "a token of an expired credential", token, e.app)
}

// A rotation ends the tokens of the secret that it ends, refreshed ones too, and at the
// same time. A token of the new secret is good at once, though the credential is
// remembered from before.
func TestTokenEndsWithItsSecret(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	m := e.mint(e.app, tenant.Yativo)
	first := e.issue(t, m)
	second := e.rotate(m, 2*time.Minute)
	fresh := e.issue(t, second)
	e.wantGoodToken(t, "a token of the new secret", fresh)
	e.wantGoodToken(t, "while the old secret works", first)
	first = e.refresh(t, first)
	late := e.issue(t, m) // by the old secret still
	e.clk.advance(2 * time.Minute)
	e.wantBadToken(t, "a refreshed token of the old secret", first, e.app)
	e.wantBadToken(t, "a late token of the old secret", late, e.app)
	e.wantGoodToken(t, "a token of the new secret, later", fresh)
	third := e.rotate(second, 0)
	e.Forget(m.PublicKey)
	e.wantBadToken(t, "a token of a secret that ended at once", fresh, e.app)
	e.wantGoodToken(t, "a token of the newest secret", e.issue(t, third))
}

// signed makes a token with the application's own key, as nobody else could.
func (e *testEnv) signed(t *testing.T, alg jwt.SigningMethod, claims jwt.MapClaims) string {
	t.Helper()
	token, err := jwt.NewWithClaims(alg, claims).SignedString(e.keys[e.app].TokenKey())
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
	e := newEnv(t)
	m := e.mint(e.app, tenant.Yativo)
	token := e.issue(t, m)
	parts := strings.Split(token, ".")
	other := e.addApp(t, id.NewApp())
	theirs := strings.Split(e.issue(t, e.mint(other, tenant.Yativo)), ".")

	now, subject := e.clk.t.Unix(), e.subject(t, token)
	claims := jwt.MapClaims{"sub": subject, "iat": now, "exp": now + 600}
	e.wantGoodToken(t, "what this test signs", e.signed(t, jwt.SigningMethodHS256, claims))
	unmarked := jwt.MapClaims{"sub": m.PublicKey, "iat": now, "exp": now + 600}
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
		"a secret":                          {m.secret, id.System},
		"an altered signature":              {parts[0] + "." + parts[1] + "." + last, e.app},
		"no signature":                      {parts[0] + "." + parts[1] + ".", e.app},
		"altered claims":                    {encoded(header("HS256"), claims, parts[2]), e.app},
		"another token's signature":         {parts[0] + "." + parts[1] + "." + theirs[2], e.app},
		"our signature on another's claims": {parts[0] + "." + theirs[1] + "." + parts[2], other},
		"alg none":                          {encoded(header("none"), claims, ""), id.System},
		"alg None":                          {encoded(header("None"), claims, ""), id.System},
		"no alg":                            {encoded(map[string]any{}, claims, ""), id.System},
		"another alg":                       {e.signed(t, jwt.SigningMethodHS512, claims), id.System},
		"a public-key alg":                  {encoded(header("RS256"), claims, parts[2]), id.System},
		"an unknown subject":                {encoded(header("HS256"), map[string]any{"sub": "ya_x_y", "exp": now + 600}, parts[2]), id.System},
		"no subject":                        {e.signed(t, jwt.SigningMethodHS256, nobodys), id.System},
		"no secret that it goes back to":    {e.signed(t, jwt.SigningMethodHS256, unmarked), e.app},
		"no end":                            {e.signed(t, jwt.SigningMethodHS256, endless), e.app},
		"not yet good":                      {e.signed(t, jwt.SigningMethodHS256, future), e.app},
	} {
		e.wantBadToken(t, what, c.token, c.app)
	}
	e.wantGoodToken(t, "the token itself", token)
}

// A token is of the application whose key signed it: a subject of another one does
// not fit its key.
func TestTokenOfAnotherApplication(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	other := e.addApp(t, id.NewApp())
	theirs := e.issue(t, e.mint(other, tenant.Yativo))
	// As if this application had made a token in the name of the other's credential.
	token, err := e.RefreshToken(t.Context(), e.app, e.subject(t, theirs))
	if err != nil {
		t.Fatal(err)
	}
	e.wantBadToken(t, "another application's subject", token, other)
	e.wantGoodToken(t, "their own token", theirs)
	if token, err := e.RefreshToken(t.Context(), id.NewApp(), "x"); token != "" || !errors.Is(err, fault.NotFound) {
		t.Errorf("RefreshToken for no application = %q, %v", token, err)
	}
}

// A token of a credential of another kind opens nothing, even one that was made.
func TestTokenOfAnotherKind(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	for _, kind := range allKinds() {
		if kind != tenant.Yativo {
			e.wantBadToken(t, string(kind), e.issue(t, e.mint(e.app, kind)), e.app)
		}
	}
}

// A failure of ours is none of the token's.
func TestTokenStoreFailure(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	token := e.issue(t, e.mint(e.app, tenant.Yativo))
	e.clk.advance(ttl)
	e.store.err = fault.New(fault.Unavailable, "busy", "try again")
	if who, ok, err := e.VerifyToken(t.Context(), token, somewhere); ok || !errors.Is(err, fault.Unavailable) || who.Caller.App != "" {
		t.Errorf("VerifyToken while the store fails = %+v, %t, %v", who, ok, err)
	}
	delete(e.keys, id.System)
	if _, ok, err := e.VerifyToken(t.Context(), "x", somewhere); ok || err == nil {
		t.Errorf("VerifyToken without a system application = %t, %v", ok, err)
	}
}
