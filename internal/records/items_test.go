package records_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
)

// newest gives the newest entry of the application as action, outcome, code, and
// "+" if it names the customer.
func (e *testEnv) newest(t *testing.T, app id.App, c id.Customer) string {
	t.Helper()
	views, err := e.ListAudit(t.Context(), e.operator(app), records.AuditFilter{Limit: 1})
	if err != nil || len(views) != 1 {
		t.Fatalf("newest entry: %v, %d of them", err, len(views))
	}
	s := fmt.Sprintf("%s %s", views[0].Action, views[0].Outcome)
	if views[0].Code != "" {
		s += " " + views[0].Code
	}
	if slices.Contains(views[0].Targets, c) {
		s += " +"
	}
	return s
}

// absent is a customer that no application has.
var absent = id.Customer{1}

func payment(amount, at string) customer.TransactionInput {
	in := customer.TransactionInput{Amount: text(amount), Currency: text("usd"), Reference: text("order 7")}
	if at != "" {
		in.At = text(at)
	}
	return in
}

func showAmount(t *customer.Transaction) []byte {
	return []byte(t.ID.String() + " " + t.Amount.Number())
}

func (e *testEnv) pay(t *testing.T, caller tenant.Caller, c id.Customer, in customer.TransactionInput, key string) (records.Reply, error) {
	t.Helper()
	return e.RecordTransaction(t.Context(), caller, c, in, key, showAmount)
}

func TestRecordTransaction(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	env := newEnv(t, func(c *records.Config) { c.Now = func() time.Time { return now } })
	c := env.mustCreate(t, env.me, person("A", "B", ""))
	shows := func(amount, at string) {
		t.Helper()
		got, err := env.FetchCustomer(t.Context(), env.me, records.ByID(c))
		if err != nil {
			t.Fatal(err)
		}
		if got.LastSpent.Number() != amount || got.LastPurchase.Format(time.RFC3339) != at {
			t.Errorf("the customer shows %s at %s, want %s at %s", got.LastSpent.Number(), got.LastPurchase.Format(time.RFC3339), amount, at)
		}
	}
	for _, step := range []struct{ amount, at, shows, when string }{
		{"250.75", "", "250.75", "2026-01-02T03:04:05Z"},
		{"1", "2026-01-02T03:04:04.999Z", "250.75", "2026-01-02T03:04:05Z"},                                                           // earlier
		{"123456789012345678901234567890.1", "2026-01-02T04:04:05+01:00", "123456789012345678901234567890.1", "2026-01-02T03:04:05Z"}, // the same time, later
		{"0.30000000000000004", "2027-01-01T00:00:00Z", "0.30000000000000004", "2027-01-01T00:00:00Z"},
		{"1e15", "", "0.30000000000000004", "2027-01-01T00:00:00Z"},
	} {
		if _, err := env.pay(t, env.me, c, payment(step.amount, step.at), ""); err != nil {
			t.Fatal(err)
		}
		if got := env.newest(t, env.app.ID, c); got != "transaction.create done +" {
			t.Errorf("the entry is %q", got)
		}
		shows(step.shows, step.when)
	}
	found, err := env.ListTransactions(t.Context(), env.me, c, records.PageRequest{Skip: 1, Take: 10})
	if err != nil {
		t.Fatal(err)
	}
	var amounts []string
	for _, x := range found.List {
		amounts = append(amounts, x.Amount.Number())
		if x.Reference != "order 7" || x.Currency != "USD" || !x.CreatedAt.Equal(now) {
			t.Errorf("a transaction comes back changed: %s %v", x.Currency, x.CreatedAt)
		}
	}
	if len(amounts) != 4 || amounts[3] != "1" || !slices.Contains(amounts, "1000000000000000") {
		t.Errorf("the list without its newest is %v", amounts)
	}
	if got := env.newest(t, env.app.ID, c); got != "transaction.list done +" {
		t.Errorf("the list's entry is %q", got)
	}
}

