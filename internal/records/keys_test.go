package records_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"sync/atomic"
	"testing"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/store"
	"custodex.dev/internal/store/storetest"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
)

// corruptLabelStore gives credentials whose label no longer opens while corrupt is set.
type corruptLabelStore struct {
	store.Store
	corrupt atomic.Bool
}

func (s *corruptLabelStore) damage(rows []store.CredentialRow) []store.CredentialRow {
	for i := range rows {
		if s.corrupt.Load() {
			rows[i].Label = slices.Clone(rows[i].Label)
			rows[i].Label[0] ^= 1
		}
	}
	return rows
}

func (s *corruptLabelStore) CredentialList(ctx context.Context, app id.App) ([]store.CredentialRow, error) {
	rows, err := s.Store.CredentialList(ctx, app)
	return s.damage(rows), err
}

func (s *corruptLabelStore) Update(ctx context.Context, app id.App, fn func(store.Tx) error) error {
	return s.Store.Update(ctx, app, func(tx store.Tx) error { return fn(corruptLabelTx{tx, s}) })
}

type corruptLabelTx struct {
	store.Tx
	store *corruptLabelStore
}

func (t corruptLabelTx) CredentialGet(c id.Credential) (store.CredentialRow, error) {
	row, err := t.Tx.CredentialGet(c)
	return t.store.damage([]store.CredentialRow{row})[0], err
}

// Whoever forgets to look at an error must not come by a secret or a credential.
func TestKeysNothingBesideAnError(t *testing.T) {
	t.Parallel()
	corrupt := &corruptLabelStore{Store: testkit.NewStore(t, "sqlite")}
	faulty := storetest.NewFaulty(corrupt)
	w := newWorldOn(t, faulty)
	op := w.operator(w.app.ID)
	k := w.newKeyOf(t, w.app.ID, records.NewKey{Kind: tenant.Yativo})
	uses := map[string]func() (any, error){
		"CreateKey": func() (any, error) {
			return w.CreateKey(t.Context(), op, records.NewKey{Kind: tenant.Devdraft, Name: "k"})
		},
		"ListKeys":      func() (any, error) { return w.ListKeys(t.Context(), op) },
		"RotateKey":     func() (any, error) { return w.RotateKey(t.Context(), op, k.ID, 0) },
		"RevokeKey":     func() (any, error) { return w.RevokeKey(t.Context(), op, k.ID) },
		"SequenceAudit": func() (any, error) { return w.SequenceAudit(t.Context(), op) },
		"ListAudit":     func() (any, error) { return w.ListAudit(t.Context(), op, records.AuditFilter{}) },
	}
	failures := map[string]func(fail bool){
		"no entry": func(fail bool) {
			faulty.Plan(func(method string, _ int) storetest.Injection {
				if fail && (method == "Record" || method == "Update") {
					return storetest.Fail
				}
				return storetest.Pass
			})
		},
		"label": corrupt.corrupt.Store,
	}
	for name, use := range uses {
		for what, fail := range failures {
			if what == "label" && !slices.Contains([]string{"ListKeys", "RotateKey", "RevokeKey"}, name) {
				continue // it reads no label
			}
			fail(true)
			got, err := use()
			fail(false)
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
	corrupt := &corruptLabelStore{Store: testkit.NewStore(t, "sqlite")}
	w := newWorldOn(t, corrupt)
	op := w.operator(w.app.ID)
	k := w.newKey(t, records.NewKey{})
	corrupt.corrupt.Store(true)
	if _, err := w.RotateKey(t.Context(), op, k.ID, 0); err == nil {
		t.Error("RotateKey of a credential that cannot be read succeeded")
	}
	corrupt.corrupt.Store(false)
	if err := w.login(t, k, k.Secret.Reveal()); err != nil {
		t.Errorf("its secret after the failed rotation = %v", err)
	}
	corrupt.corrupt.Store(true)
	if _, err := w.RevokeKey(t.Context(), op, k.ID); err == nil {
		t.Error("RevokeKey gave a credential that cannot be read")
	}
	if err := w.login(t, k, k.Secret.Reveal()); !errors.Is(err, fault.Unauthenticated) {
		t.Errorf("its secret after the revocation = %v, want unauthenticated", err)
	}
}
