package manage

import (
	"net/http"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/web/body"
)

// parameters reads a query string like members reads a body.
type parameters struct {
	query    body.Query
	known    map[string]bool
	problems []fault.Field
	err      error // the first fault of form
}

func readParameters(r *http.Request) *parameters {
	p := &parameters{known: make(map[string]bool)}
	p.query, p.err = body.ParseQuery(r.URL.RawQuery)
	return p
}

func (p *parameters) bad(path, code, message string) {
	p.problems = append(p.problems, fault.Field{Path: path, Code: code, Message: message})
}

// text gives "" if the parameter is absent. An empty one is a problem: who sends it
// thinks to have filtered.
func (p *parameters) text(name string) string {
	p.known[name] = true
	value, sent, err := p.query.One(name)
	if err != nil && p.err == nil {
		p.err = err
	}
	if sent && value == "" {
		p.bad(name, "empty", name+" must not be empty")
	}
	return value
}

// integer gives fallback if the parameter is absent.
func (p *parameters) integer(name string, fallback int64) int64 {
	text := p.text(name)
	if text == "" {
		return fallback
	}
	n, ok := body.Integer(text)
	if !ok {
		p.bad(name, "type", name+" must be a whole number")
	}
	return n
}

func (p *parameters) time(name string) time.Time {
	text := p.text(name)
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		p.bad(name, "format", name+" must be a time like 2030-01-31T12:00:00Z")
	}
	return t
}

// done gives every problem at once. A parameter that nobody asked for is one: a
// filter that was misspelt would show more than was asked for.
func (p *parameters) done() error {
	if p.err != nil {
		return p.err
	}
	for name := range p.query.Pairs() {
		if !p.known[name] {
			p.bad(harmless(name), "unknown_parameter", "the query has a parameter that is not known here")
			break
		}
	}
	if len(p.problems) > 0 {
		return fault.Validation(p.problems...)
	}
	return nil
}

func noParameters(r *http.Request) error { return readParameters(r).done() }
