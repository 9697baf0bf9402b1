package records_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
)

// A standby that lags and is promoted, or a restore under running servers, loses commits and
// gives their versions to others. The searches of a Service that kept running missed those for
// good, and a rotated secret that was lost went on working.
func TestFieldC2LostCommits(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			db, rewind := testkit.NewRewindable(t, engine)
			env := newEnvOn(t, db.NewStore(t), func(c *records.Config) { c.CredentialTTL = time.Hour })
			lostCommits(t, env, rewind)
		})
	}
}

func lostCommits(t *testing.T, env *testEnv, db testkit.Rewinder) {
	create := func(n int, given string) {
		t.Helper()
		for i := range n {
			env.mustCreate(t, env.me, person(given, fmt.Sprint("No", i), fmt.Sprintf("%s%d@x.example", given, i)))
		}
	}
	key, err := env.CreateKey(t.Context(), env.operator(env.app.ID), records.NewKey{
		Kind: tenant.Devdraft, Name: "shop", Owner: "Ada", Scopes: env.me.Scopes,
	})
	if err != nil {
		t.Fatal(err)
	}
	login := func(i records.Issued) error {
		_, _, err := env.Authenticate(t.Context(), records.Login{Kind: tenant.Devdraft, PublicKey: key.PublicKey, Secret: i.Secret.Reveal()})
		return err
	}
	create(10, "kept")
	db.Keep()
	create(21, "lost")
	lost := env.mustCreate(t, env.me, person("Gone", "For Good", ""))
	if _, err := env.FetchCustomer(t.Context(), env.me, records.ByID(lost)); err != nil {
		t.Fatal(err)
	}
	rotated, err := env.RotateKey(t.Context(), env.operator(env.app.ID), key.ID, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := login(rotated); err != nil {
		t.Fatalf("the rotated secret = %v, want good", err)
	}
	if n := env.found(t, "lost"); n != 21 {
		t.Fatalf("found %d before, want 21", n)
	}
	db.Rewind()
	create(30, "after")
	for name, want := range map[string]int{"kept": 10, "lost": 0, "after": 30} {
		if n := env.found(t, name); n != want {
			t.Errorf("a search for %s finds %d, want %d", name, n, want)
		}
	}
	if _, err := env.FetchCustomer(t.Context(), env.me, records.ByID(lost)); !errors.Is(err, fault.NotFound) {
		t.Errorf("a customer that was lost = %v, want not found", err)
	}
	if err := login(rotated); !errors.Is(err, records.ErrCredentials) {
		t.Errorf("the secret of a rotation that was lost = %v, want refused", err)
	}
	if err := login(key); err != nil {
		t.Errorf("the secret that the database has = %v, want good", err)
	}
}
