package tests

import (
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/chain"
	"custodex.dev/internal/customer"
	"custodex.dev/internal/page"
	"custodex.dev/internal/records"
	"custodex.dev/internal/web/openapi"
)

// TestPolicyOpenAPIValues holds lists and limits in the document against those that the
// program works with.
func TestPolicyOpenAPIValues(t *testing.T) {
	t.Parallel()
	doc := readOpenAPI(t, served(t, openapi.Handler()))
	schemas := doc.Components.Schemas
	enum := func(name string) []string {
		var values []string
		for _, v := range schemas[name].Value.Enum {
			values = append(values, v.(string))
		}
		return values
	}
	if diff := cmp.Diff(customer.TypeNames(), enum("CustomerType")); diff != "" {
		t.Errorf("customer types (-program +document):\n%s", diff)
	}
	if diff := cmp.Diff(customer.StatusNames(), enum("CustomerStatus")); diff != "" {
		t.Errorf("customer statuses (-program +document):\n%s", diff)
	}
	list := doc.Paths.Value("/api/v0/customers").Get.Parameters
	take, skip := list.GetByInAndName("query", "take").Schema.Value, list.GetByInAndName("query", "skip").Schema.Value
	got := []float64{*take.Min, *take.Max, take.Default.(float64), *skip.Max, float64(*schemas["CustomerName"].Value.MaxLength),
		float64(*schemas["PhoneNumber"].Value.MaxLength), float64(*schemas["CustomerInput"].Value.Properties["email"].Value.MaxLength)}
	want := []float64{1, page.MaxTake, page.DefaultTake, page.MaxSkip, customer.MaxName, customer.MaxPhone, customer.MaxEmail}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("limits (-program +document):\n%s", diff)
	}
	described := slices.Sorted(maps.Keys(schemas["CustomerInput"].Value.Properties))
	if diff := cmp.Diff(described, slices.Sorted(maps.Keys(schemas["CustomerChange"].Value.Properties))); diff != "" {
		t.Errorf("members (-create +update):\n%s", diff)
	}
}

var actionInSource = regexp.MustCompile(`Action = "([a-z_.]+)"`)

// TestPolicyOpenAPIActions holds the actions in the document and in the page of the management API
// against those of the program: an entry of one that is left out could not be asked for.
func TestPolicyOpenAPIActions(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile(filepath.Join(root, "internal/authz/authz.go"))
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(root, "doc/api-manage.md"))
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, m := range actionInSource.FindAllStringSubmatch(string(source), -1) {
		want = append(want, m[1])
		noun, _, _ := strings.Cut(m[1], ".")
		if !strings.Contains(string(page), "`"+m[1]+"`") && !strings.Contains(string(page), "`"+noun+".…`") {
			t.Errorf("doc/api-manage.md does not name the action %s", m[1])
		}
	}
	for _, v := range readOpenAPI(t, served(t, openapi.ManageHandler())).Components.Schemas["AuditAction"].Value.Enum {
		got = append(got, v.(string))
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" || len(want) < 40 {
		t.Errorf("%d actions (-program +document):\n%s", len(want), diff)
	}
}

// TestPolicyOpenAPIOrigin wants the headers that every route reads to be named at every route: who
// acts, why and what for. A route without credentials reads none.
func TestPolicyOpenAPIOrigin(t *testing.T) {
	t.Parallel()
	for _, handler := range []http.Handler{openapi.Handler(), openapi.ManageHandler()} {
		for path, item := range readOpenAPI(t, served(t, handler)).Paths.Map() {
			for method, op := range item.Operations() {
				if path == "/api/v0/health/public" {
					continue
				}
				all := slices.Concat(item.Parameters, op.Parameters)
				for _, name := range []string{"x-acting-user", "X-Access-Reason", "X-Access-Purpose"} {
					if !slices.ContainsFunc(all, func(p *openapi3.ParameterRef) bool {
						return p.Value.In == "header" && strings.EqualFold(p.Value.Name, name)
					}) {
						t.Errorf("%s %s has no parameter %s", method, path, name)
					}
				}
			}
		}
	}
}

