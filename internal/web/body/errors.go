package body

import "custodex.dev/internal/fault"

// The codes of this package's faults. They are stable.
const (
	CodeAmbiguousLength      = "ambiguous_length"       // a length and a transfer coding
	CodeTooLarge             = "body_too_large"         // more bytes than allowed
	CodeShortBody            = "short_body"             // fewer bytes than announced
	CodeBadChunk             = "bad_chunk"              // chunks that do not fit together
	CodeUnsupportedMediaType = "unsupported_media_type" // not application/json in UTF-8
	CodeUnsupportedCoding    = "unsupported_content_encoding"

	CodeEmpty             = "empty_body"
	CodeSyntax            = "syntax"
	CodeNotAnObject       = "not_an_object"
	CodeTrailingData      = "trailing_data"
	CodeDuplicateMember   = "duplicate_member"
	CodeInvalidUTF8       = "invalid_utf8"
	CodeUnpairedSurrogate = "unpaired_surrogate"
	CodeNUL               = "nul"
	CodeTooDeep           = "too_deep"
	CodeTooManyMembers    = "too_many_members"
	CodeForm              = "bad_form"         // not the form that Content-Type says
	CodeMislabelled       = "mislabelled_body" // JSON in a body that is said to be a form
	CodeFile              = "file_in_form"

	CodeQueryTooLong      = "query_too_long"
	CodeTooManyParameters = "too_many_parameters"
	CodeQueryEscape       = "query_escape"
	CodeQueryUTF8         = "query_invalid_utf8"
	CodeQueryControl      = "query_control_character"
	CodeRepeatedParameter = "repeated_parameter"
)

// The faults are values made once: they are the same for every request, so an
// attacker who sends only rubbish costs no allocation here.
var (
	errAmbiguousLength = fault.New(fault.Invalid, CodeAmbiguousLength,
		"Content-Length and Transfer-Encoding cannot be used together")
	errTooLarge  = fault.New(fault.TooLarge, CodeTooLarge, "Request body is too large")
	errShortBody = fault.New(fault.Invalid, CodeShortBody, "Request body is incomplete")
	errMediaType = fault.New(fault.Invalid, CodeUnsupportedMediaType,
		"Content-Type must be application/json")
	errFormMediaType = fault.New(fault.Invalid, CodeUnsupportedMediaType,
		"Content-Type must be application/json, application/x-www-form-urlencoded or multipart/form-data")
	errCoding = fault.New(fault.Invalid, CodeUnsupportedCoding,
		"Content-Encoding is not supported")

	errEmpty        = fault.New(fault.Invalid, CodeEmpty, "Request body is empty")
	errSyntax       = fault.New(fault.Invalid, CodeSyntax, "Request body is not valid JSON")
	errNotAnObject  = fault.New(fault.Invalid, CodeNotAnObject, "Request body must be a JSON object")
	errTrailingData = fault.New(fault.Invalid, CodeTrailingData,
		"Request body has data after the JSON object")
	errDuplicateMember = fault.New(fault.Invalid, CodeDuplicateMember,
		"Request body has a member more than once")
	errInvalidUTF8 = fault.New(fault.Invalid, CodeInvalidUTF8, "Request body is not valid UTF-8")
	errSurrogate   = fault.New(fault.Invalid, CodeUnpairedSurrogate,
		"Request body has an unpaired surrogate escape")
	errNUL            = fault.New(fault.Invalid, CodeNUL, "Request body has a NUL character")
	errTooDeep        = fault.New(fault.Invalid, CodeTooDeep, "Request body is nested too deeply")
	errTooManyMembers = fault.New(fault.Invalid, CodeTooManyMembers,
		"Request body has too many members")
	errForm        = fault.New(fault.Invalid, CodeForm, "Request body is not valid form data")
	errMislabelled = fault.New(fault.Invalid, CodeMislabelled,
		"Request body is JSON, but Content-Type says that it is a form")
	errFile = fault.New(fault.Invalid, CodeFile, "Request body has a file")

	errQueryTooLong = fault.New(fault.Invalid, CodeQueryTooLong, "Query string is too long")
	errTooManyPairs = fault.New(fault.Invalid, CodeTooManyParameters,
		"Query string has too many parameters")
	errQueryEscape = fault.New(fault.Invalid, CodeQueryEscape,
		"Query string has an invalid percent escape")
	errQueryUTF8    = fault.New(fault.Invalid, CodeQueryUTF8, "Query string is not valid UTF-8")
	errQueryControl = fault.New(fault.Invalid, CodeQueryControl,
		"Query string has a control character")
	errRepeated = fault.New(fault.Invalid, CodeRepeatedParameter,
		"Query string has a parameter more than once")
)

// BreaksFraming reports whether after the fault f it is not certain where the next request
// on the same connection begins, or not worth waiting for.
func BreaksFraming(f *fault.Error) bool {
	switch f.Code {
	case CodeAmbiguousLength, CodeTooLarge, CodeShortBody, CodeBadChunk:
		return true
	}
	return false
}
