package search

import (
	"strings"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"custodex.dev/internal/digit"
)

// Fold returns s in the form in which the index compares names:
//
//   - compatibility forms are resolved (NFKD), accents and other combining diacritical marks,
//     Hebrew and Arabic points, and invisible characters are dropped;
//   - case is folded by the full Unicode rules (ß is ss, final sigma is sigma), and İ, I, ı and i
//     are one letter;
//   - hiragana are katakana; the forms of Hebrew letters at the end of a word are the others;
//   - letters with a stroke or a hook are the plain letter (ł is l, ø is o, ɓ is b), æ is ae, œ is
//     oe, þ is th, ŋ is n, ə is e;
//   - Arabic, Persian and Urdu forms of yeh, kaf and heh are one letter each, alef maksura is yeh,
//     teh marbuta is heh, hamza is dropped; decimal digits of every script are 0 to 9;
//   - apostrophes, quotation marks, geresh, gershayim and middle dots are dropped; hyphens, dashes,
//     commas, semicolons, full stops and katakana middle dots are spaces;
//   - what remains is composed again, so that a kana with its voicing mark or a Hangul syllable is
//     one unit that its parts do not match;
//   - runs of white space become one space, white space at the ends is removed, and so is that
//     between two characters of Chinese, Japanese or Korean.
//
// Folding is idempotent. Where a cut through s falls on a boundary between user-perceived
// characters, and the piece has any that are not dropped, the fold of the piece is a substring of
// the fold of s. Bytes that are not UTF-8 and the characters to U+0002 become U+FFFD.
func Fold(s string) string {
	b, _ := appendFold(make([]byte, 0, len(s)+8), s, nameText)
	return string(b)
}

// kind is what a text is: it decides how signs are folded.
type kind uint8

const (
	nameText kind = iota
	mailText      // apostrophes and hyphens of all kinds are ' and -, and no other sign is changed or dropped
)

// lossMark stands at the end of a folded text of which folding left out characters, or made spaces
// of them: accents that stood by themselves (precomposed ones do not), signs, and what is invisible.
// It is no part of any fold, and neither is variantMark, which stands before each further form of a name.
const (
	lossMark    = '\x01'
	variantMark = '\x02'
)

// foldTerm folds what is looked for. A term of such characters alone, of which nothing is left,
// looks for the texts that lost some: they are the only ones that can have held it. White space
// alone is no term.
func foldTerm(s string, as kind) string {
	b, lost := appendFold(nil, s, as)
	if len(b) == 0 && lost {
		return string(lossMark)
	}
	return string(b)
}

// appendFold appends the fold of s to dst and reports whether characters of s left nothing behind.
func appendFold(dst []byte, s string, as kind) (folded []byte, lost bool) {
	start := len(dst)
	compose, dropped, wide := false, false, false
	ascii := &asciiFold[as]
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf && ascii[c] != 0 {
			dropped = false
			i++
			if c = ascii[c]; c == ' ' && (len(dst) == start || dst[len(dst)-1] == ' ') {
				continue
			}
			dst = append(dst, c)
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		i += n
		f := &foldOf(r)[as]
		lost = lost || f.lost
		switch {
		case f.text == "":
			dropped = true
			continue
		case f.leads && dropped:
			// Without its dropped neighbour this character would compose with the one before,
			// and a term that begins here would no longer be found. Keep them apart.
			dst = append(dst, graphemeJoiner...)
		}
		compose, wide = compose || f.joins, wide || f.wide
		dropped = false
		for _, c := range []byte(f.text) {
			if c == ' ' && (len(dst) == start || dst[len(dst)-1] == ' ') {
				continue
			}
			dst = append(dst, c)
		}
	}
	if len(dst) > start && dst[len(dst)-1] == ' ' {
		dst = dst[:len(dst)-1]
	}
	if compose {
		dst = append(dst[:start], norm.NFC.Bytes(dst[start:])...)
	}
	if wide && as == nameText {
		dst = append(dst[:start], joinWide(dst[start:])...)
	}
	return dst, lost
}

