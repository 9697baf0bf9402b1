package tests

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
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
		var doc struct {
			Paths map[string]map[string]json.RawMessage `json:"paths"`
		}
		if err := json.Unmarshal(data, &doc); err != nil {
			t.Fatal(err)
		}
		for path, item := range doc.Paths {
			for method, raw := range item {
				var op struct {
					ID  string `json:"operationId"`
					Own bool   `json:"x-custodex-own"`
				}
				if json.Unmarshal(raw, &op) != nil || op.ID == "" {
					continue // what all operations of the path share
				}
				if own := !slices.Contains(routes, method+" "+path); own != op.Own {
					t.Errorf("%s %s of %s: x-custodex-own is %t, want %t", method, path, api, op.Own, own)
				}
			}
		}
	}
}
