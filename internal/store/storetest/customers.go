package storetest

import (
	"errors"
	"math"
	"testing"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

func testCustomers(t *testing.T, s store.Store) {
	t.Run("CustomerGet", func(t *testing.T) {
		t.Parallel()
		t.Run("GivesWhatWasInserted", func(t *testing.T) { customerRoundTrip(t, newEnv(t, s)) })
		t.Run("AbsentIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			_, err := e.CustomerGet(e.ctx, e.app, id.NewCustomer())
			wantKind(t, "CustomerGet", err, fault.NotFound)
			err = e.Update(e.ctx, e.app, func(tx store.Tx) error {
				_, err := tx.CustomerGet(id.NewCustomer())
				return err
			})
			wantKind(t, "Tx.CustomerGet", err, fault.NotFound)
		})
		t.Run("OtherApplicationIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			row := e.insert(t, newCustomer())[0]
			o := e.other(t)
			_, err := o.CustomerGet(o.ctx, o.app, row.ID)
			wantKind(t, "CustomerGet", err, fault.NotFound)
			err = o.Update(o.ctx, o.app, func(tx store.Tx) error {
				_, err := tx.CustomerGet(row.ID)
				return err
			})
			wantKind(t, "Tx.CustomerGet", err, fault.NotFound)
		})
		t.Run("SameIDInTwoApplicationsGivesEachItsOwn", func(t *testing.T) {
			e := newEnv(t, s)
			o := e.other(t)
			mine, theirs := newCustomer(), newCustomer()
			theirs.ID = mine.ID
			mine, theirs = e.insert(t, mine)[0], o.insert(t, theirs)[0]
			got, err := e.CustomerGet(e.ctx, e.app, mine.ID)
			noError(t, "CustomerGet", err)
			same(t, "mine", got, mine)
			got, err = o.CustomerGet(o.ctx, o.app, mine.ID)
			noError(t, "CustomerGet", err)
			same(t, "theirs", got, theirs)
		})
		t.Run("SeesAnAcknowledgedInsertAtOnce", func(t *testing.T) {
			e := newEnv(t, s)
			mustRace(t, 16, func(int) error {
				row, err := e.insertOne(t, newCustomer())
				if err != nil {
					return err
				}
				_, err = e.CustomerGet(e.ctx, e.app, row.ID)
				return err
			})
		})
	})
	t.Run("CustomerElsewhere", func(t *testing.T) {
		t.Parallel()
		t.Run("KnowsOtherApplicationsOnly", func(t *testing.T) {
			e := newEnv(t, s)
			row := e.insert(t, newCustomer())[0]
			o := e.other(t)
			for _, c := range []struct {
				app  id.App
				id   id.Customer
				want bool
			}{{e.app, row.ID, false}, {o.app, row.ID, true}, {o.app, id.NewCustomer(), false}} {
				got, err := e.CustomerElsewhere(e.ctx, c.app, c.id)
				if err != nil || got != c.want {
					t.Errorf("CustomerElsewhere = %v, %v, want %v", got, err, c.want)
				}
			}
		})
	})
	t.Run("CustomerInsert", func(t *testing.T) {
		t.Parallel()
		t.Run("DuplicateIDIsConflictAndNotAboutTheEmail", func(t *testing.T) {
			e := newEnv(t, s)
			row := e.insert(t, newCustomer())[0]
			again := newCustomer()
			again.ID = row.ID
			_, err := e.insertOne(t, again)
			wantKind(t, "CustomerInsert", err, fault.Conflict)
			if errors.Is(err, store.ErrEmailTaken) {
				t.Error("CustomerInsert of a known id with a free e-mail = ErrEmailTaken")
			}
		})
		t.Run("TakenEmailIsErrEmailTaken", func(t *testing.T) {
			e := newEnv(t, s)
			row := e.insert(t, newCustomer())[0]
			again := newCustomer()
			again.EmailHash = clone(row.EmailHash)
			_, err := e.insertOne(t, again)
			wantEmailTaken(t, err)
			_, err = e.CustomerGet(e.ctx, e.app, again.ID)
			wantKind(t, "CustomerGet of the refused", err, fault.NotFound)
			same(t, "Head", e.mustHead(t), store.Head{Version: row.Version, Customers: 1})
		})
		t.Run("OtherApplicationMayHaveTheSameEmail", func(t *testing.T) {
			e := newEnv(t, s)
			o := e.other(t)
			row := e.insert(t, newCustomer())[0]
			again := newCustomer()
			again.EmailHash = clone(row.EmailHash)
			o.insert(t, again)
		})
		t.Run("ManyMayHaveNoEmail", func(t *testing.T) {
			e := newEnv(t, s)
			a, b := newCustomer(), newCustomer()
			a.EmailHash, b.EmailHash = nil, nil
			e.insert(t, a, b)
		})
		t.Run("AbsentApplicationIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			e.app = id.NewApp()
			_, err := e.insertOne(t, newCustomer())
			wantKind(t, "CustomerInsert", err, fault.NotFound)
		})
		t.Run("ConcurrentInsertsOfAnEmailGiveOne", func(t *testing.T) {
			e := newEnv(t, s)
			hash := secret(32)
			errs := race(32, func(int) error {
				row := newCustomer()
				row.EmailHash = hash
				_, err := e.insertOne(t, row)
				return err
			})
			wantOneWinner(t, errs, store.ErrEmailTaken)
			r, err := e.CustomerRange(e.ctx, e.app)
			if err != nil || r.Count != 1 {
				t.Errorf("CustomerRange = %+v, %v, want one customer", r, err)
			}
			same(t, "Head", e.mustHead(t), store.Head{Version: 1, Customers: 1})
		})
		t.Run("ConcurrentSeqIsUniqueInTheApplicationAndAscends", func(t *testing.T) { seqUnique(t, newEnv(t, s)) })
	})
	t.Run("CustomerUpdate", func(t *testing.T) {
		t.Parallel()
		t.Run("ReplacesAllButWhatNeverChanges", func(t *testing.T) { customerUpdateColumns(t, newEnv(t, s)) })
		t.Run("AbsentIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			err := e.Update(e.ctx, e.app, func(tx store.Tx) error { return tx.CustomerUpdate(newCustomer()) })
			wantKind(t, "CustomerUpdate", err, fault.NotFound)
			same(t, "Head", e.mustHead(t), store.Head{})
		})
		t.Run("OtherApplicationIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			row := e.insert(t, newCustomer())[0]
			o := e.other(t)
			change := row
			change.Status = 9
			err := o.Update(o.ctx, o.app, func(tx store.Tx) error { return tx.CustomerUpdate(change) })
			wantKind(t, "CustomerUpdate", err, fault.NotFound)
			got, err := e.CustomerGet(e.ctx, e.app, row.ID)
			noError(t, "CustomerGet", err)
			same(t, "the customer", got, row)
		})
		t.Run("TakenEmailIsErrEmailTaken", func(t *testing.T) {
			e := newEnv(t, s)
			rows := e.insert(t, newCustomer(), newCustomer())
			change := rows[1]
			change.EmailHash = clone(rows[0].EmailHash)
			wantEmailTaken(t, e.Update(e.ctx, e.app, func(tx store.Tx) error { return tx.CustomerUpdate(change) }))
			got, err := e.CustomerGet(e.ctx, e.app, change.ID)
			noError(t, "CustomerGet", err)
			same(t, "the customer", got, rows[1])
		})
		t.Run("FreesTheOldEmail", func(t *testing.T) {
			e := newEnv(t, s)
			row := e.insert(t, newCustomer())[0]
			change := row
			change.EmailHash = secret(32)
			e.mustUpdate(t, func(tx store.Tx) error { return tx.CustomerUpdate(change) })
			next := newCustomer()
			next.EmailHash = clone(row.EmailHash)
			e.insert(t, next)
		})
		t.Run("ConcurrentUpdatesToAnEmailGiveOne", func(t *testing.T) {
			e := newEnv(t, s)
			rows := make([]store.CustomerRow, 16)
			for i := range rows {
				rows[i] = newCustomer()
			}
			rows = e.insert(t, rows...)
			hash := secret(32)
			wantOneWinner(t, race(len(rows), func(i int) error {
				return e.Update(e.ctx, e.app, func(tx store.Tx) error {
					row, err := tx.CustomerGet(rows[i].ID)
					if err != nil {
						return err
					}
					row.EmailHash = hash
					return tx.CustomerUpdate(row)
				})
			}), store.ErrEmailTaken)
		})
		t.Run("ConcurrentReadModifyWriteLosesNone", func(t *testing.T) { lostUpdate(t, newEnv(t, s)) })
	})
}

