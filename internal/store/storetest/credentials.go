package storetest

import (
	"strings"
	"testing"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

func newCredential() store.CredentialRow {
	c := id.NewCredential()
	return store.CredentialRow{
		ID:        c,
		Kind:      "devdraft",
		PublicKey: "ck_" + strings.TrimPrefix(string(c), "cred_"),
		Label:     secret(40),
		Scopes:    "customers:read,customers:write",
		RateLimit: 100,
		Secret:    secret(32),
		CreatedAt: now,
	}
}

func (e env) addCredential(t *testing.T, row store.CredentialRow) store.CredentialRow {
	t.Helper()
	e.mustUpdate(t, func(tx store.Tx) error { return tx.CredentialInsert(row) })
	return row
}

func (e env) mustCredential(t *testing.T, c id.Credential) store.CredentialRow {
	t.Helper()
	row, err := e.CredentialGet(e.ctx, e.app, c)
	noError(t, "CredentialGet", err)
	return row
}

func testCredentials(t *testing.T, s store.Store) {
	t.Run("CredentialInsert", func(t *testing.T) {
		t.Parallel()
		t.Run("KeepsEveryColumn", func(t *testing.T) {
			e := newEnv(t, s)
			want := newCredential()
			want.OldSecret, want.OldUntil, want.Strict = secret(32), now+1, true
			want.ExpiresAt, want.RevokedAt, want.LastUsedAt = now+2, now+3, now+4
			want.Sum = secret(32)
			e.addCredential(t, want)
			same(t, "CredentialGet", e.mustCredential(t, want.ID), want)
			got, err := e.CredentialByKey(e.ctx, e.app, want.PublicKey)
			noError(t, "CredentialByKey", err)
			same(t, "CredentialByKey", got, want)
			e.mustUpdate(t, func(tx store.Tx) (err error) {
				got, err = tx.CredentialGet(want.ID)
				return err
			})
			same(t, "Tx.CredentialGet", got, want)
		})
		t.Run("DuplicateIDIsConflict", func(t *testing.T) {
			e := newEnv(t, s)
			first := e.addCredential(t, newCredential())
			second := newCredential()
			second.ID = first.ID
			err := e.Update(e.ctx, e.app, func(tx store.Tx) error { return tx.CredentialInsert(second) })
			wantKind(t, "CredentialInsert", err, fault.Conflict)
			same(t, "the first", e.mustCredential(t, first.ID), first)
		})
		t.Run("DuplicatePublicKeyIsConflict", func(t *testing.T) {
			e := newEnv(t, s)
			first := e.addCredential(t, newCredential())
			second := newCredential()
			second.PublicKey = first.PublicKey
			err := e.Update(e.ctx, e.app, func(tx store.Tx) error { return tx.CredentialInsert(second) })
			wantKind(t, "CredentialInsert", err, fault.Conflict)
		})
		t.Run("OtherApplicationMayHaveTheSame", func(t *testing.T) {
			e := newEnv(t, s)
			o := e.other(t)
			first := e.addCredential(t, newCredential())
			second := first
			second.Secret = secret(32)
			o.addCredential(t, second)
			same(t, "the first", e.mustCredential(t, first.ID), first)
			same(t, "the other's", o.mustCredential(t, first.ID), second)
		})
		t.Run("AbsentApplicationIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			err := e.Update(e.ctx, id.NewApp(), func(tx store.Tx) error { return tx.CredentialInsert(newCredential()) })
			wantKind(t, "CredentialInsert", err, fault.NotFound)
		})
		t.Run("ConcurrentDuplicatesGiveOne", func(t *testing.T) {
			e := newEnv(t, s)
			row := newCredential()
			wantOneWinner(t, race(8, func(int) error {
				return e.Update(e.ctx, e.app, func(tx store.Tx) error { return tx.CredentialInsert(row) })
			}), fault.Conflict)
		})
	})
	t.Run("CredentialGet", func(t *testing.T) {
		t.Parallel()
		t.Run("AbsentIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			_, err := e.CredentialGet(e.ctx, e.app, id.NewCredential())
			wantKind(t, "CredentialGet", err, fault.NotFound)
			err = e.Update(e.ctx, e.app, func(tx store.Tx) error {
				_, err := tx.CredentialGet(id.NewCredential())
				return err
			})
			wantKind(t, "Tx.CredentialGet", err, fault.NotFound)
		})
		t.Run("OtherApplicationIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			row := e.addCredential(t, newCredential())
			o := e.other(t)
			_, err := o.CredentialGet(o.ctx, o.app, row.ID)
			wantKind(t, "CredentialGet", err, fault.NotFound)
			err = o.Update(o.ctx, o.app, func(tx store.Tx) error {
				_, err := tx.CredentialGet(row.ID)
				return err
			})
			wantKind(t, "Tx.CredentialGet", err, fault.NotFound)
		})
	})
	t.Run("CredentialByKey", func(t *testing.T) {
		t.Parallel()
		t.Run("AbsentIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			_, err := e.CredentialByKey(e.ctx, e.app, "ck_nobody")
			wantKind(t, "CredentialByKey", err, fault.NotFound)
		})
		t.Run("OtherApplicationIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			row := e.addCredential(t, newCredential())
			o := e.other(t)
			_, err := o.CredentialByKey(o.ctx, o.app, row.PublicKey)
			wantKind(t, "CredentialByKey", err, fault.NotFound)
		})
	})
	t.Run("CredentialList", func(t *testing.T) {
		t.Parallel()
		t.Run("GivesOwnOldestFirst", func(t *testing.T) { credentialListOrder(t, newEnv(t, s)) })
	})
	t.Run("CredentialChange", func(t *testing.T) {
		t.Parallel()
		t.Run("ReplacesLabelScopesLimitStrictnessAndSumOnly", func(t *testing.T) { credentialChangeColumns(t, newEnv(t, s)) })
		t.Run("AbsentIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			err := e.Update(e.ctx, e.app, func(tx store.Tx) error { return tx.CredentialChange(newCredential()) })
			wantKind(t, "CredentialChange", err, fault.NotFound)
		})
		t.Run("OtherApplicationIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			row := e.addCredential(t, newCredential())
			o := e.other(t)
			change := row
			change.Scopes = "customers:delete"
			err := o.Update(o.ctx, o.app, func(tx store.Tx) error { return tx.CredentialChange(change) })
			wantKind(t, "CredentialChange", err, fault.NotFound)
			same(t, "the credential", e.mustCredential(t, row.ID), row)
		})
	})
	t.Run("CredentialUpdate", func(t *testing.T) {
		t.Parallel()
		t.Run("ReplacesSecretsExpiryRevocationAndSumOnly", func(t *testing.T) { credentialUpdateColumns(t, newEnv(t, s)) })
		t.Run("AbsentIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			err := e.Update(e.ctx, e.app, func(tx store.Tx) error { return tx.CredentialUpdate(newCredential()) })
			wantKind(t, "CredentialUpdate", err, fault.NotFound)
		})
		t.Run("OtherApplicationIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			row := e.addCredential(t, newCredential())
			o := e.other(t)
			change := row
			change.RevokedAt = now
			err := o.Update(o.ctx, o.app, func(tx store.Tx) error { return tx.CredentialUpdate(change) })
			wantKind(t, "CredentialUpdate", err, fault.NotFound)
			same(t, "the credential", e.mustCredential(t, row.ID), row)
		})
	})
	t.Run("CredentialTouch", func(t *testing.T) {
		t.Parallel()
		t.Run("NeverGoesBack", func(t *testing.T) { credentialTouchOrder(t, newEnv(t, s)) })
		t.Run("LeavesOtherApplicationsAlone", func(t *testing.T) {
			e := newEnv(t, s)
			row := e.addCredential(t, newCredential())
			o := e.other(t)
			noError(t, "CredentialTouch", o.CredentialTouch(o.ctx, o.app, map[id.Credential]int64{row.ID: now}))
			same(t, "the credential", e.mustCredential(t, row.ID), row)
		})
	})
}

