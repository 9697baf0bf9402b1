package tests

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"custodex.dev/internal/web/devdraft"
	"custodex.dev/internal/web/manage"
	"custodex.dev/internal/web/openapi"
	"custodex.dev/internal/web/xtrakit"
	"custodex.dev/internal/web/yativo"
)

// served gets a document as a listener serves it.
func served(t *testing.T, h http.Handler) []byte {
	t.Helper()
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/openapi.json", nil))
	if rec.Code != http.StatusOK {
		t.Fatalf("GET /openapi.json = %d", rec.Code)
	}
	return rec.Body.Bytes()
}

func readOpenAPI(t *testing.T, document []byte) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(document)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// documents are what the two listeners serve, and what each must describe.
func documents() map[string]struct {
	handler http.Handler
	routes  []string
} {
	return map[string]struct {
		handler http.Handler
		routes  []string
	}{
		"public": {openapi.Handler(), slices.Concat(devdraft.Routes(), yativo.Routes(), xtrakit.Routes())},
		"manage": {openapi.ManageHandler(), manage.Routes()},
	}
}

// TestPolicyOpenAPIValid checks the form of the documents, examples included.
func TestPolicyOpenAPIValid(t *testing.T) {
	t.Parallel()
	for name, d := range documents() {
		raw := served(t, d.handler)
		doc := readOpenAPI(t, raw)
		if !strings.HasPrefix(doc.OpenAPI, "3.1.") {
			t.Errorf("%s is OpenAPI %s, want 3.1", name, doc.OpenAPI)
		}
		err := doc.Validate(context.Background(), openapi3.EnableExamplesValidation(), openapi3.EnableMultiError())
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, complaint := range documentComplaints(t, raw) {
			t.Errorf("%s: %s", name, complaint)
		}
	}
}

// documentComplaints finds what the validator lets pass: words of OpenAPI 3.0 that mean
// nothing in 3.1, components that nobody refers to, tags and groups that do not match.
func documentComplaints(t *testing.T, raw []byte) []string {
	t.Helper()
	var tree map[string]any
	if err := json.Unmarshal(raw, &tree); err != nil {
		t.Fatal(err)
	}
	var found []string
	used, tags := map[string]bool{}, map[string]bool{}
	walkJSON(tree, "", func(at, name string, v any) {
		switch name {
		case "nullable":
			found = append(found, at+": nullable is OpenAPI 3.0; use a type list with null")
		case "exclusiveMinimum", "exclusiveMaximum":
			if _, ok := v.(bool); ok {
				found = append(found, at+": a boolean bound is OpenAPI 3.0")
			}
		case "$ref":
			used[fmt.Sprint(v)] = true
		case "tags":
			if list, ok := v.([]any); ok && strings.HasPrefix(at, "/paths/") {
				for _, tag := range list {
					tags[fmt.Sprint(tag)] = true
				}
			}
		}
	})
	components, _ := tree["components"].(map[string]any)
	for kind, members := range components {
		for name := range members.(map[string]any) {
			if kind != "securitySchemes" && !used["#/components/"+kind+"/"+name] {
				found = append(found, "components/"+kind+"/"+name+" is used nowhere")
			}
		}
	}
	described := map[string]bool{}
	for _, tag := range tree["tags"].([]any) {
		described[fmt.Sprint(tag.(map[string]any)["name"])] = true
	}
	if diff := cmp.Diff(described, tags); diff != "" {
		found = append(found, "tags described and used (-described +used):\n"+diff)
	}
	if groups, ok := tree["x-tagGroups"].([]any); ok {
		grouped := map[string]bool{}
		for _, g := range groups {
			for _, tag := range g.(map[string]any)["tags"].([]any) {
				grouped[fmt.Sprint(tag)] = true
			}
		}
		if diff := cmp.Diff(described, grouped); diff != "" {
			found = append(found, "tags described and grouped (-described +grouped):\n"+diff)
		}
	}
	slices.Sort(found)
	return found
}

// walkJSON calls fn for every member below v; at is a path for people.
func walkJSON(v any, at string, fn func(at, name string, v any)) {
	switch v := v.(type) {
	case map[string]any:
		for name, below := range v {
			fn(at+"/"+name, name, below)
			walkJSON(below, at+"/"+name, fn)
		}
	case []any:
		for i, below := range v {
			walkJSON(below, fmt.Sprintf("%s/%d", at, i), fn)
		}
	}
}

func TestPolicyOpenAPIRule(t *testing.T) {
	t.Parallel()
	got := documentComplaints(t, []byte(`{
		"tags": [{"name": "A"}], "x-tagGroups": [{"tags": ["B"]}],
		"paths": {"/x": {"get": {"tags": ["C"], "schema": {"nullable": true, "exclusiveMinimum": true}}}},
		"components": {"schemas": {"Lonely": {}}}
	}`))
	for _, want := range []string{"nullable", "boolean bound", "Lonely", "described and used", "described and grouped"} {
		if !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, want) }) {
			t.Errorf("documentComplaints found %q, want one about %q", got, want)
		}
	}
}

// TestPolicyOpenAPIRoutes: what is served is described, and nothing else is.
func TestPolicyOpenAPIRoutes(t *testing.T) {
	t.Parallel()
	for name, d := range documents() {
		var described []string
		for path, item := range readOpenAPI(t, served(t, d.handler)).Paths.Map() {
			for method := range item.Operations() {
				described = append(described, method+" "+path)
			}
		}
		slices.Sort(described)
		slices.Sort(d.routes)
		if diff := cmp.Diff(d.routes, described); diff != "" {
			t.Errorf("%s (-served +described):\n%s", name, diff)
		}
	}
}
