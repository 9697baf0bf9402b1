package customer

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/page"
)

// ListInput is a list request before validation, each value as it was sent.
type ListInput struct {
	Take, Skip                          Text
	Status, Name, Email                 Text
	Type, Group, CreatedFrom, CreatedTo Text // ours; the Devdraft contract has no such filters
	Query, Order                        Text // likewise

	MaxTake int // of the dialect: the largest take; 0 is page.MaxTake
}

// ListQuery is a validated list request.
type ListQuery struct {
	Take, Skip int
	Order      Order
	Filter
}

// Order is the order of a list. The zero value is none that was asked for, which is
// Newest.
type Order uint8

// The orders of a list.
const (
	Newest    Order = 1 // the newest customer first
	Relevance Order = 2 // exact matches of the query first, then the newest purchase, then as Newest
)

func parseOrder(s string) (Order, bool) {
	switch s {
	case "newest":
		return Newest, true
	case "relevance":
		return Relevance, true
	}
	return 0, false
}

// OrderNames are the orders as they are sent.
func OrderNames() []string { return []string{"newest", "relevance"} }

// Filter selects customers; its conditions are joined by "and". The zero value of
// a field is no condition.
type Filter struct {
	Status      Status
	Type        Type
	Group       int64     // number of a group
	Name, Email string    // fragments as typed, trimmed
	Query       string    // a fragment of the name, the e-mail or the phone
	CreatedFrom time.Time // at or after, to the millisecond
	CreatedTo   time.Time // before
}

// The paths and further codes of problems of a list request, in the order in
// which they are told (Devdraft, "List Customers", invalid parameters).
const (
	PathTake        = "take"
	PathSkip        = "skip"
	PathName        = "name"
	PathCreatedFrom = "created_from"
	PathCreatedTo   = "created_to"
	PathQuery       = "query"
	PathOrder       = "order"

	CodeNotNumber = "not_number"
	CodeTooSmall  = "too_small"
	CodeTooLarge  = "too_large"
	CodeSpace     = "space"    // an address with a space inside: most likely a "+" that was not encoded
	CodeNotTime   = "not_time" // not ISO 8601
	CodeNoQuery   = "no_query" // relevance to nothing
)

// Parse validates the request. maxSkip is the setting; see page.MaxSkip. Problems
// are told in the order take, skip, status, name, email, type, group,
// created_from, created_to, query, order, at most one each.
func (in ListInput) Parse(maxSkip int) (ListQuery, []fault.Field) {
	v := validator{in: &Input{}}
	most := page.MaxTake
	if in.MaxTake > 0 {
		most = in.MaxTake
	}
	f := ListQuery{
		Take: v.integer(PathTake, in.Take, page.DefaultTake, 1, most),
		Skip: v.integer(PathSkip, in.Skip, 0, 0, maxSkip),
	}
	if s := listed(&v, PathStatus, in.Status, parseStatus); s != nil {
		f.Status = *s
	}
	f.Name = v.fragment(PathName, in.Name, MaxText)
	f.Email = v.fragment(PathEmail, in.Email, MaxEmail)
	if strings.Contains(f.Email, " ") && strings.Contains(f.Email, "@") && !strings.Contains(f.Email, `"`) {
		v.add(PathEmail, CodeSpace)
	}
	if t := listed(&v, PathType, in.Type, parseType); t != nil {
		f.Type = *t
	}
	if g := v.group(Text{Sent: in.Group.Sent, Other: in.Group.Other || in.Group.Null, Value: in.Group.Value}); g != nil {
		f.Group = *g
	}
	f.CreatedFrom = v.time(PathCreatedFrom, in.CreatedFrom)
	f.CreatedTo = v.time(PathCreatedTo, in.CreatedTo)
	f.Query = v.fragment(PathQuery, in.Query, MaxText)
	if o := listed(&v, PathOrder, in.Order, parseOrder); o != nil {
		f.Order = *o
	}
	return f, v.problems
}

