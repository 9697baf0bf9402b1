package records_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/records"
)

// The entry of a list names every filter that was used. It has the value of what is stored in clear
// and no text that was looked for.
func TestEntryOfAListNamesItsFilters(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	values := map[string][2]string{ // by field of ListInput: what is sent, what the entry has
		"Status": {"ACTIVE", "filter:status=ACTIVE"}, "Type": {"Startup", "filter:type=Startup"}, "Group": {"7", "filter:group=7"},
		"Name": {"lovelace", "filter:name"}, "Email": {"canary@x.example", "filter:email"}, "Query": {"augusta", "filter:query"},
		"Order":       {"relevance", "filter:order=relevance"},
		"CreatedFrom": {"2026-01-02", "filter:created_from"}, "CreatedTo": {"2026-03-04", "filter:created_to"},
	}
	typ := reflect.TypeFor[customer.ListInput]()
	for i := range typ.NumField() {
		name := typ.Field(i).Name
		if typ.Field(i).Type != reflect.TypeFor[customer.Text]() || name == "Take" || name == "Skip" {
			continue
		}
		value, known := values[name]
		if !known {
			t.Errorf("this test has nothing for the filter %s", name)
			continue
		}
		var in customer.ListInput
		want := []string{value[1]}
		reflect.ValueOf(&in).Elem().Field(i).Set(reflect.ValueOf(text(value[0])))
		if name == "Order" { // of what a query finds
			in.Query, want = text("augusta"), []string{"filter:query", value[1]}
		}
		if _, err := env.ListCustomers(t.Context(), env.me, records.ListRequest{Input: in}); err != nil {
			t.Errorf("a list by %s: %v", name, err)
			continue
		}
		if got := env.listAudit(t, records.AuditFilter{Action: "customer.list", Limit: 1})[0].Fields; !slices.Equal(got, want) {
			t.Errorf("the entry of a list by %s has %q, want %q", name, got, want)
		} else if text := strings.Join(got, " "); !strings.Contains(value[1], "=") && strings.Contains(text, value[0]) {
			t.Errorf("the entry of a list by %s has the text that was looked for: %q", name, got)
		}
	}
}
