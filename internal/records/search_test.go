package records_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/search"
	"custodex.dev/internal/testkit"
)

// pieces are what names and addresses of the model test are made of: accents,
// Turkish and German special cases, combining marks, several scripts.
var pieces = []string{
	"Jos\u00e9", "Jose\u0301", "JOSE", "Stra\u00dfe", "STRASSE", "\u0130stanbul", "istanbul", "ISPARTA", "\u0131sparta", "M\u00fcller", "Mueller",
	"\u738b\u5c0f\u660e", "\u738b", "\u0645\u062d\u0645\u062f", "\u0645\u064f\u062d\u064e\u0645\u0651\u062f", "\U0001f469\u200d\U0001f4bb", "O'Brien", "100%_x*", "\u0141ukasz", "van  der Berg",
	"\u0421\u0435\u0440\u0433\u0435\u0439", "\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2", "a", "ab", "anna",
}

var terms = append([]string{
	"e", "jose", "STRASS", "\u00df", "i", "\u0130", "s", "\u738b", "\u0645\u062d", "%", "_", "*", "'", "\u0142", "r b", "mul", "zz-absent", "\u03c3", " an ", "\U0001f4bb",
}, pieces...)

// model is what the server should hold, newest first at the end.
type model struct {
	ids  []id.Customer
	rows map[id.Customer]*customer.Customer
}

// find is the definition: every customer, compared one by one.
func (m *model) find(f search.Filter) (ids []id.Customer) {
	match := search.NewMatcher(f)
	for _, c := range slices.Backward(m.ids) {
		row := m.rows[c]
		if row == nil {
			continue
		}
		e := search.Entry{First: row.Given.Reveal(), Last: row.Family.Reveal(), Email: row.Email.Reveal(), Status: uint8(row.Status), Type: uint8(row.Type)}
		if match.Match(e) {
			ids = append(ids, c)
		}
	}
	return ids
}

// findAddress makes the e-mail filter the whole address of a customer, in another spelling, and finds
// the customers that match, that one first.
func (m *model) findAddress(f *search.Filter, who id.Customer) (ids []id.Customer) {
	if m.rows[who] == nil || m.rows[who].Email == "" {
		return m.find(*f)
	}
	others := *f
	f.Email = strings.ToUpper(strings.ReplaceAll(m.rows[who].Email.Reveal(), "b\u00fccher", "xn--bcher-kva"))
	isIt := slices.Contains(m.find(others), who)
	if isIt {
		ids = append(ids, who)
	}
	return append(ids, slices.DeleteFunc(m.find(*f), func(c id.Customer) bool { return isIt && c == who })...)
}

// Lists and searches equal a brute-force model through random edits, on both
// stores: pages, skips, cursors and counts.
func TestListEqualsModel(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			env := newEnvOn(t, testkit.NewStore(t, engine))
			rnd := rand.New(rand.NewPCG(7, uint64(len(engine))))
			m := &model{rows: make(map[id.Customer]*customer.Customer)}
			for step := range 300 {
				env.edit(t, rnd, m, step)
				if step%3 == 0 {
					env.compare(t, rnd, m)
				}
			}
		})
	}
}

func pick[T any](rnd *rand.Rand, list []T) T { return list[rnd.IntN(len(list))] }

// edit creates, changes or deletes a customer, on the server and in the model.
func (e *testEnv) edit(t *testing.T, rnd *rand.Rand, m *model, step int) {
	t.Helper()
	in := customer.Input{Given: text(pick(rnd, pieces)), Family: text(pick(rnd, pieces) + " " + pick(rnd, pieces)), Phone: text("+15551234567")}
	if rnd.IntN(3) > 0 {
		in.Email = text(fmt.Sprintf("%s%d@%s.example", pick(rnd, []string{"anna", "jos\u00e9", "x_y"}), step, pick(rnd, []string{"gmail", "b\u00fccher"})))
	}
	if rnd.IntN(2) == 0 {
		in.Status = text(pick(rnd, customer.StatusNames()))
		in.Type = text(pick(rnd, customer.TypeNames()))
	}
	switch n := rnd.IntN(10); {
	case n < 6 || len(m.rows) == 0:
		c := e.mustCreate(t, e.me, in)
		m.ids = append(m.ids, c)
		m.rows[c] = e.mustFetch(t, c)
	case n < 9:
		c := pick(rnd, m.ids)
		if m.rows[c] == nil {
			return
		}
		if _, err := e.UpdateCustomer(t.Context(), e.me, records.ByID(c), records.Write{Input: in, Encode: encode}); err != nil {
			t.Fatal(err)
		}
		m.rows[c] = e.mustFetch(t, c)
	default:
		c := pick(rnd, m.ids)
		if m.rows[c] == nil {
			return
		}
		if err := e.DeleteCustomer(t.Context(), e.me, records.ByID(c)); err != nil {
			t.Fatal(err)
		}
		m.rows[c] = nil
	}
}

func (e *testEnv) mustFetch(t *testing.T, c id.Customer) *customer.Customer {
	t.Helper()
	got, err := e.FetchCustomer(t.Context(), e.me, records.ByID(c))
	if err != nil {
		t.Fatal(err)
	}
	return &got
}

