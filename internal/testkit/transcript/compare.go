package transcript

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The lines that part an answer's header from its body.
const (
	modeExact = ""
	modeJSON  = "@json"
	modeAny   = "@any-body"
	modeNone  = "none" // no such line
)

// expected is an answer as it stands in the file.
type expected struct {
	status string
	header []headerLine // one for each name, in the order of their first lines
	mode   string
	body   []string
}

// headerLine is what is said of one header; no values means absent.
type headerLine struct {
	name   string
	values []string
}

func (h headerLine) lines() []string {
	if len(h.values) == 0 {
		return []string{"!" + h.name}
	}
	var out []string
	for _, value := range h.values {
		out = append(out, h.name+": "+value)
	}
	return out
}

func parseAnswer(lines []string) (*expected, error) {
	e := &expected{mode: modeNone}
	if len(lines) == 0 {
		return e, nil
	}
	e.status = strings.TrimSpace(lines[0])
	for i, line := range lines[1:] {
		if line == modeExact || strings.HasPrefix(line, "@") {
			e.mode, e.body = line, lines[i+2:]
			break
		}
		name, absent := strings.CutPrefix(line, "!")
		name, value, ok := strings.Cut(name, ":")
		if ok == absent || name == "" {
			return nil, fmt.Errorf("answer: %q is no header line", line)
		}
		at := slices.IndexFunc(e.header, func(h headerLine) bool { return strings.EqualFold(h.name, name) })
		if at < 0 {
			at = len(e.header)
			e.header = append(e.header, headerLine{name: name})
		} else if absent || len(e.header[at].values) == 0 {
			return nil, fmt.Errorf("answer: header %s is both there and absent", name)
		}
		if !absent {
			e.header[at].values = append(e.header[at].values, strings.TrimSpace(value))
		}
	}
	switch {
	case e.mode == modeExact && len(e.body) == 0:
		e.mode = modeNone
	case e.mode == modeAny && len(e.body) > 0:
		return nil, errors.New("answer: @any-body is the last line")
	case !slices.Contains([]string{modeNone, modeExact, modeJSON, modeAny}, e.mode):
		return nil, fmt.Errorf("answer: unknown mode %s", e.mode)
	}
	return e, nil
}

// compare renders the expected and the actual answer as lines of a file, in one
// layout, the actual one with the expectation's placeholders where they hold.
// So one piece of code decides whether an answer is right, what the diff of a
// wrong one says, and what an updated file gets.
func (p *player) compare(lines []string, got *answer) (wantLines, gotLines []string, err error) {
	want, err := parseAnswer(lines)
	if err != nil {
		return nil, nil, err
	}
	status := got.code
	if strings.Contains(want.status, " ") {
		status = got.status
	}
	if len(lines) == 0 && got.header.Get("Content-Type") != "" {
		want.header = []headerLine{{name: "content-type"}}
	}
	wantLines, gotLines = []string{want.status}, []string{status}
	for _, h := range want.header {
		wantLines = append(wantLines, h.lines()...)
		came := headerLine{name: h.name}
		for i, value := range got.header.Values(h.name) {
			expect := ""
			if i < len(h.values) {
				expect = h.values[i]
			}
			kept, err := p.vars.keep(expect, value)
			if err != nil {
				return nil, nil, err
			}
			came.values = append(came.values, kept)
		}
		gotLines = append(gotLines, came.lines()...)
	}
	wantBody, gotBody, err := p.compareBody(want, got)
	return append(wantLines, wantBody...), append(gotLines, gotBody...), err
}

func (p *player) compareBody(want *expected, got *answer) (wantLines, gotLines []string, err error) {
	var tree *node
	if want.mode != modeNone {
		wantLines = append([]string{want.mode}, want.body...)
	}
	if want.mode == modeJSON {
		if tree, err = parseExpectedJSON(strings.Join(want.body, "\n")); err == nil {
			wantLines = append([]string{modeJSON}, tree.lines()...)
		} else if !p.update {
			return nil, nil, fmt.Errorf("the expected body is not JSON: %w", err)
		}
	}
	text := string(got.body)
	switch {
	case want.mode == modeAny:
		return wantLines, wantLines, nil
	case text == "":
		return wantLines, nil, nil
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unprintable):
		return wantLines, []string{modeAny}, nil
	}
	isJSON := strings.HasPrefix(got.header.Get("Content-Type"), "application/json")
	if want.mode == modeJSON || want.mode == modeNone && isJSON {
		if came, err := parseJSON(got.body); err == nil {
			kept, err := p.vars.keepNode(tree, came)
			if err != nil {
				return nil, nil, err
			}
			return wantLines, append([]string{modeJSON}, kept.lines()...), nil
		}
	}
	kept, err := p.keepLines(want.body, text)
	return wantLines, append([]string{modeExact}, kept...), err
}

// keepLines compares a text as a whole, so that a placeholder may span lines,
// and then, if it differs, line by line for a readable diff.
func (p *player) keepLines(want []string, got string) ([]string, error) {
	whole := strings.Join(want, "\n")
	kept, err := p.vars.keep(whole, got)
	if err != nil || kept == whole {
		return want, err
	}
	lines := strings.Split(got, "\n")
	for i, line := range lines {
		if i >= len(want) {
			lines[i] = p.vars.mask(line)
		} else if lines[i], err = p.vars.keep(want[i], line); err != nil {
			return nil, err
		}
	}
	return lines, nil
}

// unprintable tells characters that a line of a file cannot hold faithfully.
func unprintable(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }
