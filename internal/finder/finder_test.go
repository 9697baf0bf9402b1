package finder_test

import (
	"cmp"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/customerrow"
	"custodex.dev/internal/finder"
	"custodex.dev/internal/id"
	"custodex.dev/internal/index"
	"custodex.dev/internal/redact"
	"custodex.dev/internal/seal"
	"custodex.dev/internal/store"
	"custodex.dev/internal/testkit"
)

// testEnv is a Finder over one application of a fresh store.
type testEnv struct {
	*finder.Finder
	store   store.Store
	app     id.App
	key     *seal.App
	corrupt *index.CorruptTracker
}

func newEnv(t *testing.T) *testEnv {
	t.Helper()
	env := &testEnv{store: testkit.NewStore(t, "sqlite"), app: id.NewApp(), corrupt: index.NewCorruptTracker(slog.New(slog.DiscardHandler))}
	epoch, err := seal.OpenEpoch(1, seal.NewEpochKey())
	if err != nil {
		t.Fatal(err)
	}
	env.key, _, _ = epoch.NewApp(env.app)
	env.mustUpdate(t, func(tx store.Tx) error {
		return tx.AppInsert(store.AppRow{ID: env.app, Name: "test", Key: []byte("unused"), CreatedAt: 1})
	})
	indexes := index.New(index.Config{
		Store: env.store, Corrupt: env.corrupt, MaxMemory: 1 << 30, MaxScans: 4, MaxSearches: 16, MaxIdle: time.Hour,
		Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	t.Cleanup(func() { _ = indexes.Close(t.Context()) })
	env.Finder = finder.New(finder.Config{Store: env.store, Indexes: indexes, Corrupt: env.corrupt})
	return env
}

func (env *testEnv) mustUpdate(t *testing.T, fn func(store.Tx) error) {
	t.Helper()
	if err := env.store.Update(t.Context(), env.app, fn); err != nil {
		t.Fatal(err)
	}
}

// mustInsert stores a customer; alter, if not nil, damages its row before.
func (env *testEnv) mustInsert(t *testing.T, c customer.Customer, alter func(*store.CustomerRow)) customer.Customer {
	t.Helper()
	c.ID, c.Type = id.NewCustomer(), customer.Individual
	key, wrapped := env.key.NewCustomer(c.ID)
	row := customerrow.Encrypt(env.key, key, &c)
	row.Key = wrapped
	env.mustUpdate(t, func(tx store.Tx) (err error) {
		seq, version, err := tx.CustomerNext()
		if err != nil {
			return err
		}
		customerrow.Number(env.key, &row, seq, version)
		if alter != nil {
			alter(&row)
		}
		c.Seq, err = tx.CustomerInsert(row)
		return err
	})
	return c
}

// walk reads all pages of a query and gives the numbers of the customers in their order.
func (env *testEnv) walk(t *testing.T, q finder.Query) []int64 {
	t.Helper()
	var seqs []int64
	for range 100 {
		found, err := env.Find(t.Context(), env.app, env.key, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range found.Customers {
			seqs = append(seqs, c.Seq)
		}
		if found.Next == nil {
			return seqs
		}
		q.From, q.Skip = *found.Next, 0
	}
	t.Fatal("the walk does not end")
	return nil
}

// Every walk shows exactly the customers that match, newest first, whatever the size of its pages; the
// customer with the whole address comes first, and one that cannot be decrypted is left out.
func TestFindWalks(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	var all []customer.Customer
	for i := range 23 {
		at := time.UnixMilli(int64(1000 + i/3)).UTC() // some in the same millisecond
		c := customer.Customer{Status: customer.Active, CreatedAt: at, UpdatedAt: at}
		c.Given, c.Email = redact.Personal(fmt.Sprintf("Ann%d", i%2)), redact.Personal(fmt.Sprintf("%dann@x.example", i))
		if i%4 == 0 {
			c.Status = customer.Blacklisted
		}
		if i == 5 {
			c.Email = "ann@x.example" // all others have it as a part of theirs
		}
		var alter func(*store.CustomerRow)
		if i == 9 {
			alter = func(row *store.CustomerRow) { row.Sealed[len(row.Sealed)-1] ^= 1 }
		}
		if c = env.mustInsert(t, c, alter); alter == nil {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(x, y customer.Customer) int {
		return cmp.Or(y.CreatedAt.Compare(x.CreatedAt), cmp.Compare(y.Seq, x.Seq))
	})
	for name, f := range map[string]customer.Filter{
		"all": {}, "status": {Status: customer.Blacklisted}, "name": {Name: "ann1"}, "address": {Email: "ANN@x.example"},
		"part of an address": {Email: "ann@x"}, "nobody": {Name: "bob"}, "other status": {Email: "ann@x.example", Status: customer.Blacklisted},
	} {
		var want []int64
		for _, c := range all {
			if (f.Status == 0 || c.Status == f.Status) && strings.Contains(strings.ToLower(c.Given.Reveal()), f.Name) &&
				strings.Contains(c.Email.Reveal(), strings.ToLower(f.Email)) {
				if c.Email == "ann@x.example" && f.Email == "ANN@x.example" {
					want = append([]int64{c.Seq}, want...)
				} else {
					want = append(want, c.Seq)
				}
			}
		}
		for take := 1; take < 25; take++ {
			q := finder.Query{ListQuery: customer.ListQuery{Take: take, Filter: f}}
			if got := env.walk(t, q); !slices.Equal(got, want) {
				t.Errorf("%s, %d a page: %v, want %v", name, take, got, want)
			}
			q.Skip = 2
			if got := env.walk(t, q); !slices.Equal(got, want[min(2, len(want)):]) {
				t.Errorf("%s, %d a page without the first two: %v, want %v", name, take, got, want[min(2, len(want)):])
			}
		}
	}
	if n := env.corrupt.Count(); n != 1 {
		t.Errorf("%d are known that cannot be decrypted, want 1", n)
	}
}

// The total is that of all pages, on every page.
func TestFindCounts(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	at := time.UnixMilli(1000).UTC()
	for i := range 7 {
		c := customer.Customer{Status: customer.Active, CreatedAt: at, UpdatedAt: at}
		c.Given, c.Email = "Ann", redact.Personal(fmt.Sprintf("%dann@x.example", i))
		env.mustInsert(t, c, nil)
	}
	for _, tt := range []struct {
		filter customer.Filter
		want   int
	}{{customer.Filter{}, 7}, {customer.Filter{Name: "ann"}, 7}, {customer.Filter{Email: "3ann@x.example"}, 1}, {customer.Filter{Name: "bob"}, 0}} {
		q := finder.Query{ListQuery: customer.ListQuery{Take: 2, Filter: tt.filter}, Count: true}
		for {
			found, err := env.Find(t.Context(), env.app, env.key, q)
			if err != nil || found.Total != tt.want {
				t.Fatalf("%+v: Total = %d, %v; want %d", tt.filter.Status, found.Total, err, tt.want)
			}
			if found.Next == nil {
				break
			}
			q.From = *found.Next
		}
	}
}
