package transcript

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// node is a JSON value that has kept its order and its literals.
type node struct {
	kind jsontext.Kind // '{', '[', '"', '0', 't', 'f', 'n', or 0 for a bare placeholder
	name string        // in an object
	text string        // decoded string, literal, or placeholder
	kids []*node
}

// bareMark marks a placeholder that stands outside of quotes.
const bareMark = "\ue000"

// parseJSON reads one value strictly: no duplicate names, nothing after it.
func parseJSON(data []byte) (*node, error) {
	dec := jsontext.NewDecoder(bytes.NewBuffer(data))
	n, err := readNode(dec)
	if err != nil {
		return nil, err
	}
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, errors.New("data after the value")
	}
	return n, nil
}

var stringOrPlaceholder = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|` + placeholder.String())

// parseExpectedJSON reads JSON with placeholders outside of quotes.
func parseExpectedJSON(text string) (*node, error) {
	var quoted strings.Builder
	rest := 0
	for _, m := range stringOrPlaceholder.FindAllStringIndex(text, -1) {
		quoted.WriteString(text[rest:m[0]])
		rest = m[1]
		if part := text[m[0]:m[1]]; part[0] == '{' {
			quoted.WriteString(`"` + bareMark + part + `"`)
		} else {
			quoted.WriteString(part)
		}
	}
	quoted.WriteString(text[rest:])
	n, err := parseJSON([]byte(quoted.String()))
	if err == nil {
		n.markBare()
	}
	return n, err
}

func (n *node) markBare() {
	if text, ok := strings.CutPrefix(n.text, bareMark); ok && n.kind == '"' {
		n.kind, n.text = 0, text
	}
	for _, kid := range n.kids {
		kid.markBare()
	}
}

func readNode(dec *jsontext.Decoder) (*node, error) {
	token, err := dec.ReadToken()
	if err != nil {
		return nil, err
	}
	n := &node{kind: token.Kind()}
	if n.kind != '{' && n.kind != '[' {
		n.text = token.String()
		return n, nil
	}
	for dec.PeekKind() != '}' && dec.PeekKind() != ']' {
		name := ""
		if n.kind == '{' {
			token, err := dec.ReadToken()
			if err != nil {
				return nil, err
			}
			name = token.String()
		}
		kid, err := readNode(dec)
		if err != nil {
			return nil, err
		}
		kid.name = name
		n.kids = append(n.kids, kid)
	}
	_, err = dec.ReadToken()
	return n, err
}

// keepNode gives what came, with the expectation's placeholders where they hold.
// Members are looked up by name but stay in the order in which they came.
func (v *vars) keepNode(want, got *node) (*node, error) {
	out := &node{kind: got.kind, name: got.name, text: got.text}
	switch {
	case want != nil && want.kind == 0:
		if want.text == "{{any}}" {
			out.kind, out.text = 0, want.text
			return out, nil
		}
		if got.kind == '0' || got.kind == 't' || got.kind == 'f' || got.kind == 'n' {
			kept, err := v.keep(want.text, got.text)
			if err != nil {
				return nil, err
			}
			if kept == want.text {
				out.kind, out.text = 0, kept
			}
			return out, nil
		}
	case got.kind == '"' && want != nil && want.kind == '"':
		kept, err := v.keep(want.text, got.text)
		out.text = kept
		return out, err
	}
	if got.kind == '"' {
		out.text = v.mask(got.text)
	}
	for i, kid := range got.kids {
		var expect *node
		if want != nil && want.kind == got.kind {
			if got.kind == '[' && i < len(want.kids) {
				expect = want.kids[i]
			}
			if at := slices.IndexFunc(want.kids, func(k *node) bool { return k.name == kid.name }); got.kind == '{' && at >= 0 {
				expect = want.kids[at]
			}
		}
		kept, err := v.keepNode(expect, kid)
		if err != nil {
			return nil, err
		}
		out.kids = append(out.kids, kept)
	}
	return out, nil
}

// lines prints the value over several lines, the same for equal values.
func (n *node) lines() []string { return strings.Split(string(n.append(nil, "\n")), "\n") }

func (n *node) append(out []byte, newline string) []byte {
	switch n.kind {
	case '"':
		return quote(out, n.text)
	case '{', '[':
		out = append(out, byte(n.kind))
		for i, kid := range n.kids {
			if i > 0 {
				out = append(out, ',')
			}
			out = append(out, newline+"  "...)
			if n.kind == '{' {
				out = append(quote(out, kid.name), ": "...)
			}
			out = kid.append(out, newline+"  ")
		}
		if len(n.kids) > 0 {
			out = append(out, newline...)
		}
		return append(out, byte(n.kind)+2) // '}' is '{'+2, and ']' is '['+2
	}
	return append(out, n.text...)
}

// quote cannot fail: names and texts come from a decoder that checks UTF-8.
func quote(out []byte, text string) []byte {
	out, _ = jsontext.AppendQuote(out, text)
	return out
}
