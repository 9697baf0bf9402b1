package body

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"sync"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	// MaxDepth is how deep objects and arrays may be nested; the outermost is 1.
	MaxDepth = 32
	// MaxMembers is how many members and elements a body may have, all levels
	// together. It bounds the memory that one body of the allowed size can claim.
	MaxMembers = 1000
)

// Parse reads data as one JSON object. It refuses, at any depth: duplicate
// members (however their names are escaped), invalid UTF-8, NUL (raw or
// escaped), unpaired surrogate escapes, data after the object, anything but an
// object at the top, more than MaxDepth levels and more than MaxMembers members
// and elements. A byte order mark at the start counts for nothing. All faults are Invalid. The encoding is looked at first, then
// what comes first in the text is what is reported.
//
// data is not kept and not changed.
func Parse(data []byte) (Object, error) {
	data = withoutMark(data)
	switch {
	case len(bytes.Trim(data, whitespace)) == 0:
		return Object{}, errEmpty
	case !utf8.Valid(data):
		return Object{}, errInvalidUTF8
	case bytes.IndexByte(data, 0) >= 0:
		return Object{}, errNUL
	}
	p := parsers.Get().(*parser)
	defer p.release()
	return p.parse(data)
}

const whitespace = " \t\r\n"

var parsers = sync.Pool{New: func() any { return new(parser) }}

// parser is the state of one Parse, pooled for its buffers.
type parser struct {
	dec     jsontext.Decoder
	in      bytes.Buffer
	text    string  // the whole input; strings without escapes are parts of it
	stack   []field // members of the objects and arrays that are still open
	scratch []byte  // a string with escapes, being unescaped
	count   int
}

// release puts the parser back without anything of the request in it.
func (p *parser) release() {
	clear(p.stack)
	clear(p.scratch)
	p.in = bytes.Buffer{}
	p.dec.Reset(&p.in)
	p.text, p.stack, p.scratch, p.count = "", p.stack[:0], p.scratch[:0], 0
	parsers.Put(p)
}

// withoutMark takes off the byte order mark of UTF-8 that some editors and programs put
// before a text.
func withoutMark(data []byte) []byte { return bytes.TrimPrefix(data, []byte("\ufeff")) }

func (p *parser) parse(data []byte) (Object, error) {
	p.text = string(data)
	// The decoder reads a bytes.Buffer in place, and leaves its bytes alone.
	p.in = *bytes.NewBuffer(data)
	p.dec.Reset(&p.in)

	switch p.dec.PeekKind() {
	case '{':
	case '[':
		return Object{}, errNotAnObject
	default:
		if _, err := p.dec.ReadValue(); err != nil {
			return Object{}, errSyntax
		}
		return Object{}, errNotAnObject
	}
	v, err := p.value(1)
	if err != nil {
		if err, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
			return Object{}, p.classify(err)
		}
		return Object{}, err
	}
	if len(bytes.Trim(data[p.dec.InputOffset():], whitespace)) > 0 {
		return Object{}, errTrailingData
	}
	return Object{members: v.children}, nil
}

// value reads the next value; depth is the level it would open.
func (p *parser) value(depth int) (Value, error) {
	switch p.dec.PeekKind() {
	case '{':
		children, err := p.children(depth, '}')
		return Value{kind: KindObject, children: children}, err
	case '[':
		children, err := p.children(depth, ']')
		return Value{kind: KindArray, children: children}, err
	case '"':
		s, err := p.string()
		return Value{kind: KindString, text: s}, err
	}
	raw, err := p.dec.ReadValue()
	if err != nil {
		return Value{}, err
	}
	v := Value{text: p.source(raw)}
	switch raw.Kind() {
	case '0':
		v.kind = KindNumber
	case 't', 'f':
		v.kind = KindBool
	}
	return v, nil
}

// children reads an object or an array, from its opening to its closing character.
func (p *parser) children(depth int, end jsontext.Kind) ([]field, error) {
	if depth > MaxDepth {
		return nil, errTooDeep
	}
	if _, err := p.dec.ReadToken(); err != nil {
		return nil, err
	}
	base := len(p.stack)
	for p.dec.PeekKind() != end {
		if p.count++; p.count > MaxMembers {
			return nil, errTooManyMembers
		}
		var f field
		var err error
		if end == '}' {
			if f.name, err = p.string(); err != nil {
				return nil, err
			}
		}
		if f.value, err = p.value(depth + 1); err != nil {
			return nil, err
		}
		p.stack = append(p.stack, f)
	}
	if _, err := p.dec.ReadToken(); err != nil {
		return nil, err
	}
	children := slices.Clone(p.stack[base:])
	clear(p.stack[base:])
	p.stack = p.stack[:base]
	return children, nil
}

// string reads the next string, or a member's name, without its quotes and escapes.
func (p *parser) string() (string, error) {
	raw, err := p.dec.ReadValue()
	if err != nil {
		return "", err
	}
	if bytes.IndexByte(raw, '\\') < 0 {
		s := p.source(raw)
		return s[1 : len(s)-1], nil
	}
	if p.scratch, err = jsontext.AppendUnquote(p.scratch[:0], raw); err != nil {
		return "", err
	}
	if bytes.IndexByte(p.scratch, 0) >= 0 {
		return "", errNUL
	}
	s := string(p.scratch)
	clear(p.scratch)
	return s, nil
}

// source gives the value that was just read as a part of the input's one copy.
func (p *parser) source(raw jsontext.Value) string {
	end := int(p.dec.InputOffset())
	return p.text[end-len(raw) : end]
}

// classify names a decoder's error without looking at its text.
func (p *parser) classify(err *jsontext.SyntacticError) error {
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return errDuplicateMember
	}
	if at := int(err.ByteOffset); at+6 <= len(p.text) && p.text[at:at+2] == `\u` {
		r, bad := strconv.ParseUint(p.text[at+2:at+6], 16, 16)
		if bad == nil && utf16.IsSurrogate(rune(r)) {
			return errSurrogate
		}
	}
	return errSyntax
}
