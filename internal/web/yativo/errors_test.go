package yativo_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/records"
	"custodex.dev/internal/testkit/dialect"
	"custodex.dev/internal/web/yativo"
)

// TestKinds compares what every kind of fault looks like, on a request and on a
// deletion, with a golden file, so that a new one cannot be forgotten.
func TestKinds(t *testing.T) {
	t.Parallel()
	var got strings.Builder
	show := func(f error) {
		fmt.Fprintf(&got, "%s\n", fault.Of(f).Error())
		for _, method := range []string{http.MethodGet, http.MethodDelete} {
			w := ask(&fake{Err: f}, request(method, someCustomer, ""))
			fmt.Fprintf(&got, "  %-6s ", method)
			dialect.Show(t, &got, w, "Retry-After", "WWW-Authenticate")
		}
	}
	problems := fault.Validation(fault.Field{Path: "a", Message: "one"}, fault.Field{Path: "a", Message: "two"}, fault.Field{Path: "b", Message: "three"})
	for _, f := range slices.Concat(dialect.EveryKind(), []error{records.ErrOtherApplication, records.ErrKeyReused}, dialect.Waits(), []error{problems}) {
		show(f)
	}
	dialect.Golden(t, *update, "kinds.golden", got.String())
}

// TestTexts makes every problem that customer can find and looks for one that has
// no words here: it would show the domain's own name of the field.
func TestTexts(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, x := range []customer.Text{
		{}, {Sent: true}, {Sent: true, Null: true}, {Sent: true, Other: true},
		{Sent: true, Value: "?"}, {Sent: true, Value: strings.Repeat("9", 300)},
	} {
		in := customer.Input{FullName: x, Email: x, Phone: x, Country: x, Side: x, Number: x, Street: x, City: x,
			Region: x, Postal: x, AddressCountry: x, Rules: yativo.Rules}
		_, creating := in.Create()
		_, changing := in.Update()
		for method, problems := range map[string][]fault.Field{http.MethodPost: creating, http.MethodPut: changing} {
			if len(problems) == 0 {
				continue
			}
			target := someCustomer
			if method == http.MethodPost {
				target = "/api/v1/customer"
			}
			w := ask(&fake{Err: fault.Validation(problems...)}, request(method, target, "{}"))
			for _, f := range problems {
				seen[f.Path+" "+f.Code] = true
				if strings.Contains(w.Body.String(), f.Message) || w.Code != http.StatusUnprocessableEntity {
					t.Errorf("%s: %s %s has no words: %s", method, f.Path, f.Code, w.Body)
				}
			}
		}
	}
	if len(seen) < 25 {
		t.Errorf("only %d problems were tried: %v", len(seen), slices.Sorted(maps.Keys(seen)))
	}
}

// TestFieldA11EveryFailureHasAMessage: the vendor's packages show message, and a failure
// without one only as its status. Bodies without the envelope had none.
func TestFieldA11EveryFailureHasAMessage(t *testing.T) {
	t.Parallel()
	faults := slices.Concat(dialect.EveryKind(), dialect.Waits(), []error{records.ErrOtherApplication, records.ErrKeyReused})
	for _, f := range faults {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
			for _, path := range []string{someCustomer, "/api/v1/customer", "/api/v1/nothing"} {
				var got struct {
					Message string `json:"message"`
				}
				w := ask(&fake{Err: f}, request(method, path, ""))
				if w.Code < 400 {
					continue
				}
				if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.Message == "" {
					t.Errorf("%s %s after %v: %s, %v", method, path, fault.KindOf(f), w.Body, err)
				}
			}
		}
	}
}
