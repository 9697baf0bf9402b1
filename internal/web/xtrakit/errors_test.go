package xtrakit_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/page"
	"custodex.dev/internal/records"
	"custodex.dev/internal/testkit/dialect"
)

// TestKinds compares what every kind of fault looks like with a golden file, so that
// a new one cannot be forgotten.
func TestKinds(t *testing.T) {
	t.Parallel()
	var got strings.Builder
	show := func(target string, f error) {
		w := ask(&fake{Err: f}, request(http.MethodGet, target, ""))
		fmt.Fprintf(&got, "%s\n  ", fault.Of(f).Error())
		dialect.Show(t, &got, w, "Retry-After")
	}
	for _, f := range dialect.EveryKind() {
		show(someCustomer, f)
	}
	show(someGroup, fault.Wrap(dialect.ErrBug, fault.NotFound, "some_code", "Some message"))
	for _, f := range slices.Concat([]error{records.ErrEmailTaken}, dialect.Waits()) {
		show(someCustomer, f)
	}
	dialect.Golden(t, *update, "kinds.golden", got.String())
}

// TestTexts makes every problem that customer can find in what this dialect sends and
// looks for one that has no words here: it would show the domain's own name.
func TestTexts(t *testing.T) {
	t.Parallel()
	f := &fake{}
	seen := map[string]bool{}
	check := func(method, target, body string, problems []fault.Field) {
		if len(problems) == 0 {
			return
		}
		w := ask(&fake{Err: fault.Validation(problems...)}, request(method, target, body))
		for _, p := range problems {
			seen[target+" "+p.Path+" "+p.Code] = true
			if strings.Contains(w.Body.String(), p.Path+" is ") && !strings.Contains(w.Body.String(), p.Path+" is required") {
				t.Errorf("%s %s: %s %s has no words: %s", method, target, p.Path, p.Code, w.Body)
			}
			for _, own := range []string{customer.PathFullName, customer.PathRegion, customer.PathLine1, customer.PathPostal} {
				if strings.Contains(w.Body.String(), own) {
					t.Errorf("%s %s: the domain's %s is shown: %s", method, target, own, w.Body)
				}
			}
		}
		if n := strings.Count(w.Body.String(), "; ") + 1; method != http.MethodGet && n != len(problems) {
			t.Errorf("%s %s: %d problems told of %d: %s", method, target, n, len(problems), w.Body)
		}
	}
	members := []string{
		"customer_group_id", "customer_name", "customer_email", "customer_phone", "customer_whatsapp", "customer_country",
		"customer_city", "customer_state", "customer_zip", "address1", "address2", "customer_profile", "created_by",
	}
	for _, value := range []string{`""`, `null`, `{}`, `7`, `"?"`, `-1`, `"` + strings.Repeat("x", 300) + `"`} {
		body := "{\"x\":1"
		for _, m := range members {
			body += `,"` + m + `":` + value
		}
		body += "}"
		ask(f, request(http.MethodPost, addCustomer, body))
		_, problems := f.Write.Input.Create()
		check(http.MethodPost, addCustomer, body, problems)
		ask(f, request(http.MethodPut, someCustomer, body))
		_, problems = f.Write.Input.Update()
		check(http.MethodPut, someCustomer, body, problems)

		body = `{"group_name":` + value + `,"group_description":` + value + `}`
		ask(f, request(http.MethodPut, someGroup, body))
		_, problems = f.GroupWrite.Input.Update()
		check(http.MethodPut, someGroup, body, problems)
	}
	missing := fault.Field{Path: customer.PathGroup, Code: customer.CodeNotFound, Message: "group is not found"}
	check(http.MethodPut, someCustomer, "{}", []fault.Field{missing})
	_, problems := customer.ListInput{Group: customer.Text{Sent: true, Value: "x"}}.Parse(page.MaxSkip)
	check(http.MethodGet, customers, "", problems)
	if len(seen) < 50 {
		t.Errorf("only %d problems were tried: %v", len(seen), slices.Sorted(maps.Keys(seen)))
	}
}
