package records_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/id"
	"custodex.dev/internal/page"
	"custodex.dev/internal/records"
	"custodex.dev/internal/search"
	"custodex.dev/internal/testkit"
)

// ranked is a customer as the naive order by relevance sees it.
type ranked struct {
	*customer.Customer
	tier int // 0: the address; 1: another exact match; 2: a fragment
}

// byRelevance is the definition: every customer, compared one by one, in the order that is asked for.
func byRelevance(rows []*customer.Customer, query string, f search.Filter, relevance bool) (ids []id.Customer) {
	var list []ranked
	digits := strings.TrimLeft(strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, query), "0")
	if len(digits) < 3 || strings.Trim(query, "+-() 0123456789") != "" {
		digits = ""
	}
	for _, c := range rows {
		given, family, mail, term := search.Fold(c.Given.Reveal()), search.Fold(c.Family.Reveal()), c.Email.Reveal(), search.Fold(query)
		phone := strings.TrimLeft(strings.NewReplacer("+", "", "-", "", " ", "").Replace(c.Phone.Reveal()), "0")
		e := search.Entry{First: c.Given.Reveal(), Last: c.Family.Reveal(), Email: mail, Status: uint8(c.Status)}
		byName, byMail := search.Match(search.Filter{Name: query}, e), search.Match(search.Filter{Email: query}, e)
		r := ranked{Customer: c, tier: 3}
		switch {
		case !search.Match(f, e):
			continue
		case mail != "" && customer.CanonicalEmail(mail) == customer.CanonicalEmail(query):
			r.tier = 0
		case digits != "" && phone == digits, byName && (term == given || term == family || term == search.Fold(c.Given.Reveal()+" "+c.Family.Reveal())):
			r.tier = 1
		case byName, byMail, digits != "" && strings.Contains(phone, digits):
			r.tier = 2
		default:
			continue
		}
		if !relevance && r.tier == 1 {
			r.tier = 2
		}
		list = append(list, r)
	}
	slices.SortFunc(list, func(x, y ranked) int {
		bought := 0
		if relevance && x.tier > 0 {
			bought = y.LastPurchase.Compare(x.LastPurchase)
		}
		return cmp.Or(cmp.Compare(x.tier, y.tier), bought, cmp.Compare(y.Seq, x.Seq))
	})
	for _, r := range list {
		ids = append(ids, r.ID)
	}
	return ids
}

// queries are terms for names, addresses and phones, of people below.
var queries = []string{
	"ann", "Ann", "ANN LEE", "lee ann", "lee", "José", "jose", "müller", "mueller", "o'neill", "山田太郎", "太郎", "a", "@shop", "shop.example",
	"ann@shop.example", "ANN@SHOP.example", "joann@shop.example", "555 01", "+1 555 010 0001", "0015550100001", "0100", "12", "nobody", "Anne-Marie", "'",
}

func somebody(rnd *rand.Rand) customer.Input {
	in := person(
		pick(rnd, []string{"Ann", "ANN", "Joann", "Anne Marie", "Anne-Marie", "José", "Jose", "太郎", "O'Neill", "Lee"}),
		pick(rnd, []string{"Lee", "Ann", "Müller", "Mueller", "Leeann", "山田", "ONeill", "Lee Ann"}), "")
	in.Phone = text(pick(rnd, []string{"+1 555 010 0001", "+15550100001", "+155501000012", "+4930901820", "+15550199999"}))
	in.Status = text(pick(rnd, customer.StatusNames()))
	return in
}

// A list by relevance, and one by query, equal a naive one through random edits and purchases: pages,
// skips, cursors and counts, with and without an index.
func TestRelevanceEqualsNaive(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		for _, memory := range []int64{0, 1} {
			t.Run(fmt.Sprint(engine, " memory ", memory), func(t *testing.T) {
				t.Parallel()
				env := newEnvOn(t, testkit.NewStore(t, engine), func(c *records.Config) { c.SearchMemory = memory })
				rnd := rand.New(rand.NewPCG(11, uint64(memory)))
				var ids []id.Customer
				for step := range 60 {
					ids = env.editRanked(t, rnd, ids, step)
					if step%2 == 0 {
						env.compareRanked(t, rnd, ids)
					}
				}
			})
		}
	}
}

