package records_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/customerrow"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/history"
	"custodex.dev/internal/id"
	"custodex.dev/internal/keyring"
	"custodex.dev/internal/records"
	"custodex.dev/internal/redact"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
)

// rowsOf gives every customer of the application as stored.
func (e *testEnv) rowsOf(t *testing.T, app id.App) map[int64]store.CustomerRow {
	t.Helper()
	rows := make(map[int64]store.CustomerRow)
	err := e.store.CustomerScan(t.Context(), app, 0, 1<<62, func(row *store.CustomerRow) error {
		kept := *row
		kept.Sealed, kept.Key, kept.EmailHash = bytes.Clone(row.Sealed), bytes.Clone(row.Key), bytes.Clone(row.EmailHash)
		rows[row.Seq] = kept
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// appKey opens the application's key as the service does.
func (e *testEnv) appKey(t *testing.T, app id.App) *seal.App {
	t.Helper()
	key, err := keyring.New(e.store, e.keys, time.Now).Key(t.Context(), app)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// states gives a customer's states that have ended as the row tells to decrypt them, newest first.
func (e *testEnv) states(t *testing.T, app id.App, row *store.CustomerRow) []history.State {
	t.Helper()
	key := e.appKey(t, app)
	_, own, err := customerrow.Decrypt(key, row)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := e.store.HistoryList(t.Context(), app, row.Seq, store.HistoryList{Take: 1000})
	if err != nil {
		t.Fatal(err)
	}
	states := make([]history.State, len(rows))
	for i := range rows {
		if states[i], err = history.Open(own, row, &rows[i]); err != nil {
			t.Fatal(err)
		}
	}
	return states
}

var stateless = cmp.Options{cmpopts.IgnoreUnexported(customer.Personal{}, customer.Customer{})}

// Whatever a use case changes of a customer, the state before is kept, in the same transaction and
// once. A use case that changes none keeps none.
func TestEveryChangeOfACustomerKeepsTheStateBefore(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			env := newEnvOn(t, testkit.NewStore(t, engine))
			calls := succeeding(t, env)
			changing := 0
			useCases(t, env.Service, func(name string, _ func(context.Context, tenant.Caller) error) {
				before := env.rowsOf(t, env.app.ID)
				past := make(map[int64]int)
				for seq, row := range before {
					past[seq] = len(env.states(t, env.app.ID, &row))
				}
				if _, err := calls[name].call(); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				for seq, is := range env.rowsOf(t, env.app.ID) {
					was, known := before[seq]
					states := env.states(t, env.app.ID, &is)
					if !known || bytes.Equal(was.Sealed, is.Sealed) && was.Group == is.Group && was.Status == is.Status && was.Type == is.Type {
						if len(states) != past[seq] {
							t.Errorf("%s changed nothing of customer %d and kept %d states", name, seq, len(states)-past[seq])
						}
						continue
					}
					changing++
					if len(states) != past[seq]+1 {
						t.Fatalf("%s kept %d states of customer %d, want 1", name, len(states)-past[seq], seq)
					}
					want, _, err := customerrow.Decrypt(env.appKey(t, env.app.ID), &was)
					if err != nil {
						t.Fatal(err)
					}
					got := states[0]
					if diff := cmp.Diff(want, got.Customer, stateless); diff != "" || got.From != history.LinkTo(&was) || got.To != history.LinkTo(&is) || got.Version != is.Version {
						t.Errorf("%s kept another state (-want +got):\n%s", name, diff)
					}
					if got.Change.Actor == "" || got.Change.Request == "" || got.Change.Action == "" || len(got.Change.Fields) == 0 {
						t.Errorf("%s kept %+v of the change", name, got.Change)
					}
				}
			})
			if changing < 4 {
				t.Errorf("only %d use cases changed a customer", changing)
			}
		})
	}
}

// A change to what a customer is already keeps nothing, and neither does a replay or a refusal.
func TestNoChangeKeepsNoState(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	c := env.mustCreate(t, env.me, person("Ada", "Lovelace", "ada@example.com"))
	env.mustCreate(t, env.me, person("Eve", "Adams", "eve@example.com"))
	update := func(in customer.Input, key string) error {
		_, err := env.UpdateCustomer(t.Context(), env.me, records.ByID(c), records.Write{Input: in, IdempotencyKey: key, Encode: encode})
		return err
	}
	for range 3 {
		if err := update(person("Ada", "King", ""), "once"); err != nil {
			t.Fatal(err)
		}
	}
	if err := update(person("Ada", "King", ""), ""); err != nil {
		t.Fatal(err)
	}
	if err := update(customer.Input{Email: text("eve@example.com")}, ""); err == nil {
		t.Fatal("an address was given twice")
	}
	for range 2 { // of one time and amount: the second changes nothing of the customer
		if _, err := env.pay(t, env.me, c, payment("7.5", "2026-01-02T03:04:05Z"), ""); err != nil {
			t.Fatal(err)
		}
	}
	row, err := env.store.CustomerGet(t.Context(), env.app.ID, c)
	if err != nil {
		t.Fatal(err)
	}
	var fields [][]string
	for _, s := range env.states(t, env.app.ID, &row) {
		fields = append(fields, s.Change.Fields)
	}
	if diff := cmp.Diff([][]string{{"last_spent", "last_purchase"}, {"family_name"}}, fields); diff != "" {
		t.Errorf("changed fields, newest first (-want +got):\n%s", diff)
	}
	if err := env.DeleteCustomer(t.Context(), env.me, records.ByID(c)); err != nil {
		t.Fatal(err)
	}
	if left, err := env.store.HistoryList(t.Context(), env.app.ID, row.Seq, store.HistoryList{Take: 9}); err != nil || len(left) != 0 {
		t.Errorf("%d states are left of a deleted customer, %v", len(left), err)
	}
}

// asOf fetches a customer as it was.
func (e *testEnv) asOf(t *testing.T, c id.Customer, at time.Time) (customer.Customer, error) {
	t.Helper()
	return e.FetchCustomer(t.Context(), e.me, records.ByID(c).AsOf(at))
}

// span is a state of a customer and when it began.
type span struct {
	from time.Time
	is   customer.Customer
}

// A time machine: after random changes through every use case, by a clock that also stands still and goes
// back, the customer as of any millisecond is what a model says.
func TestTimeMachineEqualsModel(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			rnd := rand.New(rand.NewPCG(11, uint64(len(engine))))
			began := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
			var ahead atomic.Int64 // nanoseconds; background work reads the clock too
			now := func() time.Time { return began.Add(time.Duration(ahead.Load())) }
			env := newEnvOn(t, testkit.NewStore(t, engine), func(c *records.Config) { c.Now = now })
			group := env.mustGroup(t, env.me, "Gold")
			var ids []id.Customer
			models := make(map[id.Customer][]span)
			for i := range 3 {
				c := env.mustCreate(t, env.me, person("Ada", fmt.Sprint(i), fmt.Sprintf("a%d@x.example", i)))
				ids = append(ids, c)
				models[c] = []span{{now(), *env.mustFetch(t, c)}}
			}
			for range 90 {
				ahead.Add(int64(time.Duration(rnd.IntN(6)-1) * time.Millisecond))
				c := ids[rnd.IntN(len(ids))]
				env.changeSomehow(t, rnd, c, group)
				is, last := *env.mustFetch(t, c), models[c][len(models[c])-1]
				if is.Revision == last.is.Revision {
					continue
				}
				newest, err := env.ListHistory(t.Context(), env.me, records.ByID(c), records.PageRequest{Take: 1})
				if err != nil || len(newest.List) != 1 || !newest.List[0].Until.After(last.from) && len(models[c]) > 1 {
					t.Fatalf("the newest state: %v, %v, after %v", newest.List, err, last.from)
				}
				models[c] = append(models[c], span{newest.List[0].Until, is})
			}
			for _, c := range ids {
				env.compareTimes(t, c, models[c])
			}
		})
	}
}

