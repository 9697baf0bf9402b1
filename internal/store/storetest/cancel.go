package storetest

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"custodex.dev/internal/id"
	"custodex.dev/internal/store"
)

// things are what calls find and change.
type things struct {
	row   store.CustomerRow
	item  store.ItemRow // of that customer
	group store.GroupRow
	cred  store.CredentialRow
	job   store.JobRow
}

// calls has every method that takes a context and may be cancelled.
func calls(e env, th things) map[string]func(ctx context.Context) error {
	s, app, row, cred := e.Store, e.app, th.row, th.cred
	return map[string]func(ctx context.Context) error{
		"AppGet":          func(ctx context.Context) error { _, err := s.AppGet(ctx, app); return err },
		"AppList":         func(ctx context.Context) error { _, err := s.AppList(ctx, "", 5); return err },
		"CredentialByKey": func(ctx context.Context) error { _, err := s.CredentialByKey(ctx, app, cred.PublicKey); return err },
		"CredentialGet":   func(ctx context.Context) error { _, err := s.CredentialGet(ctx, app, cred.ID); return err },
		"CredentialList":  func(ctx context.Context) error { _, err := s.CredentialList(ctx, app); return err },
		"Head":            func(ctx context.Context) error { _, err := s.Head(ctx, app); return err },
		"CustomerGet":     func(ctx context.Context) error { _, err := s.CustomerGet(ctx, app, row.ID); return err },
		"CustomerGetByEmail": func(ctx context.Context) error {
			_, err := s.CustomerGetByEmail(ctx, app, row.EmailHash)
			return err
		},
		"CustomerGetBySeq":  func(ctx context.Context) error { _, err := s.CustomerGetBySeq(ctx, app, row.Seq); return err },
		"CustomerElsewhere": func(ctx context.Context) error { _, err := s.CustomerElsewhere(ctx, app, row.ID); return err },
		"CustomerList": func(ctx context.Context) error {
			_, err := s.CustomerList(ctx, app, store.CustomerList{Take: 5})
			return err
		},
		"CustomerBySeq": func(ctx context.Context) error { _, err := s.CustomerBySeq(ctx, app, []int64{row.Seq}); return err },
		"CustomerScan": func(ctx context.Context) error {
			return s.CustomerScan(ctx, app, 0, 1<<62, func(*store.CustomerRow) error { return nil })
		},
		"CustomerChanges": func(ctx context.Context) error {
			_, err := s.CustomerChanges(ctx, app, store.ChangePoint{}, 5)
			return err
		},
		"CustomerRange": func(ctx context.Context) error { _, err := s.CustomerRange(ctx, app); return err },
		"GroupGet":      func(ctx context.Context) error { _, err := s.GroupGet(ctx, app, th.group.Seq); return err },
		"GroupList": func(ctx context.Context) error {
			_, err := s.GroupList(ctx, app, store.GroupList{Take: 5})
			return err
		},
		"GroupCount": func(ctx context.Context) error { _, err := s.GroupCount(ctx, app, 0, 0); return err },
		"ItemGet": func(ctx context.Context) error {
			_, err := s.ItemGet(ctx, app, row.ID, th.item.Kind, th.item.ID)
			return err
		},
		"ItemList": func(ctx context.Context) error {
			_, err := s.ItemList(ctx, app, row.ID, store.ItemList{Kind: th.item.Kind, Take: 5})
			return err
		},
		"ItemCount": func(ctx context.Context) error {
			_, err := s.ItemCount(ctx, app, row.ID, th.item.Kind)
			return err
		},
		"HistoryList": func(ctx context.Context) error {
			_, err := s.HistoryList(ctx, app, row.Seq, store.HistoryList{Take: 5})
			return err
		},
		"HistoryNext": func(ctx context.Context) error { _, err := s.HistoryNext(ctx, app, row.Seq, 0); return err },
		"HistoryScan": func(ctx context.Context) error {
			_, err := s.HistoryScan(ctx, app, store.HistoryPlace{}, 5)
			return err
		},
		"IdempotencyScan": func(ctx context.Context) error { _, err := s.IdempotencyScan(ctx, app, nil, 5); return err },
		"NumbersGiven":    func(ctx context.Context) error { _, err := s.NumbersGiven(ctx, app); return err },
		"ItemScan":        func(ctx context.Context) error { _, err := s.ItemScan(ctx, app, store.ItemPlace{}, 5); return err },
		"AlarmList":       func(ctx context.Context) error { _, err := s.AlarmList(ctx, app, 5); return err },
		"BlockList":       func(ctx context.Context) error { _, err := s.BlockList(ctx, app, 0, 5); return err },
		"AuditList":       func(ctx context.Context) error { _, err := s.AuditList(ctx, app, store.AuditList{}, 5); return err },
		"AuditRange":      func(ctx context.Context) error { _, err := s.AuditRange(ctx, app, 0, 5); return err },
		"EventList":       func(ctx context.Context) error { _, err := s.EventList(ctx, app, -1, 5); return err },
		"EventPurge":      func(ctx context.Context) error { _, err := s.EventPurge(ctx, app, now+1, 5); return err },
		"TreeGet":         func(ctx context.Context) error { _, err := s.TreeGet(ctx, app); return err },
		"TileGet":         func(ctx context.Context) error { _, err := s.TileGet(ctx, app, []store.TileID{{}}); return err },
		"EpochList":       func(ctx context.Context) error { _, err := s.EpochList(ctx); return err },
		"EpochInsert": func(ctx context.Context) error {
			return s.EpochInsert(ctx, store.EpochRow{Epoch: 1, Wrapped: []byte{1}, State: store.EpochActive})
		},
		"WrapKeyList": func(ctx context.Context) error { _, err := s.WrapKeyList(ctx, app); return err },
		"Ping":        func(ctx context.Context) error { return s.Ping(ctx) },
		"Time":        func(ctx context.Context) error { _, err := s.Time(ctx); return err },
		"JobApps":     func(ctx context.Context) error { _, err := s.JobApps(ctx, 5); return err },
		"JobGet":      func(ctx context.Context) error { _, err := s.JobGet(ctx, app, th.job.ID); return err },
		"JobList":     func(ctx context.Context) error { _, err := s.JobList(ctx, app, 5); return err },

		"Update": func(ctx context.Context) error {
			return s.Update(ctx, app, func(tx store.Tx) error { tx.AuditAppend(newEntry()); return nil })
		},
		"Record": func(ctx context.Context) error { return s.Record(ctx, app, newEntry()) },
		"Disclose": func(ctx context.Context) error {
			return s.Disclose(ctx, app, byID(row), func(*store.CustomerRow) (store.AuditRow, error) { return newEntry(), nil })
		},
		"RateTake": func(ctx context.Context) error {
			_, err := s.RateTake(ctx, app, store.RateTake{Credential: cred.ID, Window: window, Want: 1, Limit: 10})
			return err
		},
		"CredentialTouch": func(ctx context.Context) error {
			return s.CredentialTouch(ctx, app, map[id.Credential]int64{cred.ID: now})
		},
		"IdempotencyPurge": func(ctx context.Context) error { _, err := s.IdempotencyPurge(ctx, app, 5); return err },
		"BlockPut":         func(ctx context.Context) error { return s.BlockPut(ctx, app, block(0, secret(9))) },
		"TreePut": func(ctx context.Context) error {
			return s.TreePut(ctx, app, 1, store.TreeRow{Size: 9, Checkpoint: []byte("nine")}, nil)
		},
	}
}

