package records_test

import (
	"testing"

	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/tenant"
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
