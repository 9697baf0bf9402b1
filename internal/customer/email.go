package customer

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// domains is idna.Lookup that takes labels like "my--shop", which there are.
var domains = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.CheckHyphens(false))

// validEmail reports whether s is an address local@domain as it occurs in the world: a
// local part of at most 64 bytes (RFC 5321 section 4.5.3.1.1), dot-atom or quoted (RFC
// 5322 section 3.4.1, in Unicode as in RFC 6531), and a domain of two labels or more whose
// last is of letters. Comments, display names and address literals are refused, and so is
// what nobody can deliver to.
func validEmail(s string) bool {
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at > 64 || !utf8.ValidString(s) {
		return false
	}
	local, domain := s[:at], s[at+1:]
	if content, quoted := unquote(local); quoted {
		return validQuoted(content) && validDomain(domain)
	}
	return validLocal(local) && (validDots(local) || carrierDots(local, domain)) && validDomain(domain)
}

// validLocal checks the characters of a local part that is not quoted.
func validLocal(local string) bool {
	local = norm.NFC.String(local)
	for i, r := range local {
		switch {
		case invisible(r):
			if !joins(r, local[:i], local[i+utf8.RuneLen(r):]) {
				return false
			}
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		case r < utf8.RuneSelf:
			if !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~.", r) {
				return false
			}
		case unicode.IsLetter(r), unicode.IsNumber(r):
		case unicode.IsMark(r):
			if i == 0 { // it belongs to a letter before it
				return false
			}
		case unicode.In(r, unicode.Po, unicode.Pd):
			// The middle dot of Catalan and of katakana, the gershayim of Hebrew: letters of
			// words. Full-width forms of ASCII signs are none.
			if norm.NFKC.String(string(r))[0] < utf8.RuneSelf {
				return false
			}
		default: // symbols, spaces, quotes, controls
			return false
		}
	}
	return true
}

// joins reports whether r is a joiner or non-joiner where it changes the letters beside it: behind
// a virama, as in Sinhala, and between letters that connect, as in Persian (RFC 5892, appendices
// A.1 and A.2).
func joins(r rune, before, after string) bool {
	const zwnj, zwj = '\u200c', '\u200d'
	last, _ := utf8.DecodeLastRuneInString(before)
	next, _ := utf8.DecodeRuneInString(after)
	const virama = 9 // combining class
	switch {
	case r != zwnj && r != zwj:
		return false
	case norm.NFC.PropertiesString(string(last)).CCC() == virama:
		return true
	}
	connects := func(r rune) bool { return unicode.IsLetter(r) && unicode.In(r, unicode.Arabic, unicode.Syriac) }
	return r == zwnj && connects(last) && connects(next)
}

// validDots is the rule of a dot-atom: a dot stands between two other characters.
func validDots(local string) bool {
	return local[0] != '.' && local[len(local)-1] != '.' && !strings.Contains(local, "..")
}

// carriers are the mobile carriers of Japan that gave out addresses with dots in a row or at
// the end, against RFC 5321. The addresses are still in use. CanonicalEmail takes quotes off
// by this list too.
var carriers = []string{
	"docomo.ne.jp", "ezweb.ne.jp", "au.com", "softbank.ne.jp", "vodafone.ne.jp", "disney.ne.jp", "willcom.com",
	"ymobile.ne.jp", "jp-c.ne.jp", "jp-d.ne.jp", "jp-h.ne.jp", "jp-k.ne.jp", "jp-n.ne.jp", "jp-q.ne.jp", "jp-r.ne.jp",
	"jp-s.ne.jp", "jp-t.ne.jp", "pdx.ne.jp", "i.softbank.jp", "y-mobile.ne.jp",
}

func carrierDots(local, domain string) bool {
	return local[0] != '.' && slices.ContainsFunc(carriers, func(carrier string) bool {
		under, ok := strings.CutSuffix(strings.ToLower(domain), carrier)
		return ok && (under == "" || strings.HasSuffix(under, "."))
	})
}