// arranged gives calls something to find and to change.
func arranged(t *testing.T, e env) things {
	t.Helper()
	th := things{row: e.insert(t, newCustomer())[0], cred: e.addCredential(t, newCredential())}
	th.item = e.addItem(t, th.row.ID, newItem(store.Transaction))
	e.appendHistory(t, newHistory(th.row, 1))
	th.group = e.addGroup(t, newGroup())
	th.job = e.addJob(t, newJob(now))
	noError(t, "TreePut", e.TreePut(e.ctx, e.app, 0, store.TreeRow{Size: 1, Checkpoint: []byte("one")},
		[]store.TileRow{tile(0, 0, 1)}))
	noError(t, "IdempotencyPut", e.putKey(newKey(), expired))
	return th
}

func testCancel(t *testing.T, s store.Store) {
	t.Run("CancelledContext", func(t *testing.T) {
		t.Parallel()
		t.Run("FailsEveryMethodAndLeavesNothing", func(t *testing.T) { cancelledLeavesNothing(t, newEnv(t, s)) })
		t.Run("WhileWaitingItFailsOrIsAppliedAsAWhole", func(t *testing.T) { cancelledMeanwhile(t, newEnv(t, s)) })
	})
	t.Run("EveryMethodIsCalled", func(t *testing.T) {
		known := calls(env{}, things{})
		methods := reflect.TypeFor[store.Store]()
		for i := range methods.NumMethod() {
			name := methods.Method(i).Name
			if known[name] == nil && name != "Failed" && name != "Close" {
				t.Errorf("cancel.go does not call %s", name)
			}
		}
	})
}

