package customer

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/redact"
)

// validator gathers the problems of one request.
type validator struct {
	in       *Input // nil for a list request
	problems []fault.Field
}

func (v *validator) add(path, code string) {
	v.problems = append(v.problems, fault.Field{Path: path, Code: code, Message: path + " is " + strings.ReplaceAll(code, "_", " ")})
}

// text handles what all texts that must not be empty share: presence, JSON type,
// trimming, length.
func (v *validator) text(path string, t Text, most int) (string, bool) {
	switch {
	case !t.Sent:
		return "", false
	case t.Other:
		v.add(path, CodeNotText)
		return "", false
	}
	s := Trim(t.Value)
	switch {
	case t.Null || blank(s):
		v.add(path, CodeRequired)
		return "", false
	case utf8.RuneCountInString(s) > most:
		v.add(path, CodeTooLong)
		return "", false
	}
	return s, true
}

// clears reports whether the member empties its field, which it may unless the
// dialect requires the field.
func (v *validator) clears(path string, t Text) bool {
	return t.Sent && v.in.null(&t) && !v.in.required(path)
}

// optional is a text that null clears.
func (v *validator) optional(path string, t Text) *redact.Personal {
	if v.clears(path, t) || t.Sent && !t.Other && !v.in.required(path) && blank(t.Value) {
		return new(redact.Personal(""))
	}
	s, ok := v.text(path, t, MaxText)
	if !ok {
		return nil
	}
	return new(redact.Personal(s))
}

func (v *validator) name(path string, t Text) *redact.Personal {
	s, ok := v.text(path, t, MaxName)
	if !ok {
		return nil
	}
	return new(redact.Personal(s))
}

// fullName is a whole name, with runs of white space collapsed.
func (v *validator) fullName(t Text) *redact.Personal {
	s, ok := v.text(PathFullName, t, MaxText)
	if !ok {
		return nil
	}
	return new(redact.Personal(collapse(s)))
}

func (v *validator) email(t Text) *redact.Personal {
	if v.clears(PathEmail, t) {
		return new(redact.Personal(""))
	}
	if t.Sent && !t.Other && !t.Null && blank(t.Value) && !v.in.required(PathEmail) {
		v.add(PathEmail, CodeInvalid)
		return nil
	}
	s, ok := v.text(PathEmail, t, MaxEmail)
	if !ok {
		return nil
	}
	// Lower case first, for it can take more bytes: what is stored has to be valid too.
	s = strings.ToLower(s)
	if !validEmail(s) {
		v.add(PathEmail, CodeInvalid)
		return nil
	}
	return new(redact.Personal(s))
}

func (v *validator) phone(t Text) *redact.Personal {
	most, valid := MaxPhone, validPhone
	switch {
	case v.in.Rules.E164:
		most, valid = MaxText, func(s string) bool { return validE164(E164(s)) }
	case v.in.Rules.Loose:
		most, valid = MaxText, func(string) bool { return true }
	}
	if v.clears(PathPhone, t) {
		return new(redact.Personal(""))
	}
	t.Value = cleanPhone(t.Value)
	s, ok := v.text(PathPhone, t, most)
	if !ok {
		return nil
	}
	if !valid(s) {
		v.add(PathPhone, CodeInvalid)
		return nil
	}
	return new(redact.Personal(s))
}

func (v *validator) country(path string, t Text) *redact.Personal {
	s := v.optional(path, t)
	if s != nil {
		*s = redact.Personal(Country(s.Reveal()))
	}
	return s
}

// group is the number of a group, or null for none.
func (v *validator) group(t Text) *int64 {
	switch {
	case !t.Sent:
		return nil
	case v.in.null(&t):
		return new(int64(0))
	}
	n, ok := ParseNumber(t.Value)
	if t.Other || !ok {
		v.add(PathGroup, CodeInvalid)
		return nil
	}
	return &n
}

// ParseNumber reads the number of a customer or group in the one way in which it is
// written: decimal digits, the first not 0, at most 16 (Xtrakit, "Fetch Customer").
func ParseNumber(s string) (int64, bool) {
	if s == "" || s[0] == '0' || len(s) > 16 || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

func listed[T any](v *validator, path string, t Text, parse func(string) (T, bool)) *T {
	if !t.Sent {
		return nil
	}
	if !t.Null && !t.Other {
		if x, ok := parse(t.Value); ok {
			return &x
		}
	}
	v.add(path, CodeNotListed)
	return nil
}
