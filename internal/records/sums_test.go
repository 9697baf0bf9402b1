package records_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"custodex.dev/internal/id"
	"custodex.dev/internal/rowsum"
	"custodex.dev/internal/sequencer"
	"custodex.dev/internal/store"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/testkit"
)

// stored gives the checksum of each row of an application, as it is in the store, by its name.
func (e *testEnv) stored(t *testing.T, app id.App) map[string]string {
	t.Helper()
	sums := map[string]string{}
	if app == "" {
		return sums // not made yet
	}
	ctx, key := t.Context(), e.appKey(t, app)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	row, err := e.store.AppGet(ctx, app)
	must(err)
	sums["application"] = string(rowsum.App(key, &row))
	credentials, err := e.store.CredentialList(ctx, app)
	must(err)
	for i := range credentials {
		sums[string(credentials[i].ID)] = string(rowsum.Credential(key, &credentials[i]))
	}
	groups, err := e.store.GroupList(ctx, app, store.GroupList{Take: 1000})
	must(err)
	for i := range groups {
		sums[fmt.Sprint("group ", groups[i].Seq)] = string(rowsum.Group(key, &groups[i]))
	}
	must(e.store.CustomerScan(ctx, app, 0, 1<<60, func(c *store.CustomerRow) error {
		sums[c.ID.String()] = string(rowsum.Customer(key, c))
		for _, kind := range []store.ItemKind{store.Transaction, store.LiquidationAddress} {
			items, err := e.store.ItemList(ctx, app, c.ID, store.ItemList{Kind: kind, Take: 1000})
			must(err)
			for i := range items {
				sums["item "+items[i].ID.String()] = string(rowsum.Item(key, c.ID, &items[i]))
			}
		}
		return nil
	}))
	return sums
}

// The newest entry of a use case has the checksums of exactly the rows that it wrote, as they are in
// the store; those of its targets stand in their places. No use case can forget it.
func TestSumsAreThoseOfTheRows(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			env := newEnvOn(t, testkit.NewStore(t, engine))
			calls := succeeding(t, env)
			calls["SetKYC of what is set"] = calls["SetKYC"]
			calls["CreateCustomer again"] = useCase{env.app.ID, func() ([]any, error) {
				r, err := env.create(t, env.me, person("Twice", "Made", ""), "key")
				return []any{r}, err
			}}
			calls["CreateCustomer replayed"] = calls["CreateCustomer again"]
			changed := 0
			for _, name := range slices.Sorted(maps.Keys(calls)) {
				u := calls[name]
				before := env.stored(t, u.app)
				got, err := u.call()
				if err != nil {
					t.Errorf("%s = %v", name, err)
					continue
				}
				app := u.app
				if app == "" {
					app = got[0].(tenant.Application).ID
				}
				changed += env.checkSums(t, name, app, before)
			}
			if changed < 15 {
				t.Errorf("only %d rows were changed", changed)
			}
		})
	}
}

// checkSums compares the newest entry with the rows that are not as before, and gives their number.
func (e *testEnv) checkSums(t *testing.T, name string, app id.App, before map[string]string) int {
	t.Helper()
	row := e.lastEntry(t, app)
	entry, intact := sequencer.ReadRow(app, e.appKey(t, app), &row)
	if !intact {
		t.Errorf("%s left an entry that is not intact", name)
	}
	want := map[string]string{}
	for row, sum := range e.stored(t, app) {
		if before[row] != sum {
			want[row] = sum
		}
	}
	n := len(want)
	for i, sum := range entry.Sums {
		switch {
		case i < len(entry.Targets):
			target := entry.Targets[i].String()
			if string(sum) != want[target] {
				t.Errorf("%s has another checksum of customer %s than the store", name, target)
			}
			delete(want, target)
		default:
			found := false
			for row, stored := range want {
				if found = stored == string(sum); found {
					delete(want, row)
					break
				}
			}
			if !found {
				t.Errorf("%s has a checksum of no row that it wrote", name)
			}
		}
	}
	if len(want) > 0 {
		t.Errorf("%s lacks the checksums of %v", name, slices.Sorted(maps.Keys(want)))
	}
	return n
}