func cancelledLeavesNothing(t *testing.T, e env) {
	th := arranged(t, e)
	cred := th.cred
	ctx, cancel := context.WithCancel(e.ctx)
	cancel()
	for name, call := range calls(e, th) {
		if err := call(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%s with a cancelled context = %v, want %v", name, err, context.Canceled)
		}
	}
	same(t, "Head", e.mustHead(t), store.Head{Version: 1, Customers: 1})
	same(t, "the credential", e.mustCredential(t, cred.ID), cred)
	tree, err := e.TreeGet(e.ctx, e.app)
	noError(t, "TreeGet", err)
	same(t, "TreeGet", tree, store.TreeRow{Size: 1, Checkpoint: []byte("one")})
	e.take(t, store.RateTake{Credential: cred.ID, Window: window, Want: 1, Limit: 1}, store.RateGrant{Granted: 1, Taken: 1})
	if n, err := e.IdempotencyPurge(e.ctx, e.app, 5); n != 1 || err != nil {
		t.Errorf("IdempotencyPurge = %d, %v, want the one expired key", n, err)
	}
	// The same calls work without the cancellation, so it was that.
	for name, call := range calls(e, th) {
		if err := call(e.ctx); err != nil {
			t.Errorf("%s = %v, want nil", name, err)
		}
	}
}

// cancelledMeanwhile cancels at random moments: nil means applied, whatever else
// means applied as a whole or not at all.
func cancelledMeanwhile(t *testing.T, e env) {
	const workers, rounds = 16, 10
	acknowledged := make([]int, workers)
	race(workers, func(i int) error {
		for n := range rounds {
			ctx, cancel := context.WithCancel(e.ctx)
			if n%2 == 0 {
				go cancel()
			}
			err := e.Update(ctx, e.app, func(tx store.Tx) error {
				_, err := tx.CustomerInsert(newCustomer())
				tx.AuditAppend(newEntry())
				return err
			})
			cancel()
			switch {
			case err == nil:
				acknowledged[i]++
			case !errors.Is(err, context.Canceled):
				t.Errorf("Update = %v, want nil or %v", err, context.Canceled)
			}
		}
		return nil
	})
	sum := 0
	for _, n := range acknowledged {
		sum += n
	}
	r, err := e.CustomerRange(e.ctx, e.app)
	noError(t, "CustomerRange", err)
	checkLog(t, e, int(r.Count))
	if int(r.Count) < sum {
		t.Errorf("%d customers are there of %d acknowledged", r.Count, sum)
	}
}
