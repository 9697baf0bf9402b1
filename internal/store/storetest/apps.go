package storetest

import (
	"math"
	"slices"
	"testing"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

func testApps(t *testing.T, s store.Store) {
	t.Run("AppUpdate", func(t *testing.T) {
		t.Parallel()
		t.Run("ReplacesNameRemovalAndSumsOnly", func(t *testing.T) { appUpdateColumns(t, newEnv(t, s)) })
		t.Run("RemovedTakesNothingNew", func(t *testing.T) { appRemoved(t, newEnv(t, s)) })
		t.Run("LeavesOtherApplicationsAlone", func(t *testing.T) {
			e := newEnv(t, s)
			o := e.other(t)
			before, err := o.AppGet(o.ctx, o.app)
			noError(t, "AppGet", err)
			e.mustUpdate(t, func(tx store.Tx) error { return tx.AppUpdate(store.AppRow{ID: o.app, Name: "New", RemovedAt: now}) })
			after, err := o.AppGet(o.ctx, o.app)
			noError(t, "AppGet", err)
			same(t, "the other application", after, before)
			o.addCredential(t, newCredential())
		})
		t.Run("AbsentIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			e.app = id.NewApp()
			err := e.Update(e.ctx, e.app, func(tx store.Tx) error { return tx.AppUpdate(store.AppRow{ID: e.app, Name: "New"}) })
			wantKind(t, "AppUpdate", err, fault.NotFound)
		})
	})
	t.Run("AppInsert", func(t *testing.T) {
		t.Parallel()
		t.Run("MakesAnApplicationWithAHead", func(t *testing.T) {
			e := newEnv(t, s)
			same(t, "Head of a new application", e.mustHead(t), store.Head{})
		})
		t.Run("DuplicateIsConflict", func(t *testing.T) {
			e := newEnv(t, s)
			before, err := e.AppGet(e.ctx, e.app)
			noError(t, "AppGet", err)
			err = e.Update(e.ctx, e.app, func(tx store.Tx) error {
				return tx.AppInsert(store.AppRow{ID: e.app, Name: "Again", Key: secret(8), CreatedAt: 1})
			})
			wantKind(t, "AppInsert of a known application", err, fault.Conflict)
			after, err := e.AppGet(e.ctx, e.app)
			noError(t, "AppGet", err)
			same(t, "the application", after, before)
		})
		t.Run("CanBeUsedInTheSameUpdate", func(t *testing.T) {
			e := newEnv(t, s)
			e.app = id.NewApp()
			row := newCustomer()
			e.mustUpdate(t, func(tx store.Tx) (err error) {
				err = tx.AppInsert(store.AppRow{ID: e.app, Name: "New", Key: secret(8), CreatedAt: now})
				if err != nil {
					return err
				}
				if err := tx.CredentialInsert(newCredential()); err != nil {
					return err
				}
				row.Seq, err = tx.CustomerInsert(row)
				tx.AuditAppend(newEntry(row.ID))
				return err
			})
			same(t, "Head", e.mustHead(t), store.Head{Version: 1, Entries: 1, Customers: 1})
			row.Version = 1
			got, err := e.CustomerGet(e.ctx, e.app, row.ID)
			noError(t, "CustomerGet", err)
			same(t, "the customer", got, row)
		})
		t.Run("RolledBackLeavesNone", func(t *testing.T) {
			e := newEnv(t, s)
			app := id.NewApp()
			err := e.Update(e.ctx, app, func(tx store.Tx) error {
				if err := tx.AppInsert(store.AppRow{ID: app, Name: "New", Key: secret(8)}); err != nil {
					return err
				}
				return errOurs
			})
			if err == nil {
				t.Error("Update with a failing function = nil")
			}
			_, err = e.AppGet(e.ctx, app)
			wantKind(t, "AppGet", err, fault.NotFound)
			wantKind(t, "Record", e.Record(e.ctx, app, newEntry()), fault.NotFound)
		})
		t.Run("ConcurrentDuplicatesGiveOne", func(t *testing.T) {
			e := newEnv(t, s)
			app := id.NewApp()
			wantOneWinner(t, race(8, func(int) error {
				return e.Update(e.ctx, app, func(tx store.Tx) error {
					return tx.AppInsert(store.AppRow{ID: app, Name: "New", Key: secret(8)})
				})
			}), fault.Conflict)
		})
	})
	t.Run("AppGet", func(t *testing.T) {
		t.Parallel()
		t.Run("GivesWhatWasInserted", func(t *testing.T) {
			e := newEnv(t, s)
			want := store.AppRow{ID: id.NewApp(), Name: "Zürich 東京 '; --", Key: []byte{0, 1, 0, 255}, CreatedAt: math.MaxInt64, Summed: true, Sum: secret(32)}
			noError(t, "Update", e.Update(e.ctx, want.ID, func(tx store.Tx) error {
				row := want
				row.Tree = []byte("a checkpoint")
				return tx.AppInsert(row)
			}))
			tree, err := e.TreeGet(e.ctx, want.ID)
			if err != nil || tree.Size != 0 || string(tree.Checkpoint) != "a checkpoint" {
				t.Errorf("TreeGet of a new application = %+v, %v", tree, err)
			}
			noError(t, "TreePut", e.TreePut(e.ctx, want.ID, 0, store.TreeRow{Size: 1, Checkpoint: []byte("x")}, nil))
			got, err := e.AppGet(e.ctx, want.ID)
			noError(t, "AppGet", err)
			same(t, "AppGet", got, want)
		})
		t.Run("AbsentIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			_, err := e.AppGet(e.ctx, id.NewApp())
			wantKind(t, "AppGet", err, fault.NotFound)
		})
	})
	t.Run("Head", func(t *testing.T) {
		t.Parallel()
		t.Run("AbsentIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			_, err := e.Head(e.ctx, id.NewApp())
			wantKind(t, "Head", err, fault.NotFound)
		})
		t.Run("CountsOwnApplicationOnly", func(t *testing.T) {
			e := newEnv(t, s)
			o := e.other(t)
			e.insert(t, newCustomer())
			noError(t, "Record", e.Record(e.ctx, e.app, newEntry(), newEntry()))
			same(t, "Head", e.mustHead(t), store.Head{Version: 1, Entries: 2, Customers: 1})
			same(t, "Head of the other application", o.mustHead(t), store.Head{})
		})
	})
	t.Run("AppList", func(t *testing.T) {
		t.Parallel()
		t.Run("AscendsInBytesAfterTheGivenOne", func(t *testing.T) { appListOrder(t, newEnv(t, s)) })
		t.Run("SystemIsAmongThem", func(t *testing.T) {
			e := newEnv(t, s)
			err := e.Update(e.ctx, id.System, func(tx store.Tx) error {
				return tx.AppInsert(store.AppRow{ID: id.System, Name: "System", Key: secret(8)})
			})
			noError(t, "Update", err)
			// "app_systel" sorts just before it.
			list, err := e.AppList(e.ctx, "app_systel", 1)
			noError(t, "AppList", err)
			if len(list) != 1 || list[0].ID != id.System {
				t.Errorf("AppList after app_systel = %v, want %s", list, id.System)
			}
		})
	})
}

