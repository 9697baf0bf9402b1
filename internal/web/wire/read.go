package wire

import (
	"net/http"
	"strings"

	"custodex.dev/internal/customer"
	"custodex.dev/internal/fault"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/body"
)

// Member takes a member that is a text.
func Member(o body.Object, name string) customer.Text {
	v, sent := o.Get(name)
	s, isText := v.Str()
	return customer.Text{Sent: sent, Null: sent && v.IsNull(), Other: sent && !isText && !v.IsNull(), Value: s}
}

// NumberMember takes a member that is a JSON number, or a text that holds one, as in a form.
func NumberMember(o body.Object, name string) customer.Text {
	t := Member(o, name)
	v, _ := o.Get(name)
	if literal, ok := v.Number(); ok {
		t.Other, t.Value = false, literal
	}
	return t
}

// PhoneMember is Member for a phone number. In a form "+" stands for a space, and clients
// forget to encode it: a number that begins with one space and a digit began with "+".
func PhoneMember(o body.Object, name string) customer.Text {
	t := Member(o, name)
	if s := t.Value; o.PlusesAreSpaces() && len(s) > 1 && s[0] == ' ' && '0' <= s[1] && s[1] <= '9' {
		t.Value = "+" + s[1:]
	}
	return t
}

// Parameter takes a parameter of a query. One that is given twice is of no form.
func Parameter(q body.Query, name string) customer.Text {
	value, sent, err := q.One(name)
	return customer.Text{Sent: sent, Other: err != nil, Value: value}
}

// ReadJSON takes the members of a JSON body. No body is an error.
func ReadJSON(r *http.Request) (body.Object, error) {
	data, err := web.ReadBody(r)
	if err != nil {
		return body.Object{}, err
	}
	return body.Parse(data)
}

// BearerToken gives the token of "Authorization: Bearer TOKEN", "" if the header is
// something else or not there.
func BearerToken(r *http.Request) (string, error) {
	header, _, err := web.OneHeader(r, "Authorization")
	if err != nil {
		return "", err
	}
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", nil
	}
	return strings.TrimSpace(token), nil
}

// maxIdempotencyKey is the most bytes that an idempotency key may have.
const maxIdempotencyKey = 255

// ErrIdempotencyKey is the fault of a key that is none.
var ErrIdempotencyKey = fault.New(fault.Invalid, "bad_idempotency_key",
	"Idempotency key must be 1 to 255 printable characters")

// IdempotencyKey gives the key of a change, "" for none. header is its name as the
// contract spells it. The contracts ask for a UUID or for anything unique; clients send
// words with spaces, so any printable ASCII will do. A header without a value is no key.
func IdempotencyKey(r *http.Request, header string) (string, error) {
	key, _, err := web.OneHeader(r, header)
	if err != nil || key == "" {
		return "", err
	}
	if len(key) > maxIdempotencyKey || strings.ContainsFunc(key, notPrintable) {
		return "", ErrIdempotencyKey
	}
	return key, nil
}

func notPrintable(c rune) bool { return c < ' ' || c > '~' }
