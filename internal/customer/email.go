package customer

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// domains is idna.Lookup that takes labels like "my--shop", which there are.
var domains = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.CheckHyphens(false))

// ValidEmail reports whether s is an address local@domain: a dot-atom local part
// of at most 64 bytes (RFC 5322 section 3.2.3, with non-ASCII letters as in RFC
// 6531), and a domain of two labels or more whose last is of letters. Quoted
// local parts, comments, display names and address literals are refused.
func ValidEmail(s string) bool {
	at := strings.LastIndexByte(s, '@')
	if at < 1 || !utf8.ValidString(s) {
		return false
	}
	return validLocal(s[:at]) && validDomain(s[at+1:])
}

func validLocal(local string) bool {
	if len(local) > 64 || local[0] == '.' || local[len(local)-1] == '.' || strings.Contains(local, "..") {
		return false
	}
	for _, r := range local {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		case r < utf8.RuneSelf:
			if !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~.", r) {
				return false
			}
		case !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsNumber(r) && !unicode.IsSymbol(r):
			return false
		}
	}
	return true
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
// spelling, or in the case fold of the local part, have one form. It is its own
// canonical form.
func CanonicalEmail(s string) string {
	s = Trim(s)
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		return foldLocal(s)
	}
	return foldLocal(s[:at]) + "@" + foldDomain(s[at+1:])
}

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