func appListOrder(t *testing.T, e env) {
	// Digits, letters and an underscore, so that a locale's order would differ.
	made := []id.App{"app_2zzzzzzzzzzzzzzz", "app_zz22222222222222", "app_z_zzzzzzzzzzzzzz", "app_zza2222222222222"}
	for _, app := range made {
		noError(t, "Update", e.Update(e.ctx, app, func(tx store.Tx) error {
			return tx.AppInsert(store.AppRow{ID: app, Name: string(app), Key: secret(8), CreatedAt: now})
		}))
	}
	var got []id.App
	after := id.App("")
	for {
		page, err := e.AppList(e.ctx, after, 2)
		noError(t, "AppList", err)
		if len(page) > 2 {
			t.Fatalf("AppList with limit 2 gave %d", len(page))
		}
		for _, row := range page {
			got = append(got, row.ID)
		}
		if len(page) < 2 {
			break
		}
		after = page[1].ID
	}
	if !slices.IsSorted(got) {
		t.Errorf("AppList = %v, not ascending", got)
	}
	for _, app := range append(made, e.app) {
		if !slices.Contains(got, app) {
			t.Errorf("AppList lacks %s", app)
		}
	}
	none, err := e.AppList(e.ctx, "", 0)
	if err != nil || len(none) != 0 {
		t.Errorf("AppList with limit 0 = %d rows, %v", len(none), err)
	}
}

