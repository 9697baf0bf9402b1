package body

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"unicode/utf8"
)

const (
	typeForm      = "application/x-www-form-urlencoded"
	typeMultipart = "multipart/form-data"
)

// ReadObject takes the body of r as Read does and parses it as Parse does, for
// dialects whose clients send forms as well. What the body is, Content-Type alone
// says: JSON also where there is none; application/x-www-form-urlencoded; or
// multipart/form-data (RFC 7578) without files. The fields of a form are members
// whose values are strings, of any number of lines.
//
// A form is held to what JSON is held to: no name twice, no bytes that are not
// UTF-8, no NUL, nothing before its first part or after its last, no more than
// MaxMembers fields. JSON that is labelled as a form, which some programs send by
// default, is refused by a fault of its own. Faults are as for Read and Parse.
func ReadObject(r *http.Request, max int64) (Object, error) {
	parse := Parse
	data, err := read(r, max, func(h http.Header) error {
		var err error
		parse, err = parserFor(h)
		return err
	})
	if err != nil {
		return Object{}, err
	}
	return parse(data)
}

// parserFor picks what reads the body by its media type.
func parserFor(h http.Header) (func([]byte) (Object, error), error) {
	if err := plain(h); err != nil {
		return nil, err
	}
	if mediaType(h) == nil {
		return Parse, nil
	}
	types := contentTypes(h)
	if len(types) != 1 {
		return nil, errFormMediaType
	}
	kind, params, err := mime.ParseMediaType(types[0])
	boundary := params["boundary"]
	switch {
	case err != nil || !isUTF8(params):
	case kind == typeForm && boundary == "":
		return parseForm, nil
	case kind == typeMultipart && boundary != "":
		return func(data []byte) (Object, error) { return parseMultipart(data, boundary) }, nil
	}
	return nil, errFormMediaType
}

// form gathers the members of a form.
type form struct {
	Object
	seen map[string]bool
}

func (f *form) add(name, value string) error {
	switch {
	case !utf8.ValidString(name) || !utf8.ValidString(value):
		return errInvalidUTF8
	case strings.IndexByte(name, 0) >= 0 || strings.IndexByte(value, 0) >= 0:
		return errNUL
	case f.seen[name]:
		return errDuplicateMember
	case len(f.members) == MaxMembers:
		return errTooManyMembers
	}
	f.seen[name] = true
	f.members = append(f.members, field{name, Value{kind: KindString, text: value}})
	return nil
}

// parseForm reads pairs that are separated by "&". A pair without "=" has an empty
// value; empty pairs are skipped.
func parseForm(data []byte) (Object, error) {
	data = withoutMark(data)
	if text := bytes.TrimLeft(data, whitespace); len(text) == 0 {
		return Object{}, errEmpty
	} else if text[0] == '{' || text[0] == '[' {
		return Object{}, errMislabelled // no name begins like that
	}
	f := form{seen: map[string]bool{}}
	f.pluses = true
	for pair := range strings.SplitSeq(string(data), "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, ok := percentDecoded(name)
		value, ok2 := percentDecoded(value)
		if !ok || !ok2 {
			return Object{}, errForm
		}
		if err := f.add(name, value); err != nil {
			return Object{}, err
		}
	}
	return f.Object, nil
}

// parseMultipart reads parts, each of which is one field.
func parseMultipart(data []byte, boundary string) (Object, error) {
	if text := bytes.TrimLeft(data, whitespace); len(text) == 0 {
		return Object{}, errEmpty
	} else if text[0] == '{' || text[0] == '[' {
		return Object{}, errMislabelled
	}
	// The library skips whatever is around the parts. Another reader might not.
	first, last := []byte("--"+boundary), []byte("\n--"+boundary+"--")
	if !bytes.HasPrefix(data, first) || bytes.Count(data, last) != 1 || !bytes.HasSuffix(bytes.TrimRight(data, "\r\n"), last) {
		return Object{}, errForm
	}
	f := form{seen: map[string]bool{}}
	parts := multipart.NewReader(bytes.NewReader(data), boundary)
	for {
		part, err := parts.NextRawPart()
		if err == io.EOF { // itself: wrapped it is a form that was cut off
			return f.Object, nil
		}
		if err != nil {
			return Object{}, errForm
		}
		name, err := partName(part)
		if err != nil {
			return Object{}, err
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return Object{}, errForm
		}
		if err := f.add(name, string(value)); err != nil {
			return Object{}, err
		}
	}
}

// partName gives the field's name of a part that is text and not coded.
func partName(part *multipart.Part) (string, error) {
	for _, values := range part.Header {
		if len(values) > 1 {
			return "", errForm
		}
	}
	kind, params, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	if err != nil || kind != "form-data" || params["name"] == "" {
		return "", errForm
	}
	if _, isFile := params["filename"]; isFile {
		return "", errFile
	}
	if own := part.Header.Get("Content-Type"); own != "" {
		kind, params, err := mime.ParseMediaType(own)
		if err != nil || kind != "text/plain" || !isUTF8(params) {
			return "", errForm
		}
	}
	switch strings.ToLower(part.Header.Get("Content-Transfer-Encoding")) {
	case "", "7bit", "8bit", "binary":
		return params["name"], nil
	}
	return "", errForm
}