func TestRecordTransactionRefused(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	c := env.mustCreate(t, env.me, person("A", "B", ""))
	_, other := env.newApp(t, "Other")
	before := env.entries(t, env.app.ID)
	// Case 1: invalid, which leaves nothing.
	if _, err := env.pay(t, env.me, c, customer.TransactionInput{Amount: text("-1")}, "k"); !errors.Is(err, fault.Invalid) {
		t.Errorf("an invalid transaction = %v", err)
	}
	if env.entries(t, env.app.ID) != before {
		t.Error("an invalid transaction left an entry")
	}
	// Case 2: nobody's customer, and somebody else's.
	for _, tt := range []struct {
		caller tenant.Caller
		target id.Customer
		kind   fault.Kind
		entry  string
	}{
		{env.me, absent, fault.NotFound, "refused customer_not_found +"},
		{other, c, fault.Forbidden, "denied other_application +"},
	} {
		if _, err := env.pay(t, tt.caller, tt.target, payment("1", ""), ""); !errors.Is(err, tt.kind) {
			t.Errorf("RecordTransaction = %v, want %v", err, tt.kind)
		}
		if got := env.newest(t, tt.caller.App, tt.target); got != "transaction.create "+tt.entry {
			t.Errorf("its entry is %q", got)
		}
		if _, err := env.ListTransactions(t.Context(), tt.caller, tt.target, records.PageRequest{Take: 1}); !errors.Is(err, tt.kind) {
			t.Errorf("ListTransactions = %v, want %v", err, tt.kind)
		}
		if got := env.newest(t, tt.caller.App, tt.target); got != "transaction.list "+tt.entry {
			t.Errorf("its entry is %q", got)
		}
	}
	if found, err := env.ListTransactions(t.Context(), env.me, c, records.PageRequest{Take: 10}); err != nil || len(found.List) != 0 {
		t.Errorf("after refusals only there are %d transactions (%v)", len(found.List), err)
	}
}

func TestIdempotentTransaction(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	c := env.mustCreate(t, env.me, person("A", "B", ""))
	first, err := env.pay(t, env.me, c, payment("10.50", ""), "k")
	if err != nil {
		t.Fatal(err)
	}
	again, err := env.pay(t, env.me, c, payment("1050e-2", ""), "k")
	if err != nil || !again.Replayed || !bytes.Equal(again.Body, first.Body) {
		t.Errorf("the retry = %v, replayed %v", err, again.Replayed)
	}
	if got := env.newest(t, env.app.ID, c); got != "transaction.create done replayed +" {
		t.Errorf("the replay's entry is %q", got)
	}
	if _, err := env.pay(t, env.me, c, payment("10.51", ""), "k"); fault.Of(err).Code != records.ErrKeyReused.Code {
		t.Errorf("another amount under the key = %v", err)
	}
	if found, err := env.ListTransactions(t.Context(), env.me, c, records.PageRequest{Take: 10}); err != nil || len(found.List) != 1 {
		t.Errorf("three requests made %d transactions, want 1 (%v)", len(found.List), err)
	}
	if err := env.DeleteCustomer(t.Context(), env.me, records.ByID(c)); err != nil {
		t.Fatal(err)
	}
	if r, err := env.pay(t, env.me, c, payment("10.50", ""), "k"); !errors.Is(err, fault.NotFound) || len(r.Body) > 0 {
		t.Errorf("a replay after the deletion = %v with %d bytes, want not found", err, len(r.Body))
	}
}

// Of any number of purchases at once the newest is what remains.
func TestParallelTransactions(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	c := env.mustCreate(t, env.me, person("A", "B", ""))
	const n = 100
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			at := time.Date(2026, 1, 1, 0, (i*37)%n, 0, 0, time.UTC)
			if _, err := env.pay(t, env.me, c, payment(fmt.Sprint((i*37)%n), at.Format(time.RFC3339)), ""); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	got, err := env.FetchCustomer(t.Context(), env.me, records.ByID(c))
	if err != nil || got.LastSpent.Number() != fmt.Sprint(n-1) {
		t.Errorf("the customer shows %s, want %d (%v)", got.LastSpent.Number(), n-1, err)
	}
	if found, err := env.ListTransactions(t.Context(), env.me, c, records.PageRequest{Take: 2 * n}); err != nil || len(found.List) != n {
		t.Errorf("%d transactions are kept, want %d (%v)", len(found.List), n, err)
	}
}

