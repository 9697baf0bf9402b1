package wire

import (
	"strings"
	"unicode"
)

// nameWords are the words that names of parameters and members are made of, here and in like APIs.
var nameWords = func() map[string]bool {
	words := make(map[string]bool)
	for _, w := range strings.Fields(`
		account accounts acting action address addresses after alternate amount api app application asc at bank before begin
		birth body business by category channel city client code comment company contact contacts count countries country county
		create created currency cursor customer customers data date day default delete deleted desc description details direction
		district dob e email emails end endorsement expires external family fax field fields file filter first format from full
		gender given group groups handling hash header house id identifier ids image include included index info is iso items key
		keys kind kyc label language last limit line link links list locale lookup mail maximum member members merge message
		metadata middle minimum mobile month name names new next nickname note notes now number of offset old open order owner page
		pages parent password path payment per personal phone phones place position post postal postcode prefix previous primary
		profile province public query rate reason record records reference region registered remove request result results role
		salutation scope scopes search secret send sender show sign size skip sort source start state status street submit suffix
		surname tag tags take tax telephone text time timestamp timezone title to token total transaction transactions transfer
		type update updated uri url user username uuid valid value verified version wallet website with year zip zone
	`) {
		words[w] = true
	}
	return words
}()

// The longest name that an answer repeats, and the shortest word that may be misspelt: a letter more or
// less makes names of people of short ones.
const (
	maxName   = 64
	minMisled = 6
)

// ShownName gives a name that a caller sent, if an answer may repeat it, else "". A name may be
// anything, a personal value in the wrong place too. So only those are repeated that are made of
// words of names, of which the longer may have one letter too many or too few.
func ShownName(name string) string {
	if name == "" || len(name) > maxName {
		return ""
	}
	for _, word := range wordsOf(name) {
		if !nameWords[word] && !misspelt(word) {
			return ""
		}
	}
	return name
}

// wordsOf cuts a name at "_", "-", "." and before capital letters, and one digit off the end of a word.
func wordsOf(name string) (words []string) {
	from := 0
	cut := func(to, next int) {
		word := strings.ToLower(name[from:to])
		if n := len(word); n > 1 && word[n-1] >= '0' && word[n-1] <= '9' {
			word = word[:n-1]
		}
		words, from = append(words, word), next
	}
	for i, c := range name {
		switch {
		case c == '_' || c == '-' || c == '.':
			cut(i, i+1)
		case unicode.IsUpper(c) && i > from && !unicode.IsUpper(rune(name[i-1])):
			cut(i, i)
		}
	}
	cut(len(name), len(name))
	return words
}

// misspelt reports whether a word of letters is a word of names with a letter too few or too many. One
// with another letter may be a name of a person, as Streep is one letter from street.
func misspelt(word string) bool {
	if strings.ContainsFunc(word, func(c rune) bool { return c < 'a' || c > 'z' }) {
		return false
	}
	for right := range nameWords {
		if len(right) >= minMisled && oneApart(word, right) {
			return true
		}
	}
	return false
}

// oneApart reports whether two words differ by one byte, which one of them lacks.
func oneApart(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) != 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	return a[i:] == b[i+1:]
}
