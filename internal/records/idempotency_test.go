package records_test

import (
	"testing"
	"time"

	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
)

// A key is bound to the application, the API, the action and the target: the same key and request
// elsewhere is a request of its own.
func TestIdempotencyKeyIsBound(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	in := person("Ada", "Lovelace", "")
	ada, bert := env.mustCreate(t, env.me, in), env.mustCreate(t, env.me, in)
	_, stranger := env.newApp(t, "Other")
	elsewhere := env.me
	elsewhere.Origin.Dialect = "yativo"
	theirs := env.mustCreate(t, stranger, in)
	create := func(caller tenant.Caller) (records.Reply, error) { return env.create(t, caller, in, "key") }
	update := func(caller tenant.Caller, target id.Customer) (records.Reply, error) {
		return env.UpdateCustomer(t.Context(), caller, records.ByID(target), records.Write{Input: in, IdempotencyKey: "key", Encode: encode})
	}
	for _, tt := range []struct {
		name string
		do   func() (records.Reply, error)
	}{
		{"create", func() (records.Reply, error) { return create(env.me) }},
		{"create through another API", func() (records.Reply, error) { return create(elsewhere) }},
		{"create in another application", func() (records.Reply, error) { return create(stranger) }},
		{"update", func() (records.Reply, error) { return update(env.me, ada) }},
		{"update of another customer", func() (records.Reply, error) { return update(env.me, bert) }},
		{"update through another API", func() (records.Reply, error) { return update(elsewhere, ada) }},
		{"update in another application", func() (records.Reply, error) { return update(stranger, theirs) }},
	} {
		first, err := tt.do()
		if err != nil || first.Replayed {
			t.Errorf("%s: replayed %t, %v; want it done", tt.name, first.Replayed, err)
			continue
		}
		if again, err := tt.do(); err != nil || !again.Replayed || string(again.Body) != string(first.Body) {
			t.Errorf("%s again: %q, replayed %t, %v; want %q again", tt.name, again.Body, again.Replayed, err, first.Body)
		}
	}
}

// A key is forgotten when its time is over, and no sooner.
func TestIdempotencyKeyEnds(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			brief := newEnvOn(t, testkit.NewStore(t, engine), func(c *records.Config) { c.IdempotencyTTL = 50 * time.Millisecond })
			usual := newEnvOn(t, testkit.NewStore(t, engine))
			for _, env := range []*testEnv{brief, usual} {
				if _, err := env.create(t, env.me, person("Ada", "Lovelace", ""), "key"); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(100 * time.Millisecond)
			if r, err := brief.create(t, brief.me, person("Ada", "Lovelace", ""), "key"); err != nil || r.Replayed {
				t.Errorf("after its time the key replays %t, %v", r.Replayed, err)
			}
			if r, err := usual.create(t, usual.me, person("Ada", "Lovelace", ""), "key"); err != nil || !r.Replayed {
				t.Errorf("within its time the key replays %t, %v", r.Replayed, err)
			}
		})
	}
}
