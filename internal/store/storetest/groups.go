package storetest

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/page"
	"custodex.dev/internal/store"
)

func newGroup() store.GroupRow {
	return store.GroupRow{CreatedAt: now, UpdatedAt: now, Sealed: secret(90), Sum: secret(32)}
}

// addGroup adds a group and returns it as stored.
func (e env) addGroup(t *testing.T, row store.GroupRow) store.GroupRow {
	t.Helper()
	e.mustUpdate(t, func(tx store.Tx) (err error) {
		row.Seq, err = tx.GroupInsert(row)
		return err
	})
	return row
}

func (e env) mustGroup(t *testing.T, seq int64) store.GroupRow {
	t.Helper()
	row, err := e.GroupGet(e.ctx, e.app, seq)
	noError(t, "GroupGet", err)
	return row
}

// groups gives the newest groups.
func (e env) groups(t *testing.T, take int) []store.GroupRow {
	t.Helper()
	rows, err := e.GroupList(e.ctx, e.app, store.GroupList{Take: take})
	noError(t, "GroupList", err)
	return rows
}

func (e env) groupGetInTx(seq int64) (row store.GroupRow, err error) {
	err = e.Update(e.ctx, e.app, func(tx store.Tx) (err error) {
		row, err = tx.GroupGet(seq)
		return err
	})
	return row, err
}

