package search

import "bytes"

// anyTerm is a query made ready: a term that is looked for in the name, in the address and in the
// phone.
type anyTerm struct {
	name  nameTerm
	mail  []byte // folded; empty: no address can match
	phone []byte // digits; empty: no phone can match
	plain []byte // what a part of a name has to be for an exact match; empty: none can

	begins uint32 // every name that matches exactly has these beginnings

	nameHash, phoneHash uint64 // of what has to be whole for an exact match; 0: nothing can match
}

// newAnyTerm makes the query of f ready. It returns nil if there is none.
func newAnyTerm(f Filter) *anyTerm {
	t := &anyTerm{name: newNameTerm(f.Query), mail: []byte(foldTerm(f.Query, mailText)), phone: []byte(f.Phone)}
	if t.name.none() && len(t.mail) == 0 && len(t.phone) == 0 {
		return nil
	}
	t.plain, _ = appendFold(nil, f.Query, nameText)
	if !isWide(firstRune(string(t.plain))) { // a name in those may begin within a word
		t.begins = beginning(t.plain)
	}
	t.nameHash, t.phoneHash = wholeHash(t.plain), wholeHash(t.phone)
	return t
}

// matches reports whether one of the texts of a customer meets the query.
func (t *anyTerm) matches(name, mail, phone []byte) bool {
	return !t.name.none() && t.name.matches(name) ||
		len(t.mail) > 0 && bytes.Contains(mail, t.mail) ||
		len(t.phone) > 0 && bytes.Contains(phone, t.phone)
}

// exact reports whether the query is the first name, the last name, both with a space between, or the
// phone. Names are equal if their folds are; other spellings and another order of the words are not
// exact. Text is the text of names from the beginning of the customer's on, first the length of the
// folded first name.
func (t *anyTerm) exact(text []byte, first int, phone []byte) bool {
	return t.exactPhone(phone) || t.exactName(text, first)
}

func (t *anyTerm) exactPhone(phone []byte) bool {
	return len(t.phone) > 0 && bytes.Equal(phone, t.phone)
}

func (t *anyTerm) exactName(text []byte, first int) bool {
	n := len(t.plain)
	if n == 0 {
		return false
	}
	if text[0] == t.plain[0] && bytes.HasPrefix(text, t.plain) && (first == n || text[n] <= variantMark) {
		return true
	}
	if text = text[first:]; text[0] == ' ' {
		text = text[1:]
	}
	return text[0] == t.plain[0] && bytes.HasPrefix(text, t.plain) && text[n] <= variantMark
}
