package credential_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/credential"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/rowsum"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
)

func allKinds() []tenant.Kind { return append(tenant.Kinds(), tenant.Operator, tenant.Auditor) }

func TestVerify(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	for _, kind := range allKinds() {
		m := e.mint(e.app, kind)
		who, ok, err := e.Verify(t.Context(), m.login())
		want := credential.Identity{RateLimit: 7, Caller: tenant.Caller{
			App: e.app, AppName: "name of " + string(e.app), Credential: m.ID, Owner: "Ada", Scopes: m.Grants(), Origin: somewhere,
		}}
		if diff := cmp.Diff(want, who); diff != "" || !ok || err != nil {
			t.Errorf("%s: Verify = %t, %v (-want +got):\n%s", kind, ok, err, diff)
		}
		for _, other := range allKinds() {
			if in := m.login(); !kind.Opens(other) {
				in.Kind = other
				e.wantBad(t, string(kind)+" as "+string(other), e.Verifier, in, e.app)
			}
		}
	}
}

// Whatever is wrong, the result is the same, costs the same look-ups, and is attributed to the
// application that was named.
func TestVerifyWrong(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	m := e.mint(e.app, tenant.Devdraft)
	e.wantGood(t, "the right secret", e.Verifier, m.login())
	for what, c := range map[string]struct {
		public, secret string
		app            id.App
		reads          int
	}{
		"wrong secret":   {m.PublicKey, "cs_wrong", e.app, 2},
		"no secret":      {m.PublicKey, "", e.app, 2},
		"unknown key":    {m.PublicKey + "x", m.secret, e.app, 2},
		"no key":         {"", "", id.System, 0},
		"no form":        {"x", m.secret, id.System, 0},
		"no such app":    {"ck_aaaaaaaaaaaaaaaa_b", "cs_x", id.System, 0},
		"endless":        {m.PublicKey + strings.Repeat("x", 1000), m.secret, id.System, 0},
		"the zero hash":  {"ck_system_x", string(make([]byte, 32)), id.System, 2},
		"another's hash": {m.PublicKey, string(e.store.rows[m.PublicKey].Secret), e.app, 2},
	} {
		in := m.login()
		in.PublicKey, in.Secret = c.public, c.secret
		for range 2 { // unknown and remembered
			e.store.reads = 0
			e.wantBad(t, what, e.Verifier, in, c.app)
			if e.store.reads != c.reads {
				t.Errorf("%s cost %d look-ups, want %d", what, e.store.reads, c.reads)
			}
		}
	}
}

func TestVerifyStoreFailure(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	m := e.mint(e.app, tenant.Devdraft)
	e.store.err = fault.New(fault.Unavailable, "busy", "try again")
	if who, ok, err := e.Verify(t.Context(), m.login()); ok || !errors.Is(err, fault.Unavailable) || who.Caller.App != "" {
		t.Errorf("Verify while the store fails = %+v, %t, %v", who, ok, err)
	}
	e.store.err = nil
	e.wantGood(t, "after the failure", e.Verifier, m.login())
}

// A credential ends with its expiry and its revocation, which other processes see when
// what they remember is old, or at once when they are told.
func TestVerifyEnds(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	brief := e.mint(e.app, tenant.Devdraft, func(c *tenant.Credential) { c.ExpiresAt = e.clk.t.Add(time.Second) })
	e.wantGood(t, "in time", e.Verifier, brief.login())
	e.clk.advance(time.Second)
	e.wantBad(t, "expired", e.Verifier, brief.login(), e.app)

	m := e.mint(e.app, tenant.Devdraft)
	other := e.replica()
	for _, v := range []*credential.Verifier{e.Verifier, other} {
		e.wantGood(t, "before the revocation", v, m.login())
	}
	row := e.store.rows[m.PublicKey]
	row.RevokedAt = e.clk.t.UnixMilli()
	e.store.rows[m.PublicKey] = row
	e.Forget(m.PublicKey)
	e.wantBad(t, "revoked here", e.Verifier, m.login(), e.app)
	e.clk.advance(ttl - time.Millisecond)
	e.wantGood(t, "remembered elsewhere", other, m.login())
	e.clk.advance(time.Millisecond)
	e.wantBad(t, "revoked elsewhere, later", other, m.login(), e.app)
}