// editRanked creates or changes a customer, or records a purchase.
func (e *testEnv) editRanked(t *testing.T, rnd *rand.Rand, ids []id.Customer, step int) []id.Customer {
	t.Helper()
	in := somebody(rnd)
	switch n := rnd.IntN(10); {
	case n < 5 || len(ids) == 0:
		switch step % 7 {
		case 1:
			in.Email = text(fmt.Sprintf("ann%d@shop.example", step))
		case 2:
			in.Email = text(pick(rnd, []string{"ann@shop.example", "joann@shop.example", "ann@shop.example.org"}))
		}
		r, err := e.create(t, e.me, in, "")
		if errors.Is(err, fault.Conflict) {
			return ids
		}
		if err != nil {
			t.Fatal(err)
		}
		return append(ids, r.Customer)
	case n < 8:
		at := time.Date(2025, 1, 1+rnd.IntN(9), 0, 0, 0, 0, time.UTC).Format(time.RFC3339)
		if _, err := e.pay(t, e.me, pick(rnd, ids), payment("5", at), ""); err != nil {
			t.Fatal(err)
		}
	default:
		if _, err := e.UpdateCustomer(t.Context(), e.me, records.ByID(pick(rnd, ids)), records.Write{Input: in, Encode: encode}); err != nil {
			t.Fatal(err)
		}
	}
	return ids
}

// compareRanked walks a list with a random query, in both orders.
func (e *testEnv) compareRanked(t *testing.T, rnd *rand.Rand, ids []id.Customer) {
	t.Helper()
	rows := make([]*customer.Customer, len(ids))
	for i, c := range ids {
		rows[i] = e.mustFetch(t, c)
	}
	query, f := pick(rnd, queries), search.Filter{}
	in := customer.ListInput{Query: text(query), Take: text(strconv.Itoa(1 + rnd.IntN(6)))}
	switch rnd.IntN(4) {
	case 0:
		status := customer.Status(1 + rnd.IntN(4))
		in.Status, f.Status = text(status.String()), new(uint8(status))
	case 1:
		f.Name = pick(rnd, []string{"lee", "ann"})
		in.Name = text(f.Name)
	}
	for _, order := range append([]string{""}, customer.OrderNames()...) {
		in.Order = customer.Text{Sent: order != "", Value: order}
		want := byRelevance(rows, query, f, order == "relevance")
		if diff := gocmp.Diff(want, e.listed(t, in)); diff != "" {
			t.Fatalf("query %q by %q with %+v (-want +got):\n%s", query, order, in, diff)
		}
		skipped := in
		skip := rnd.IntN(len(want) + 2)
		skipped.Skip, skipped.Take = text(strconv.Itoa(skip)), text("100")
		if diff := gocmp.Diff(want[min(skip, len(want)):], e.firstPage(t, skipped)); diff != "" && skip < len(want) {
			t.Fatalf("query %q by %q, skip %d (-want +got):\n%s", query, order, skip, diff)
		}
	}
}

func (e *testEnv) firstPage(t *testing.T, in customer.ListInput) (ids []id.Customer) {
	t.Helper()
	found, err := e.ListCustomers(t.Context(), e.me, records.ListRequest{Input: in})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range found.Customers {
		ids = append(ids, c.ID)
	}
	return ids
}

// A walk by relevance shows every customer that nobody writes once, while others are created, renamed,
// deleted and buy.
func TestRelevanceWalkUnderWrites(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			env := newEnvOn(t, testkit.NewStore(t, engine))
			rnd := rand.New(rand.NewPCG(5, 5))
			steady := make(map[id.Customer]bool)
			for i := range 60 {
				c := env.mustCreate(t, env.me, person(pick(rnd, []string{"Ann", "Joann"}), fmt.Sprintf("N%d", i), ""))
				steady[c] = true
				if i%3 == 0 {
					if _, err := env.pay(t, env.me, c, payment("5", time.Date(2025, 1, 1+i/6, 0, 0, 0, 0, time.UTC).Format(time.RFC3339)), ""); err != nil {
						t.Fatal(err)
					}
				}
			}
			ctx, stop := context.WithCancel(t.Context())
			var writers sync.WaitGroup
			for range 2 {
				writers.Go(func() { env.disturb(ctx, t) })
			}
			seen := make(map[id.Customer]int)
			in := customer.ListInput{Query: text("ann"), Order: text("relevance"), Take: text("4")}
			for cursor := ""; ; {
				found, err := env.ListCustomers(t.Context(), env.me, records.ListRequest{Input: in, Cursor: cursor})
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range found.Customers {
					seen[c.ID]++
				}
				if cursor = found.Next; cursor == "" {
					break
				}
			}
			stop()
			writers.Wait()
			for c := range steady {
				if seen[c] != 1 {
					t.Errorf("customer %s, which nobody wrote, is shown %d times", c, seen[c])
				}
			}
		})
	}
}

// disturb creates customers that rank among the others, and renames, pays and deletes them.
func (e *testEnv) disturb(ctx context.Context, t *testing.T) {
	for i := 0; ctx.Err() == nil && i < 500; i++ {
		r, err := e.CreateCustomer(ctx, e.me, records.Write{Input: person([]string{"Ann", "Joann"}[i%2], "X", ""), Encode: encode})
		if err == nil && i%3 != 0 {
			in := customer.TransactionInput{Amount: text("1"), Currency: text("usd"), At: text(time.Date(2025, 1, 1+i%12, 0, 0, 0, 0, time.UTC).Format(time.RFC3339))}
			_, err = e.RecordTransaction(ctx, e.me, r.Customer, in, "", showAmount)
		}
		if err == nil && i%4 == 0 {
			_, err = e.UpdateCustomer(ctx, e.me, records.ByID(r.Customer), records.Write{Input: customer.Input{Given: text("Ann")}, Encode: encode})
		}
		if err == nil && i%5 == 0 {
			err = e.DeleteCustomer(ctx, e.me, records.ByID(r.Customer))
		}
		if err != nil && ctx.Err() == nil {
			t.Error(err)
			return
		}
	}
}

