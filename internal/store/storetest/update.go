package storetest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

func testUpdate(t *testing.T, s store.Store) {
	t.Run("Update", func(t *testing.T) {
		t.Parallel()
		t.Run("SeesItsOwnWrites", func(t *testing.T) { updateSeesItself(t, newEnv(t, s)) })
		t.Run("ReturnsTheErrorOfTheFunctionItself", func(t *testing.T) {
			e := newEnv(t, s)
			if err := e.Update(e.ctx, e.app, func(store.Tx) error { return errOurs }); !errors.Is(err, errOurs) {
				t.Errorf("Update = %v, want %v", err, errOurs)
			}
		})
		t.Run("AnErrorLeavesNothing", func(t *testing.T) {
			e := newEnv(t, s)
			leavesNothing(t, e, func() error { return errOurs })
		})
		t.Run("APanicLeavesNothingAndTellsNoValue", func(t *testing.T) {
			e := newEnv(t, s)
			err := leavesNothing(t, e, func() error { panic("jane@example.com") })
			if strings.Contains(err.Error(), "jane") {
				t.Errorf("the error of a panic tells its value: %v", err)
			}
			wantKind(t, "Update", fault.Of(err), fault.Internal)
		})
		t.Run("AFailedStatementFailsItAll", func(t *testing.T) {
			e := newEnv(t, s)
			taken := e.insert(t, newCustomer())[0]
			err := e.Update(e.ctx, e.app, func(tx store.Tx) error {
				tx.AuditAppend(newEntry())
				row := newCustomer()
				row.EmailHash = clone(taken.EmailHash)
				_, _ = tx.CustomerInsert(row) // swallowed
				return nil
			})
			wantEmailTaken(t, err)
			checkLog(t, e, 0)
		})
		t.Run("AFailureIsItsOwnOnly", func(t *testing.T) { failuresApart(t, newEnv(t, s)) })
		t.Run("AbsentApplicationIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			err := e.Update(e.ctx, id.NewApp(), func(store.Tx) error { return nil })
			wantKind(t, "Update", err, fault.NotFound)
		})
		t.Run("ApplicationsDoNotWaitForEachOther", func(t *testing.T) {
			e := newEnv(t, s)
			envs := []env{e, e.other(t), e.other(t), e.other(t)}
			mustRace(t, 16, func(i int) error {
				e := envs[i%4]
				for range 4 {
					if _, err := e.insertOne(t, newCustomer()); err != nil {
						return err
					}
				}
				return nil
			})
			for _, e := range envs {
				r, err := e.CustomerRange(e.ctx, e.app)
				if err != nil || r.Count != 16 {
					t.Errorf("CustomerRange = %+v, %v, want 16 customers", r, err)
				}
			}
		})
	})
	t.Run("Ping", func(t *testing.T) {
		t.Parallel()
		t.Run("Answers", func(t *testing.T) {
			e := newEnv(t, s)
			noError(t, "Ping", e.Ping(e.ctx))
		})
	})
	t.Run("Time", func(t *testing.T) {
		t.Parallel()
		t.Run("IsNowOrNone", func(t *testing.T) {
			e := newEnv(t, s)
			before := time.Now()
			at, err := e.Time(e.ctx)
			noError(t, "Time", err)
			// The database of a test is on this machine.
			if !at.IsZero() && (at.Before(before.Add(-time.Second)) || at.After(time.Now().Add(time.Second))) {
				t.Errorf("Time = %v, want about %v", at, before)
			}
		})
	})
	t.Run("Failed", func(t *testing.T) {
		t.Parallel()
		t.Run("IsOpen", func(t *testing.T) {
			e := newEnv(t, s)
			select {
			case <-e.Failed():
				t.Error("Failed is closed")
			default:
			}
		})
	})
}

func updateSeesItself(t *testing.T, e env) {
	cred, key, row := newCredential(), newKey(), newCustomer()
	e.mustUpdate(t, func(tx store.Tx) error {
		if _, err := tx.CustomerInsert(row); err != nil {
			return err
		}
		got, err := tx.CustomerGet(row.ID)
		if err != nil {
			return err
		}
		got.Status = 5
		if err := tx.CustomerUpdate(got); err != nil {
			return err
		}
		if got, err = tx.CustomerGet(row.ID); err != nil || got.Status != 5 || got.Version != 1 {
			t.Errorf("Tx.CustomerGet after an update = %+v, %v", got, err)
		}
		if err := tx.IdempotencyPut(key, time.Hour); err != nil {
			return err
		}
		if _, err := tx.IdempotencyGet(key.Scope); err != nil {
			return err
		}
		if err := tx.CredentialInsert(cred); err != nil {
			return err
		}
		if _, err = tx.CredentialGet(cred.ID); err != nil {
			return err
		}
		return groupAndDeleteSeeThemselves(t, tx, row)
	})
}

