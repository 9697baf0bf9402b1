package openapi_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"custodex.dev/internal/web/openapi"
)

func TestMerge(t *testing.T) {
	t.Parallel()
	const first = `{"info":{"title":"First"},"tags":[{"name":"Z"}],"paths":{"/z":{"get":{}},"/a":{"get":{}}},
		"components":{"schemas":{"Z":{"type":"string"},"Both":{"type": "null"}}}}`
	const second = `{"tags":[{"name":"A"}],"paths":{"/m":{"get":{}}},
		"components":{"headers":{"H":{}},"schemas":{"B":{},"Both":{"type":"null"}}}}`
	got, err := openapi.Merge([]byte(`{"openapi":"3.1.0","info":{"title":"Head"}}`), []byte(first), []byte(second), []string{"there"})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"openapi":"3.1.0","info":{"title":"Head"},"tags":[{"name":"Z"},{"name":"A"}],` +
		`"paths":{"/z":{"get":{}},"/a":{"get":{}},"/m":{"get":{},"servers":["there"]}},` +
		`"components":{"schemas":{"Z":{"type":"string"},"Both":{"type":"null"},"B":{}},"headers":{"H":{}}}}`
	var compact bytes.Buffer
	if err := json.Compact(&compact, got); err != nil {
		t.Fatal(err)
	}
	if compact.String() != want {
		t.Errorf("Merge = %s, want %s", compact.String(), want)
	}
}

func TestMergeRefuses(t *testing.T) {
	t.Parallel()
	const fine = `{"tags":[],"paths":{"/x":{"get":{}}},"components":{"schemas":{"X":{"type":"string"}}}}`
	for name, c := range map[string]struct{ second, want string }{
		"a component that means two things": {`{"tags":[],"paths":{},"components":{"schemas":{"X":{"type":"null"}}}}`, "components/schemas: X"},
		"a path that both have":             {`{"tags":[],"paths":{"/x":{"post":{}}},"components":{}}`, "/x means two things"},
		"a member that comes twice":         {`{"tags":[],"paths":{},"paths":{},"components":{}}`, "paths comes twice"},
		"a section that is missing":         {`{"tags":[],"components":{}}`, "paths"},
		"what is not an object":             {`[]`, "not a JSON object"},
		"what is not JSON":                  {`{`, "unexpected"},
	} {
		_, err := openapi.Merge([]byte(`{"openapi":"3.1.0"}`), []byte(fine), []byte(c.second), nil)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
}
