package search

import (
	"bytes"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// nameTerm is a name term made ready. The zero value is no term.
type nameTerm struct {
	whole  [][]byte   // as typed, and spelled out or with its initials as one word
	words  [][][]byte // if there are several: the forms of each
	needed [][]byte   // every name that matches contains each of these
	begins uint32     // every name whose words match has these beginnings
}

func newNameTerm(s string) nameTerm {
	plain := []byte(foldTerm(s, nameText))
	if len(plain) == 0 {
		return nameTerm{}
	}
	words := bytes.Split(plain, []byte(" "))
	t := nameTerm{whole: [][]byte{plain}, needed: words}
	others := words
	if out, ok := expand(s); ok {
		other, needed := []byte(Fold(out)), unspelled(s)
		if spelled := bytes.Split(other, []byte(" ")); len(spelled) == len(words) && len(needed) > 0 {
			t.whole, t.needed, others = append(t.whole, other), needed, spelled
		}
	}
	for _, whole := range t.whole {
		if joined := joinInitials(whole); joined != nil {
			t.whole = append(t.whole, joined)
		}
	}
	if len(words) == 1 {
		return t
	}
	for i, word := range words {
		t.words = append(t.words, [][]byte{word, others[i]})
		if bit := beginning(word); bit == beginning(others[i]) {
			t.begins |= bit
		}
	}
	return t
}

// unspelled returns the fragments of words of s that are the same in every spelling.
func unspelled(s string) (fragments [][]byte) {
	s = norm.NFC.String(s)
	add := func(piece string) { fragments = append(fragments, bytes.Fields([]byte(Fold(piece)))...) }
	from := 0
	for i, r := range s {
		if !strings.ContainsRune(spellable, r) {
			continue
		}
		next := i + len(string(r))
		if r == 'ə' || r == 'Ə' { // the spelling does not begin with the plain letter
			add(s[from:i])
		} else {
			add(s[from:next])
		}
		from = next
	}
	add(s[from:])
	return fragments
}

func (t *nameTerm) none() bool { return t.whole == nil }

// simple reports whether a name matches exactly if it contains all of needed.
func (t *nameTerm) simple() bool { return len(t.whole) == 1 && t.words == nil }

// matches reports whether a text of appendName matches.
func (t *nameTerm) matches(name []byte) bool {
	for _, whole := range t.whole {
		if bytes.Contains(name, whole) {
			return true
		}
	}
	for _, forms := range t.words {
		if !slices.ContainsFunc(forms, func(word []byte) bool { return beginsWord(name, word) }) {
			return false
		}
	}
	return len(t.words) > 0
}

// beginsWord reports whether a word of name begins with word.
func beginsWord(name, word []byte) bool {
	for from := 0; ; from++ {
		at := bytes.Index(name[from:], word)
		if at < 0 {
			return false
		}
		if from += at; from == 0 || name[from-1] == ' ' || name[from-1] == variantMark {
			return true
		}
	}
}
