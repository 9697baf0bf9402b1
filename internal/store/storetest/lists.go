package storetest

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"custodex.dev/internal/id"
	"custodex.dev/internal/page"
	"custodex.dev/internal/store"
)

func testLists(t *testing.T, s store.Store) {
	t.Run("CustomerList", func(t *testing.T) {
		t.Parallel()
		t.Run("AgreesWithAModel", func(t *testing.T) { listModel(t, newEnv(t, s)) })
		t.Run("NoneIsEmpty", func(t *testing.T) {
			e := newEnv(t, s)
			e.other(t).insert(t, newCustomer())
			for _, app := range []id.App{e.app, id.NewApp()} {
				got, err := e.CustomerList(e.ctx, app, store.CustomerList{Take: 10})
				if err != nil || len(got) != 0 {
					t.Errorf("CustomerList = %d rows, %v, want none", len(got), err)
				}
			}
		})
		t.Run("OtherApplicationIsNotFound", func(t *testing.T) {
			e := newEnv(t, s)
			mine := e.insert(t, newCustomer(), newCustomer())
			e.other(t).insert(t, newCustomer(), newCustomer())
			for _, status := range []uint8{0, 1} {
				got, err := e.CustomerList(e.ctx, e.app, store.CustomerList{Status: status, Take: 10})
				noError(t, "CustomerList", err)
				same(t, "CustomerList", got, newestFirst(mine))
			}
		})
		t.Run("WalkByAfterNeitherRepeatsNorLosesWhileOthersWrite", func(t *testing.T) { listWalk(t, newEnv(t, s)) })
	})
	t.Run("CustomerBySeq", func(t *testing.T) {
		t.Parallel()
		t.Run("GivesThoseThatThereAre", func(t *testing.T) {
			e := newEnv(t, s)
			mine := e.insert(t, newCustomer(), newCustomer(), newCustomer())
			theirs := e.other(t).insert(t, newCustomer())
			got, err := e.CustomerBySeq(e.ctx, e.app, []int64{mine[2].Seq, theirs[0].Seq, mine[0].Seq, 1 << 60, 0, -1})
			noError(t, "CustomerBySeq", err)
			slices.SortFunc(got, bySeq)
			same(t, "CustomerBySeq", got, []store.CustomerRow{mine[0], mine[2]})
		})
		t.Run("NoNumbersGiveNone", func(t *testing.T) {
			e := newEnv(t, s)
			e.insert(t, newCustomer())
			got, err := e.CustomerBySeq(e.ctx, e.app, nil)
			if err != nil || len(got) != 0 {
				t.Errorf("CustomerBySeq = %d rows, %v, want none", len(got), err)
			}
		})
		t.Run("TakesAThousandNumbers", func(t *testing.T) {
			e := newEnv(t, s)
			row := e.insert(t, newCustomer())[0]
			seqs := make([]int64, 1000)
			for i := range seqs {
				seqs[i] = row.Seq + int64(i)
			}
			got, err := e.CustomerBySeq(e.ctx, e.app, seqs)
			noError(t, "CustomerBySeq", err)
			same(t, "CustomerBySeq", got, []store.CustomerRow{row})
		})
	})
	t.Run("CustomerScan", func(t *testing.T) {
		t.Parallel()
		t.Run("GivesTheRangeAscending", func(t *testing.T) { scanRange(t, newEnv(t, s)) })
		t.Run("AnErrorOfTheFunctionEndsIt", func(t *testing.T) {
			e := newEnv(t, s)
			e.insert(t, newCustomer(), newCustomer())
			calls := 0
			err := e.CustomerScan(e.ctx, e.app, 0, 1<<62, func(*store.CustomerRow) error {
				calls++
				return errOurs
			})
			if !errors.Is(err, errOurs) || calls != 1 {
				t.Errorf("CustomerScan = %v after %d calls, want our error after one", err, calls)
			}
		})
		t.Run("TheStoreCanBeUsedMeanwhile", func(t *testing.T) {
			e := newEnv(t, s)
			e.insert(t, newCustomer(), newCustomer())
			err := e.CustomerScan(e.ctx, e.app, 0, 1<<62, func(row *store.CustomerRow) error {
				_, err := e.CustomerGet(e.ctx, e.app, row.ID)
				return errors.Join(err, e.Record(e.ctx, e.app, newEntry(row.ID)))
			})
			noError(t, "CustomerScan", err)
		})
	})
	t.Run("CustomerRange", func(t *testing.T) {
		t.Parallel()
		t.Run("NoneGivesZeros", func(t *testing.T) {
			e := newEnv(t, s)
			e.other(t).insert(t, newCustomer())
			for _, app := range []id.App{e.app, id.NewApp()} {
				got, err := e.CustomerRange(e.ctx, app)
				noError(t, "CustomerRange", err)
				same(t, "CustomerRange", got, store.CustomerRange{})
			}
		})
		t.Run("DescribesOwnCustomers", func(t *testing.T) {
			e := newEnv(t, s)
			a := e.insert(t, newCustomer())[0]
			e.other(t).insert(t, newCustomer())
			b := e.insert(t, newCustomer(), newCustomer())
			_, err := e.insertOne(t, b[0])
			if err == nil {
				t.Error("inserting a customer twice = nil")
			}
			got, err := e.CustomerRange(e.ctx, e.app)
			noError(t, "CustomerRange", err)
			same(t, "CustomerRange", got, store.CustomerRange{MinSeq: a.Seq, MaxSeq: b[1].Seq, Count: 3})
		})
	})
}

