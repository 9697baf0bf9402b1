package records_test

import (
	"context"
	"slices"
	"testing"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/id"
	"custodex.dev/internal/records"
	"custodex.dev/internal/testkit"
)

// A whole address, in any spelling of its domain and its case, finds its customer first, in every
// filter that takes an address and in either order; tags and dots of the local part are its own.
func TestFieldB3AddressesInEveryFilter(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			env := newEnvOn(t, testkit.NewStore(t, engine))
			stored := map[string]id.Customer{}
			for _, mail := range []string{"ann@münchen.example", "ann+tag@münchen.example", "a.nn@münchen.example", "joann@münchen.example", "ann@münchen.example.org", "xann@muenchen.example", "ann@δοκιμή.example"} {
				stored[mail] = env.mustCreate(t, env.me, person("Somebody", "Else", mail))
			}
			for mail, terms := range map[string][]string{
				"ann@münchen.example":     {"ANN@MÜNCHEN.EXAMPLE", "Ann@xn--mnchen-3ya.example", "ann@XN--MNCHEN-3YA.EXAMPLE", " ann@mu\u0308nchen.example ", "ann@münchen。example"},
				"ann+tag@münchen.example": {"ann+tag@münchen.example", "Ann+TAG@xn--mnchen-3ya.example"},
				"a.nn@münchen.example":    {"A.NN@münchen.example"},
				"joann@münchen.example":   {"joann@Xn--mnchen-3ya.example"},
				"ann@δοκιμή.example":      {"ann@ΔΟΚΙΜΉ.example", "ANN@xn--jxalpdlp.example"},
			} {
				for _, term := range terms {
					for _, in := range []customer.ListInput{
						{Email: text(term)}, {Query: text(term)}, {Query: text(term), Order: text("relevance")}, {Query: text(term), Email: text(term)},
					} {
						in.Take = text("1")
						if got := env.firstPage(t, in); !slices.Equal(got, []id.Customer{stored[mail]}) {
							t.Errorf("%q by %+v finds %v, want %v of %q", term, in, got, stored[mail], mail)
						}
					}
				}
			}
			for _, nobody := range []string{"ann@", "@münchen.example.", "nn+tag@münchen.exampl", "annn@münchen.example"} {
				if got := env.firstPage(t, customer.ListInput{Query: text(nobody), Name: text("nobody")}); len(got) != 0 {
					t.Errorf("%q finds %v", nobody, got)
				}
			}
		})
	}
}

// What was written through one replica is found at once through another that has its index already,
// in either order and by each of the texts.
func TestSearchFindsAtOnceOnAnotherReplica(t *testing.T) {
	t.Parallel()
	for _, engine := range testkit.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			env := newEnvOn(t, testkit.NewStore(t, engine))
			other := env.replica(t)
			for i, mail := range []string{"zoe@one.example", "zoe@two.example", "zoe@three.example"} {
				who := env.mustCreate(t, env.me, person("Zoë", "Þórsson", mail))
				for _, query := range []string{"zoe", "thorsson", mail, "555 123-4567"} {
					for _, order := range customer.OrderNames() {
						got := other.firstPage(t, customer.ListInput{Query: text(query), Order: text(order)})
						if !slices.Contains(got, who) || query != mail && len(got) != i+1 {
							t.Errorf("%q by %s finds %v through another replica, %v among %d was wanted", query, order, got, who, i+1)
						}
					}
				}
				// A purchase counts at once.
				if _, err := env.pay(t, env.me, who, payment("5", ""), ""); err != nil {
					t.Fatal(err)
				}
				if got := other.firstPage(t, customer.ListInput{Query: text("zoe"), Order: text("relevance")}); got[0] != who {
					t.Errorf("the customer who bought last is not the first of %v", got)
				}
			}
		})
	}
}

// replica is another service on the same store.
func (e *testEnv) replica(t *testing.T) *testEnv {
	t.Helper()
	other := *e
	other.Service = records.New(e.cfg)
	t.Cleanup(func() { other.Close(context.Background()) })
	return &other
}
