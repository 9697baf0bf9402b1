package openapi

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the document of the public listener anew")

// TestPublicIsCurrent merges the documents of the APIs and compares with what the
// public listener serves, document/public.json. "make golden" writes it.
func TestPublicIsCurrent(t *testing.T) {
	t.Parallel()
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join("document", name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	merged, err := merge(read("head.json"), read("devdraft.json"), read("yativo.json"), read("xtrakit.json"))
	if err != nil {
		t.Fatal(err)
	}
	merged = append(merged, '\n')
	if *update {
		if err := os.WriteFile(filepath.Join("document", "public.json"), merged, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(read("public.json"), merged) {
		t.Error("document/public.json is not the documents of the APIs merged: run make golden")
	}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	const first = `{"info":{"title":"First"},"tags":[{"name":"Z"}],"paths":{"/z":{"get":{}},"/a":{"get":{}}},
		"components":{"schemas":{"Z":{"type":"string"},"Both":{"type": "null"}}}}`
	const second = `{"tags":[{"name":"A"}],"paths":{"/m":{"get":{}}},
		"components":{"headers":{"H":{}},"schemas":{"B":{},"Both":{"type":"null"}}}}`
	got, err := merge([]byte(`{"openapi":"3.1.0","info":{"title":"Head"}}`), []byte(first), []byte(second))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"openapi":"3.1.0","info":{"title":"Head"},"tags":[{"name":"Z"},{"name":"A"}],` +
		`"paths":{"/z":{"get":{}},"/a":{"get":{}},"/m":{"get":{}}},` +
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
		_, err := merge([]byte(`{"openapi":"3.1.0"}`), []byte(fine), []byte(c.second))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
}

// MarshalJSON writes the members in their order.
func (o object) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, m := range o {
		name, err := json.Marshal(m.name)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, name...), ':')
		b = append(b, m.value...)
	}
	return append(b, '}'), nil
}

// with gives o with one member more, or with another value for it.
func (o object) with(name string, value any) (object, error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	out := slices.Clone(o)
	for i := range out {
		if out[i].name == name {
			out[i].value = raw
			return out, nil
		}
	}
	return append(out, member{name, raw}), nil
}

// merge joins documents: head says what is said once, each part brings its tags,
// paths and components. A component that two parts have must be the same in both.
func merge(head []byte, parts ...[]byte) ([]byte, error) {
	var doc object
	if err := json.Unmarshal(head, &doc); err != nil {
		return nil, err
	}
	var tags []json.RawMessage
	var paths, components object
	for _, p := range parts {
		var own object
		if err := json.Unmarshal(p, &own); err != nil {
			return nil, err
		}
		var ownTags []json.RawMessage
		var ownPaths, ownComponents object
		for _, section := range []struct {
			name string
			into any
		}{{"tags", &ownTags}, {"paths", &ownPaths}, {"components", &ownComponents}} {
			if err := json.Unmarshal(own.get(section.name), section.into); err != nil {
				return nil, fmt.Errorf("%s: %w", section.name, err)
			}
		}
		tags = append(tags, ownTags...)
		var err error
		if paths, err = joined(paths, ownPaths); err != nil {
			return nil, err
		}
		if components, err = joinedComponents(components, ownComponents); err != nil {
			return nil, err
		}
	}
	var err error
	for _, section := range []struct {
		name  string
		value any
	}{{"tags", tags}, {"paths", paths}, {"components", components}} {
		if doc, err = doc.with(section.name, section.value); err != nil {
			return nil, err
		}
	}
	return json.MarshalIndent(doc, "", "  ")
}

// joinedComponents joins the maps of schemas, headers and so on one by one.
func joinedComponents(a, b object) (object, error) {
	for _, kind := range b {
		var have, more object
		if err := json.Unmarshal(kind.value, &more); err != nil {
			return nil, fmt.Errorf("components/%s: %w", kind.name, err)
		}
		if raw := a.get(kind.name); raw != nil {
			if err := json.Unmarshal(raw, &have); err != nil {
				return nil, fmt.Errorf("components/%s: %w", kind.name, err)
			}
		}
		all, err := joined(have, more)
		if err != nil {
			return nil, fmt.Errorf("components/%s: %w", kind.name, err)
		}
		if a, err = a.with(kind.name, all); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// joined gives the members of both. A name that both have must have one value.
func joined(a, b object) (object, error) {
	out := slices.Clone(a)
	for _, m := range b {
		have := a.get(m.name)
		switch {
		case have == nil:
			out = append(out, m)
		case !same(have, m.value):
			return nil, fmt.Errorf("%s means two things", m.name)
		}
	}
	return out, nil
}

func same(a, b json.RawMessage) bool {
	var x, y bytes.Buffer
	if json.Compact(&x, a) != nil || json.Compact(&y, b) != nil {
		return false
	}
	return bytes.Equal(x.Bytes(), y.Bytes())
}
