package body

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
)

// DefaultMax is the size limit that Read uses when it is given none.
const DefaultMax = 64 << 10

// Read takes the whole body of r, at most max bytes of it (DefaultMax if max is
// zero or less). A request without a body gives nil and no error, whatever its
// Content-Type says. A body must be JSON: Content-Type application/json, with
// charset=utf-8 at most, or no Content-Type at all, and no Content-Encoding.
// A body that announces more than max bytes is refused before any is read, so
// a client that waits for "100 Continue" never sends it.
//
// Faults: TooLarge, and Invalid for a body whose length is not announced, that is of
// another media type or coding or that ends early, for contradicting lengths, and for
// any body on GET or HEAD.
//
// On an HTTP/1 connection the caller does well to close it after
// CodeLengthRequired: a sender whose message had a length and a transfer coding
// looks the same here as one that only used the latter.
func Read(r *http.Request, max int64) ([]byte, error) { return read(r, max, mediaType) }

// read is Read for the media types that accept takes.
func read(r *http.Request, max int64, accept func(http.Header) error) ([]byte, error) {
	if max <= 0 {
		max = DefaultMax
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return nil, None(r)
	}
	if err := framing(r); err != nil {
		return nil, err
	}
	switch {
	case r.ContentLength == 0:
		return nil, nil
	case r.ContentLength > max:
		return nil, errTooLarge
	}
	if err := accept(r.Header); err != nil {
		return nil, err
	}
	data := make([]byte, r.ContentLength)
	if _, err := io.ReadFull(r.Body, data); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return nil, errTooLarge
		}
		// The cause is dropped on purpose: a network error prints the peer's address.
		return nil, errShortBody
	}
	return data, nil
}

// None refuses a request that has a body. It is for operations that take none:
// a body that one hop reads and the next ignores is how requests are smuggled.
func None(r *http.Request) error {
	if err := framing(r); err != nil {
		return err
	}
	if r.ContentLength != 0 {
		return errBodyNotAllowed
	}
	return nil
}

// framing refuses every body whose length was not announced in one clear way.
func framing(r *http.Request) error {
	coded := len(r.TransferEncoding) > 0 || len(r.Header["Transfer-Encoding"]) > 0
	switch {
	case coded && len(r.Header["Content-Length"]) > 0:
		return errAmbiguousLength
	case coded:
		return errLengthRequired
	case r.ContentLength < 0 && r.Body != nil && r.Body != http.NoBody:
		return errLengthRequired
	case len(r.Header["Content-Length"]) > 1:
		return errAmbiguousLength
	}
	return nil
}

// mediaType accepts what Read documents and nothing else.
func mediaType(h http.Header) error {
	if err := plain(h); err != nil {
		return err
	}
	types := h["Content-Type"]
	switch {
	case len(types) > 1:
		return errMediaType
	case len(types) == 0, types[0] == "", types[0] == "application/json":
		return nil
	}
	// ParseMediaType lower-cases the type and the names of its parameters.
	kind, params, err := mime.ParseMediaType(types[0])
	if err != nil || kind != "application/json" {
		return errMediaType
	}
	if !onlyUTF8(params) {
		return errMediaType
	}
	return nil
}

// plain refuses a body that is compressed or otherwise coded.
func plain(h http.Header) error {
	for _, coding := range h["Content-Encoding"] {
		if coding != "" && !strings.EqualFold(coding, "identity") {
			return errCoding
		}
	}
	return nil
}

// onlyUTF8 reports whether the parameters of a media type say charset=utf-8 or
// nothing.
func onlyUTF8(params map[string]string) bool {
	for name, value := range params {
		if name != "charset" || !strings.EqualFold(value, "utf-8") {
			return false
		}
	}
	return true
}
