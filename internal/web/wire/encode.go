package wire

import (
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Marshal renders v as JSON.stringify would: the members in their order, no white
// space, and of the characters that may be escaped only those that must. Whatever is not
// UTF-8 becomes U+FFFD.
//
// It panics if v has no JSON, which is a bug of the type and not a matter of its values.
func Marshal(v any) []byte {
	b, err := json.Marshal(v, jsontext.AllowInvalidUTF8(true))
	if err != nil {
		panic(err)
	}
	return b
}

// Text is a string on the wire, or null when it is "".
type Text string

// MarshalJSONTo is for Marshal.
func (t Text) MarshalJSONTo(e *jsontext.Encoder) error {
	if t == "" {
		return e.WriteToken(jsontext.Null)
	}
	return e.WriteToken(jsontext.String(string(t)))
}

// Number is a whole number on the wire, or null when it is 0.
type Number int64

// MarshalJSONTo is for Marshal.
func (n Number) MarshalJSONTo(e *jsontext.Encoder) error {
	if n == 0 {
		return e.WriteToken(jsontext.Null)
	}
	return e.WriteToken(jsontext.Int(int64(n)))
}

// Time gives a time in UTC, "" for the zero time.
func Time(t time.Time, layout string) Text {
	if t.IsZero() {
		return ""
	}
	return Text(t.UTC().Format(layout))
}

// AppendString appends a string as Marshal renders it. It and the other Append functions
// are for lists of customers, which are too long and too frequent for Marshal.
func AppendString(b []byte, s string) []byte {
	b, _ = jsontext.AppendQuote(b, s) // U+FFFD is in b whatever the error says
	return b
}

// AppendText appends a Text as Marshal renders it.
func AppendText(b []byte, t Text) []byte {
	if t == "" {
		return append(b, `null`...)
	}
	return AppendString(b, string(t))
}

// AppendNumber appends a Number as Marshal renders it.
func AppendNumber(b []byte, n Number) []byte {
	if n == 0 {
		return append(b, `null`...)
	}
	return strconv.AppendInt(b, int64(n), 10)
}

// AppendArray appends a JSON array whose elements one appends.
func AppendArray[T any](b []byte, list []T, one func([]byte, *T) []byte) []byte {
	b = append(b, '[')
	for i := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = one(b, &list[i])
	}
	return append(b, ']')
}