func credentialListOrder(t *testing.T, e env) {
	o := e.other(t)
	o.addCredential(t, newCredential())
	a, b, c := newCredential(), newCredential(), newCredential()
	a.ID, a.CreatedAt = "cred_zzzzzzzzzzzzzzzz", now-1
	b.ID, b.CreatedAt = "cred_2222222222222222", now
	c.ID, c.CreatedAt = "cred_aaaaaaaaaaaaaaaa", now
	for _, row := range []store.CredentialRow{c, a, b} {
		e.addCredential(t, row)
	}
	got, err := e.CredentialList(e.ctx, e.app)
	noError(t, "CredentialList", err)
	same(t, "CredentialList", got, []store.CredentialRow{a, b, c})
}

// otherThan gives a row of the same credential in which every other column differs.
func otherThan(row store.CredentialRow) store.CredentialRow {
	change := newCredential()
	change.ID, change.Strict = row.ID, !row.Strict
	change.Kind, change.Scopes, change.RateLimit, change.CreatedAt = "operator", "none", 7, 1
	change.OldSecret, change.OldUntil = row.Secret, now+10
	change.ExpiresAt, change.RevokedAt, change.LastUsedAt = now+20, now+30, now+40
	change.Sum = secret(32)
	return change
}

func credentialChangeColumns(t *testing.T, e env) {
	row := e.addCredential(t, newCredential())
	change := otherThan(row)
	e.mustUpdate(t, func(tx store.Tx) error { return tx.CredentialChange(change) })
	row.Label, row.Scopes, row.RateLimit, row.Strict = change.Label, change.Scopes, change.RateLimit, change.Strict
	row.Sum = change.Sum
	same(t, "the credential", e.mustCredential(t, row.ID), row)
}

