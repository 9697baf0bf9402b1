package manage

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/body"
)

// members reads a request body member by member. Ask for each one that there may
// be, then call done, which refuses the rest and reports everything at once.
type members struct {
	object   body.Object
	known    map[string]bool
	problems []fault.Field
}

// readMembers reads the body. No body is an empty object.
func readMembers(r *http.Request) (*members, error) {
	m := &members{known: make(map[string]bool)}
	data, err := web.ReadBody(r)
	if err != nil || data == nil {
		return m, err
	}
	m.object, err = body.Parse(data)
	return m, err
}

func (m *members) bad(path, code, message string) {
	m.problems = append(m.problems, fault.Field{Path: path, Code: code, Message: message})
}

// get finds a member; null is as good as absent.
func (m *members) get(name string) (body.Value, bool) {
	m.known[name] = true
	v, ok := m.object.Get(name)
	return v, ok && !v.IsNull()
}

func (m *members) text(name string) (string, bool) {
	v, ok := m.get(name)
	if !ok {
		return "", false
	}
	s, ok := v.Str()
	if !ok {
		m.bad(name, "type", name+" must be a string")
	}
	return s, ok
}

func (m *members) requiredText(name string) string {
	if _, ok := m.get(name); !ok {
		m.bad(name, "required", name+" is required")
	}
	s, _ := m.text(name)
	return s
}

// integer gives fallback if the member is absent.
func (m *members) integer(name string, fallback int) int {
	v, ok := m.get(name)
	if !ok {
		return fallback
	}
	literal, ok := v.Number()
	n, whole := body.Integer(literal)
	if !ok || !whole {
		m.bad(name, "type", name+" must be a whole number")
	}
	return int(n)
}

// flag gives false if the member is absent.
func (m *members) flag(name string) bool {
	v, ok := m.get(name)
	if !ok {
		return false
	}
	b, ok := v.Bool()
	if !ok {
		m.bad(name, "type", name+" must be true or false")
	}
	return b
}

func (m *members) time(name string) time.Time {
	s, ok := m.text(name)
	if !ok {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		m.bad(name, "format", name+" must be a time like 2030-01-31T12:00:00Z")
	}
	return t
}

func (m *members) duration(name string, fallback time.Duration) time.Duration {
	s, ok := m.text(name)
	if !ok {
		return fallback
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		m.bad(name, "format", name+" must be a duration like 24h, 90m or 0s")
	}
	return d
}

// texts reads an array of strings; nil if it is absent.
func (m *members) texts(name string) []string {
	v, ok := m.get(name)
	if !ok {
		return nil
	}
	list := []string{}
	if v.Kind() != body.KindArray {
		m.bad(name, "type", name+" must be a list of strings")
	}
	for element := range v.Elements() {
		s, ok := element.Str()
		if !ok {
			m.bad(name, "type", name+" must be a list of strings")
			break
		}
		list = append(list, s)
	}
	return list
}

// done gives every problem, in the order in which the members were asked for, and
// last the members that nobody asked for.
func (m *members) done() error {
	for name := range m.object.Members() {
		if !m.known[name] {
			m.bad(harmless(name), "unknown_member", "the body has a member that is not known here")
			break
		}
	}
	if len(m.problems) > 0 {
		return fault.Validation(m.problems...)
	}
	return nil
}

// harmless gives a name that a caller sent if it looks like one of ours, so that it
// may be shown again; others may hold anything.
func harmless(name string) string {
	other := func(c rune) bool { return c != '_' && (c < 'a' || c > 'z') }
	if len(name) > 40 || strings.ContainsFunc(name, other) {
		return ""
	}
	return name
}

// answer writes a value as JSON.
func answer(w http.ResponseWriter, r *http.Request, code int, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	web.JSON(w, code, b)
	return nil
}
