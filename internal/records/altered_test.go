package records_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"custodex.dev/internal/audit"
	"custodex.dev/internal/authz"
	"custodex.dev/internal/credential"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/keyring"
	"custodex.dev/internal/records"
	"custodex.dev/internal/sequencer"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
)

// credentialColumns are all of a credential's but its application, id and public key.
const credentialColumns = "kind, label, scopes, rate_limit, strict, secret, old_secret, old_until, created_at, expires_at, revoked_at, last_used_at, sum"

// alterations are what somebody with SQL and no key does to a credential, and to its application.
// other is a second application.
func alterations(k records.Issued, other id.App) map[string][]string {
	where := fmt.Sprintf(" WHERE app_id = '%s'", k.App)
	set := func(what string) []string {
		return []string{"UPDATE credential SET " + what + where + " AND credential_id = '" + string(k.ID) + "'"}
	}
	copied := func(app id.App, public string) string {
		return fmt.Sprintf("INSERT INTO credential (app_id, credential_id, public_key, %s) SELECT '%s', '%s', '%s', %s FROM credential%s AND credential_id = '%s'",
			credentialColumns, app, id.NewCredential(), public, credentialColumns, where, k.ID)
	}
	theirs := strings.Replace(k.PublicKey, strings.TrimPrefix(string(k.App), "app_"), strings.TrimPrefix(string(other), "app_"), 1)
	remove := "DELETE FROM credential" + where + " AND credential_id = '" + string(k.ID) + "'"
	return map[string][]string{
		"revived":         set("revoked_at = 0"),
		"widened":         set("revoked_at = 0, scopes = 'customers:read,customers:write'"),
		"unlimited":       set("revoked_at = 0, rate_limit = 0"),
		"another kind":    set("revoked_at = 0, kind = 'yativo'"),
		"another secret":  set("revoked_at = 0, secret = (SELECT secret FROM credential WHERE app_id = '" + string(other) + "')"),
		"another expiry":  set("revoked_at = 0, expires_at = 9999999999999"),
		"another label":   set("revoked_at = 0, label = (SELECT label FROM credential WHERE app_id = '" + string(other) + "')"),
		"less strict":     set("revoked_at = 0, strict = (1 = 0)"),
		"another id":      set("revoked_at = 0, credential_id = 'cred_2222222222222222'"),
		"no checksum":     set("revoked_at = 0, sum = NULL"),
		"moved":           {copied(other, theirs), remove},
		"inserted again":  {copied(k.App, k.PublicKey+"x"), remove, "UPDATE credential SET revoked_at = 0, public_key = '" + k.PublicKey + "'" + where},
		"invented":        {copied(k.App, k.PublicKey+"x")},
		"its application": {"UPDATE credential SET revoked_at = 0" + where, "UPDATE application SET name = 'Another'" + where},
		"all checksums":   {"UPDATE credential SET revoked_at = 0, sum = NULL" + where, "UPDATE application SET sum = NULL" + where},
		"another's sum": {"UPDATE credential SET revoked_at = 0" + where,
			"UPDATE application SET sum = (SELECT sum FROM application WHERE app_id = '" + string(other) + "')" + where},
	}
}

// TestFieldC4AlteredCredentials: with SQL alone a revoked credential is revived, widened, moved or
// invented. It opens nothing, in none of the replicas and after none of the starts, and an alarm of
// the application says so until an operator closes it.
func TestFieldC4AlteredCredentials(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			db := testkit.NewDatabase(t, engine)
			env := newEnvOn(t, db.NewStore(t))
			var altered []records.Issued
			for what := range alterations(records.Issued{}, "") {
				k := env.revokedKey(t)
				other, _ := env.newApp(t, "Other")
				env.newKeyOf(t, other.ID, records.NewKey{Kind: tenant.Devdraft})
				db.Exec(t, alterations(k, other.ID)[what]...)
				app := k.App
				switch what {
				case "moved":
					k.PublicKey = strings.Replace(k.PublicKey, strings.TrimPrefix(string(k.App), "app_"), strings.TrimPrefix(string(other.ID), "app_"), 1)
					app = other.ID
				case "invented":
					k.PublicKey += "x"
				}
				before := env.AlteredRows()
				if err := env.login(t, k, k.Secret.Reveal()); !errors.Is(err, fault.Unauthenticated) {
					t.Errorf("%s: a login = %v, want unauthenticated", what, err)
				}
				if n := env.AlteredRows(); n != before+1 {
					t.Errorf("%s: %d rows are counted as altered, want %d", what, n, before+1)
				}
				env.wantAlarm(t, what, app)
				k.App = app
				altered = append(altered, k)
			}
			replica := env.replica(t)
			for _, k := range altered {
				if err := replica.login(t, k, k.Secret.Reveal()); !errors.Is(err, fault.Unauthenticated) {
					t.Errorf("after a start, a login of %s = %v, want unauthenticated", k.PublicKey, err)
				}
				if _, err := replica.RotateKey(t.Context(), env.operator(k.App), k.ID, 0); err == nil {
					t.Errorf("%s is rotated", k.ID)
				}
			}
		})
	}
}