const canary = "0xCA11AB1eca11ab1eCa11ab1EcA11Ab1ecA11aB1e"

func payout() customer.LiquidationInput {
	return customer.LiquidationInput{
		Chain: text("base"), Currency: text("usdc"), ChainAddress: text(canary), ExternalAccount: text("canary-account"), Memo: text("canary-memo"),
	}
}

func showAddress(l *customer.LiquidationAddress) []byte {
	return []byte(l.ID.String() + l.Address.Reveal())
}

func TestLiquidationAddresses(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var ticks atomic.Int64 // background work asks for the time too
	env := newEnv(t, func(c *records.Config) {
		c.Now = func() time.Time { return now.Add(time.Duration(ticks.Add(1)) * time.Millisecond) }
	})
	c, neighbour := env.mustCreate(t, env.me, person("A", "B", "")), env.mustCreate(t, env.me, person("C", "D", ""))
	create := func(caller tenant.Caller, target id.Customer, in customer.LiquidationInput, key string) (records.Reply, error) {
		return env.CreateLiquidationAddress(t.Context(), caller, target, in, key, showAddress)
	}
	first, err := create(env.me, c, payout(), "k")
	if err != nil {
		t.Fatal(err)
	}
	if got := env.newest(t, env.app.ID, c); got != "liquidation_address.create done +" {
		t.Errorf("the create's entry is %q", got)
	}
	// Case 1: a retry, and another request under its key.
	if again, err := create(env.me, c, payout(), "k"); err != nil || !again.Replayed || !bytes.Equal(again.Body, first.Body) {
		t.Errorf("the retry = %v, replayed %v", err, again.Replayed)
	}
	changed := payout()
	changed.Memo = text("another") // is never shown
	if _, err := create(env.me, c, changed, "k"); fault.Of(err).Code != records.ErrKeyReused.Code {
		t.Errorf("another memo under the key = %v", err)
	}
	// Case 2: the list, newest first, and one of it.
	if _, err := create(env.me, c, changed, ""); err != nil {
		t.Fatal(err)
	}
	found, err := env.ListLiquidationAddresses(t.Context(), env.me, c, records.PageRequest{Take: 10})
	list := found.List
	if err != nil || len(list) != 2 || list[0].Memo != "another" || list[1].Memo != "canary-memo" || list[1].Customer != c {
		t.Fatalf("the list is %d long (%v)", len(list), err)
	}
	if got := env.newest(t, env.app.ID, c); got != "liquidation_address.list done +" {
		t.Errorf("the list's entry is %q", got)
	}
	one, err := env.FetchLiquidationAddress(t.Context(), env.me, c, list[1].ID)
	if err != nil || one != list[1] {
		t.Errorf("FetchLiquidationAddress = another address (%v)", err)
	}
	if got := env.newest(t, env.app.ID, c); got != "liquidation_address.fetch done +" {
		t.Errorf("the fetch's entry is %q", got)
	}
	// Case 3: at rest nothing of it can be read.
	rows, err := env.store.ItemList(t.Context(), env.app.ID, c, store.ItemList{Kind: store.LiquidationAddress, Take: 10})
	if err != nil || len(rows) != 2 {
		t.Fatal(err, len(rows))
	}
	for _, row := range rows {
		if bytes.Contains(bytes.ToLower(row.Sealed), []byte("ca11ab1e")) || bytes.Contains(row.Sealed, []byte("canary")) {
			t.Error("an address is stored in the clear")
		}
	}
	// Case 4: invalid, which leaves nothing.
	before := env.entries(t, env.app.ID)
	if _, err := create(env.me, c, customer.LiquidationInput{}, ""); !errors.Is(err, fault.Invalid) {
		t.Errorf("an empty request = %v", err)
	}
	if env.entries(t, env.app.ID) != before {
		t.Error("an invalid request left an entry")
	}
	// Case 5: what is not there, and what is another's.
	if _, err := env.FetchLiquidationAddress(t.Context(), env.me, neighbour, list[1].ID); !errors.Is(err, records.ErrNoAddress) {
		t.Errorf("the address through another customer = %v, want %v", err, records.ErrNoAddress)
	}
	if got := env.newest(t, env.app.ID, neighbour); got != "liquidation_address.fetch refused liquidation_address_not_found +" {
		t.Errorf("its entry is %q", got)
	}
	_, other := env.newApp(t, "Other")
	for _, tt := range []struct {
		caller tenant.Caller
		target id.Customer
		kind   fault.Kind
		entry  string
	}{
		{env.me, absent, fault.NotFound, "refused customer_not_found +"},
		{env.me, id.Customer{}, fault.NotFound, "refused customer_not_found"},
		{other, c, fault.Forbidden, "denied other_application +"},
	} {
		for name, do := range map[string]func() error{
			"create": func() error { _, err := create(tt.caller, tt.target, payout(), ""); return err },
			"list": func() error {
				_, err := env.ListLiquidationAddresses(t.Context(), tt.caller, tt.target, records.PageRequest{Take: 10})
				return err
			},
			"fetch": func() error {
				_, err := env.FetchLiquidationAddress(t.Context(), tt.caller, tt.target, list[1].ID)
				return err
			},
		} {
			if err := do(); !errors.Is(err, tt.kind) {
				t.Errorf("%s = %v, want %v", name, err, tt.kind)
			}
			if got := env.newest(t, tt.caller.App, tt.target); got != "liquidation_address."+name+" "+tt.entry {
				t.Errorf("its entry is %q", got)
			}
		}
	}
	// Case 6: with the customer the addresses go, and answers about them.
	if err := env.DeleteCustomer(t.Context(), env.me, records.ByID(c)); err != nil {
		t.Fatal(err)
	}
	if _, err := env.FetchLiquidationAddress(t.Context(), env.me, c, list[1].ID); !errors.Is(err, fault.NotFound) || errors.Is(err, records.ErrNoAddress) {
		t.Errorf("an address of a deleted customer = %v", err)
	}
	if _, err := create(env.me, c, payout(), "k"); !errors.Is(err, fault.NotFound) {
		t.Errorf("a replay after the deletion = %v", err)
	}
	if rows, err := env.store.ItemList(t.Context(), env.app.ID, c, store.ItemList{Kind: store.LiquidationAddress, Take: 10}); err != nil || len(rows) != 0 {
		t.Errorf("%d addresses outlive their customer (%v)", len(rows), err)
	}
}

