package web

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/tenant"
	"custodex.dev/internal/web/body"
)

// The most bytes that the audit log keeps of what a client says about itself.
const (
	maxUserAgent  = 256
	maxActingUser = 128
)

// The most characters of what a client says about why it acts.
const (
	maxReason  = 500
	maxPurpose = 100
)

// Origin tells where a request came from and what for, for the audit log. It is valid within
// Wrap. What would not be kept as it was sent is fault.Invalid: unlike the rest, a reason is a
// statement that somebody may have to stand by.
func Origin(r *http.Request) (tenant.Origin, error) {
	reason, err := accessReason(r)
	if err != nil {
		return tenant.Origin{}, err
	}
	purpose, err := accessPurpose(r)
	if err != nil {
		return tenant.Origin{}, err
	}
	e := EventOf(r.Context())
	return tenant.Origin{
		Dialect:    e.Dialect,
		Request:    e.Request,
		Address:    e.address,
		UserAgent:  printable(r.Header.Values("User-Agent"), maxUserAgent),
		ActingUser: printable(r.Header.Values("X-Acting-User"), maxActingUser),
		Reason:     reason,
		Purpose:    purpose,
	}, nil
}

var (
	errReason = fault.New(fault.Invalid, "bad_access_reason",
		fmt.Sprintf("X-Access-Reason must have at most %d characters, in UTF-8 and without control characters", maxReason))
	errPurpose = fault.New(fault.Invalid, "bad_access_purpose",
		fmt.Sprintf("X-Access-Purpose must be one word of at most %d letters, digits, dots, hyphens and underscores", maxPurpose))
)

func accessReason(r *http.Request) (string, error) {
	s, _, err := OneHeader(r, "X-Access-Reason")
	if err != nil {
		return "", err
	}
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > maxReason || strings.ContainsFunc(s, tenant.IsControl) {
		return "", errReason
	}
	return s, nil
}

func accessPurpose(r *http.Request) (string, error) {
	s, _, err := OneHeader(r, "X-Access-Purpose")
	if err != nil {
		return "", err
	}
	word := func(c rune) bool {
		return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '-' || c == '_'
	}
	if len(s) > maxPurpose || strings.ContainsFunc(s, func(c rune) bool { return !word(c) }) {
		return "", errPurpose
	}
	return s, nil
}

// OneHeader gives the value of a header that has one. It may be repeated, as some clients
// do whose defaults meet. Different values are fault.Invalid with code repeated_header: two
// readers could pick different ones.
func OneHeader(r *http.Request, name string) (value string, present bool, err error) {
	values := r.Header.Values(name)
	if len(values) == 0 {
		return "", false, nil
	}
	for _, other := range values[1:] {
		if other != values[0] {
			return "", true, fault.New(fault.Invalid, "repeated_header", "Header "+name+" was sent more than once")
		}
	}
	return values[0], true, nil
}

// ReadBody takes the whole body of r within the limit of Config.MaxBody, as
// body.Read does.
func ReadBody(r *http.Request) ([]byte, error) {
	return body.Read(r, EventOf(r.Context()).maxBody)
}

// printable joins header values into one line of at most limit bytes, with "?" for
// what does not print.
func printable(values []string, limit int) string {
	s := strings.Map(func(c rune) rune {
		if c == utf8.RuneError || !unicode.IsPrint(c) {
			return '?'
		}
		return c
	}, strings.Join(values, ", "))
	if len(s) <= limit {
		return s
	}
	for !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}

// clientAddress gives the address of the nearest hop that is not a trusted proxy.
// Each proxy appends the hop before it to X-Forwarded-For, so the list is read from
// its end, and no further than it is believed.
func clientAddress(r *http.Request, trusted []netip.Prefix) string {
	peer, ok := parseHop(r.RemoteAddr)
	if !ok {
		return ""
	}
	isTrusted := func(a netip.Addr) bool {
		return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(a) })
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && isTrusted(peer); i-- {
		hop, ok := parseHop(strings.TrimSpace(hops[i]))
		if !ok {
			break
		}
		peer = hop
	}
	return peer.String()
}

// parseHop reads an address with or without a port and brackets.
func parseHop(s string) (netip.Addr, bool) {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone(""), true
	}
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
	return a.Unmap().WithZone(""), err == nil
}
