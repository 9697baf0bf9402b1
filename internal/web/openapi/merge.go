package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// member is one member of a JSON object. Objects are kept as lists of members,
// because the order of a document is the order of the page made from it.
type member struct {
	name  string
	value json.RawMessage
}

type object []member

// UnmarshalJSON keeps the order, and refuses a name that comes twice.
func (o *object) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return fmt.Errorf("not a JSON object: %v", err)
	}
	*o = nil
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		m := member{name: t.(string)} // between { and } tokens are names
		if o.get(m.name) != nil {
			return fmt.Errorf("member %s comes twice", m.name)
		}
		if err := d.Decode(&m.value); err != nil {
			return err
		}
		*o = append(*o, m)
	}
	return nil
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

// get gives a member's value, nil if there is none.
func (o object) get(name string) json.RawMessage {
	for _, m := range o {
		if m.name == name {
			return m.value
		}
	}
	return nil
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

// part is one document that goes into another, and where its API is served if that
// is not where the document comes from.
type part struct {
	document []byte
	servers  any
}

// merge joins documents: head says what is said once, each part brings its tags,
// paths and components. A component that two parts have must be the same in both.
func merge(head []byte, parts ...part) ([]byte, error) {
	var doc object
	if err := json.Unmarshal(head, &doc); err != nil {
		return nil, err
	}
	var tags []json.RawMessage
	var paths, components object
	for _, p := range parts {
		var own object
		if err := json.Unmarshal(p.document, &own); err != nil {
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
		if ownPaths, err = servedAt(ownPaths, p.servers); err != nil {
			return nil, err
		}
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

// servedAt puts servers into every path, unless they are nil.
func servedAt(paths object, servers any) (object, error) {
	if servers == nil {
		return paths, nil
	}
	out := slices.Clone(paths)
	for i := range out {
		var item object
		if err := json.Unmarshal(out[i].value, &item); err != nil {
			return nil, fmt.Errorf("%s: %w", out[i].name, err)
		}
		item, err := item.with("servers", servers)
		if err != nil {
			return nil, err
		}
		if out[i].value, err = json.Marshal(item); err != nil {
			return nil, err
		}
	}
	return out, nil
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