func (v *validator) integer(path string, t Text, otherwise, least, most int) int {
	if !t.Sent {
		return otherwise
	}
	n, ok := parseInteger(t.Value)
	switch {
	case t.Null || t.Other || !ok:
		v.add(path, CodeNotNumber)
	case n < int64(least):
		v.add(path, CodeTooSmall)
	case n > int64(most):
		v.add(path, CodeTooLarge)
	default:
		return int(n)
	}
	return otherwise
}

// parseInteger reads a decimal integer, also as "10.0". One too large for 64
// bits counts as the nearest that fits.
func parseInteger(s string) (int64, bool) {
	if whole, zeros, ok := strings.Cut(s, "."); ok {
		if zeros == "" || strings.Trim(zeros, "0") != "" {
			return 0, false
		}
		s = whole
	}
	digits := strings.TrimPrefix(s, "-")
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return 0, false
	}
	n, _ := strconv.ParseInt(s, 10, 64) // saturates
	return n, true
}

func (v *validator) fragment(path string, t Text, most int) string {
	switch {
	case !t.Sent:
		return ""
	case t.Null || t.Other:
		v.add(path, CodeNotText)
		return ""
	}
	s := Trim(t.Value)
	if utf8.RuneCountInString(s) > most {
		v.add(path, CodeTooLong)
		return ""
	}
	return s
}

func (v *validator) time(path string, t Text) time.Time {
	if !t.Sent {
		return time.Time{}
	}
	at, ok := parseISO8601(t.Value)
	at = at.Truncate(time.Millisecond)
	// A zone may carry a time out of the years that are written with four digits.
	if t.Null || t.Other || !ok || at.Year() < 1 || at.Year() > 9999 {
		v.add(path, CodeNotTime)
		return time.Time{}
	}
	if at.IsZero() {
		at = at.Add(time.Millisecond) // some programs' least time; here it would mean none
	}
	return at
}

// noTime stands for the zero time in the binary form; 0 is the beginning of 1970, which
// somebody may well ask for.
const noTime = math.MinInt64

// withQuery stands before a filter that has a query. No status has that number.
const withQuery = 0xff

// AppendBinary appends the filter in a form that is equal for equal filters. A
// cursor carries it, sealed.
func (f Filter) AppendBinary(b []byte) []byte {
	if f.Query != "" {
		b = append(b, withQuery)
		b = binary.AppendUvarint(b, uint64(len(f.Query)))
		b = append(b, f.Query...)
	}
	b = append(b, byte(f.Status), byte(f.Type))
	b = binary.AppendVarint(b, f.Group)
	for _, t := range [...]time.Time{f.CreatedFrom, f.CreatedTo} {
		ms := int64(noTime)
		if !t.IsZero() {
			ms = t.UnixMilli()
		}
		b = binary.AppendVarint(b, ms)
	}
	b = binary.AppendUvarint(b, uint64(len(f.Name)))
	b = append(b, f.Name...)
	return append(b, f.Email...)
}

// ParseFilter reads what AppendBinary wrote, or fails with ErrMalformed.
func ParseFilter(b []byte) (Filter, error) {
	query := ""
	if len(b) > 0 && b[0] == withQuery {
		length, n := binary.Uvarint(b[1:])
		if n <= 0 || length == 0 || length > uint64(len(b)-1-n) {
			return Filter{}, ErrMalformed
		}
		query, b = string(b[1+n:1+n+int(length)]), b[1+n+int(length):]
	}
	if len(b) < 2 {
		return Filter{}, ErrMalformed
	}
	f := Filter{Status: Status(b[0]), Type: Type(b[1]), Query: query}
	group, n := binary.Varint(b[2:])
	if n <= 0 {
		return Filter{}, ErrMalformed
	}
	f.Group = group
	b = b[2+n:]
	for _, t := range [...]*time.Time{&f.CreatedFrom, &f.CreatedTo} {
		ms, n := binary.Varint(b)
		if n <= 0 {
			return Filter{}, ErrMalformed
		}
		if ms != noTime {
			*t = time.UnixMilli(ms).UTC()
		}
		b = b[n:]
	}
	length, n := binary.Uvarint(b)
	if n <= 0 || length > uint64(len(b)-n) {
		return Filter{}, ErrMalformed
	}
	f.Name, f.Email = string(b[n:n+int(length)]), string(b[n+int(length):])
	return f, nil
}
