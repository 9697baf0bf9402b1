package tenant

import "unicode"

// IsControl reports whether a character works on a terminal or a page instead of showing on
// it: control characters, line ends among them, and those that turn the direction of the
// text around them. Names of applications and keys have none, since people read them to
// tell one from the other.
func IsControl(c rune) bool {
	return unicode.IsControl(c) || c == '\u2028' || c == '\u2029' || c >= '\u202a' && c <= '\u202e' || c >= '\u2066' && c <= '\u2069'
}