// Both secrets work during a rotation, and the new one at once in every replica.
func TestVerifyRotated(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	first := e.mint(e.app, tenant.Devdraft)
	e.wantGood(t, "the first secret", e.Verifier, first.login())
	second := e.rotate(first, time.Minute)
	e.wantGood(t, "the second secret", e.Verifier, second.login())
	e.wantGood(t, "the first secret meanwhile", e.Verifier, first.login())
	third := e.rotate(second, time.Minute)
	e.wantGood(t, "the third secret", e.Verifier, third.login())
	e.wantBad(t, "a still older one", e.Verifier, first.login(), e.app)
	e.clk.advance(time.Minute)
	e.wantBad(t, "the old secret after its time", e.Verifier, second.login(), e.app)
	fourth := e.rotate(third, 0)
	e.wantGood(t, "the fourth secret", e.Verifier, fourth.login())
	e.wantBad(t, "the third, which ended at once", e.Verifier, third.login(), e.app)
}

// Uses are written to the minute, once, and kept when they could not be.
func TestFlush(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	m, idle := e.mint(e.app, tenant.Devdraft), e.mint(e.app, tenant.Devdraft)
	bad := idle.login()
	bad.Secret = "wrong"
	e.wantBad(t, "a failure is no use", e.Verifier, bad, e.app)
	e.clk.advance(90 * time.Second)
	e.wantGood(t, "a use", e.Verifier, m.login())
	e.store.err = fault.New(fault.Unavailable, "busy", "try again")
	if err := e.Flush(t.Context()); !errors.Is(err, fault.Unavailable) {
		t.Errorf("Flush while the store fails = %v", err)
	}
	e.store.err = nil
	if err := e.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	minute := e.clk.t.Truncate(time.Minute).UnixMilli()
	if diff := cmp.Diff(map[id.Credential]int64{m.ID: minute}, e.store.used); diff != "" {
		t.Errorf("uses (-want +got):\n%s", diff)
	}
	clear(e.store.used)
	if err := e.Flush(t.Context()); err != nil || len(e.store.used) != 0 {
		t.Errorf("Flush again = %v, and it wrote %v", err, e.store.used)
	}
}

// What Mint stores gives the credential back, holds neither name nor secret in the
// clear, and opens under its own application's key only.
func TestRowRoundTrip(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	other := e.addApp(t, id.NewApp())
	for _, kind := range allKinds() {
		for _, owner := range []string{"", "Ada Lovelace", "王"} {
			m := e.mint(e.app, kind, func(c *tenant.Credential) {
				c.Owner, c.Name, c.ExpiresAt = owner, "the name of it", e.clk.t.Add(time.Hour)
			})
			row := e.store.rows[m.PublicKey]
			got, err := credential.ReadRow(e.app, e.keys[e.app], row)
			if diff := cmp.Diff(m.Credential, got); diff != "" || err != nil {
				t.Errorf("%s: ReadRow = %v (-want +got):\n%s", kind, err, diff)
			}
			for _, b := range [][]byte{row.Label, row.Secret} {
				if s := string(b); strings.Contains(s, "the name") || strings.Contains(s, "Ada") || strings.Contains(s, m.secret) {
					t.Errorf("%s: the row holds a text in the clear", kind)
				}
			}
			if _, err := credential.ReadRow(other, e.keys[other], row); err == nil {
				t.Errorf("%s: the row opens with another application's key", kind)
			}
		}
	}
}

// Rotate changes the secrets of a row and nothing else.
func TestRotateRow(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	m := e.mint(e.app, tenant.Devdraft)
	before := e.store.rows[m.PublicKey]
	for _, keep := range []time.Duration{0, time.Hour} {
		row := before
		secret := credential.Rotate(e.keys[e.app], &row, e.clk.t, keep)
		if secret.Reveal() == m.secret || slices.Equal(row.Secret, before.Secret) {
			t.Errorf("keep %v: the secret is the old one", keep)
		}
		want := before
		want.Secret, want.Sum = row.Secret, rowsum.Credential(e.keys[e.app], &row)
		if keep > 0 {
			want.OldSecret, want.OldUntil = before.Secret, store.Millis(e.clk.t.Add(keep))
		}
		if diff := cmp.Diff(want, row); diff != "" {
			t.Errorf("keep %v (-want +got):\n%s", keep, diff)
		}
	}
}
