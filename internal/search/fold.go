package search

import (
	"strings"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Fold returns s in the form in which the index compares text:
//
//   - compatibility forms are resolved (NFKD), accents and other combining diacritical marks,
//     Hebrew and Arabic points, and invisible characters are dropped;
//   - case is folded by the full Unicode rules (ß is ss, final sigma is sigma), and İ, I, ı and i
//     are one letter;
//   - letters with a stroke are the plain letter (ł is l, ø is o), æ is ae, œ is oe, þ is th;
//     typographic apostrophes and hyphens are ' and -;
//   - what remains is composed again, so that a kana with its voicing mark or a Hangul syllable is
//     one unit that its parts do not match;
//   - runs of white space become one space, and white space at the ends is removed.
//
// Folding is idempotent. Where a cut through s falls on a boundary between user-perceived
// characters, and the piece has any that are not dropped, the fold of the piece is a substring of
// the fold of s. Bytes that are not UTF-8, NUL and U+0001 become U+FFFD.
func Fold(s string) string {
	b, _ := appendFold(make([]byte, 0, len(s)+8), s)
	return string(b)
}

// lossMark stands at the end of a folded text of which folding left out characters: accents that
// stood by themselves (precomposed ones do not), and what is invisible. It is no part of any fold.
const lossMark = '\x01'

// foldTerm folds what is looked for. A term of such characters alone, of which nothing is left,
// looks for the texts that lost some: they are the only ones that can have held it. White space
// alone is no term.
func foldTerm(s string) string {
	b, lost := appendFold(nil, s)
	if len(b) == 0 && lost {
		return string(lossMark)
	}
	return string(b)
}

// appendFold appends Fold(s) to dst and reports whether characters of s left nothing behind.
func appendFold(dst []byte, s string) (folded []byte, lost bool) {
	start := len(dst)
	compose, dropped := false, false
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf && c > lossMark {
			dropped = false
			i++
			if c = asciiFold[c]; c == ' ' && (len(dst) == start || dst[len(dst)-1] == ' ') {
				continue
			}
			dst = append(dst, c)
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		i += n
		f := foldOf(r)
		lost = lost || f.lost
		switch {
		case f.text == "":
			dropped = true
			continue
		case f.joins && dropped:
			// Without its dropped neighbour this character would compose with the one before,
			// and a term that begins here would no longer be found. Keep them apart.
			dst = append(dst, graphemeJoiner...)
		}
		compose = compose || f.joins
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
	return dst, lost
}

// graphemeJoiner (U+034F) is invisible and composes with nothing.
const graphemeJoiner = "\u034f"

// folded is what becomes of one character.
type folded struct {
	text  string // empty: it is dropped
	joins bool   // the text can compose with what stands before it
	lost  bool   // it was no white space, and is nothing else now
}

// foldPages remembers computeFold, which is pure, for 256 characters at a time: it takes about a
// microsecond a character, a look here a nanosecond. The table is a constant that is filled as it is
// needed, because filling all of it would take a second at each start. Nothing can be told from
// whether a page is filled, and goroutines that fill the same page at once store the same values.
var foldPages [(unicode.MaxRune + 1) >> 8]atomic.Pointer[[256]folded]

func foldOf(r rune) *folded {
	p := foldPages[r>>8].Load()
	if p == nil {
		p = new([256]folded)
		for i := range p {
			p[i] = computeFold(r&^0xff + rune(i))
		}
		foldPages[r>>8].Store(p)
	}
	return &p[r&0xff]
}

func computeFold(r rune) folded {
	caser := cases.Fold()
	s := string(r)
	if r <= lossMark {
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
	joins := false
	for i := 0; i < len(s); {
		p := norm.NFC.PropertiesString(s[i:])
		joins = joins || !p.BoundaryBefore()
		i += p.Size()
	}
	// U+0085 counts as lost: whoever trims terms as JavaScript does leaves it in.
	space := unicode.IsSpace(r) && r != '\u0085'
	return folded{s, joins, !space && strings.TrimSpace(s) == ""}
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
	}
	return s
}

var specials = map[rune]string{
	'ı': "i", 'ł': "l", 'ø': "o", 'đ': "d", 'ð': "d", 'ħ': "h", 'ŧ': "t", 'ƀ': "b", 'ɨ': "i", 'ɉ': "j",
	'ȼ': "c", 'ɇ': "e", 'ǥ': "g", 'ɍ': "r", 'ɏ': "y", 'ƶ': "z", 'ƚ': "l", 'ⱡ': "l", 'ɫ': "l", 'ᵽ': "p",
	'ⱥ': "a", 'ⱦ': "t", 'ꝁ': "k", 'æ': "ae", 'œ': "oe", 'þ': "th",
	'‘': "'", '’': "'", '‛': "'", 'ʼ': "'", 'ʻ': "'", '´': "'", '′': "'", 'ʹ': "'",
	'‐': "-", '‑': "-", '‒': "-", '–': "-", '−': "-",
}

// dropped lists what folding removes besides the Unicode block-wise marks: points and vowel marks
// of Hebrew, Arabic and Syriac, the Arabic elongation, and characters without a shape. Marks that
// make another letter (kana voicing, Indic vowel signs, Thai vowels) are not here. The iota below
// (U+0345) is not here either: Unicode case folding makes it the letter iota.
var droppedRanges = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x00ad, 0x00ad, 1}, {0x0300, 0x0344, 1}, {0x0346, 0x036f, 1}, {0x0483, 0x0489, 1},
		{0x0591, 0x05bd, 1}, {0x05bf, 0x05bf, 1}, {0x05c1, 0x05c2, 1}, {0x05c4, 0x05c5, 1}, {0x05c7, 0x05c7, 1},
		{0x0610, 0x061a, 1}, {0x061c, 0x061c, 1}, {0x0640, 0x0640, 1}, {0x064b, 0x065f, 1}, {0x0670, 0x0670, 1},
		{0x06d6, 0x06dc, 1}, {0x06df, 0x06e4, 1}, {0x06e7, 0x06e8, 1}, {0x06ea, 0x06ed, 1},
		{0x0711, 0x0711, 1}, {0x0730, 0x074a, 1}, {0x08ca, 0x08e1, 1}, {0x08e3, 0x08ff, 1},
		{0x180b, 0x180f, 1}, {0x1ab0, 0x1aff, 1}, {0x1dc0, 0x1dff, 1},
		{0x200b, 0x200f, 1}, {0x202a, 0x202e, 1}, {0x2060, 0x206f, 1}, {0x20d0, 0x20ff, 1},
		{0xfb1e, 0xfb1e, 1}, {0xfe00, 0xfe0f, 1}, {0xfe20, 0xfe2f, 1}, {0xfeff, 0xfeff, 1},
	},
	R32: []unicode.Range32{{0xe0000, 0xe0fff, 1}},
}

func droppable(r rune) bool { return unicode.Is(droppedRanges, r) }

// asciiFold folds ASCII: letters to lower case, white space to a space.
var asciiFold = func() (t [utf8.RuneSelf]byte) {
	for i := range t {
		t[i] = byte(i)
		if 'A' <= i && i <= 'Z' {
			t[i] += 'a' - 'A'
		}
	}
	for _, c := range "\t\n\v\f\r" {
		t[c] = ' '
	}
	return t
}()
