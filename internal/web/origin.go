package web

import (
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

// Origin tells where a request came from, for the audit log. It is valid within
// Wrap.
func Origin(r *http.Request) tenant.Origin {
	e := EventOf(r.Context())
	return tenant.Origin{
		Dialect:    e.Dialect,
		Request:    e.Request,
		Address:    e.address,
		UserAgent:  printable(r.Header.Values("User-Agent"), maxUserAgent),
		ActingUser: printable(r.Header.Values("X-Acting-User"), maxActingUser),
	}
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