func appUpdateColumns(t *testing.T, e env) {
	want, err := e.AppGet(e.ctx, e.app)
	noError(t, "AppGet", err)
	var got store.AppRow
	e.mustUpdate(t, func(tx store.Tx) (err error) {
		change := store.AppRow{ID: e.app, Name: "New", Key: secret(8), CreatedAt: 1, RemovedAt: now, Summed: true, Sum: secret(32)}
		want.Summed, want.Sum = true, change.Sum
		if err := tx.AppUpdate(change); err != nil {
			return err
		}
		got, err = tx.AppGet()
		return err
	})
	want.Name, want.RemovedAt = "New", now
	same(t, "Tx.AppGet", got, want)
	got, err = e.AppGet(e.ctx, e.app)
	noError(t, "AppGet", err)
	same(t, "AppGet", got, want)
}

// appRemoved holds that what is in a removed application can be read and changed, and that nothing
// comes in, in the same transaction neither.
func appRemoved(t *testing.T, e env) {
	cred := e.addCredential(t, newCredential())
	row := store.AppRow{ID: e.app, Name: "Gone", RemovedAt: now}
	inserts := map[string]func(store.Tx) error{
		"CredentialInsert": func(tx store.Tx) error { return tx.CredentialInsert(newCredential()) },
		"CustomerInsert":   func(tx store.Tx) error { _, err := tx.CustomerInsert(newCustomer()); return err },
		"CustomerInsertAll": func(tx store.Tx) error {
			_, err := tx.CustomerInsertAll([]store.CustomerRow{newCustomer()})
			return err
		},
		"GroupInsert": func(tx store.Tx) error { _, err := tx.GroupInsert(newGroup()); return err },
	}
	for name, insert := range inserts {
		err := e.Update(e.ctx, e.app, func(tx store.Tx) error {
			if err := tx.AppUpdate(row); err != nil {
				return err
			}
			return insert(tx)
		})
		wantKind(t, name+" in the transaction that removes", err, fault.Conflict)
	}
	e.mustUpdate(t, func(tx store.Tx) error { return tx.AppUpdate(row) })
	for name, insert := range inserts {
		wantKind(t, name+" when it is removed", e.Update(e.ctx, e.app, insert), fault.Conflict)
	}
	noError(t, "Record", e.Record(e.ctx, e.app, newEntry()))
	cred.RevokedAt = now
	var count int64
	var list []store.CredentialRow
	e.mustUpdate(t, func(tx store.Tx) (err error) {
		if err := tx.CredentialUpdate(cred); err != nil {
			return err
		}
		if list, err = tx.CredentialList(); err != nil {
			return err
		}
		count, err = tx.CustomerCount()
		return err
	})
	same(t, "Tx.CredentialList", list, []store.CredentialRow{cred})
	same(t, "Tx.CustomerCount", count, 0)
	row.RemovedAt = 0
	e.mustUpdate(t, func(tx store.Tx) error { return tx.AppUpdate(row) })
	e.addCredential(t, newCredential())
	e.mustUpdate(t, func(tx store.Tx) (err error) {
		if _, err := tx.CustomerInsert(newCustomer()); err != nil {
			return err
		}
		count, err = tx.CustomerCount()
		return err
	})
	same(t, "Tx.CustomerCount after an insert", count, 1)
}
