package records_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/storetest"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
)

// corruptLabels makes credentials whose label no longer opens.
func corruptLabels() storetest.Hooks {
	spoil := func(row *store.CredentialRow) {
		row.Label = slices.Clone(row.Label)
		row.Label[0] ^= 1
	}
	return storetest.Hooks{After: func(_ context.Context, _ string, _ id.App, result any) error {
		switch v := result.(type) {
		case *store.CredentialRow:
			spoil(v)
		case *[]store.CredentialRow:
			for i := range *v {
				spoil(&(*v)[i])
			}
		}
		return nil
	}}
}

// Whoever forgets to look at an error must not come by a secret or a credential.
func TestKeysNothingBesideAnError(t *testing.T) {
	t.Parallel()
	st := storetest.NewHooked(testkit.NewStore(t, "sqlite"))
	env := newEnvOn(t, st)
	op := env.operator(env.app.ID)
	k := env.newKeyOf(t, env.app.ID, records.NewKey{Kind: tenant.Yativo})
	uses := map[string]func() (any, error){
		"CreateKey": func() (any, error) {
			return env.CreateKey(t.Context(), op, records.NewKey{Kind: tenant.Devdraft, Name: "k"})
		},
		"ListKeys":      func() (any, error) { return env.ListKeys(t.Context(), op) },
		"RotateKey":     func() (any, error) { return env.RotateKey(t.Context(), op, k.ID, 0) },
		"RevokeKey":     func() (any, error) { return env.RevokeKey(t.Context(), op, k.ID) },
		"UpdateKey":     func() (any, error) { return env.UpdateKey(t.Context(), op, k.ID, records.KeyChange{Strict: new(bool)}) },
		"SequenceAudit": func() (any, error) { return env.SequenceAudit(t.Context(), op) },
		"ListAudit":     func() (any, error) { return env.ListAudit(t.Context(), op, records.AuditFilter{}) },
	}
	failures := map[string]storetest.Hooks{
		"no entry": {Before: func(_ context.Context, method string, _ id.App) error {
			if method == "Record" || method == "Tx.Commit" {
				return storetest.ErrInjected
			}
			return nil
		}},
		"label": corruptLabels(),
	}
	for name, use := range uses {
		for what, failure := range failures {
			if what == "label" && !slices.Contains([]string{"ListKeys", "RotateKey", "RevokeKey", "UpdateKey"}, name) {
				continue // it reads no label
			}
			st.Set(failure)
			got, err := use()
			st.Set(storetest.Hooks{})
			if err == nil || !reflect.ValueOf(got).IsZero() {
				t.Errorf("%s, %s = %+v, %v; want an error and nothing beside it", name, what, got, err)
			}
		}
	}
}

// A credential that cannot be read is not rotated: nobody would get the new secret.
// It can be revoked all the same.
func TestKeyThatCannotBeRead(t *testing.T) {
	t.Parallel()
	st := storetest.NewHooked(testkit.NewStore(t, "sqlite"))
	env := newEnvOn(t, st)
	op := env.operator(env.app.ID)
	k := env.newKey(t, records.NewKey{})
	st.Set(corruptLabels())
	if _, err := env.RotateKey(t.Context(), op, k.ID, 0); err == nil {
		t.Error("RotateKey of a credential that cannot be read succeeded")
	}
	st.Set(storetest.Hooks{})
	if err := env.login(t, k, k.Secret.Reveal()); err != nil {
		t.Errorf("its secret after the failed rotation = %v", err)
	}
	st.Set(corruptLabels())
	if _, err := env.RevokeKey(t.Context(), op, k.ID); err == nil {
		t.Error("RevokeKey gave a credential that cannot be read")
	}
	st.Set(storetest.Hooks{})
	if err := env.login(t, k, k.Secret.Reveal()); !errors.Is(err, fault.Unauthenticated) {
		t.Errorf("its secret after the revocation = %v, want unauthenticated", err)
	}
}