// A row that was moved to another customer, or changed, does not open.
func TestLiquidationAddressIsBound(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	c := env.mustCreate(t, env.me, person("A", "B", ""))
	for range 2 {
		if _, err := env.CreateLiquidationAddress(t.Context(), env.me, c, payout(), "", showAddress); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := env.store.ItemList(t.Context(), env.app.ID, c, store.ItemList{Kind: store.LiquidationAddress, Take: 10})
	if err != nil {
		t.Fatal(err)
	}
	forged := rows[0]
	forged.ID = id.NewItem()
	err = env.store.Update(t.Context(), env.app.ID, func(tx store.Tx) error { return tx.ItemInsert(c, forged) })
	if err != nil {
		t.Fatal(err)
	}
	_, err = env.FetchLiquidationAddress(t.Context(), env.me, c, forged.ID)
	if err == nil || fault.KindOf(err) != fault.Internal || strings.Contains(err.Error(), "canary") {
		t.Errorf("a forged address = %v, want an internal fault", err)
	}
	found, err := env.ListLiquidationAddresses(t.Context(), env.me, c, records.PageRequest{Take: 10})
	if diff := cmp.Diff(0, len(found.List)); err == nil || diff != "" {
		t.Errorf("a list with a forged address = %v, %s", err, diff)
	}
}