func wantEmailTaken(t *testing.T, err error) {
	t.Helper()
	wantKind(t, "a write with a taken e-mail", err, fault.Conflict)
	if code := fault.Of(err).Code; code != "email_taken" {
		t.Errorf("code = %s, want email_taken", code)
	}
}

func customerRoundTrip(t *testing.T, e env) {
	first := newCustomer()
	second := store.CustomerRow{ // the least a row can have
		ID: id.Customer{15: 1}, Status: 1, Type: 1, CreatedAt: 1, UpdatedAt: 2,
		Sealed: []byte{0}, Key: []byte{0},
	}
	third := newCustomer()
	third.Status, third.Type, third.EmailForm = math.MaxInt8, math.MaxInt8, math.MaxInt8
	third.Group, third.GroupGone = math.MaxInt64, true // there is no such group
	third.CreatedAt, third.UpdatedAt = math.MaxInt64, math.MaxInt64-1
	third.Sealed, third.Key = secret(100_000), append([]byte{0, 255, 0}, secret(200)...)
	for _, want := range []store.CustomerRow{first, second, third} {
		want, err := e.insertOne(t, want)
		noError(t, "CustomerInsert", err)
		want.Version = e.mustHead(t).Version
		got, err := e.CustomerGet(e.ctx, e.app, want.ID)
		noError(t, "CustomerGet", err)
		same(t, "CustomerGet", got, want)
		e.mustUpdate(t, func(tx store.Tx) (err error) {
			got, err = tx.CustomerGet(want.ID)
			return err
		})
		same(t, "Tx.CustomerGet", got, want)
	}
}

