package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"
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

// get gives a member's value, nil if there is none.
func (o object) get(name string) json.RawMessage {
	for _, m := range o {
		if m.name == name {
			return m.value
		}
	}
	return nil
}