func testGroups(t *testing.T, s store.Store) {
	t.Run("GroupInsert", func(t *testing.T) {
		t.Parallel()
		t.Run("KeepsEveryColumnAndSetsSeq", func(t *testing.T) {
			e := newEnv(t, s)
			want := store.GroupRow{Seq: 77, CreatedAt: 1<<63 - 1, UpdatedAt: 5, Sealed: []byte{0, 255, 0}}
			want = e.addGroup(t, want)
			same(t, "GroupGet", e.mustGroup(t, want.Seq), want)
			got, err := e.groupGetInTx(want.Seq)
			noError(t, "Tx.GroupGet", err)
			same(t, "Tx.GroupGet", got, want)
		})
		t.Run("ChangesNoCustomer", func(t *testing.T) {
			e := newEnv(t, s)
			e.addGroup(t, newGroup())
			same(t, "Head", e.mustHead(t), store.Head{})
		})
		t.Run("AbsentApplicationIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			err := e.Update(e.ctx, id.NewApp(), func(tx store.Tx) error {
				_, err := tx.GroupInsert(newGroup())
				return err
			})
			wantKind(t, "GroupInsert", err, fault.NotFound)
		})
		t.Run("ConcurrentSeqIsUniqueInTheApplicationAndAscends", func(t *testing.T) { groupSeqUnique(t, newEnv(t, s)) })
	})
	t.Run("GroupGet", func(t *testing.T) {
		t.Parallel()
		t.Run("AbsentIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			_, err := e.GroupGet(e.ctx, e.app, 1<<60)
			wantKind(t, "GroupGet", err, fault.NotFound)
			_, err = e.groupGetInTx(1 << 60)
			wantKind(t, "Tx.GroupGet", err, fault.NotFound)
		})
		t.Run("OtherApplicationIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			row := e.addGroup(t, newGroup())
			o := e.other(t)
			_, err := o.GroupGet(o.ctx, o.app, row.Seq)
			wantKind(t, "GroupGet", err, fault.NotFound)
			_, err = o.groupGetInTx(row.Seq)
			wantKind(t, "Tx.GroupGet", err, fault.NotFound)
		})
	})
	t.Run("GroupList", func(t *testing.T) {
		t.Parallel()
		t.Run("AgreesWithAModel", func(t *testing.T) { groupListModel(t, newEnv(t, s)) })
		t.Run("OtherApplicationIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			e.other(t).addGroup(t, newGroup())
			mine := e.addGroup(t, newGroup())
			same(t, "GroupList", e.groups(t, 10), []store.GroupRow{mine})
			n, err := e.GroupCount(e.ctx, e.app, 0, 0)
			noError(t, "GroupCount", err)
			same(t, "GroupCount", n, 1)
		})
		t.Run("NoneIsEmpty", func(t *testing.T) {
			e := newEnv(t, s)
			e.other(t).addGroup(t, newGroup())
			for _, app := range []id.App{e.app, id.NewApp()} {
				got, err := e.GroupList(e.ctx, app, store.GroupList{Take: 10})
				n, cerr := e.GroupCount(e.ctx, app, 0, 0)
				if err != nil || cerr != nil || len(got) != 0 || n != 0 {
					t.Errorf("GroupList = %d rows, %v, GroupCount = %d, %v, want none", len(got), err, n, cerr)
				}
			}
		})
	})
	t.Run("GroupUpdate", func(t *testing.T) {
		t.Parallel()
		t.Run("ReplacesSealedUpdatedAtAndSumOnly", func(t *testing.T) {
			e := newEnv(t, s)
			row := e.addGroup(t, newGroup())
			change := store.GroupRow{Seq: row.Seq, CreatedAt: 1, UpdatedAt: now + 9, Sealed: secret(20), Sum: secret(32)}
			e.mustUpdate(t, func(tx store.Tx) error { return tx.GroupUpdate(change) })
			change.CreatedAt = row.CreatedAt
			same(t, "the group", e.mustGroup(t, row.Seq), change)
			same(t, "Head", e.mustHead(t), store.Head{})
		})
		t.Run("AbsentIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			err := e.Update(e.ctx, e.app, func(tx store.Tx) error {
				return tx.GroupUpdate(store.GroupRow{Seq: 1 << 60, Sealed: secret(9)})
			})
			wantKind(t, "GroupUpdate", err, fault.NotFound)
		})
		t.Run("OtherApplicationIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			row := e.addGroup(t, newGroup())
			change := row
			change.UpdatedAt++
			o := e.other(t)
			err := o.Update(o.ctx, o.app, func(tx store.Tx) error { return tx.GroupUpdate(change) })
			wantKind(t, "GroupUpdate", err, fault.NotFound)
			same(t, "the group", e.mustGroup(t, row.Seq), row)
		})
		t.Run("ConcurrentReadModifyWriteLosesNone", func(t *testing.T) {
			e := newEnv(t, s)
			row := e.addGroup(t, newGroup())
			mustRace(t, 20, func(int) error {
				return e.Update(e.ctx, e.app, func(tx store.Tx) error {
					row, err := tx.GroupGet(row.Seq)
					if err != nil {
						return err
					}
					row.UpdatedAt++
					return tx.GroupUpdate(row)
				})
			})
			if n := e.mustGroup(t, row.Seq).UpdatedAt - row.UpdatedAt; n != 20 {
				t.Errorf("%d increments are left of 20", n)
			}
		})
	})
	t.Run("GroupDelete", func(t *testing.T) {
		t.Parallel()
		t.Run("TakesItsCustomersOutAndLeavesTheirRows", func(t *testing.T) { groupDeleteDetaches(t, newEnv(t, s)) })
		t.Run("OfNobodyChangesNoCustomer", func(t *testing.T) {
			e := newEnv(t, s)
			row := e.insert(t, newCustomer())[0]
			group := e.addGroup(t, newGroup())
			e.mustUpdate(t, func(tx store.Tx) error { return tx.GroupDelete(group.Seq) })
			same(t, "Head", e.mustHead(t), store.Head{Version: row.Version, Customers: 1})
		})
		t.Run("AbsentIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			group := e.addGroup(t, newGroup())
			e.mustUpdate(t, func(tx store.Tx) error { return tx.GroupDelete(group.Seq) })
			for _, seq := range []int64{group.Seq, 0, 1 << 60} {
				err := e.Update(e.ctx, e.app, func(tx store.Tx) error { return tx.GroupDelete(seq) })
				wantKind(t, "GroupDelete", err, fault.NotFound)
			}
		})
		t.Run("OtherApplicationIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			group := e.addGroup(t, newGroup())
			member := newCustomer()
			member.Group = group.Seq
			member = e.insert(t, member)[0]
			o := e.other(t)
			err := o.Update(o.ctx, o.app, func(tx store.Tx) error { return tx.GroupDelete(group.Seq) })
			wantKind(t, "GroupDelete", err, fault.NotFound)
			same(t, "the group", e.mustGroup(t, group.Seq), group)
			got, err := e.CustomerGet(e.ctx, e.app, member.ID)
			noError(t, "CustomerGet", err)
			same(t, "its customer", got, member)
		})
		t.Run("ItsSeqIsNeverReused", func(t *testing.T) {
			e := newEnv(t, s)
			group := e.addGroup(t, newGroup())
			e.mustUpdate(t, func(tx store.Tx) error { return tx.GroupDelete(group.Seq) })
			if next := e.addGroup(t, newGroup()); next.Seq <= group.Seq {
				t.Errorf("Seq %d came after %d, which was deleted", next.Seq, group.Seq)
			}
		})
		t.Run("ConcurrentDeletesGiveOne", func(t *testing.T) {
			e := newEnv(t, s)
			group := e.addGroup(t, newGroup())
			wantOneWinner(t, race(12, func(int) error {
				return e.Update(e.ctx, e.app, func(tx store.Tx) error { return tx.GroupDelete(group.Seq) })
			}), fault.NotFound)
		})
		t.Run("NobodyIsLeftInItByAConcurrentJoin", func(t *testing.T) { groupDeleteAgainstJoins(t, newEnv(t, s)) })
	})
}