// changeSomehow makes one change of a customer, or one that changes nothing.
func (e *testEnv) changeSomehow(t *testing.T, rnd *rand.Rand, c id.Customer, group int64) {
	t.Helper()
	var err error
	switch rnd.IntN(6) {
	case 0:
		_, err = e.pay(t, e.me, c, payment(strconv.Itoa(rnd.IntN(3)), ""), "")
	case 1:
		_, err = e.SetKYC(t.Context(), e.operator(e.app.ID), records.ByID(c), customer.KYC{Status: customer.KYCRejected, Reason: redact.Personal(strconv.Itoa(rnd.IntN(3)))})
	case 2:
		_, err = e.SubmitKYC(t.Context(), e.me, records.ByID(c), records.Submission{Side: customer.IndividualSide, Encode: encode})
	default:
		in := customer.Input{Given: text(fmt.Sprint("Ada ", rnd.IntN(3)))}
		if rnd.IntN(2) == 0 {
			in = customer.Input{Group: customer.ShownNumber(group * int64(rnd.IntN(2))), Phone: text(fmt.Sprintf("+4420794%05d", rnd.IntN(4)))}
		}
		_, err = e.UpdateCustomer(t.Context(), e.me, records.ByID(c), records.Write{Input: in, Encode: encode})
	}
	if err != nil {
		t.Fatalf("%v: %+v", err, fault.Of(err).Fields)
	}
}