func customerUpdateColumns(t *testing.T, e env) {
	row := e.insert(t, newCustomer())[0]
	change := newCustomer() // everything differs
	change.ID = row.ID
	change.Seq, change.Version, change.CreatedAt = row.Seq+1000, 1000, now+9
	change.Status, change.Type, change.EmailForm, change.UpdatedAt, change.Group = 3, 4, 5, now+10, 6
	e.mustUpdate(t, func(tx store.Tx) error { return tx.CustomerUpdate(change) })
	want := change
	want.Seq, want.CreatedAt, want.Key = row.Seq, row.CreatedAt, row.Key
	want.Version, want.GroupGone = row.Version+1, true
	got, err := e.CustomerGet(e.ctx, e.app, row.ID)
	noError(t, "CustomerGet", err)
	same(t, "the customer", got, want)

	change.EmailHash, change.EmailForm, change.Group = nil, 0, 0
	e.mustUpdate(t, func(tx store.Tx) error { return tx.CustomerUpdate(change) })
	want.EmailHash, want.EmailForm, want.Group, want.Version = nil, 0, 0, row.Version+2
	want.GroupGone = false
	got, err = e.CustomerGet(e.ctx, e.app, row.ID)
	noError(t, "CustomerGet", err)
	same(t, "the customer without an e-mail and a group", got, want)
}

func seqUnique(t *testing.T, e env) {
	envs := []env{e, e.other(t), e.other(t)}
	seqs := make([][]int64, 12)
	mustRace(t, len(seqs), func(i int) error {
		e := envs[i%len(envs)]
		for range 8 {
			row, err := e.insertOne(t, newCustomer())
			if err != nil {
				return err
			}
			seqs[i] = append(seqs[i], row.Seq)
		}
		return nil
	})
	wantOwnNumbers(t, seqs, len(envs))
}

// lostUpdate counts in a column: each transaction reads and writes back one more.
func lostUpdate(t *testing.T, e env) {
	row := e.insert(t, newCustomer())[0]
	const workers, rounds = 8, 6
	mustRace(t, workers, func(int) error {
		for range rounds {
			err := e.Update(e.ctx, e.app, func(tx store.Tx) error {
				row, err := tx.CustomerGet(row.ID)
				if err != nil {
					return err
				}
				row.UpdatedAt++
				return tx.CustomerUpdate(row)
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	got, err := e.CustomerGet(e.ctx, e.app, row.ID)
	noError(t, "CustomerGet", err)
	if n := got.UpdatedAt - row.UpdatedAt; n != workers*rounds {
		t.Errorf("%d increments are left of %d", n, workers*rounds)
	}
}