// unquote gives the content of a quoted local part, escapes resolved.
func unquote(local string) (content string, quoted bool) {
	if len(local) < 2 || local[0] != '"' || local[len(local)-1] != '"' {
		return "", false
	}
	var b strings.Builder
	escaped := false
	for _, r := range local[1 : len(local)-1] {
		switch {
		case escaped:
			escaped = false
		case r == '\\':
			escaped = true
			continue
		case r == '"':
			return "", false // the quotes end before the local part does
		}
		b.WriteRune(r)
	}
	return b.String(), !escaped
}

// validQuoted checks what may stand in quotes: everything that prints, and spaces inside.
func validQuoted(content string) bool {
	return !blank(content) && !strings.ContainsFunc(content, func(r rune) bool {
		return r != ' ' && (!unicode.IsPrint(r) || unicode.IsSpace(r) || invisible(r))
	})
}

func validDomain(domain string) bool {
	domain = norm.NFC.String(strings.ToLower(domain))
	ascii, err := domains.ToASCII(domain)
	if err != nil || len(ascii) > 253 {
		return false
	}
	shown, err := domains.ToUnicode(ascii)
	if err != nil {
		return false
	}
	// A domain that is only right after mapping is written with full-width signs,
	// invisible characters or foreign dots: nobody's mail server reads that.
	for _, r := range domain {
		if r >= utf8.RuneSelf && !strings.ContainsRune(shown, r) {
			return false
		}
	}
	labels := strings.Split(ascii, ".")
	if len(labels) < 2 {
		return false
	}
	for i, label := range strings.Split(shown, ".") {
		if label == "" || len(labels[i]) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	// A last label of letters also keeps IPv4 addresses out.
	top := shown[strings.LastIndexByte(shown, '.')+1:]
	return utf8.RuneCountInString(top) >= 2 && !strings.ContainsFunc(top, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r)
	})
}

// EmailForm is the version of CanonicalEmail. It is stored beside every hash, so
// that a later form can be told from this one.
const EmailForm = 1

// CanonicalEmail gives the form in which two addresses are the same address. ""
// for "". Addresses that differ in surrounding space, in simple letter case (as
// in what is stored), in Unicode normalisation, in a domain's ASCII or Unicode
// spelling, in the case fold of the local part, or in its quoting, have one form.
// It is its own canonical form.
func CanonicalEmail(s string) string {
	s = Trim(s)
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		return foldLocal(s)
	}
	domain := foldDomain(s[at+1:])
	return canonicalLocal(s[:at], domain) + "@" + domain
}

// canonicalLocal folds a local part and takes off the quotes and the escapes that it does
// not need: with and without them it is one address (RFC 5321 section 4.1.2).
func canonicalLocal(local, domain string) string {
	content, quoted := unquote(local)
	if !quoted {
		return foldLocal(local)
	}
	content = foldLocal(content)
	if content != "" && validLocal(content) && (validDots(content) || carrierDots(content, domain)) {
		return content
	}
	return `"` + escapes.Replace(content) + `"`
}

// escapes are those that a quoted local part needs.
var escapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// foldLocal folds "ß" to "ss" and "ς" to "σ", which are other letters in a domain.
func foldLocal(s string) string {
	return norm.NFC.String(dotless(cases.Fold().String(lower(s))))
}

// foldDomain goes by way of the Unicode spelling, so that a domain has one form
// however it was written. One that IDNA refuses stays as text.
func foldDomain(s string) string {
	s = norm.NFC.String(lower(s))
	shown, err := domains.ToUnicode(s)
	if err != nil {
		return s
	}
	ascii, err := domains.ToASCII(lower(shown))
	if err != nil {
		return s
	}
	return ascii
}

// lower gives the decomposed form in lower case.
func lower(s string) string { return dotless(norm.NFD.String(strings.ToLower(s))) }

// dotless drops the dot above after an i. The simple lower case of "İ" is "i", but
// "İ" is also "I" with a dot above, so with and without it are one letter here.
func dotless(s string) string {
	const dot = '\u0307'
	if !strings.ContainsRune(s, dot) {
		return s
	}
	i := false // in the marks that follow an i
	return strings.Map(func(r rune) rune {
		switch {
		case r == dot && i:
			return -1
		case !unicode.IsMark(r):
			i = r == 'i'
		}
		return r
	}, norm.NFD.String(s))
}