// TestPolicyOpenAPIItemValues holds the lists and limits of liquidation addresses in the
// document against those that the program works with.
func TestPolicyOpenAPIItemValues(t *testing.T) {
	t.Parallel()
	schemas := readOpenAPI(t, served(t, openapi.Handler())).Components.Schemas
	for name, want := range map[string][]string{
		"Chain": chain.Chains(), "Stablecoin": customer.Stablecoins(), "PaymentRail": customer.Rails(),
		"DestinationCurrency": customer.DestinationCurrencies(),
	} {
		var got []string
		for _, v := range schemas[name].Value.Enum {
			got = append(got, v.(string))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-program +document):\n%s", name, diff)
		}
	}
	members := schemas["LiquidationAddressInput"].Value.Properties
	for name, want := range map[string]uint64{
		"external_account_id": customer.MaxAccount, "prefunded_account_id": customer.MaxAccount, "bridge_wallet_id": customer.MaxAccount,
		"destination_wire_message": customer.MaxWireMessage, "destination_sepa_reference": customer.MaxSEPA,
		"destination_ach_reference": customer.MaxACHReference, "address": customer.MaxText,
	} {
		if got := members[name].Value.MaxLength; got == nil || *got != want {
			t.Errorf("%s may have %v characters in the document, want %d", name, got, want)
		}
	}
}

// TestPolicyOpenAPIYativoValues holds the document's limits and lists against those
// that the program works with.
func TestPolicyOpenAPIYativoValues(t *testing.T) {
	t.Parallel()
	doc := readOpenAPI(t, served(t, openapi.Handler()))
	schemas := doc.Components.Schemas
	var states []string
	for _, v := range schemas["YativoState"].Value.Enum {
		states = append(states, v.(string))
	}
	var want []string
	for _, s := range customer.KYCStatuses() {
		want = append(want, string(s))
	}
	if diff := cmp.Diff(want, states); diff != "" {
		t.Errorf("states of the checks (-program +document):\n%s", diff)
	}
	newCustomer, change := schemas["YativoCustomerInput"].Value.Properties, schemas["YativoCustomerChange"].Value.Properties
	if diff := cmp.Diff(slices.Sorted(maps.Keys(newCustomer)), slices.Sorted(maps.Keys(change))); diff != "" {
		t.Errorf("members (-create +update):\n%s", diff)
	}
	for _, name := range []string{"customer_name", "customer_email", "customer_country"} {
		if got := newCustomer[name].Value.MaxLength; got == nil || *got != customer.MaxText {
			t.Errorf("%s may have %v characters, want %d", name, got, customer.MaxText)
		}
	}
	if seconds := schemas["YativoAccessToken"].Value.Properties["expires_in"].Value.Enum; len(seconds) != 1 || seconds[0] != records.TokenTTL.Seconds() {
		t.Errorf("a token lives %v s, want %v", seconds, records.TokenTTL.Seconds())
	}
}

// TestPolicyOpenAPIXtrakitValues holds the document's limits and lists against those
// that the program works with.
func TestPolicyOpenAPIXtrakitValues(t *testing.T) {
	t.Parallel()
	schemas := readOpenAPI(t, served(t, openapi.Handler())).Components.Schemas
	for _, kind := range []string{"Customer", "Group"} {
		input := schemas["Xtrakit"+kind+"Input"].Value
		for _, form := range []string{"Form", "Parts"} {
			fields := schemas["Xtrakit"+kind+form].Value
			if diff := cmp.Diff(slices.Sorted(maps.Keys(input.Properties)), slices.Sorted(maps.Keys(fields.Properties))); diff != "" {
				t.Errorf("members of %s%s (-JSON +form):\n%s", kind, form, diff)
			}
			if diff := cmp.Diff(input.Required, fields.Required); diff != "" {
				t.Errorf("required in %s%s (-JSON +form):\n%s", kind, form, diff)
			}
		}
	}
	for _, name := range []string{"XtrakitCustomerInput", "XtrakitGroupInput"} {
		for member, schema := range schemas[name].Value.Properties {
			most := schema.Value.MaxLength
			if member != "customer_group_id" && (most == nil || *most != customer.MaxText) {
				t.Errorf("%s may have %v characters, want %d", member, most, customer.MaxText)
			}
		}
	}
	shown := slices.Sorted(maps.Keys(schemas["XtrakitCustomer"].Value.Properties))
	taken := slices.Sorted(maps.Keys(schemas["XtrakitCustomerInput"].Value.Properties))
	want := slices.DeleteFunc(shown, func(name string) bool {
		return slices.Contains([]string{"id", "user_id", "business_code", "created_at", "updated_at"}, name)
	})
	if diff := cmp.Diff(want, taken); diff != "" {
		t.Errorf("members (-shown +taken):\n%s", diff)
	}
}
