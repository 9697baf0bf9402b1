package web

import (
	"net/http"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/web/body"
	"custodex.dev/internal/web/framing"
)

// CodeMethodNotAllowed is the code of a fault that an API words by itself when a path
// exists and does not take the method.
const CodeMethodNotAllowed = "method_not_allowed"

// InvalidStatus gives the status of a fault of kind Invalid that has no fields. HTTP has
// statuses of its own for requests that are wrong as such, whatever they are about; the
// kinds of faults know nothing of HTTP, so these go by their codes. All others are 400.
func InvalidStatus(f *fault.Error) int {
	switch f.Code {
	case CodeMethodNotAllowed:
		return http.StatusMethodNotAllowed
	case framing.CodeExpectation:
		return http.StatusExpectationFailed
	case framing.CodeHeaderTooBig:
		return http.StatusRequestHeaderFieldsTooLarge
	case body.CodeUnsupportedMediaType, body.CodeUnsupportedCoding:
		return http.StatusUnsupportedMediaType
	}
	return http.StatusBadRequest
}
