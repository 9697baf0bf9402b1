package framing

import (
	"bytes"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"

	"custodex.dev/internal/fault"
)

// Head is what a Conn knows of a request from its header.
type Head struct {
	Method, Target string // "" if the request line did not come whole, or is none
}

// head gathers, line by line, what says where a message ends.
type head struct {
	Head
	version string
	lengths int
	length  int64
	codings int
	chunked bool // the last coding is chunked
	expects bool // something but 100-continue
}

// requestLine reads METHOD SP target SP version. A tab is no SP, though some readers take it for one.
func (h *head) requestLine(line []byte) *fault.Error {
	parts := strings.SplitN(string(line), " ", 4)
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" || !isText(line) || bytes.IndexByte(line, '\t') >= 0 {
		return errMalformed
	}
	h.Method, h.Target, h.version = parts[0], parts[1], parts[2]
	return nil
}

// field reads one line of the header. A line that continues the one before is refused: it is
// obsolete, and readers differ.
func (h *head) field(line []byte) *fault.Error {
	name, value, ok := bytes.Cut(line, []byte(":"))
	if !ok || !httpguts.ValidHeaderFieldName(string(name)) || !isText(value) {
		return errMalformed
	}
	text := strings.Trim(string(value), " \t")
	switch strings.ToLower(string(name)) {
	case "content-length":
		n, err := strconv.ParseUint(text, 10, 63)
		if h.lengths++; err != nil || h.lengths > 1 {
			return errLength
		}
		h.length = int64(n)
	case "transfer-encoding":
		h.codings++
		h.chunked = strings.EqualFold(text, "chunked")
	case "expect":
		h.expects = h.expects || text != "" && !strings.EqualFold(text, "100-continue")
	}
	return nil
}

// end decides whether it is certain how long the body is.
func (h *head) end() *fault.Error {
	switch {
	case h.codings > 0 && h.lengths > 0:
		return errAmbiguous
	case h.codings > 1, h.codings == 1 && (!h.chunked || h.version != "HTTP/1.1"):
		return errCoding
	case h.expects:
		return errExpectation
	}
	return nil
}

// isText reports whether there are no control characters but tabs.
func isText(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