func bySeq(a, b store.CustomerRow) int { return cmp.Compare(a.Seq, b.Seq) }

// newestFirst is the order of CustomerList, said once more in Go.
func newestFirst(rows []store.CustomerRow) []store.CustomerRow {
	rows = slices.Clone(rows)
	slices.SortFunc(rows, func(a, b store.CustomerRow) int {
		return cmp.Or(cmp.Compare(b.CreatedAt, a.CreatedAt), cmp.Compare(b.Seq, a.Seq))
	})
	return rows
}

// listed is what a list should give, from all rows in order.
func listed(rows []store.CustomerRow, list store.CustomerList) []store.CustomerRow {
	var out []store.CustomerRow
	for _, row := range rows {
		if list.Status != 0 && row.Status != list.Status {
			continue
		}
		if a := list.After; a != nil &&
			cmp.Or(cmp.Compare(row.CreatedAt, a.CreatedAt), cmp.Compare(row.Seq, a.Seq)) >= 0 {
			continue
		}
		out = append(out, row)
	}
	out = out[min(max(list.Skip, 0), len(out)):]
	return out[:min(max(list.Take, 0), len(out))]
}

// listModel asks for random pages of customers with few times, so that ties are
// common, and with times that do not follow Seq.
func listModel(t *testing.T, e env) {
	rnd := rand.New(rand.NewPCG(1, 2))
	rows := make([]store.CustomerRow, 60)
	for i := range rows {
		rows[i] = newCustomer()
		rows[i].CreatedAt = now + rnd.Int64N(6)
		rows[i].Status = uint8(1 + rnd.IntN(3))
	}
	all := newestFirst(e.insert(t, rows...))
	for range 150 {
		list := store.CustomerList{
			Status: uint8(rnd.IntN(5)), // 4 is nobody's
			Skip:   rnd.IntN(2) * rnd.IntN(70),
			Take:   rnd.IntN(20) - 1,
		}
		if rnd.IntN(2) == 0 {
			at := all[rnd.IntN(len(all))]
			list.After = &page.Position{CreatedAt: at.CreatedAt, Seq: at.Seq}
		}
		got, err := e.CustomerList(e.ctx, e.app, list)
		noError(t, "CustomerList", err)
		same(t, fmt.Sprintf("CustomerList(%+v after %+v)", list, list.After), got, listed(all, list))
	}
	got, err := e.CustomerList(e.ctx, e.app, store.CustomerList{Skip: 1 << 31, Take: 100})
	if err != nil || len(got) != 0 {
		t.Errorf("CustomerList with an absurd skip = %d rows, %v, want none", len(got), err)
	}
}

// listWalk pages through customers while newer ones arrive.
func listWalk(t *testing.T, e env) {
	rows := make([]store.CustomerRow, 50)
	for i := range rows {
		rows[i] = newCustomer()
		rows[i].CreatedAt = now + int64(i/7)
	}
	all := newestFirst(e.insert(t, rows...))
	var got []store.CustomerRow
	list := store.CustomerList{Take: 7}
	for {
		rows, err := e.CustomerList(e.ctx, e.app, list)
		noError(t, "CustomerList", err)
		got = append(got, rows...)
		if len(rows) < list.Take {
			break
		}
		last := rows[len(rows)-1]
		list.After = &page.Position{CreatedAt: last.CreatedAt, Seq: last.Seq}
		newer := newCustomer()
		newer.CreatedAt = now + 1000
		e.insert(t, newer)
	}
	same(t, "the walk", got, all)
}

// scanRange has more customers than an adapter would read at once.
func scanRange(t *testing.T, e env) {
	rows := make([]store.CustomerRow, 1203)
	for i := range rows {
		rows[i] = newCustomer()
		rows[i].Sealed = secret(20)
	}
	e.mustUpdate(t, func(tx store.Tx) error {
		for i := range rows {
			seq, err := tx.CustomerInsert(rows[i])
			if err != nil {
				return err
			}
			rows[i].Seq, rows[i].Version = seq, 1
		}
		return nil
	})
	e.other(t).insert(t, newCustomer(), newCustomer())
	all := slices.SortedFunc(slices.Values(rows), bySeq)
	for _, r := range []struct{ from, to int }{{0, len(all)}, {3, 700}, {5, 6}, {7, 7}, {9, 8}} {
		var got []store.CustomerRow
		from, to := all[r.from].Seq, int64(1<<62)
		if r.to < len(all) {
			to = all[r.to].Seq
		}
		err := e.CustomerScan(e.ctx, e.app, from, to, func(row *store.CustomerRow) error {
			got = append(got, *row)
			return nil
		})
		noError(t, "CustomerScan", err)
		same(t, "CustomerScan", got, all[r.from:max(r.from, r.to)])
	}
}
