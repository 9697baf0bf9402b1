package xtrakit

import (
	"net/http"
	"strconv"
	"strings"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/records"
	"custodex.dev/internal/web"
	"custodex.dev/internal/web/wire"
)

// writeError renders a fault: {status, error}, and nothing else.
func writeError(w http.ResponseWriter, r *http.Request, f *fault.Error) {
	status, message := answerOf(f)
	if f.Kind == fault.TooMany || f.Kind == fault.Unavailable || f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt(wire.RetrySeconds(f.RetryAfter), 10))
	}
	web.JSON(w, status, wire.Marshal(failure{status, message}))
}

// answerOf gives the status of a fault and what to say.
func answerOf(f *fault.Error) (status int, message string) {
	switch f.Kind {
	case fault.Internal:
	case fault.Invalid:
		if len(f.Fields) == 0 {
			return web.InvalidStatus(f), f.Message
		}
		return http.StatusUnprocessableEntity, failedValidation(f.Fields)
	case fault.Unauthenticated:
		if f.Code == errNoToken.Code {
			return http.StatusUnauthorized, f.Message
		}
		return http.StatusUnauthorized, "Unauthorized: Invalid API Key"
	case fault.Forbidden:
		return http.StatusForbidden, f.Message
	case fault.NotFound:
		switch f.Code {
		case web.ErrNoRoute.Code, errNoGroup.Code:
			return http.StatusNotFound, f.Message
		}
		return http.StatusNotFound, "Customer not found"
	case fault.Conflict:
		if f.Code == records.ErrEmailTaken.Code {
			return http.StatusUnprocessableEntity, failedValidation([]fault.Field{{Message: "customer_email has already been taken"}})
		}
		return http.StatusConflict, f.Message
	case fault.Stale:
		return http.StatusPreconditionFailed, f.Message
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge, f.Message
	case fault.TooMany:
		return http.StatusTooManyRequests, "Too many requests"
	case fault.Unavailable:
		return http.StatusServiceUnavailable, f.Message
	}
	return http.StatusInternalServerError, "Internal server error"
}

// failedValidation puts all problems into one text.
func failedValidation(fields []fault.Field) string {
	messages := make([]string, len(fields))
	for i, f := range fields {
		messages[i] = f.Message
	}
	return "Validation failed: " + strings.Join(messages, "; ")
}
