package search

import (
	"strings"
	"unicode"
)

// specials are the folds of ours beyond the Unicode rules.
var specials = map[rune]string{
	'ı': "i", 'ł': "l", 'ø': "o", 'đ': "d", 'ð': "d", 'ħ': "h", 'ŧ': "t", 'ƀ': "b", 'ɨ': "i", 'ɉ': "j",
	'ȼ': "c", 'ɇ': "e", 'ǥ': "g", 'ɍ': "r", 'ɏ': "y", 'ƶ': "z", 'ƚ': "l", 'ⱡ': "l", 'ɫ': "l", 'ᵽ': "p",
	'ⱥ': "a", 'ⱦ': "t", 'ꝁ': "k", 'æ': "ae", 'œ': "oe", 'þ': "th", 'ʉ': "u",

	// Letters of African languages and of Azerbaijani, and IPA letters used as such.
	'ɓ': "b", 'ƃ': "b", 'ɗ': "d", 'ɖ': "d", 'ƌ': "d", 'ƒ': "f", 'ɠ': "g", 'ɡ': "g", 'ɣ': "g", 'ɦ': "h", 'ɩ': "i", 'ɪ': "i",
	'ɟ': "j", 'ƙ': "k", 'ɱ': "m", 'ɲ': "n", 'ŋ': "n", 'ƞ': "n", 'ɔ': "o", 'ɵ': "o", 'ƥ': "p", 'ʠ': "q", 'ɽ': "r",
	'ʂ': "s", 'ȿ': "s", 'ƭ': "t", 'ʈ': "t", 'ʊ': "u", 'ʋ': "v", 'ⱳ': "w", 'ƴ': "y", 'ȥ': "z", 'ɀ': "z", 'ƈ': "c",
	'ɑ': "a", 'ə': "e", 'ǝ': "e", 'ɛ': "e", 'ꞑ': "n", 'ꞗ': "b",

	// Cyrillic letters beyond Russian, which many keyboards do not have.
	'ґ': "г", 'ғ': "г", 'ҕ': "г", 'қ': "к", 'ҡ': "к", 'ҝ': "к", 'ң': "н", 'ҥ': "н", 'ө': "о", 'ү': "у", 'ұ': "у", 'ә': "а",
	'һ': "х", 'ҳ': "х", 'ҷ': "ч", 'ҙ': "з", 'ҫ': "с",

	// Hebrew letters at the end of a word, and the Yiddish digraphs.
	'ך': "כ", 'ם': "מ", 'ן': "נ", 'ף': "פ", 'ץ': "צ", 'װ': "וו", 'ױ': "וי", 'ײ': "יי",

	// Thai sara ae is also typed as two sara e. Signs of nasal vowels of India are the plain one.
	'แ': "เเ", 'ँ': "ं", 'ਁ': "ਂ", 'ੰ': "ਂ", 'ઁ': "ં", 'ঁ': "ং",

	// Older forms of characters in Japanese names.
	'髙': "高", '﨑': "崎", '𠮷': "吉", '濵': "浜", '濱': "浜", '邊': "辺", '邉': "辺", '澤': "沢", '齋': "斎", '齊': "斉",
	'櫻': "桜", '嶋': "島", '廣': "広", '國': "国", '眞': "真", '德': "徳", '惠': "恵", '瀨': "瀬",

	'‘': "'", '’': "'", '‛': "'", 'ʼ': "'", 'ʻ': "'", '´': "'", '′': "'", 'ʹ': "'",
	'ʽ': "'", 'ʾ': "'", 'ʿ': "'", 'ˈ': "'", 'ˊ': "'", 'ˋ': "'", 'ꞌ': "'", '‵': "'", 'ʔ': "'", 'ʕ': "'", '׳': "'",
	'՚': "'", '‚': "'", '‹': "'", '›': "'", 'ߴ': "'", 'ߵ': "'",
	'«': "\"", '»': "\"", '〝': "\"", '〞': "\"", '〟': "\"", 'ˮ': "\"",
	'“': "\"", '”': "\"", '„': "\"", '‟': "\"", '″': "\"", 'ʺ': "\"", '״': "\"",
	'—': "-", '―': "-", '⁃': "-", '֊': "-", '᐀': "-", '⸗': "-", '゠': "-",
	'‐': "-", '‑': "-", '‒': "-", '–': "-", '−': "-", '־': "-",

	'ى': "ي", 'ی': "ي", 'ې': "ي", 'ے': "ي", 'ۍ': "ي", 'ێ': "ي", 'ؠ': "ي", 'ک': "ك", 'ڪ': "ك",
	'ة': "ه", 'ہ': "ه", 'ھ': "ه", 'ە': "ه", 'ۃ': "ه", 'ٱ': "ا", '،': ",", '؛': ";",
}

// signs are what signs become in names, where people leave them out or write others.
var signs = strings.NewReplacer("'", "", "`", "", "\"", "", "-", " ", ",", " ", ";", " ", "・", " ", ".", " ", "·", "", "•", "", "‧", "")

// droppedRanges lists what folding removes besides the Unicode block-wise marks: points and vowel marks
// of Hebrew, Arabic and Syriac, the nukta of Indic scripts whose vowel signs do not compose, the Arabic elongation and hamza, and characters without a shape. Marks that
// make another letter (kana voicing, Indic vowel signs, Thai vowels) are not here. The iota below
// (U+0345) is not here either: Unicode case folding makes it the letter iota.
var droppedRanges = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x00ad, 0x00ad, 1}, {0x0300, 0x0344, 1}, {0x0346, 0x036f, 1}, {0x0483, 0x0489, 1},
		{0x0591, 0x05bd, 1}, {0x05bf, 0x05bf, 1}, {0x05c1, 0x05c2, 1}, {0x05c4, 0x05c5, 1}, {0x05c7, 0x05c7, 1},
		{0x0610, 0x061a, 1}, {0x061c, 0x061c, 1}, {0x0621, 0x0621, 1}, {0x0640, 0x0640, 1}, {0x064b, 0x065f, 1}, {0x0670, 0x0670, 1}, {0x0674, 0x0674, 1},
		{0x06d6, 0x06dc, 1}, {0x06df, 0x06e4, 1}, {0x06e7, 0x06e8, 1}, {0x06ea, 0x06ed, 1},
		{0x0711, 0x0711, 1}, {0x0730, 0x074a, 1}, {0x093c, 0x093c, 1}, {0x0a3c, 0x0a3c, 1}, {0x0abc, 0x0abc, 1}, {0x08ca, 0x08e1, 1}, {0x08e3, 0x08ff, 1},
		{0x180b, 0x180f, 1}, {0x1ab0, 0x1aff, 1}, {0x1dc0, 0x1dff, 1},
		{0x200b, 0x200f, 1}, {0x202a, 0x202e, 1}, {0x2060, 0x206f, 1}, {0x20d0, 0x20ff, 1},
		{0xfb1e, 0xfb1e, 1}, {0xfe00, 0xfe0f, 1}, {0xfe20, 0xfe2f, 1}, {0xfeff, 0xfeff, 1},
	},
	R32: []unicode.Range32{{0xe0000, 0xe0fff, 1}},
}

func droppable(r rune) bool { return unicode.Is(droppedRanges, r) }