// groupAndDeleteSeeThemselves goes on with the rest of the methods.
func groupAndDeleteSeeThemselves(t *testing.T, tx store.Tx, row store.CustomerRow) error {
	group, err := tx.GroupInsert(newGroup())
	if err != nil {
		return err
	}
	if _, err := tx.GroupGet(group); err != nil {
		return err
	}
	got, err := tx.CustomerGetByEmail(row.EmailHash)
	if err != nil {
		return err
	}
	got.Group = group
	if err := errors.Join(tx.CustomerUpdate(got), tx.ItemInsert(row.ID, newItem(store.Transaction))); err != nil {
		return err
	}
	if err := tx.GroupDelete(group); err != nil {
		return err
	}
	if got, err = tx.CustomerGetBySeq(got.Seq); err != nil || !got.GroupGone {
		t.Errorf("Tx.CustomerGetBySeq after the group was deleted = %+v, %v", got, err)
	}
	if err := tx.CustomerDelete(row.ID); err != nil {
		return err
	}
	_, err = tx.CustomerGet(row.ID)
	wantKind(t, "Tx.CustomerGet after CustomerDelete", err, fault.NotFound)
	return nil
}

// leavesNothing writes with every method of a transaction, ends it with end, and
// returns the error after looking for what may be left.
func leavesNothing(t *testing.T, e env, end func() error) error {
	t.Helper()
	group, oldGroup := e.addGroup(t, newGroup()), e.addGroup(t, newGroup())
	member, doomed := newCustomer(), newCustomer()
	member.Group = oldGroup.Seq
	inserted := e.insert(t, newCustomer(), member, doomed)
	old := inserted[0]
	item := e.addItem(t, doomed.ID, newItem(store.LiquidationAddress))
	oldCred := e.addCredential(t, newCredential())
	head := e.mustHead(t)
	cred, key, row := newCredential(), newKey(), newCustomer()
	err := e.Update(e.ctx, e.app, func(tx store.Tx) error {
		tx.AuditAppend(newEntry())
		if _, err := tx.CustomerInsert(row); err != nil {
			return err
		}
		change := old
		change.Status = 9
		changeCred := oldCred
		changeCred.RevokedAt = now
		if err := errors.Join(
			tx.CustomerUpdate(change),
			tx.CredentialInsert(cred),
			tx.CredentialUpdate(changeCred),
			tx.IdempotencyPut(key, time.Hour),
			tx.ItemInsert(old.ID, newItem(store.Transaction)),
			tx.GroupUpdate(store.GroupRow{Seq: group.Seq, UpdatedAt: 1, Sealed: secret(9)}),
			tx.GroupDelete(oldGroup.Seq),
			tx.CustomerDelete(doomed.ID),
		); err != nil {
			return err
		}
		if _, err := tx.GroupInsert(newGroup()); err != nil {
			return err
		}
		tx.AuditAppend(newEntry())
		return end()
	})
	if err == nil {
		t.Fatal("Update = nil")
	}
	same(t, "Head", e.mustHead(t), head)
	same(t, "the log", e.log(t), nil)
	_, absent := e.CustomerGet(e.ctx, e.app, row.ID)
	wantKind(t, "CustomerGet", absent, fault.NotFound)
	for _, before := range inserted {
		got, gerr := e.CustomerGet(e.ctx, e.app, before.ID)
		noError(t, "CustomerGet", gerr)
		same(t, "the customer before", got, before)
	}
	changes, cerr := e.CustomerChanges(e.ctx, e.app, store.ChangePoint{}, 10)
	noError(t, "CustomerChanges", cerr)
	same(t, "CustomerChanges", changes, inserted)
	same(t, "GroupList", e.groups(t, 10), []store.GroupRow{oldGroup, group})
	same(t, "the items of the customer", e.items(t, old.ID, store.Transaction), nil)
	same(t, "the items of another", e.items(t, doomed.ID, item.Kind), []store.ItemRow{item})
	_, absent = e.CredentialGet(e.ctx, e.app, cred.ID)
	wantKind(t, "CredentialGet", absent, fault.NotFound)
	same(t, "the credential before", e.mustCredential(t, oldCred.ID), oldCred)
	_, absent = e.getKey(key.Scope)
	wantKind(t, "IdempotencyGet", absent, fault.NotFound)
	r, rerr := e.CustomerRange(e.ctx, e.app)
	noError(t, "CustomerRange", rerr)
	same(t, "CustomerRange", r, store.CustomerRange{MinSeq: old.Seq, MaxSeq: inserted[2].Seq, Count: 3})
	e.insert(t, row) // the id and the e-mail are free again
	return err
}

// failuresApart has works that fail in every way beside works that do not, so that
// they share batches.
func failuresApart(t *testing.T, e env) {
	taken := e.insert(t, newCustomer())[0]
	const workers = 40
	errs := race(workers, func(i int) error {
		return e.Update(e.ctx, e.app, func(tx store.Tx) error {
			row := newCustomer()
			if i%5 == 3 {
				row.EmailHash = clone(taken.EmailHash)
			}
			tx.AuditAppend(newEntry(row.ID))
			if _, err := tx.CustomerInsert(row); err != nil {
				return err
			}
			switch i % 5 {
			case 1:
				return errOurs
			case 2:
				panic(errOurs)
			}
			return nil
		})
	})
	for i, err := range errs {
		if wantErr := i%5 == 1 || i%5 == 2 || i%5 == 3; wantErr != (err != nil) {
			t.Errorf("Update %d = %v", i, err)
		}
	}
	checkLog(t, e, workers/5*2)
	r, err := e.CustomerRange(e.ctx, e.app)
	if err != nil || r.Count != 1+workers/5*2 {
		t.Errorf("CustomerRange = %+v, %v, want %d customers", r, err, 1+workers/5*2)
	}
}