// A cursor leads through one order only, and an order by relevance needs a query.
func TestRelevanceCursorAndRefusals(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	for i := range 4 {
		env.mustCreate(t, env.me, person("Ann", fmt.Sprint("N", i), ""))
	}
	ask := func(in customer.ListInput, cursor string) (records.ListResponse, error) {
		in.Take = text("2")
		return env.ListCustomers(t.Context(), env.me, records.ListRequest{Input: in, Cursor: cursor})
	}
	for _, order := range customer.OrderNames() {
		first, err := ask(customer.ListInput{Query: text("ann"), Order: text(order)}, "")
		if err != nil || first.Next == "" {
			t.Fatalf("%s: %v, cursor %q", order, err, first.Next)
		}
		entry := env.newestAudit(t)
		want := []string{"filter:query"}
		if order == "relevance" {
			want = append(want, "filter:order=relevance")
		}
		if !slices.Equal(entry, want) {
			t.Errorf("%s: the entry says %q, want %q", order, entry, want)
		}
		for _, in := range []customer.ListInput{{}, {Order: text(order)}, {Query: text("ann")}, {Query: text("ann"), Order: text(order)}} {
			if next, err := ask(in, first.Next); err != nil || len(next.Customers) != 2 || next.Next != "" {
				t.Errorf("%s, then %+v = %v, %d customers, cursor %q", order, in, err, len(next.Customers), next.Next)
			}
		}
		for _, in := range []customer.ListInput{
			{Order: text(customer.OrderNames()[1-slices.Index(customer.OrderNames(), order)])}, {Query: text("an")}, {Name: text("ann")}, {Query: text("ann"), Name: text("ann")},
		} {
			if _, err := ask(in, first.Next); !errors.Is(err, page.ErrCursor) {
				t.Errorf("%s, then %+v = %v, want %v", order, in, err, page.ErrCursor)
			}
		}
	}
	for _, in := range []customer.ListInput{
		{Order: text("relevance")}, {Order: text("relevance"), Query: text(" ")}, {Order: text("relevance"), Name: text("ann")},
		{Order: text("Relevance"), Query: text("ann")}, {Order: text(""), Query: text("ann")}, {Query: text(strings.Repeat("x", 256))},
	} {
		if _, err := ask(in, ""); !errors.Is(err, fault.Invalid) {
			t.Errorf("%+v = %v, want a refusal", in, err)
		}
	}
}

// A query finds no customer of another application, by whatever text and in whatever order, and its
// cursor leads nobody else on.
func TestRelevanceIsIsolated(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			env := newEnvOn(t, testkit.NewStore(t, engine))
			_, other := env.newApp(t, "Other")
			for i := range 3 {
				env.mustCreate(t, env.me, person("Ann", "Lee", fmt.Sprintf("ann%d@shop.example", i)))
			}
			for _, query := range []string{"ann", "ann1@shop.example", "+1-555-123-4567", "555123"} {
				for _, order := range customer.OrderNames() {
					in := records.ListRequest{Input: customer.ListInput{Query: text(query), Order: text(order), Take: text("1")}, Count: true}
					mine, err := env.ListCustomers(t.Context(), env.me, in)
					if err != nil || len(mine.Customers) != 1 {
						t.Fatalf("%q by %s = %v, %d customers", query, order, err, len(mine.Customers))
					}
					theirs, err := env.ListCustomers(t.Context(), other, in)
					if err != nil || len(theirs.Customers)+theirs.Total != 0 {
						t.Errorf("%q by %s gives another application %d customers and total %d, %v", query, order, len(theirs.Customers), theirs.Total, err)
					}
					if in.Cursor = mine.Next; in.Cursor == "" {
						continue
					}
					if _, err := env.ListCustomers(t.Context(), other, in); !errors.Is(err, page.ErrCursor) {
						t.Errorf("%q by %s: another application goes on by the cursor: %v", query, order, err)
					}
				}
			}
		})
	}
}

// newestAudit gives the fields of the newest entry.
func (e *testEnv) newestAudit(t *testing.T) []string {
	t.Helper()
	views, err := e.ListAudit(t.Context(), e.operator(e.app.ID), records.AuditFilter{Limit: 1})
	if err != nil || len(views) != 1 {
		t.Fatalf("newest entry: %v, %d of them", err, len(views))
	}
	return views[0].Fields
}