// revokedKey makes a revoked read-only credential of a new application, which a login shows to be
// right but for that.
func (e *testEnv) revokedKey(t *testing.T) records.Issued {
	t.Helper()
	app, _ := e.newApp(t, "Shop")
	k, err := e.CreateKey(t.Context(), e.operator(app.ID), records.NewKey{
		Kind: tenant.Devdraft, Name: "old", Scopes: authz.Scopes{authz.CustomersRead}, RateLimit: 5, Strict: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.login(t, k, k.Secret.Reveal()); err != nil {
		t.Fatalf("a login before = %v", err)
	}
	if _, err := e.RevokeKey(t.Context(), e.operator(app.ID), k.ID); err != nil {
		t.Fatal(err)
	}
	return k
}

// wantAlarm waits until an alarm of the application is open.
func (e *testEnv) wantAlarm(t *testing.T, what string, app id.App) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		alarms, err := e.ListAuditAlarms(t.Context(), e.operator(app))
		if err != nil {
			t.Fatal(err)
		}
		if len(alarms) == 1 && alarms[0].ClosedAt.IsZero() && strings.HasSuffix(alarms[0].Damage, " was altered in the database") {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s: the alarms are %+v, want one about an altered row", what, alarms)
		}
	}
}

// An alarm that was closed is raised again as long as the row is wrong, and not once it is as it was.
func TestAlteredRowPutRight(t *testing.T) {
	t.Parallel()
	db := testkit.NewDatabase(t, "sqlite")
	env := newEnvOn(t, db.NewStore(t), func(c *records.Config) { c.CredentialTTL = time.Nanosecond })
	k := env.newKey(t, records.NewKey{Name: "k"})
	login := func() error { return env.login(t, k, k.Secret.Reveal()) }
	alarms := func() int {
		list, err := env.ListAuditAlarms(t.Context(), env.operator(k.App))
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	where := " WHERE credential_id = '" + string(k.ID) + "'"
	db.Exec(t, "UPDATE credential SET rate_limit = rate_limit + 1"+where)
	for want := 1; want <= 2; want++ {
		for end := time.Now().Add(time.Minute); alarms() < want; time.Sleep(10 * time.Millisecond) {
			if err := login(); !errors.Is(err, fault.Unauthenticated) || time.Now().After(end) {
				t.Fatalf("a login = %v with %d alarms, want %d", err, alarms(), want)
			}
		}
		if _, _, err := env.CloseAuditAlarm(t.Context(), env.operator(k.App), "seen", false); err != nil {
			t.Fatal(err)
		}
	}
	db.Exec(t, "UPDATE credential SET rate_limit = rate_limit - 1"+where)
	if err := login(); err != nil {
		t.Errorf("a login with the row as it was = %v", err)
	}
	if n := env.AlteredRows(); n != 0 {
		t.Errorf("%d rows are altered, want 0", n)
	}
	// To revoke is possible in any case.
	db.Exec(t, "UPDATE credential SET rate_limit = rate_limit + 1"+where)
	if _, err := env.UpdateKey(t.Context(), env.operator(k.App), k.ID, records.KeyChange{}); err == nil {
		t.Error("an altered credential is changed")
	}
	if c, err := env.RevokeKey(t.Context(), env.operator(k.App), k.ID); err != nil || c.RevokedAt.IsZero() {
		t.Errorf("RevokeKey = %+v, %v", c, err)
	}
	if row, err := env.store.CredentialGet(t.Context(), k.App, k.ID); err != nil || tenant.Kind(row.Kind) != k.Kind || len(row.Sum) != 32 {
		t.Errorf("the row is %+v, %v", row, err)
	}
}

// An application whose row was altered is neither shown nor changed.
func TestAlteredApplication(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			db := testkit.NewDatabase(t, engine)
			env := newEnvOn(t, db.NewStore(t))
			for _, change := range []string{"name = 'Another'", "created_at = created_at + 1", "removed_at = 5", "summed = NOT summed", "sum = NULL"} {
				app, _ := env.newApp(t, "Shop")
				db.Exec(t, fmt.Sprintf("UPDATE application SET %s WHERE app_id = '%s'", change, app.ID))
				op := env.operator(app.ID)
				_, fetched := env.FetchApp(t.Context(), op)
				_, renamed := env.RenameApp(t.Context(), op, "New")
				_, removed := env.RemoveApp(t.Context(), op, true)
				if fetched == nil || renamed == nil || removed == nil {
					t.Errorf("after %s: FetchApp = %v, RenameApp = %v, RemoveApp = %v", change, fetched, renamed, removed)
				}
				env.wantAlarm(t, change, app.ID)
			}
		})
	}
}