// compare asks for a random list in pages, by cursor and by skip, and counts it.
func (e *testEnv) compare(t *testing.T, rnd *rand.Rand, m *model) {
	t.Helper()
	var in customer.ListInput
	var f search.Filter
	if rnd.IntN(4) > 0 {
		f.Name = pick(rnd, terms)
		in.Name = text(f.Name)
	}
	if rnd.IntN(4) == 0 {
		f.Email = pick(rnd, []string{"@gmail", "anna", "_", "JOS\u00c9", "example", "b\u00fc"})
		in.Email = text(f.Email)
	}
	if rnd.IntN(3) == 0 {
		status := customer.Status(1 + rnd.IntN(4))
		in.Status, f.Status = text(status.String()), new(uint8(status))
	}
	if rnd.IntN(4) == 0 {
		typ := customer.Type(1 + rnd.IntN(8))
		in.Type, f.Type = text(typ.String()), new(uint8(typ))
	}
	want := m.find(f)
	if f.Email == "" && rnd.IntN(4) == 0 && len(m.rows) > 0 {
		want = m.findAddress(&f, pick(rnd, m.ids))
		in.Email = text(f.Email)
	}
	take := 1 + rnd.IntN(20)
	in.Take = text(strconv.Itoa(take))
	var got []id.Customer
	cursor := ""
	for {
		found, err := e.ListCustomers(t.Context(), e.me, records.ListRequest{Input: in, Cursor: cursor, Count: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range found.Customers {
			got = append(got, c.ID)
		}
		if found.Total != len(want) {
			t.Fatalf("name %q email %q: total %d, want %d", f.Name, f.Email, found.Total, len(want))
		}
		if cursor = found.Next; cursor == "" {
			break
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("name %q email %q by cursor (-want +got):\n%s", f.Name, f.Email, diff)
	}
	skip := rnd.IntN(len(want) + 2)
	in.Skip = text(strconv.Itoa(skip))
	found, err := e.ListCustomers(t.Context(), e.me, records.ListRequest{Input: in})
	if err != nil {
		t.Fatal(err)
	}
	wantPage := want[min(skip, len(want)):min(skip+take, len(want))]
	for i, c := range found.Customers {
		if i >= len(wantPage) || c.ID != wantPage[i] {
			t.Fatalf("name %q skip %d take %d differs at %d", f.Name, skip, take, i)
		}
	}
	if len(found.Customers) != len(wantPage) {
		t.Fatalf("name %q skip %d take %d gave %d, want %d", f.Name, skip, take, len(found.Customers), len(wantPage))
	}
}

// A walk by cursor, while others create, change and delete, neither repeats nor
// loses a customer that was there throughout.
func TestWalkUnderWrites(t *testing.T) {
	t.Parallel()
	for _, filter := range []string{"", "Steady"} {
		t.Run("name="+filter, func(t *testing.T) {
			t.Parallel()
			env := newEnv(t)
			want := make(map[id.Customer]bool)
			for i := range 300 {
				want[env.mustCreate(t, env.me, person("Steady", fmt.Sprintf("N%d", i), ""))] = true
			}
			ctx, stop := context.WithCancel(t.Context())
			var writers sync.WaitGroup
			for writer := range 3 {
				writers.Go(func() {
					for i := 0; ctx.Err() == nil; i++ {
						r, err := env.CreateCustomer(ctx, env.me, records.Write{Input: person("Steady", fmt.Sprintf("X%d-%d", writer, i), ""), Encode: encode})
						if err == nil && i%2 == 0 {
							err = env.DeleteCustomer(ctx, env.me, records.ByID(r.Customer))
						}
						if err != nil && ctx.Err() == nil {
							t.Error(err)
							return
						}
					}
				})
			}
			seen := make(map[id.Customer]bool)
			in := customer.ListInput{Take: text("7")}
			if filter != "" {
				in.Name = text(filter)
			}
			for cursor := ""; ; {
				found, err := env.ListCustomers(t.Context(), env.me, records.ListRequest{Input: in, Cursor: cursor})
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range found.Customers {
					if seen[c.ID] {
						t.Errorf("customer %s twice", c.ID)
					}
					seen[c.ID] = true
				}
				if cursor = found.Next; cursor == "" {
					break
				}
			}
			stop()
			writers.Wait()
			for c := range want {
				if !seen[c] {
					t.Errorf("customer %s was there throughout and is missing from the walk", c)
				}
			}
		})
	}
}

// An application that does not fit in memory is searched all the same.
func TestSearchWithoutIndex(t *testing.T) {
	t.Parallel()
	env := newEnv(t, func(c *records.Config) { c.SearchMemory = 1 })
	m := &model{rows: make(map[id.Customer]*customer.Customer)}
	rnd := rand.New(rand.NewPCG(3, 3))
	for step := range 80 {
		env.edit(t, rnd, m, step)
	}
	for range 30 {
		env.compare(t, rnd, m)
	}
	if bytes, count := env.SearchMemory(); bytes != 0 || count != 0 {
		t.Errorf("%d indexes hold %d bytes, want none", count, bytes)
	}
}
