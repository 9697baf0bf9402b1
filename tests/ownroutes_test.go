package tests

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestPolicyOwnRoutesAreMarked wants "x-custodex-own" on every operation of the customer APIs
// that no published page has, and on no other. doc/versions.md tells readers to rely on it.
func TestPolicyOwnRoutesAreMarked(t *testing.T) {
	t.Parallel()
	published := map[string][]string{
		"devdraft": {
			"get /api/v0/customers", "post /api/v0/customers", "get /api/v0/customers/{id}", "patch /api/v0/customers/{id}",
			"get /api/v0/customers/{id}/liquidation_addresses", "post /api/v0/customers/{id}/liquidation_addresses",
			"get /api/v0/customers/{id}/liquidation_addresses/{addressId}", "get /api/v0/health", "get /api/v0/health/public",
		},
		"xtrakit": {
			"get /api/v1/customers", "post /api/v1/customers/add", "get /api/v1/customers/{id}", "put /api/v1/customers/{id}",
			"get /api/v1/customer-groups", "post /api/v1/customer-groups/add", "get /api/v1/customer-groups/{id}",
			"put /api/v1/customer-groups/{id}", "get /api/v1/user/authenticate",
		},
	}
	for api, routes := range published {
		data, err := os.ReadFile(filepath.Join(root, "internal/web/openapi/document", api+".json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, complaint := range ownComplaints(t, data, routes) {
			t.Errorf("%s: %s", api, complaint)
		}
	}
}

// ownComplaints compares a document's marks with the routes of the published page.
func ownComplaints(t *testing.T, document []byte, published []string) []string {
	t.Helper()
	var doc struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	decode(t, document, &doc)
	var found []string
	described := map[string]bool{}
	for path, item := range doc.Paths {
		for method, raw := range item {
			var op struct {
				ID  string `json:"operationId"`
				Own bool   `json:"x-custodex-own"`
			}
			if json.Unmarshal(raw, &op) != nil || op.ID == "" {
				continue // what all operations of the path share
			}
			route := method + " " + path
			described[route] = true
			if own := !slices.Contains(published, route); own != op.Own {
				found = append(found, fmt.Sprintf("%s: x-custodex-own is %t, want %t", route, op.Own, own))
			}
		}
	}
	for _, route := range published {
		if !described[route] {
			found = append(found, route+" is published and not described")
		}
	}
	return found
}

func TestPolicyOwnRoutesAreMarkedRule(t *testing.T) {
	t.Parallel()
	document := []byte(`{"paths": {"/a": {"parameters": [], "get": {"operationId": "a"}, "put": {"operationId": "b", "x-custodex-own": true}},
		"/b": {"get": {"operationId": "c"}}}}`)
	for published, want := range map[string]string{
		"get /a;get /b":           "",
		"get /a":                  "get /b: x-custodex-own is false, want true",
		"get /a;get /b;put /a":    "put /a: x-custodex-own is true, want false",
		"get /a;get /b;delete /a": "delete /a is published and not described",
	} {
		if got := strings.Join(ownComplaints(t, document, strings.Split(published, ";")), "\n"); got != want {
			t.Errorf("with %s published: %q, want %q", published, got, want)
		}
	}
}