// A revoked credential whose row of before is put back, checksum and all, is in order by itself. The
// log says that it is not, within a pass: it is refused and raises an alarm, after a start too.
func TestCredentialPutBack(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			db := testkit.NewDatabase(t, engine)
			env := newEnvOn(t, db.NewStore(t))
			k := env.newKey(t, records.NewKey{Name: "old"})
			before, err := env.store.CredentialGet(t.Context(), k.App, k.ID)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := env.RevokeKey(t.Context(), env.operator(k.App), k.ID); err != nil {
				t.Fatal(err)
			}
			literal := fmt.Sprintf("X'%x'", before.Sum)
			if engine == "postgres" {
				literal = fmt.Sprintf(`'\x%x'`, before.Sum)
			}
			db.Exec(t, fmt.Sprintf("UPDATE credential SET revoked_at = 0, sum = %s WHERE credential_id = '%s'", literal, k.ID))
			replica := env.replica(t) // its first pass is at once
			for end := time.Now().Add(time.Minute); replica.AlteredRows() == 0; time.Sleep(10 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatal("no row is counted as altered")
				}
			}
			if err := replica.login(t, k, k.Secret.Reveal()); !errors.Is(err, fault.Unauthenticated) {
				t.Errorf("a login = %v, want unauthenticated", err)
			}
			for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
				alarms, err := replica.ListAuditAlarms(t.Context(), env.operator(k.App))
				if err != nil || time.Now().After(end) {
					t.Fatalf("the alarms are %+v, %v", alarms, err)
				}
				if len(alarms) == 1 && alarms[0].Damage == "credential "+string(k.ID)+": the log has a newer state of the credential" {
					break
				}
			}
			// To revoke it again writes the newest state.
			if _, err := replica.RevokeKey(t.Context(), env.operator(k.App), k.ID); err != nil {
				t.Fatal(err)
			}
			if later := env.replica(t); later.AlteredRows() != 0 {
				t.Errorf("%d rows are altered", later.AlteredRows())
			}
		})
	}
}

// An application of an earlier release is changed once its credentials have their checksums, and not
// before: they would count as altered beside one that has its own.
func TestApplicationWaitsForItsChecksums(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	op := env.operator(id.NewApp())
	key, row, err := keyring.New(env.store, env.keys, time.Now).NewApp(t.Context(), op.App)
	if err != nil {
		t.Fatal(err)
	}
	row.Name, row.CreatedAt = "Shop", 1
	_, _, cred := credential.Mint(key, tenant.Credential{App: op.App, Kind: tenant.Devdraft, Name: "k", CreatedAt: time.UnixMilli(1)})
	cred.Sum = nil
	made := audit.Entry{
		Time: time.UnixMilli(1), App: op.App, Action: authz.AppCreate, Outcome: audit.Done, Subject: string(op.App),
		Personal: sequencer.SealOrigin(key, audit.Origin{}),
	}
	issued := made
	issued.Action, issued.Subject = authz.KeyCreate, string(cred.ID)
	err = env.store.Update(t.Context(), op.App, func(tx store.Tx) error {
		tx.AuditAppend(sequencer.NewRow(key, made))
		tx.AuditAppend(sequencer.NewRow(key, issued))
		return errors.Join(tx.AppInsert(row), tx.CredentialInsert(cred))
	})
	if err != nil {
		t.Fatal(err)
	}
	_, renamed := env.RenameApp(t.Context(), op, "New")
	_, removed := env.RemoveApp(t.Context(), op, true)
	if !errors.Is(renamed, fault.Unavailable) || !errors.Is(removed, fault.Unavailable) {
		t.Errorf("RenameApp = %v, RemoveApp = %v, want unavailable", renamed, removed)
	}
	replica := env.replica(t) // which gives them as it starts
	for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		_, err := replica.RenameApp(t.Context(), op, "New")
		if err == nil {
			break
		}
		if !errors.Is(err, fault.Unavailable) || time.Now().After(end) {
			t.Fatalf("RenameApp = %v", err)
		}
	}
	keys, err := replica.ListKeys(t.Context(), op)
	if err != nil || len(keys) != 1 || replica.AlteredRows() != 0 {
		t.Errorf("ListKeys = %v, %v, and %d rows are altered", keys, err, replica.AlteredRows())
	}
}
