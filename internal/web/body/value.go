package body

import (
	"fmt"
	"io"
	"iter"
)

// Kind is the JSON type of a Value.
type Kind uint8

// The kinds of values. KindNull is the zero value.
const (
	KindNull Kind = iota
	KindBool
	KindNumber
	KindString
	KindArray
	KindObject
)

var kindNames = [...]string{"null", "boolean", "number", "string", "array", "object"}

// String is the JSON name of the kind, for example "number".
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// Value is one JSON value. The zero Value is null. Values do not change after
// Parse and may be shared between goroutines.
type Value struct {
	kind     Kind
	text     string
	children []field // members of an object; elements of an array, without names
}

// field is one member of an object, or one element of an array.
type field struct {
	name  string
	value Value
}

// Kind tells the JSON type.
func (v Value) Kind() Kind { return v.kind }

// IsNull tells whether the value is null, which is not the same as absent.
func (v Value) IsNull() bool { return v.kind == KindNull }

// ScalarText is the contents of a string, the literal of a number exactly as it was
// written ("1.0" stays "1.0"), "true", "false" or "null", and empty for arrays
// and objects. It is never altered: no trimming, no normalising.
func (v Value) ScalarText() string {
	if v.kind == KindNull {
		return "null"
	}
	return v.text
}

// Str gives the contents if the value is a string.
func (v Value) Str() (s string, ok bool) {
	if v.kind != KindString {
		return "", false
	}
	return v.text, true
}

// Number gives the literal, as written, if the value is a number.
func (v Value) Number() (literal string, ok bool) {
	if v.kind != KindNumber {
		return "", false
	}
	return v.text, true
}

// Bool gives the truth value if the value is a boolean.
func (v Value) Bool() (value, ok bool) {
	return v.kind == KindBool && v.text == "true", v.kind == KindBool
}

// Object gives the object if the value is one.
func (v Value) Object() (o Object, ok bool) {
	if v.kind != KindObject {
		return Object{}, false
	}
	return Object{members: v.children}, true
}

// Len counts the elements of an array or the members of an object.
func (v Value) Len() int { return len(v.children) }

// Elements walks an array in order. Any other kind has no elements.
func (v Value) Elements() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if v.kind != KindArray {
			return
		}
		for i := range v.children {
			if !yield(v.children[i].value) {
				return
			}
		}
	}
}

// Format prints the kind only, with every verb: contents never reach a log by
// accident.
func (v Value) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "body.Value("+v.kind.String()+")")
}

// Object is a JSON object in the order of its text, without duplicates. The
// zero Object is empty.
type Object struct {
	members []field
	pluses  bool // "+" was read as a space
}

// PlusesAreSpaces reports whether the object came as application/x-www-form-urlencoded,
// where who forgets to encode "+" has sent a space.
func (o Object) PlusesAreSpaces() bool { return o.pluses }

// Get finds a member by its exact name. Absent is (null, false), a member that
// is null is (null, true).
func (o Object) Get(name string) (v Value, ok bool) {
	for i := range o.members {
		if o.members[i].name == name {
			return o.members[i].value, true
		}
	}
	return Value{}, false
}

// Len counts the members.
func (o Object) Len() int { return len(o.members) }

// Members walks the members in the order of the text.
func (o Object) Members() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		for i := range o.members {
			if !yield(o.members[i].name, o.members[i].value) {
				return
			}
		}
	}
}

// Format prints the number of members only, with every verb.
func (o Object) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "body.Object(%d members)", len(o.members))
}
