package tests

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"custodex.dev/internal/web/openapi"
)

// TestPolicyFieldA3OpenAPIPortable holds the document of each API against rules that validators
// do not know and generators of clients need. "make clients" runs the generators; this
// test names the rule that a change breaks. Each rule stands for a generator that
// crashed, or whose code did not compile.
func TestPolicyFieldA3OpenAPIPortable(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]http.Handler{
		"devdraft": openapi.Handler(), "yativo": openapi.Handler(), "xtrakit": openapi.Handler(), "manage": openapi.ManageHandler(),
	} {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/openapi/"+name+".json", nil))
		var tree map[string]any
		if err := json.Unmarshal(rec.Body.Bytes(), &tree); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, complaint := range portableComplaints(tree) {
			t.Errorf("%s: %s", name, complaint)
		}
	}
}

func TestPolicyFieldA3OpenAPIPortableRule(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"schema": {"type": ["string", "array"]}}`:                                    "two types",
		`{"schema": {"type": "null"}}`:                                                 "null alone",
		`{"schema": {"type": "string", "format": "uuid", "pattern": "x"}}`:             "pattern beside format",
		`{"schema": {"oneOf": [{"$ref": "#/x"}, {"type": "string"}], "default": "x"}}`: "default beside oneOf",
		`{"schema": {"allOf": [{"$ref": "#/x"}]}}`:                                     "allOf",
		`{"schema": {"unevaluatedProperties": false}}`:                                 "unevaluatedProperties",
		`{"components": {"schemas": {"X": {"additionalProperties": false}}}, "paths": {"/x": {"get": {"responses": {"200": {"$ref": "#/components/schemas/X"}}}}}}`: "answers are open",
		`{"schema": {"const": true}}`: "const",
		`{"schema": {"enum": ["x"]}}`: "enum without type",
		`{"schema": {"type": ["string", "null"], "enum": ["x", null], "default": "x"}}`:                          "default beside an enum",
		`{"schema": {"type": ["integer", "null"], "maximum": 2147483648}}`:                                       "int64",
		`{"schema": {"type": "integer", "minimum": 1}}`:                                                          "int64",
		`{"requestBody": {"content": {"a/b": {"schema": {"$ref": "#/x"}}, "c/d": {"schema": {"$ref": "#/x"}}}}}`: "one schema",
		`{"components": {"schemas": {"NewThing": {}}}}`:                                                          "NewThing",
		`{"components": {"schemas": {"Error": {}}}}`:                                                             "Error",
		`{"components": {"schemas": {"X": {}}, "responses": {"X": {}}}}`:                                         "X names two things",
		`{"components": {"schemas": {"AppKey": {}}, "securitySchemes": {"appKey": {}}}}`:                         "appKey names two things",
		`{"schema": {"properties": {"a_b": {"type": "string"}, "aB": {"type": "string"}}}}`:                      "become one name",
		`{"schema": {"type": "object", "properties": {"a": {"type": "string"}}}, "x": {"if": {"a": "b"}}}`:       "if",
	} {
		var tree map[string]any
		if err := json.Unmarshal([]byte(text), &tree); err != nil {
			t.Fatal(err)
		}
		found := strings.Join(portableComplaints(tree), "\n")
		if !strings.Contains(found, want) {
			t.Errorf("%s: found %q, want one with %q", text, found, want)
		}
	}
}

// portableComplaints finds what generators of clients stumble over.
func portableComplaints(tree map[string]any) []string {
	found := append(componentComplaints(tree), closedAnswers(tree, tree["paths"], "", false, map[string]bool{})...)
	walkSchemas(tree, "", func(at string, schema map[string]any) {
		complain := func(text string) { found = append(found, at+": "+text) }
		types, _ := schema["type"].([]any)
		_, isPattern := schema["pattern"].(string)
		_, isFormat := schema["format"].(string)
		enum, isEnum := schema["enum"].([]any)
		switch {
		case len(types) > 2 || len(types) == 2 && types[1] != "null":
			complain("two types beside null; use oneOf")
		case schema["type"] == "null" && !strings.HasSuffix(at, "/oneOf/1") && !strings.HasSuffix(at, "/anyOf/1"):
			complain("null alone; use a type list with null, or oneOf with an object")
		case isPattern && isFormat:
			complain("pattern beside format; a generator takes one for the other")
		case isEnum && slices.Contains(enum, nil) && schema["default"] != nil:
			complain("default beside an enum with null; Go code of openapi-generator does not compile")
		case isEnum && len(enum) > 0 && schema["type"] == nil:
			complain("enum without type")
		}
		for _, word := range []string{"oneOf", "anyOf"} {
			if _, ok := schema[word].([]any); ok && schema["default"] != nil {
				complain("default beside " + word)
			}
		}
		for _, word := range []string{"allOf", "const", "unevaluatedProperties", "if", "then", "not"} {
			if schema[word] != nil {
				complain(word + " is lost or refused by generators; write the schema out")
			}
		}
		if overflows(at, schema) {
			complain("may not fit in 32 bits; add format int64, or a maximum")
		}
		found = append(found, memberComplaints(at, schema)...)
		found = append(found, bodyComplaints(at, schema)...)
	})
	slices.Sort(found)
	return slices.Compact(found)
}

// overflows tells an integer that is greater than what generators take for one without a
// format. A header is no part of generated types, and a parameter without a maximum has
// the values that its caller gives it.
func overflows(at string, schema map[string]any) bool {
	types, _ := schema["type"].([]any)
	if schema["type"] != "integer" && !slices.Contains(types, any("integer")) || schema["format"] != nil || schema["enum"] != nil {
		return false
	}
	most, limited := schema["maximum"].(float64)
	return limited && most > math.MaxInt32 ||
		!limited && !strings.Contains(at, "/headers/") && !strings.Contains(at, "/parameters/")
}

// bodyComplaints finds a body that has one schema in two content types. The client of
// openapi-python-client chooses the type by the class of the body, so it sent both.
func bodyComplaints(at string, body map[string]any) []string {
	var found []string
	types, _ := body["content"].(map[string]any)
	taken := map[any]bool{}
	for _, name := range slices.Sorted(maps.Keys(types)) {
		media, _ := types[name].(map[string]any)
		schema, _ := media["schema"].(map[string]any)
		if ref := schema["$ref"]; ref != nil {
			if taken[ref] {
				found = append(found, fmt.Sprintf("%s: %s is one schema of two content types; give each its own", at, ref))
			}
			taken[ref] = true
		}
	}
	return found
}

// closedAnswers finds schemas of answers that forbid other members: generated clients
// would refuse what a later release adds. A test's contract closes them by itself.
func closedAnswers(tree map[string]any, v any, at string, answer bool, seen map[string]bool) []string {
	var found []string
	switch v := v.(type) {
	case map[string]any:
		if closed, ok := v["additionalProperties"].(bool); answer && ok && !closed {
			found = append(found, at+": additionalProperties false; answers are open")
		}
		if ref, ok := v["$ref"].(string); answer && ok && !seen[ref] {
			seen[ref] = true
			found = append(found, closedAnswers(tree, resolve(tree, ref), ref, true, seen)...)
		}
		for name, below := range v {
			found = append(found, closedAnswers(tree, below, at+"/"+name, answer || name == "responses", seen)...)
		}
	case []any:
		for i, below := range v {
			found = append(found, closedAnswers(tree, below, fmt.Sprintf("%s/%d", at, i), answer, seen)...)
		}
	}
	return found
}

// resolve gives what a local reference points to.
func resolve(tree map[string]any, ref string) any {
	var v any = tree
	for part := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		members, _ := v.(map[string]any)
		v = members[part]
	}
	return v
}

// memberComplaints finds members whose names become one in another language, unless the
// schema says what to call them.
func memberComplaints(at string, schema map[string]any) []string {
	var found []string
	members, _ := schema["properties"].(map[string]any)
	mapped, _ := schema["x-ogen-properties"].(map[string]any)
	taken := map[string]string{}
	for name := range members {
		if mapped[name] != nil {
			continue
		}
		plain := plainName(name)
		if other := taken[plain]; other != "" {
			found = append(found, fmt.Sprintf("%s: %s and %s become one name; see x-ogen-properties and x-go-name elsewhere", at, min(name, other), max(name, other)))
		}
		taken[plain] = name
	}
	return found
}

// componentComplaints finds components that generated code cannot have together.
func componentComplaints(tree map[string]any) []string {
	var found []string
	components, _ := tree["components"].(map[string]any)
	taken := map[string]bool{}
	for _, kind := range []string{"schemas", "responses", "parameters", "securitySchemes"} {
		members, _ := components[kind].(map[string]any)
		for name := range members {
			switch {
			case kind == "schemas" && strings.HasPrefix(name, "New"):
				found = append(found, name+" collides with a constructor in Go; call it NameInput")
			case kind == "schemas" && name == "Error":
				found = append(found, "Error collides with a type of most languages")
			case taken[plainName(name)]:
				found = append(found, name+" names two things; generators make one type of both")
			}
		}
		for name := range members {
			taken[plainName(name)] = true
		}
	}
	return found
}

func plainName(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

// walkSchemas calls fn for everything that may be a schema: every object that is not an
// example or a map of members.
func walkSchemas(v any, at string, fn func(at string, schema map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		if !strings.HasSuffix(at, "/properties") {
			fn(at, v)
		}
		for name, below := range v {
			if !slices.Contains([]string{"example", "examples", "value", "default"}, name) || strings.HasSuffix(at, "/properties") {
				walkSchemas(below, at+"/"+name, fn)
			}
		}
	case []any:
		for i, below := range v {
			walkSchemas(below, fmt.Sprintf("%s/%d", at, i), fn)
		}
	}
}
