package wire

import (
	"net/http"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// Prefers reports whether the request has a preference with that value (RFC 7240).
func Prefers(r *http.Request, name, value string) bool {
	return strings.EqualFold(Preference(r.Header.Values("Prefer"), name), value)
}

// Preference gives the value of a preference (RFC 7240) in the lines of a Prefer
// header, "" if it has none or is not there. The first of a name counts; what is no
// preference is passed over.
func Preference(lines []string, name string) string {
	for _, rest := range lines {
		for more := true; more; {
			var one string
			one, rest, more = cutUnquoted(rest, ',')
			one, _, _ = cutUnquoted(one, ';') // its parameters
			token, value, _ := strings.Cut(one, "=")
			if !strings.EqualFold(trimBlank(token), name) {
				continue
			}
			if value = trimBlank(value); value == "" {
				return "" // the same as no value
			}
			if value, ok := tokenOrQuoted(value); ok {
				return value
			}
		}
	}
	return ""
}

// cutUnquoted is strings.Cut at the first separator outside of quoted strings.
func cutUnquoted(s string, separator byte) (before, after string, found bool) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case !quoted && s[i] == separator:
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

// tokenOrQuoted reads a token or a quoted string (RFC 9110, section 5.6).
func tokenOrQuoted(s string) (string, bool) {
	if !strings.HasPrefix(s, `"`) {
		return s, s != "" && !strings.ContainsFunc(s, notInToken)
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), i == len(s)-1
		case '\\':
			if i++; i == len(s) {
				return "", false
			}
		}
		b.WriteByte(s[i])
	}
	return "", false // the quote does not end
}

func notInToken(c rune) bool { return !httpguts.IsTokenRune(c) }

func trimBlank(s string) string { return strings.Trim(s, " \t") }