func credentialUpdateColumns(t *testing.T, e env) {
	row := e.addCredential(t, newCredential())
	change := otherThan(row)
	e.mustUpdate(t, func(tx store.Tx) error { return tx.CredentialUpdate(change) })
	want := row
	want.Secret, want.OldSecret, want.OldUntil = change.Secret, change.OldSecret, change.OldUntil
	want.ExpiresAt, want.RevokedAt, want.Sum = change.ExpiresAt, change.RevokedAt, change.Sum
	same(t, "the credential", e.mustCredential(t, row.ID), want)

	change.OldSecret, change.OldUntil = nil, 0
	e.mustUpdate(t, func(tx store.Tx) error { return tx.CredentialUpdate(change) })
	want.OldSecret, want.OldUntil = nil, 0
	same(t, "the credential without an old secret", e.mustCredential(t, row.ID), want)
}

func credentialTouchOrder(t *testing.T, e env) {
	a, b := e.addCredential(t, newCredential()), e.addCredential(t, newCredential())
	for _, used := range []map[id.Credential]int64{
		{a.ID: now + 5, b.ID: now + 1},
		{a.ID: now + 3, b.ID: now + 2, id.NewCredential(): now},
		{},
	} {
		noError(t, "CredentialTouch", e.CredentialTouch(e.ctx, e.app, used))
	}
	a.LastUsedAt, b.LastUsedAt = now+5, now+2
	same(t, "the first", e.mustCredential(t, a.ID), a)
	same(t, "the second", e.mustCredential(t, b.ID), b)
	mustRace(t, 16, func(i int) error {
		return e.CredentialTouch(e.ctx, e.app, map[id.Credential]int64{a.ID: now + int64(i)})
	})
	a.LastUsedAt = now + 15
	same(t, "the first after a race", e.mustCredential(t, a.ID), a)
}
