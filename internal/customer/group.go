package customer

import (
	"encoding/binary"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/redact"
)

// Group is a named set of customers of one application.
type Group struct {
	redact.Masked

	Seq         int64           // its number, unique on the server
	Name        redact.Personal // sealed: callers write names of people into it
	Description redact.Personal // sealed; "" is none
	CreatedAt   time.Time
	UpdatedAt   time.Time

	unknown []byte // as in Personal
}

// GroupInput is a request to make or change a group.
type GroupInput struct{ Name, Description Text }

// The paths of a group's fields in a fault.Field, in the order of problems.
const (
	PathGroupName        = "group_name"
	PathGroupDescription = "group_description"
)

// GroupChange is validated input: nil leaves a field alone.
type GroupChange struct{ Name, Description *redact.Personal }

// Create validates input for a new group.
func (in GroupInput) Create() (Group, []fault.Field) {
	in.Name.Sent = true
	change, problems := in.Update()
	var g Group
	change.Apply(&g)
	return g, problems
}

// Update validates input for a change. Null or "" clears the description.
func (in GroupInput) Update() (GroupChange, []fault.Field) {
	v := validator{in: &Input{}}
	var c GroupChange
	if s, ok := v.text(PathGroupName, in.Name, MaxText); ok {
		c.Name = new(redact.Personal(s))
	}
	c.Description = v.optional(PathGroupDescription, in.Description)
	return c, v.problems
}

// Apply makes the change and names the fields that became different.
func (c GroupChange) Apply(g *Group) (changed []string) {
	if c.Name != nil && *c.Name != g.Name {
		g.Name = *c.Name
		changed = append(changed, PathGroupName)
	}
	if c.Description != nil && *c.Description != g.Description {
		g.Description = *c.Description
		changed = append(changed, PathGroupDescription)
	}
	return changed
}

// AppendBinary appends the change in a form that is equal for equal changes.
func (c GroupChange) AppendBinary(b []byte) []byte {
	for i, p := range [...]*redact.Personal{c.Name, c.Description} {
		if p != nil {
			b = binary.AppendUvarint(append(b, byte(i+1)), uint64(len(*p)))
			b = append(b, *p...)
		}
	}
	return b
}

// AppendBinary appends the encoding that is sealed.
func (g *Group) AppendBinary(b []byte) []byte {
	b = append(b, codecVersion)
	b = appendField(b, 1, string(g.Name))
	b = appendField(b, 2, string(g.Description))
	return append(b, g.unknown...)
}

// UnmarshalBinary reads what AppendBinary wrote, keeping fields it does not know, or
// fails with ErrMalformed.
func (g *Group) UnmarshalBinary(b []byte) error {
	return readFields(b, func(number uint64, value string) error {
		switch number {
		case 1:
			g.Name = redact.Personal(value)
		case 2:
			g.Description = redact.Personal(value)
		default:
			g.unknown = appendField(g.unknown, number, value)
		}
		return nil
	})
}