// compareTimes asks for the customer at each millisecond from before its creation until after its last
// change, and for the pages of its history.
func (e *testEnv) compareTimes(t *testing.T, c id.Customer, model []span) {
	t.Helper()
	born, last := model[0].is.CreatedAt, model[len(model)-1].from
	i := 0
	for at := born.Add(-2 * time.Millisecond); !at.After(last.Add(2 * time.Millisecond)); at = at.Add(time.Millisecond) {
		got, err := e.asOf(t, c, at)
		if at.Before(born) {
			if !errors.Is(err, fault.NotFound) {
				t.Errorf("as of before the creation: %v, %v", got, err)
			}
			continue
		}
		for i+1 < len(model) && !at.Before(model[i+1].from) {
			i++
		}
		want := model[i].is
		want.Revision = customer.Revision{}
		if diff := cmp.Diff(want, got, stateless); diff != "" || err != nil {
			t.Fatalf("as of %v: %v (-want +got):\n%s", at, err, diff)
		}
	}
	var past []history.State
	for page := (records.PageRequest{Take: 4}); ; {
		found, err := e.ListHistory(t.Context(), e.me, records.ByID(c), page)
		if err != nil {
			t.Fatal(err)
		}
		past = append(past, found.List...)
		if page.Cursor = found.Next; page.Cursor == "" {
			break
		}
	}
	if len(past) != len(model)-1 {
		t.Fatalf("%d states have ended, want %d", len(past), len(model)-1)
	}
	for j, s := range past {
		want := model[len(past)-1-j]
		want.is.Revision = customer.Revision{}
		if diff := cmp.Diff(want.is, s.Customer, stateless); diff != "" || j < len(past)-1 && !s.Since.Equal(want.from) {
			t.Errorf("state %d since %v, want %v (-want +got):\n%s", j, s.Since, want.from, diff)
		}
	}
}

// Changes that race leave a complete history, in the order of the changes.
func TestHistoryOfRacingChanges(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			env := newEnvOn(t, testkit.NewStore(t, engine))
			c := env.mustCreate(t, env.me, person("Ada", "Lovelace", ""))
			const writers, each = 6, 8
			var group sync.WaitGroup
			failed := make([]error, writers)
			for w := range writers {
				group.Go(func() {
					for i := range each {
						_, err := env.UpdateCustomer(t.Context(), env.me, records.ByID(c), records.Write{
							Input: customer.Input{Given: text(fmt.Sprint("Ada ", w, " ", i))}, Encode: encode})
						// A reader never finds two states that do not meet.
						_, reading := env.ListHistory(t.Context(), env.me, records.ByID(c), records.PageRequest{Take: 5})
						failed[w] = errors.Join(failed[w], err, reading)
					}
				})
			}
			group.Wait()
			if err := errors.Join(failed...); err != nil {
				t.Fatal(err)
			}
			found, err := env.ListHistory(t.Context(), env.me, records.ByID(c), records.PageRequest{Take: 100})
			if err != nil || len(found.List) != writers*each {
				t.Fatalf("%d states, %v, want %d", len(found.List), err, writers*each)
			}
			next := make(map[string]int)
			for i := len(found.List) - 2; i >= 0; i-- { // the oldest is Ada
				var w, n int
				if _, err := fmt.Sscanf(found.List[i].Customer.Given.Reveal(), "Ada %d %d", &w, &n); err != nil || n != next[fmt.Sprint(w)] {
					t.Fatalf("state %d is %q, want number %d of its writer", i, found.List[i].Customer.Given.Reveal(), next[fmt.Sprint(w)])
				}
				next[fmt.Sprint(w)]++
			}
		})
	}
}
