package manage

import (
	"iter"
	"net/http"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/body"
	"custodex.dev/internal/web/wire"
)

// input reads the members of a body or the parameters of a query one by one. Ask for
// each one that there may be, then call done, which refuses the rest and reports
// everything at once.
type input struct {
	lookup  func(name string) (v body.Value, sent bool, err error)
	sent    iter.Seq[string] // the names that were sent
	isQuery bool             // all values are texts, and an empty one is a problem
	unknown fault.Field      // the problem of a name that nobody asked for

	known    map[string]bool
	problems []fault.Field
	err      error // the first fault of form
}

// readMembers reads the body. No body is an empty object.
func readMembers(r *http.Request) (*input, error) {
	var object body.Object
	data, err := web.ReadBody(r)
	if err == nil && data != nil {
		object, err = body.Parse(data)
	}
	return &input{
		lookup: func(name string) (body.Value, bool, error) {
			v, sent := object.Get(name)
			return v, sent, nil
		},
		sent:    names(object.Members()),
		unknown: fault.Field{Code: "unknown_member", Message: "the body has a member that is not known here"},
		known:   make(map[string]bool),
	}, err
}

// readParameters reads the query. A parameter that nobody asked for is a problem: a
// filter that was misspelt would show more than was asked for. So is an empty one: who
// sends it thinks to have filtered.
func readParameters(r *http.Request) *input {
	query, err := body.ParseQuery(r.URL.RawQuery)
	return &input{
		lookup:  query.Get,
		sent:    names(query.Pairs()),
		isQuery: true,
		unknown: fault.Field{Code: "unknown_parameter", Message: "the query has a parameter that is not known here"},
		known:   make(map[string]bool),
		err:     err,
	}
}

func noParameters(r *http.Request) error { return readParameters(r).done() }

func names[V any](pairs iter.Seq2[string, V]) iter.Seq[string] {
	return func(yield func(string) bool) {
		for name := range pairs {
			if !yield(name) {
				return
			}
		}
	}
}

func (in *input) bad(path, code, message string) {
	in.problems = append(in.problems, fault.Field{Path: path, Code: code, Message: message})
}

// get finds a value; null is the same as absent.
func (in *input) get(name string) (body.Value, bool) {
	in.known[name] = true
	v, sent, err := in.lookup(name)
	if err != nil {
		if in.err == nil {
			in.err = err
		}
		return body.Value{}, false
	}
	return v, sent && !v.IsNull()
}

func (in *input) has(name string) bool {
	_, ok := in.get(name)
	return ok
}

// text gives "" if the value is absent.
func (in *input) text(name string) string {
	s, _ := in.textIfSent(name)
	return s
}

func (in *input) textIfSent(name string) (string, bool) {
	v, ok := in.get(name)
	if !ok {
		return "", false
	}
	s, isText := v.Str()
	switch {
	case !isText:
		in.bad(name, "type", name+" must be a string")
		return "", false
	case s == "" && in.isQuery:
		in.bad(name, "empty", name+" must not be empty")
		return "", false
	}
	return s, true
}

func (in *input) requiredText(name string) string {
	if !in.has(name) {
		in.bad(name, "required", name+" is required")
	}
	return in.text(name)
}

// integer gives fallback if the value is absent.
func (in *input) integer(name string, fallback int64) int64 {
	var literal string
	var ok bool
	if in.isQuery {
		if literal, ok = in.textIfSent(name); !ok {
			return fallback
		}
	} else {
		v, sent := in.get(name)
		if !sent {
			return fallback
		}
		literal, ok = v.Number()
	}
	n, whole := body.Integer(literal)
	if !ok || !whole {
		in.bad(name, "type", name+" must be a whole number")
	}
	return n
}

// flag gives false if the value is absent.
func (in *input) flag(name string) bool {
	v, ok := in.get(name)
	if !ok {
		return false
	}
	b, ok := v.Bool()
	if !ok {
		in.bad(name, "type", name+" must be true or false")
	}
	return b
}

// time gives the zero time if the value is absent.
func (in *input) time(name string) time.Time {
	s, ok := in.textIfSent(name)
	if !ok {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		in.bad(name, "format", name+" must be a time like 2030-01-31T12:00:00Z")
	}
	return t
}

func (in *input) duration(name string, fallback time.Duration) time.Duration {
	s, ok := in.textIfSent(name)
	if !ok {
		return fallback
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		in.bad(name, "format", name+" must be a duration like 24h, 90m or 0s")
	}
	return d
}

// texts reads an array of strings; nil if it is absent.
func (in *input) texts(name string) []string {
	v, ok := in.get(name)
	if !ok {
		return nil
	}
	list := []string{}
	if v.Kind() != body.KindArray {
		in.bad(name, "type", name+" must be a list of strings")
	}
	for element := range v.Elements() {
		s, ok := element.Str()
		if !ok {
			in.bad(name, "type", name+" must be a list of strings")
			break
		}
		list = append(list, s)
	}
	return list
}

// done gives every problem, in the order in which the values were asked for, and
// last a value that nobody asked for.
func (in *input) done() error {
	if in.err != nil {
		return in.err
	}
	for name := range in.sent {
		if !in.known[name] {
			in.bad(wire.ShownName(name), in.unknown.Code, in.unknown.Message)
			break
		}
	}
	if len(in.problems) > 0 {
		return fault.Validation(in.problems...)
	}
	return nil
}

// answer writes a value as JSON.
func answer(w http.ResponseWriter, code int, v any) error {
	web.JSON(w, code, wire.Marshal(v))
	return nil
}
