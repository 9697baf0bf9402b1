package body

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"custodex.dev/internal/fault"
)

// DefaultMax is the size limit that Read uses when it is given none.
const DefaultMax = 64 << 10

// Read takes the whole body of r, at most max bytes of it (DefaultMax if max is
// zero or less). A request without a body gives nil and no error, whatever its
// Content-Type says. A body must be JSON: Content-Type application/json in UTF-8,
// or no Content-Type at all, and no Content-Encoding. Its length may be announced
// or not: a body that comes in chunks is read to its end or to the limit.
// A body that announces more than max bytes is refused before any is read, so
// a client that waits for "100 Continue" never sends it.
//
// Faults: TooLarge, and Invalid for a body that is of another media type or coding, whose
// chunks are damaged or that ends early, and for contradicting lengths.
//
// On an HTTP/1 connection the caller must close it after a fault for which
// BreaksFraming is true: where the next request begins is not certain.
func Read(r *http.Request, max int64) ([]byte, error) { return read(r, max, mediaType) }

// read is Read for the media types that accept takes.
func read(r *http.Request, max int64, accept func(http.Header) error) ([]byte, error) {
	if max <= 0 {
		max = DefaultMax
	}
	if err := framing(r); err != nil {
		return nil, err
	}
	switch {
	case !hasBody(r):
		return nil, nil
	case r.ContentLength > max:
		return nil, errTooLarge
	}
	acceptErr := accept(r.Header)
	if acceptErr != nil && r.ContentLength > 0 {
		return nil, acceptErr
	}
	data, err := readAll(r, max)
	switch {
	case err != nil:
		return nil, err
	case len(data) == 0: // chunks that hold nothing
		return nil, nil
	}
	return data, acceptErr
}

// Ignore reads the body of a request that takes none, at most max bytes of it, and
// throws it away. Programs send one with GET and DELETE, and nobody means anything by it.
// Faults: as for Read, but for media types and codings.
func Ignore(r *http.Request, max int64) error {
	if max <= 0 {
		max = DefaultMax
	}
	if err := framing(r); err != nil {
		return err
	}
	switch {
	case !hasBody(r):
		return nil
	case r.ContentLength > max:
		return errTooLarge
	}
	_, err := readAll(r, max)
	return err
}

func hasBody(r *http.Request) bool {
	return r.ContentLength > 0 || r.ContentLength < 0 && r.Body != nil && r.Body != http.NoBody
}

// readAll reads a body that announces at most max bytes, or nothing.
func readAll(r *http.Request, max int64) ([]byte, error) {
	if r.ContentLength > 0 {
		data := make([]byte, r.ContentLength)
		if _, err := io.ReadFull(r.Body, data); err != nil {
			return nil, readFault(err)
		}
		return data, nil
	}
	data, err := io.ReadAll(io.LimitReader(r.Body, max+1))
	switch {
	case int64(len(data)) > max:
		return nil, errTooLarge
	case err != nil:
		return nil, readFault(err)
	}
	return data, nil
}

// readFault says why a body could not be read. Any other cause is dropped on purpose: a
// network error prints the peer's address.
func readFault(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return errTooLarge
	}
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f // of the connection, which saw what is wrong with the chunks
	}
	return errShortBody
}

// framing refuses a body whose length was announced in two ways. Most of them do not come
// so far: the connection refuses them, and net/http hides one of the two.
func framing(r *http.Request) error {
	coded := len(r.TransferEncoding) > 0 || len(r.Header["Transfer-Encoding"]) > 0
	if coded && len(r.Header["Content-Length"]) > 0 || len(r.Header["Content-Length"]) > 1 {
		return errAmbiguousLength
	}
	return nil
}

// contentTypes gives what Content-Type says. Said again it is as good as once.
func contentTypes(h http.Header) []string {
	types := h["Content-Type"]
	if len(types) < 2 {
		return types
	}
	return slices.Compact(slices.Clone(types))
}

// mediaType accepts what Read documents and nothing else.
func mediaType(h http.Header) error {
	if err := plain(h); err != nil {
		return err
	}
	types := contentTypes(h)
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
	if !isUTF8(params) {
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

// isUTF8 reports whether the parameters of a media type name no other charset than
// UTF-8, which some programs write utf8. Other parameters mean nothing here.
func isUTF8(params map[string]string) bool {
	charset, named := params["charset"]
	return !named || strings.EqualFold(charset, "utf-8") || strings.EqualFold(charset, "utf8")
}
