package framing

import (
	"strings"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/web/body"
)

// The codes of this package's faults beside those of body. They are stable.
const (
	CodeMalformed    = "malformed_request"    // not HTTP, or a line that could mean two things
	CodeCoding       = "bad_transfer_coding"  // any but chunked, or more than one
	CodeExpectation  = "expectation_failed"   // any but 100-continue
	CodeHeaderTooBig = "header_too_large"     // more than Config.MaxHeader
	CodeVersion      = "unsupported_protocol" // neither HTTP/1.0 nor 1.1
)

var (
	errMalformed = fault.New(fault.Invalid, CodeMalformed, "The request is not valid HTTP")
	errCoding    = fault.New(fault.Invalid, CodeCoding, "Transfer-Encoding must be chunked, once, in HTTP/1.1")
	errAmbiguous = fault.New(fault.Invalid, body.CodeAmbiguousLength,
		"Content-Length and Transfer-Encoding cannot be used together")
	errLength      = fault.New(fault.Invalid, body.CodeAmbiguousLength, "Content-Length must be one whole number")
	errChunk       = fault.New(fault.Invalid, body.CodeBadChunk, "Request body has damaged chunks")
	errExpectation = fault.New(fault.Invalid, CodeExpectation, "Expect must be 100-continue")
	errHeaderSize  = fault.New(fault.Invalid, CodeHeaderTooBig, "The header of the request is too large")
	errPlainOnTLS  = fault.New(fault.Invalid, CodeMalformed, "The client sent plain HTTP to a server that speaks HTTPS")
	errVersion     = fault.New(fault.Invalid, CodeVersion, "The protocol must be HTTP/1.0 or HTTP/1.1")
)

// ofStatus gives the fault that stands for an answer of net/http's own. The scanner refuses
// before net/http what that answers with 417, 431 or 501; what is left is an unknown version,
// and headers that are wrong, such as no Host.
func ofStatus(status string) *fault.Error {
	if strings.HasPrefix(status, "505") {
		return errVersion
	}
	return errMalformed
}
