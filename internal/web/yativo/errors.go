package yativo

import (
	"net/http"
	"strconv"
	"time"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/records"
	"custodex.dev/internal/web"
)

// failed is the word of the envelope of a failure. The pages of 2024 say "failed".
const failed = "error"

// writeError renders a fault: {status, status_code, message, data}, where data
// repeats what is wrong for readers of the older pages, and with problems of
// members also errors. Three bodies are documented whole and written as they are:
// see bare.
func writeError(w http.ResponseWriter, r *http.Request, f *fault.Error) {
	status, message, detail := answerOf(f)
	h := w.Header()
	wait := wholeSeconds(f.RetryAfter)
	switch {
	case f.Kind == fault.Unauthenticated:
		h.Set("WWW-Authenticate", "Bearer")
	case f.Kind == fault.TooMany, f.Kind == fault.Unavailable, f.RetryAfter > 0:
		h.Set("Retry-After", strconv.FormatInt(wait, 10))
	}
	if b, ok := bare(r, f, wait); ok {
		web.JSON(w, status, b)
		return
	}
	b := appendString([]byte(`{"status":`), failed)
	b = appendInt(append(b, `,"status_code":`...), int64(status))
	b = appendString(append(b, `,"message":`...), message)
	if len(f.Fields) > 0 {
		errors := appendFields(nil, f.Fields)
		b = append(append(b, `,"errors":`...), errors...)
		b = append(append(append(b, `,"data":{"errors":`...), errors...), '}')
	} else {
		b = append(appendString(append(b, `,"data":{"error":`...), detail), '}')
	}
	web.JSON(w, status, append(b, '}'))
}

// bare gives the bodies that one page documents whole and no other contradicts: an
// idempotency key that is missing, the rate limit, and those of "Delete customer".
func bare(r *http.Request, f *fault.Error, wait int64) ([]byte, bool) {
	switch {
	case f.Code == errKeyMissing.Code:
		return errorBody(f.Message), true
	case f.Kind == fault.TooMany:
		b := appendString([]byte(`{"error":"rate_limit_exceeded","message":`), "Too many requests. Please try again later.")
		return append(appendInt(append(b, `,"retry_after":`...), wait), '}'), true
	case r.Method != http.MethodDelete:
	case f.Kind == fault.Unauthenticated:
		return errorBody("Unauthorized access"), true
	case notFound(f) && f.Code != web.ErrNoRoute.Code:
		return errorBody("Customer not found"), true
	}
	return nil, false
}

func errorBody(text string) []byte {
	return append(appendString([]byte(`{"error":`), text), '}')
}

// appendFields appends {"member":["sentence",…],…}. Problems of one member follow
// each other.
func appendFields(b []byte, fields []fault.Field) []byte {
	last := ""
	for i, f := range fields {
		switch {
		case i == 0:
			b = append(appendString(append(b, '{'), f.Path), `:[`...)
		case f.Path == last:
			b = append(b, ',')
		default:
			b = append(appendString(append(b, `],`...), f.Path), `:[`...)
		}
		b, last = appendString(b, f.Message), f.Path
	}
	return append(b, `]}`...)
}

// notFound reports whether f is told as 404. A customer of another application is:
// whoever asks learns nothing.
func notFound(f *fault.Error) bool {
	return f.Kind == fault.NotFound || f.Code == records.ErrOtherApplication.Code
}

// answerOf gives the status of a fault, what to say, and what exactly is wrong.
func answerOf(f *fault.Error) (status int, message, detail string) {
	say := func(status int, text string) (int, string, string) { return status, text, text }
	switch f.Kind {
	case fault.Internal:
	case fault.Invalid:
		if len(f.Fields) > 0 {
			return http.StatusUnprocessableEntity, "Validation failed", ""
		}
		return http.StatusBadRequest, "Request failed", f.Message
	case fault.Unauthenticated:
		if f.Code == errLogin.Code {
			return say(http.StatusUnauthorized, f.Message)
		}
		return say(http.StatusUnauthorized, "Unauthenticated.")
	case fault.Forbidden:
		if notFound(f) {
			return say(http.StatusNotFound, "Customer not found")
		}
		return say(http.StatusForbidden, f.Message)
	case fault.NotFound:
		if f.Code == web.ErrNoRoute.Code {
			return say(http.StatusNotFound, f.Message)
		}
		return say(http.StatusNotFound, "Customer not found")
	case fault.Conflict, fault.Stale:
		return say(http.StatusConflict, f.Message)
	case fault.LengthRequired:
		return say(http.StatusLengthRequired, f.Message)
	case fault.TooLarge:
		return say(http.StatusRequestEntityTooLarge, f.Message)
	case fault.Unsupported:
		return say(http.StatusUnsupportedMediaType, f.Message)
	case fault.NoMethod:
		return say(http.StatusMethodNotAllowed, f.Message)
	case fault.TooMany:
		return say(http.StatusTooManyRequests, f.Message)
	case fault.Unavailable:
		return say(http.StatusServiceUnavailable, f.Message)
	}
	return say(http.StatusInternalServerError, "Internal server error")
}

func appendInt(b []byte, n int64) []byte { return strconv.AppendInt(b, n, 10) }

// wholeSeconds rounds up to 1 to 60 seconds.
func wholeSeconds(d time.Duration) int64 {
	return int64(min(max((d+time.Second-1)/time.Second, 1), 60))
}
