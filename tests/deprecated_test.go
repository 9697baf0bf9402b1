package tests

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"custodex.dev/internal/web"
	"custodex.dev/internal/web/devdraft"
	"custodex.dev/internal/web/manage"
	"custodex.dev/internal/web/xtrakit"
	"custodex.dev/internal/web/yativo"
)

// TestPolicyDeprecatedRoutes wants "deprecated" in the OpenAPI documents on the routes that say so in
// their answers, and on no other, and six months before one may be gone, as doc/versions.md promises.
func TestPolicyDeprecatedRoutes(t *testing.T) {
	t.Parallel()
	for _, face := range faces {
		deprecated := map[string]web.Deprecations{
			"devdraft": devdraft.Deprecated(), "yativo": yativo.Deprecated(), "xtrakit": xtrakit.Deprecated(), "manage": manage.Deprecated(),
		}[face.name]
		document, err := os.ReadFile(filepath.Join(root, "internal/web/openapi/document", face.name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, complaint := range deprecationComplaints(t, document, face.routes, deprecated) {
			t.Errorf("%s: %s", face.name, complaint)
		}
	}
}

func deprecationComplaints(t *testing.T, document []byte, routes []string, deprecated web.Deprecations) (found []string) {
	t.Helper()
	var doc struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	decode(t, document, &doc)
	for path, item := range doc.Paths {
		for method, raw := range item {
			var op struct {
				Deprecated bool `json:"deprecated"`
			}
			route := strings.ToUpper(method) + " " + path
			if json.Unmarshal(raw, &op) != nil || !slices.Contains(routes, route) {
				continue // what all operations of the path share, or another name of a wildcard
			}
			if _, ends := deprecated[route]; ends != op.Deprecated {
				found = append(found, fmt.Sprintf("%s: deprecated is %t, want %t", route, op.Deprecated, ends))
			}
		}
	}
	for route, d := range deprecated {
		switch {
		case !slices.Contains(routes, route):
			found = append(found, route+" is deprecated and not served")
		case d.Since.IsZero() || d.Page == "":
			found = append(found, route+": want a day and a page")
		case !d.Sunset.IsZero() && d.Sunset.Before(d.Since.AddDate(0, 6, 0)):
			found = append(found, route+": its sunset is less than six months after its deprecation")
		}
	}
	slices.Sort(found)
	return found
}

func TestPolicyDeprecatedRoutesRule(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)
	document := []byte(`{"paths": {"/a": {"parameters": [], "get": {"deprecated": true}, "put": {}}, "/b": {"get": {"deprecated": false}}}}`)
	routes := []string{"GET /a", "PUT /a", "GET /b"}
	good := web.Deprecation{Since: day, Sunset: day.AddDate(0, 6, 0), Page: "/docs"}
	for _, tt := range []struct {
		deprecated web.Deprecations
		want       string
	}{
		{web.Deprecations{"GET /a": good}, ""},
		{nil, "GET /a: deprecated is true, want false"},
		{web.Deprecations{"GET /a": good, "GET /b": good}, "GET /b: deprecated is false, want true"},
		{web.Deprecations{"GET /a": good, "GET /c": good}, "GET /c is deprecated and not served"},
		{web.Deprecations{"GET /a": {Since: day}}, "GET /a: want a day and a page"},
		{web.Deprecations{"GET /a": {Page: "/docs"}}, "GET /a: want a day and a page"},
		{web.Deprecations{"GET /a": {Since: day, Sunset: day.AddDate(0, 6, -1), Page: "/docs"}}, "GET /a: its sunset is less than six months after its deprecation"},
	} {
		if got := strings.Join(deprecationComplaints(t, document, routes, tt.deprecated), "; "); got != tt.want {
			t.Errorf("%v: %q, want %q", tt.deprecated, got, tt.want)
		}
	}
}