// graphemeJoiner (U+034F) is invisible and composes with nothing.
const graphemeJoiner = "\u034f"

// forms are what becomes of one character in each kind of text.
type forms [2]folded

type folded struct {
	text  string // empty: it is dropped
	leads bool   // its first character can compose with what stands before it
	joins bool   // some character of it can
	wide  bool   // it is Chinese, Japanese or Korean
	lost  bool   // it was no white space, and is nothing else now
}

// foldPages remembers computeFold, which is pure, for 256 characters at a time: it takes about a
// microsecond a character, a look here a nanosecond. The table is a constant that is filled as it is
// needed, because filling all of it would take a second at each start. Nothing can be told from
// whether a page is filled, and goroutines that fill the same page at once store the same values.
var foldPages [(unicode.MaxRune + 1) >> 8]atomic.Pointer[[256]forms]

func foldOf(r rune) *forms {
	p := foldPages[r>>8].Load()
	if p == nil {
		p = new([256]forms)
		for i := range p {
			p[i] = computeFold(r&^0xff + rune(i))
		}
		foldPages[r>>8].Store(p)
	}
	return &p[r&0xff]
}

func computeFold(r rune) forms {
	caser := cases.Fold()
	s := string(r)
	if r <= variantMark {
		s = "\ufffd"
	}
	// Case folding can bring forth characters that decompose, and the other way round.
	for range 4 {
		var out []byte
		for _, r := range caser.String(norm.NFKD.String(special(s))) {
			if !droppable(r) {
				// Lower case also for Cherokee, which Unicode folds to its capitals.
				out = append(out, special(string(unicode.ToLower(r)))...)
			}
		}
		if string(out) == s {
			break
		}
		s = string(out)
	}
	s = norm.NFC.String(s)
	// U+0085 counts as lost: whoever trims terms as JavaScript does leaves it in.
	space := unicode.IsSpace(r) && r != '\u0085'
	name := signs.Replace(s)
	return forms{
		nameText: {name, leads(name), joins(name), isWide(firstRune(name)), !space && (name != s || strings.TrimSpace(name) == "")},
		mailText: {s, leads(s), joins(s), isWide(firstRune(s)), !space && strings.TrimSpace(s) == ""},
	}
}

// leads reports whether the first character of s can compose with what stands before it.
func leads(s string) bool { return s != "" && !norm.NFC.PropertiesString(s).BoundaryBefore() }

// joins reports whether a character of s can compose with what stands before it.
func joins(s string) bool {
	for i := 0; i < len(s); {
		p := norm.NFC.PropertiesString(s[i:])
		if !p.BoundaryBefore() {
			return true
		}
		i += p.Size()
	}
	return false
}

// special replaces a string of one character that has a fold of ours beyond the Unicode rules.
func special(s string) string {
	if r, n := utf8.DecodeRuneInString(s); n == len(s) {
		if t, ok := specials[r]; ok {
			return t
		}
		if unicode.IsSpace(r) {
			return " "
		}
		if 'ぁ' <= r && r <= 'ゖ' || r == 'ゝ' || r == 'ゞ' {
			return string(r + 'ア' - 'あ')
		}
		if d := digit.ASCII(r); d != r {
			return string(d)
		}
	}
	return s
}

// asciiFold folds ASCII in each kind of text: letters to lower case, white space to a space. It has 0
// for the characters that take the general way.
var asciiFold = func() (t [2][utf8.RuneSelf]byte) {
	for as := range t {
		for i := range t[as] {
			t[as][i] = byte(i)
			if 'A' <= i && i <= 'Z' {
				t[as][i] += 'a' - 'A'
			}
		}
		for _, c := range "\t\n\v\f\r" {
			t[as][c] = ' '
		}
		t[as][lossMark], t[as][variantMark] = 0, 0
	}
	for _, c := range "'`\"-,;." {
		t[nameText][c] = 0
	}
	return t
}()