func groupSeqUnique(t *testing.T, e env) {
	envs := []env{e, e.other(t), e.other(t)}
	seqs := make([][]int64, 12)
	mustRace(t, len(seqs), func(i int) error {
		e := envs[i%len(envs)]
		for n := range 6 {
			var seq int64
			err := e.Update(e.ctx, e.app, func(tx store.Tx) (err error) {
				if seq, err = tx.GroupInsert(newGroup()); err == nil && n == 3 {
					err = errOurs
				}
				return err
			})
			if err == nil {
				seqs[i] = append(seqs[i], seq)
			} else if !errors.Is(err, errOurs) {
				return err
			}
		}
		return nil
	})
	wantOwnNumbers(t, seqs, len(envs))
	for _, e := range envs {
		if got := e.groups(t, 100); len(got) != 4*5 {
			t.Errorf("GroupList = %d rows, want %d", len(got), 4*5)
		}
	}
}

// groupListModel asks for random pages of groups with few times, so that ties are
// common; some places that pages begin after have no group.
func groupListModel(t *testing.T, e env) {
	rnd := rand.New(rand.NewPCG(5, 6))
	all := make([]store.GroupRow, 30)
	for i := range all {
		row := newGroup()
		row.CreatedAt = now + rnd.Int64N(8)
		if i == 0 {
			row.CreatedAt = math.MaxInt64
		}
		all[i] = e.addGroup(t, row)
	}
	slices.SortFunc(all, func(a, b store.GroupRow) int {
		return cmp.Or(cmp.Compare(b.CreatedAt, a.CreatedAt), cmp.Compare(b.Seq, a.Seq))
	})
	for range 150 {
		list := store.GroupList{Skip: rnd.IntN(12) - 3, Take: rnd.IntN(40) - 3}
		if rnd.IntN(3) == 0 {
			list.From = now + rnd.Int64N(9)
		}
		if rnd.IntN(3) == 0 {
			list.To = now + rnd.Int64N(9)
		}
		if rnd.IntN(2) == 0 {
			row := all[rnd.IntN(len(all))]
			list.After = &page.Position{CreatedAt: row.CreatedAt, Seq: row.Seq + rnd.Int64N(3) - 1}
		}
		var want []store.GroupRow
		n := 0
		for _, row := range all {
			if row.CreatedAt < list.From || list.To != 0 && row.CreatedAt >= list.To {
				continue
			}
			n++
			if a := list.After; a == nil || row.CreatedAt < a.CreatedAt || row.CreatedAt == a.CreatedAt && row.Seq < a.Seq {
				want = append(want, row)
			}
		}
		want = want[min(max(list.Skip, 0), len(want)):]
		want = want[:min(max(list.Take, 0), len(want))]
		got, err := e.GroupList(e.ctx, e.app, list)
		noError(t, "GroupList", err)
		same(t, fmt.Sprintf("GroupList(%+v)", list), got, want)
		count, err := e.GroupCount(e.ctx, e.app, list.From, list.To)
		noError(t, "GroupCount", err)
		same(t, fmt.Sprintf("GroupCount(%d, %d)", list.From, list.To), count, n)
	}
}
