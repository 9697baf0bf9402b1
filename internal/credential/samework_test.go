package credential_test

import (
	"slices"
	"testing"

	"custodex.dev/internal/credential"
	"custodex.dev/internal/id"
	"custodex.dev/internal/tenant"
)

// The time of an answer told a key that exists from one that does not. Whatever is remembered, a
// failure now costs the same look-ups, and the attempt is recorded in the same log.
func TestFieldC9SameWorkForUnknownKeys(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	m := e.mint(e.app, tenant.Yativo)
	unknown := func(i int) string { return m.PublicKey[:len(m.PublicKey)-1] + string(rune('a'+i)) + "x" }
	check := func(what, publicKey string) ([]string, id.App) {
		t.Helper()
		in := m.login()
		in.PublicKey, in.Secret = publicKey, "cs_wrong"
		e.store.log = nil
		who, ok, err := e.Verify(t.Context(), in)
		if ok || err != nil {
			t.Fatalf("%s = %t, %v", what, ok, err)
		}
		slices.Sort(e.store.log)
		return e.store.log, who.Caller.App
	}
	// After a start nobody has used a credential of the application. Then both look for a second one.
	first, _ := check("an unknown key after a start", unknown(9))
	e.Verifier = e.replica()
	if second, _ := check("a wrong secret after a start", m.PublicKey); len(first) != len(second) {
		t.Errorf("after a start an unknown key costs %v, a wrong secret %v", first, second)
	}
	e.wantGood(t, "the right secret", e.Verifier, m.login())
	for i, state := range []string{"remembered", "old"} {
		want, app := check("a wrong secret", m.PublicKey)
		for j := range 2 {
			got, at := check("an unknown key", unknown(2*i+j))
			if !slices.Equal(got, want) || at != app {
				t.Errorf("%s: an unknown key costs %v for %s, a wrong secret %v for %s", state, got, at, want, app)
			}
			if again, _ := check("an unknown key again", unknown(2*i+j)); !slices.Equal(again, want) {
				t.Errorf("%s: a remembered unknown key costs %v, a wrong secret %v", state, again, want)
			}
		}
		e.clk.advance(ttl)
	}
	if bad, _, _ := e.Verify(t.Context(), credential.Login{}); bad.Caller.App != id.System {
		t.Errorf("no key is recorded in the log of %s", bad.Caller.App)
	}
}

// A token's signature has one spelling: the last character carries bits that a lax decoder ignores.
func TestFieldC10TokenHasOneSpelling(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	token := e.issue(t, e.mint(e.app, tenant.Yativo))
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := len(token) - 1
	for _, c := range alphabet {
		other := token[:last] + string(c)
		if _, ok, err := e.VerifyToken(t.Context(), other, somewhere); ok != (other == token) || err != nil {
			t.Errorf("the token ending in %c = %t, %v; it ends in %c", c, ok, err, token[last])
		}
	}
}
